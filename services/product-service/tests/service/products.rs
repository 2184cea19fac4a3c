//! The catalogue's routes, field by field.

use crate::lab::{CacheStatus as _, Lab};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use test_service::{Answer, call, send, until};

const MOUSE: &str = r#""id":"prod-001","name":"Wireless Mouse","description":"Runs on one battery","price":29.99,"created_at":"2024-01-01T00:00:00.000000","updated_at":"2024-01-01T00:00:00.000000""#;

#[tokio::test]
async fn the_first_read_is_a_miss_and_the_second_a_hit_with_the_same_fields() {
    let lab = Lab::start().await;
    let miss = lab.get("/products/prod-001").await;
    miss.is(200, &format!(r#"{{{MOUSE},"cache_status":"miss"}}"#));
    let hit = lab.get("/products/prod-001").await;
    hit.is(200, &format!(r#"{{{MOUSE},"cache_status":"hit"}}"#));
}

#[tokio::test]
async fn a_hit_does_not_extend_the_life_of_an_entry() {
    let lab = Lab::start_with(&[("CACHE_TTL_SECONDS", "2")]).await;
    lab.get("/products/prod-001").await;
    // Hits all the way; an expiry that slides would never end.
    until(async || lab.get("/products/prod-001").await.cache_status() == "miss").await;
}

#[tokio::test]
async fn a_created_product_is_answered_as_stored_and_is_not_cached() {
    let lab = Lab::start().await;
    let created = lab
        .post(
            "/products",
            r#"{"name":"Demo Widget","price":49.999,"more":1}"#,
        )
        .await;
    assert_eq!(created.status, StatusCode::OK);
    let body: Value = serde_json::from_str(&created.text).unwrap();
    let fields: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "id",
            "name",
            "description",
            "price",
            "created_at",
            "updated_at",
            "cache_status"
        ]
    );
    // Rounded as the row is, and a whole number with its fraction.
    assert!(
        created.text.contains(r#""price":50.0,"#),
        "{}",
        created.text
    );
    assert_eq!(created.field("cache_status"), "null");
    assert_eq!(created.field("description"), "null");
    assert_eq!(created.field("created_at"), created.field("updated_at"));
    let instant = created.field("created_at");
    assert_eq!(instant.len(), r#""2024-01-01T00:00:00.000000""#.len());
    let id = body["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let stored = lab.sql(&format!("SELECT price FROM products WHERE id = '{id}'"));
    assert_eq!(stored, "50.00");

    let key = lab.get(&format!("/admin/cache/key/{id}")).await;
    key.is(
        200,
        &format!(r#"{{"key":"product:{id}","exists":false,"ttl_seconds":-2}}"#),
    );
    assert_eq!(
        lab.get(&format!("/products/{id}")).await.cache_status(),
        "miss"
    );
}

#[tokio::test]
async fn an_update_replaces_the_row_and_drops_the_cache_key() {
    let lab = Lab::start().await;
    lab.get("/products/prod-002").await;
    let body = r#"{"name":"Mechanical Keyboard Pro","price":199.99}"#;
    let updated = lab.put("/products/prod-002", body).await;
    assert_eq!(updated.cache_status(), "invalidated");
    assert_eq!(
        updated.field("description"),
        "null",
        "a PUT replaces everything"
    );
    assert!(updated.field("updated_at") > updated.field("created_at"));
    let key = lab.get("/admin/cache/key/prod-002").await;
    key.is(
        200,
        r#"{"key":"product:prod-002","exists":false,"ttl_seconds":-2}"#,
    );
    let read = lab.get("/products/prod-002").await;
    assert_eq!(read.cache_status(), "miss");
    assert_eq!(read.field("price"), "199.99");
    assert_eq!(read.field("name"), r#""Mechanical Keyboard Pro""#);
}

#[tokio::test]
async fn a_deleted_product_is_gone_from_cache_and_database() {
    let lab = Lab::start().await;
    lab.get("/products/prod-001").await;
    let deleted = lab.delete("/products/prod-001").await;
    deleted.is(200, r#"{"status":"deleted","id":"prod-001"}"#);
    let gone = r#"{"detail":"Product not found"}"#;
    lab.get("/products/prod-001").await.is(404, gone);
    lab.delete("/products/prod-001").await.is(404, gone);
    let key = lab.get("/admin/cache/key/prod-001").await;
    assert_eq!(
        key.field("exists"),
        "false",
        "a missing product is not cached"
    );
}

#[tokio::test]
async fn ids_that_no_row_can_have_are_404() {
    let lab = Lab::start().await;
    let gone = r#"{"detail":"Product not found"}"#;
    let long = format!("/products/{}", "x".repeat(37));
    let valid = r#"{"name":"n","price":1}"#;
    for path in [
        "/products/none",
        "/products/a%00b",
        "/products/%FF",
        "/products/a%2Fb",
        &long,
    ] {
        lab.get(path).await.is(404, gone);
        lab.put(path, valid).await.is(404, gone);
        lab.delete(path).await.is(404, gone);
    }
    lab.sql("INSERT INTO products VALUES ('a b/ü', 'n', NULL, 0)");
    let encoded = lab.get("/products/a%20b%2F%C3%BC").await;
    assert_eq!(encoded.field("id"), r#""a b/ü""#);
    assert_eq!(encoded.field("price"), "0.0");
}

#[tokio::test]
async fn the_list_is_newest_first_with_ties_by_id_and_without_cache_status() {
    let lab = Lab::start().await;
    let empty = lab.get("/products?limit=0").await;
    empty.is(200, r#"{"products":[],"count":0}"#);
    let one = lab.get("/products?limit=1").await;
    one.is(200, &format!(r#"{{"products":[{{{MOUSE}}}],"count":1}}"#));
    lab.post("/products", r#"{"name":"Newest","price":0}"#)
        .await;
    let all = lab.get("/products").await;
    let body: Value = serde_json::from_str(&all.text).unwrap();
    let names: Vec<_> = body["products"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "Newest",
            "Wireless Mouse",
            "Mechanical Keyboard",
            "USB-C Hub"
        ]
    );
    lab.sql("INSERT INTO products SELECT 'more-' || n, 'n', NULL, 1 FROM generate_series(1, 20) n");
    assert_eq!(lab.get("/products").await.field("count"), "10");
    assert_eq!(lab.get("/products?limit=1000").await.field("count"), "24");
    let key = lab.get("/admin/cache-stats").await;
    assert!(
        key.text.contains(r#""cached_items":0"#),
        "a list caches nothing"
    );
}

#[tokio::test]
async fn invalid_input_is_422_with_the_place_of_every_problem() {
    let lab = Lab::start().await;
    let refused = |answer: Answer, problems: Value| {
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json");
        let body: Value = serde_json::from_str(&answer.text).unwrap();
        let details = body["detail"].as_array().unwrap();
        let found: Vec<_> = details
            .iter()
            .map(|detail| {
                assert!(
                    detail["msg"].is_string() && detail.get("input").is_some(),
                    "{detail}"
                );
                json!([detail["type"], detail["loc"]])
            })
            .collect();
        assert_eq!(Value::from(found), problems);
    };
    let two = r#"{"name":7,"price":-1}"#;
    let both = json!([
        ["string_type", ["body", "name"]],
        ["greater_than_equal", ["body", "price"]]
    ]);
    refused(lab.post("/products", two).await, both.clone());
    refused(lab.put("/products/prod-001", two).await, both);
    for malformed in [r#"{"name":"#, r#"{"name":"n","price":NaN}"#, "x"] {
        let answer = lab.post("/products", malformed).await;
        assert!(answer.text.contains("json_invalid"), "{}", answer.text);
        assert_eq!(answer.status, 422);
    }
    let untyped = Request::post("/products").body(Body::from(r#"{"name":"n","price":1}"#));
    let untyped = call(lab.service(), untyped.unwrap()).await;
    refused(untyped, json!([["model_attributes_type", ["body"]]]));
    for (query, kind) in [
        ("limit=x", "int_parsing"),
        ("limit=-1", "greater_than_equal"),
        ("limit=1001", "less_than_equal"),
        ("limit=99999999999999999999", "less_than_equal"),
    ] {
        let answer = lab.get(&format!("/products?{query}")).await;
        refused(answer, json!([[kind, ["query", "limit"]]]));
    }
    assert_eq!(
        lab.sql("SELECT count(*) FROM products"),
        "3",
        "nothing was stored"
    );
    assert_eq!(
        lab.sql("SELECT price FROM products WHERE id = 'prod-001'"),
        "29.99"
    );
}

#[tokio::test]
async fn the_bounds_of_the_columns_can_be_stored() {
    let lab = Lab::start().await;
    let greatest =
        json!({"name": "é".repeat(255), "description": "d".repeat(10_000), "price": 99_999_999.99});
    let answer = lab.post("/products", &greatest.to_string()).await;
    assert_eq!(answer.field("price"), "99999999.99");
    let least = lab
        .post("/products", r#"{"name":"n","description":"","price":0}"#)
        .await;
    assert_eq!(
        (least.field("price"), least.field("description")),
        ("0.0".to_owned(), r#""""#.to_owned())
    );
}

#[tokio::test]
async fn a_body_above_64_kib_is_413() {
    let lab = Lab::start().await;
    let body = json!({"name": "n", "price": 1, "more": "x".repeat(64 * 1024)}).to_string();
    lab.post("/products", &body).await.is_error(413);
    lab.put("/products/prod-001", &body).await.is_error(413);
}

#[tokio::test]
async fn what_no_route_answers_is_json() {
    let lab = Lab::start().await;
    lab.get("/nowhere")
        .await
        .is(404, r#"{"detail":"Not Found"}"#);
    lab.get("/").await.is(404, r#"{"detail":"Not Found"}"#);
    for (method, path) in [
        (Method::PATCH, "/products/prod-001"),
        (Method::DELETE, "/products"),
        (Method::GET, "/admin/cache/clear"),
        (Method::POST, "/health"),
    ] {
        let answer = send(lab.service(), method, path, None).await;
        answer.is(405, r#"{"detail":"Method Not Allowed"}"#);
        assert!(answer.headers.contains_key("allow"), "{path}");
    }
    let slash = lab.get("/products/prod-001/?a=b").await;
    assert_eq!(slash.status, 307);
    assert_eq!(slash.headers["location"], "/products/prod-001?a=b");
    let head = send(lab.service(), Method::HEAD, "/health", None).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn entries_that_are_no_product_are_misses_and_are_refilled() {
    let lab = Lab::start().await;
    let mut redis = lab.redis_connection().await;
    for wrong in ["{}", "x", r#"{"id":"prod-001"}"#, "", "[1]"] {
        let () = redis::cmd("SET")
            .arg("product:prod-001")
            .arg(wrong)
            .query_async(&mut redis)
            .await
            .unwrap();
        assert_eq!(
            lab.get("/products/prod-001").await.cache_status(),
            "miss",
            "{wrong}"
        );
        assert_eq!(
            lab.get("/products/prod-001").await.cache_status(),
            "hit",
            "{wrong}"
        );
    }
    let () = redis::cmd("DEL")
        .arg("product:prod-001")
        .query_async(&mut redis)
        .await
        .unwrap();
    let () = redis::cmd("LPUSH")
        .arg("product:prod-001")
        .arg(1)
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(lab.get("/products/prod-001").await.cache_status(), "miss");
    assert_eq!(lab.get("/products/prod-001").await.cache_status(), "hit");
    // One whose row is gone is removed.
    let () = redis::cmd("SET")
        .arg("product:none")
        .arg("{}")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(lab.get("/products/none").await.status, 404);
    assert_eq!(
        lab.get("/admin/cache/key/none").await.field("exists"),
        "false"
    );
}

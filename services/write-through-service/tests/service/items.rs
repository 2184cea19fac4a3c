//! The routes, field by field.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use test_service::{call, send};

use crate::lab::{Cache as _, Lab, copy};

const A: &str = r#"{"id":"a","name":"Widget A","description":"Turns left","price":29.99,"created_at":"2024-01-01T00:00:00.000000","updated_at":"2024-01-01T00:00:00.000000"}"#;

#[tokio::test]
async fn the_first_read_is_a_miss_and_the_second_a_hit_with_the_same_body() {
    let lab = Lab::start().await;
    for cache in ["MISS", "HIT"] {
        let read = lab.get("/items/a").await;
        read.is(200, A);
        assert_eq!(read.cache(), cache);
    }
    assert_eq!(copy(&lab, "item:a").await.as_deref(), Some(A));
}

#[tokio::test]
async fn what_is_written_is_a_hit_at_once_as_the_row_has_it() {
    let lab = Lab::start().await;
    let created = lab
        .post("/items", r#"{"name":"Demo","price":75.999,"more":1}"#)
        .await;
    assert_eq!(created.status, 200);
    assert_eq!(
        (created.field("price"), created.field("description")),
        ("76.0".into(), "null".into())
    );
    assert_eq!(created.field("created_at"), created.field("updated_at"));
    let id = created.field("id").trim_matches('"').to_owned();
    assert_eq!(id.len(), 36);
    let path = format!("/items/{id}");
    let read = lab.get(&path).await;
    assert_eq!((read.cache(), &read.text), ("HIT", &created.text));
    let updated = lab.put(&path, r#"{"name":"Other","price":1.234}"#).await;
    assert_eq!(
        (updated.field("price"), updated.field("name")),
        ("1.23".into(), "\"Other\"".into())
    );
    assert!(updated.field("updated_at") > updated.field("created_at"));
    assert_eq!(copy(&lab, &format!("item:{id}")).await, Some(updated.text));
    lab.delete(&path)
        .await
        .is(200, &format!(r#"{{"status":"deleted","id":"{id}"}}"#));
    assert_eq!(copy(&lab, &format!("item:{id}")).await, None);
    for answer in [lab.get(&path).await, lab.delete(&path).await] {
        answer.is(404, r#"{"detail":"Item not found"}"#);
    }
}

#[tokio::test]
async fn the_list_is_newest_first_with_ties_by_id() {
    let lab = Lab::start().await;
    lab.get("/items?limit=0")
        .await
        .is(200, r#"{"items":[],"count":0}"#);
    lab.get("/items?limit=1")
        .await
        .is(200, &format!(r#"{{"items":[{A}],"count":1}}"#));
    lab.post("/items", r#"{"name":"Newest","price":0}"#).await;
    let list: Value = serde_json::from_str(&lab.get("/items").await.text).unwrap();
    let names: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].clone())
        .collect();
    assert_eq!(names, ["Newest", "Widget A", "Gadget B", "Gizmo C"]);
    for query in ["limit=-1", "limit=x", "limit=1001"] {
        let refused = lab.get(&format!("/items?{query}")).await;
        assert!(
            refused.status == 422 && refused.text.contains(r#"["query","limit"]"#),
            "{}",
            refused.text
        );
    }
}

#[tokio::test]
async fn invalid_input_is_422_and_stores_nothing() {
    let lab = Lab::start().await;
    for body in [
        "{}",
        "x",
        r#"{"name":"","price":1}"#,
        r#"{"name":"n","price":-1}"#,
        r#"{"name":"n","price":"1"}"#,
    ] {
        for answer in [
            lab.post("/items", body).await,
            lab.put("/items/a", body).await,
        ] {
            let said: Value = serde_json::from_str(&answer.text).unwrap();
            assert!(
                answer.status == 422 && said["detail"][0]["loc"][0] == "body",
                "{said}"
            );
        }
    }
    let large = json!({"name": "n", "price": 1, "more": "x".repeat(64 * 1024)}).to_string();
    lab.post("/items", &large).await.is_error(413);
    assert_eq!(lab.sql("SELECT count(*) FROM items"), "3");
    let gone = r#"{"detail":"Item not found"}"#;
    for path in ["/items/none", "/items/a%00b", "/items/%FF"] {
        lab.get(path).await.is(404, gone);
        lab.put(path, r#"{"name":"n","price":1}"#)
            .await
            .is(404, gone);
        lab.delete(path).await.is(404, gone);
    }
    lab.get("/nowhere")
        .await
        .is(404, r#"{"detail":"Not Found"}"#);
    let wrong = send(lab.service(), Method::PATCH, "/items/a", None).await;
    wrong.is(405, r#"{"detail":"Method Not Allowed"}"#);
}

#[tokio::test]
async fn a_read_costs_one_counted_lookup_and_a_write_none() {
    let lab = Lab::start().await;
    let counts = async || {
        let stats = lab.get("/cache/stats").await;
        let number = |name| stats.field(name).parse::<i64>().unwrap();
        (number("total_hits"), number("total_misses"))
    };
    let (hits, misses) = counts().await;
    lab.get("/items/a").await;
    for _ in 0..20 {
        lab.get("/items/a").await;
    }
    lab.put("/items/a", r#"{"name":"n","price":1}"#).await;
    lab.post("/items", r#"{"name":"n","price":1}"#).await;
    lab.delete("/items/b").await;
    assert_eq!(counts().await, (hits + 20, misses + 1));
    let stats: Value = serde_json::from_str(&lab.get("/cache/stats").await.text).unwrap();
    let fields: Vec<_> = stats.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["cached_items", "total_hits", "total_misses", "hit_rate"]
    );
    assert_eq!(stats["cached_items"], 3);
    lab.post("/cache/clear", "")
        .await
        .is(200, r#"{"status":"cleared","keys_deleted":3}"#);
}

#[tokio::test]
async fn copies_that_are_no_item_are_misses_and_are_refilled() {
    let lab = Lab::start().await;
    let mut redis = lab.redis_connection().await;
    for wrong in ["{}", "x", "", &A.replace("\"a\"", "\"b\"")] {
        let () = redis::Cmd::set("item:a", wrong)
            .query_async(&mut redis)
            .await
            .unwrap();
        assert_eq!(lab.get("/items/a").await.cache(), "MISS", "{wrong}");
        assert_eq!(lab.get("/items/a").await.cache(), "HIT", "{wrong}");
    }
}

#[tokio::test]
async fn every_series_is_there_at_zero_from_the_first_scrape() {
    let lab = Lab::start().await;
    let text = lab.get("/metrics").await.text;
    let mut expected = Vec::new();
    for (method, endpoint) in [
        ("POST", "/items"),
        ("PUT", "/items/{id}"),
        ("DELETE", "/items/{id}"),
    ] {
        for status in [200, 500, 503] {
            expected.push(format!(r#"http_requests_total{{service="api",method="{method}",endpoint="{endpoint}",status="{status}"}} 0"#));
        }
    }
    for operation in ["insert", "update", "delete", "select_all"] {
        for status in ["success", "error"] {
            expected.push(format!(r#"db_operations_total{{service="api",operation="{operation}",status="{status}"}} 0"#));
        }
    }
    for target in ["postgres", "redis", "total"] {
        for le in [
            "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "+Inf",
        ] {
            expected.push(format!(
                r#"write_operation_seconds_bucket{{service="api",target="{target}",le="{le}"}} 0"#
            ));
        }
    }
    for line in expected {
        assert!(
            text.lines().any(|found| found == line),
            "no {line} in\n{text}"
        );
    }
    for name in ["cache_hits_total", "cache_misses_total"] {
        assert!(
            text.contains(&format!(r#"{name}{{service="api",operation="get"}}"#)),
            "{name}"
        );
    }
    lab.post("/items", r#"{"name":"n","price":1}"#).await;
    let series =
        r#"http_requests_total{service="api",method="POST",endpoint="/items",status="200"}"#;
    assert!((lab.metric(series).await - 1.0).abs() < 0.5);
}

#[tokio::test]
async fn a_token_guards_the_clearing_of_the_cache_only() {
    let lab = Lab::start_with(&[("ADMIN_TOKEN", "s3cret")]).await;
    lab.post("/cache/clear", "").await.is_error(401);
    assert_eq!(lab.get("/cache/stats").await.status, 200);
    let request = Request::post("/cache/clear").header("authorization", "Bearer s3cret");
    let admitted = call(lab.service(), request.body(Body::empty()).unwrap()).await;
    assert_eq!(admitted.status, 200);
}

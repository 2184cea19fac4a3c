//! The routes of products, field by field.

use axum::http::header;
use redis::Commands as _;

use crate::lab::{A, Lab, NEW, NOT_FOUND};

#[tokio::test]
async fn the_first_read_comes_from_the_database_and_the_second_from_the_cache() {
    let lab = Lab::start();
    let body = |source| format!(r#"{},"source":"{source}"}}"#, &A[..A.len() - 1]);
    lab.get("/products/a").await.is(200, &body("database"));
    lab.get("/products/a").await.is(200, &body("cache"));
    assert_eq!(lab.copy("a").as_deref(), Some(A));
    let ttl: i64 = lab.raw().ttl("cache:product:a").unwrap();
    assert!((3500..=3600).contains(&ttl), "{ttl}");
    assert!(
        (lab.metric(r#"cache_hits_total{service="api",operation="read"}"#)
            .await
            - 1.0)
            .abs()
            < 0.1
    );
    assert!(
        (lab.metric(r#"cache_misses_total{service="api",operation="read"}"#)
            .await
            - 1.0)
            .abs()
            < 0.1
    );
}

#[tokio::test]
async fn a_create_is_cached_and_queued_and_nowhere_else() {
    let lab = Lab::start();
    let created = lab
        .post(
            "/products",
            r#"{"name":"Demo","price":75.999,"quantity":0}"#,
        )
        .await;
    let product = created.json();
    let fields: Vec<_> = product.as_object().unwrap().keys().cloned().collect();
    let expected = [
        "id",
        "name",
        "price",
        "quantity",
        "created_at",
        "updated_at",
        "source",
    ];
    assert_eq!(fields, expected);
    assert_eq!(
        (&product["price"], &product["source"]),
        (&76.0.into(), &"cache".into())
    );
    assert_eq!(product["created_at"], product["updated_at"]);
    let id = product["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let read = lab.get(&format!("/products/{id}")).await;
    assert_eq!(read.text, created.text);
    let ttl: i64 = lab.raw().ttl(format!("cache:product:{id}")).unwrap();
    assert_eq!(ttl, -1, "it must not expire before the database has it");
    let [entry] = &lab.queue()[..] else { panic!() };
    let start = format!(
        r#"{{"id":"{id}","operation":"insert","data":{{"id":"{id}","name":"Demo","price":76.0,"quantity":0,"created_at":"#
    );
    assert!(
        entry.starts_with(&start) && entry.ends_with(r#","coalesced_count":1}"#),
        "{entry}"
    );
    assert_eq!(lab.sql("SELECT count(*) FROM products"), "2");
}

#[tokio::test]
async fn an_update_keeps_the_time_of_creation_wherever_it_is_known() {
    let lab = Lab::start();
    let from_database = lab.put("/products/a", NEW).await.json();
    assert_eq!(
        from_database["created_at"],
        "2024-01-01T00:00:00.000000+00:00"
    );
    assert_ne!(from_database["updated_at"], from_database["created_at"]);
    let id = lab.post("/products", NEW).await.json()["id"].clone();
    let path = format!("/products/{}", id.as_str().unwrap());
    let created = lab.get(&path).await.json();
    let updated = lab
        .put(&path, r#"{"name":"Other","price":0,"quantity":3}"#)
        .await
        .json();
    assert_eq!(updated["created_at"], created["created_at"]);
    assert_eq!(
        (
            &updated["name"],
            &updated["price"],
            &updated["quantity"],
            &updated["source"]
        ),
        (&"Other".into(), &0.0.into(), &3.into(), &"cache".into())
    );
    assert_eq!(lab.get(&path).await.json(), updated);
    lab.put("/products/none", NEW).await.is(404, NOT_FOUND);
}

#[tokio::test]
async fn what_is_deleted_is_gone_before_the_database_knows() {
    let lab = Lab::start();
    lab.get("/products/a").await.json();
    let deleted = lab.delete("/products/a").await;
    deleted.is(200, r#"{"message":"Product deleted","id":"a"}"#);
    for answer in [
        lab.get("/products/a").await,
        lab.put("/products/a", NEW).await,
        lab.delete("/products/a").await,
    ] {
        answer.is(404, NOT_FOUND);
    }
    assert_eq!(lab.copy("a"), None);
    assert_eq!(lab.queue().len(), 1);
    assert_eq!(lab.sql("SELECT count(*) FROM products WHERE id = 'a'"), "1");
    let id = lab.post("/products", NEW).await.json()["id"].clone();
    let path = format!("/products/{}", id.as_str().unwrap());
    lab.delete(&path).await.json();
    lab.get(&path).await.is(404, NOT_FOUND);
    lab.delete("/products/none").await.is(404, NOT_FOUND);
    lab.delete("/products/b").await.json();
}

#[tokio::test]
async fn a_copy_that_is_no_product_is_a_miss_and_replaced() {
    let lab = Lab::start();
    for wrong in ["no json", r#"{"id":"a"}"#, &A.replace("\"a\"", "\"b\"")] {
        let () = lab.raw().set("cache:product:a", wrong).unwrap();
        assert_eq!(lab.get("/products/a").await.json()["source"], "database");
        assert_eq!(lab.copy("a").as_deref(), Some(A), "{wrong}");
        let () = lab.raw().set("cache:product:a", wrong).unwrap();
        assert_eq!(lab.put("/products/a", NEW).await.json()["source"], "cache");
        let () = lab.raw().del("write_behind:pending").unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_before_it_is_acknowledged() {
    let lab = Lab::start();
    for wrong in [
        "",
        "{",
        "[]",
        r#"{"name":"n","price":1}"#,
        r#"{"name":"","price":1,"quantity":1}"#,
        r#"{"name":"n","price":-1,"quantity":1}"#,
        r#"{"name":"n","price":1e9,"quantity":1}"#,
        r#"{"name":"n","price":NaN,"quantity":1}"#,
        r#"{"name":"n","price":1,"quantity":-1}"#,
        r#"{"name":"n","price":1,"quantity":1.5}"#,
        r#"{"name":"n","price":1,"quantity":2147483648}"#,
        "{\"name\":\"\\u0000\",\"price\":1,\"quantity\":1}",
    ] {
        for answer in [
            lab.post("/products", wrong).await,
            lab.put("/products/a", wrong).await,
        ] {
            assert_eq!(answer.status, 422, "{wrong}: {}", answer.text);
            let problems: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
            let problem = problems["detail"][0].as_object().unwrap();
            assert!(
                ["type", "loc", "msg", "input"]
                    .iter()
                    .all(|k| problem.contains_key(*k))
            );
        }
    }
    let huge = format!(
        r#"{{"name":"{}","price":1,"quantity":1}}"#,
        "n".repeat(70_000)
    );
    lab.post("/products", &huge).await.is_error(413);
    assert_eq!(lab.queue().len(), 0);
}

#[tokio::test]
async fn there_are_no_other_routes() {
    let lab = Lab::start();
    let list = lab.get("/products").await;
    list.is(405, r#"{"detail":"Method Not Allowed"}"#);
    assert_eq!(list.headers[header::ALLOW], "POST");
    lab.get("/other").await.is(404, r#"{"detail":"Not Found"}"#);
    lab.get(&format!("/products/{}", "x".repeat(37)))
        .await
        .is(404, NOT_FOUND);
    lab.get("/products/%00").await.is(404, NOT_FOUND);
    lab.get("/health")
        .await
        .is(200, r#"{"status":"ok","service":"api"}"#);
}

#[tokio::test]
async fn every_series_is_there_from_the_first_scrape() {
    let lab = Lab::start();
    for series in [
        r#"http_requests_total{service="api",method="POST",endpoint="/products",status="200"}"#,
        r#"http_requests_total{service="api",method="PUT",endpoint="/products/{id}",status="404"}"#,
        r#"http_requests_total{service="api",method="DELETE",endpoint="/products/{id}",status="503"}"#,
        r#"http_request_duration_seconds_count{service="api",method="GET",endpoint="/products/{id}"}"#,
        r#"cache_hits_total{service="api",operation="read"}"#,
        r#"cache_misses_total{service="api",operation="read"}"#,
        r#"write_queue_size{service="api"}"#,
        r#"writes_coalesced_total{service="api"}"#,
    ] {
        assert!(lab.metric(series).await.abs() < 0.1, "{series}");
    }
    assert!((lab.metric(r#"write_mode_enabled{service="api"}"#).await - 1.0).abs() < 0.1);
    lab.post("/products", NEW).await.json();
    lab.post("/products", "").await;
    let posts = r#"http_requests_total{service="api",method="POST",endpoint="/products",status=""#;
    for status in [200, 422] {
        let series = format!(r#"{posts}{status}"}}"#);
        assert!((lab.metric(&series).await - 1.0).abs() < 0.1, "{status}");
    }
    assert!((lab.metric(r#"write_queue_size{service="api"}"#).await - 1.0).abs() < 0.1);
    let () = lab.raw().del("write_behind:queue").unwrap();
    assert!(
        lab.metric(r#"write_queue_size{service="api"}"#).await < 0.1,
        "asked for at the scrape"
    );
}

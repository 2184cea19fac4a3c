//! The administrative routes, health and metrics.

use crate::lab::{CacheStatus as _, Lab};
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use test_service::call;

#[tokio::test]
async fn health_names_both_stores() {
    let lab = Lab::start_with(&[
        ("OTEL_SERVICE_NAME", "products"),
        ("CACHE_TTL_SECONDS", "9"),
    ])
    .await;
    lab.get("/health").await.is(
        200,
        r#"{"status":"ok","service":"products","cache_ttl_seconds":9,"dependencies":{"redis":"ok","postgres":"ok"}}"#,
    );
}

#[tokio::test]
async fn a_key_is_shown_with_its_value_and_the_seconds_it_has_left() {
    let lab = Lab::start().await;
    lab.get("/products/prod-003").await;
    let key = lab.get("/admin/cache/key/prod-003").await;
    let body: Value = serde_json::from_str(&key.text).unwrap();
    let fields: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["key", "exists", "ttl_seconds", "value"]);
    assert_eq!(body["key"], "product:prod-003");
    assert_eq!(body["exists"], true);
    assert!(
        (1..=60).contains(&body["ttl_seconds"].as_i64().unwrap()),
        "{body}"
    );
    let value = key.field("value");
    assert!(value.contains(r#""price":50.0,"#), "{value}");
    let fields: Vec<_> = body["value"].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "id",
            "name",
            "description",
            "price",
            "created_at",
            "updated_at"
        ]
    );
    let absent = lab.get("/admin/cache/key/x%00y").await;
    absent.is(
        200,
        r#"{"key":"product:x\u0000y","exists":false,"ttl_seconds":-2}"#,
    );
}

#[tokio::test]
async fn invalidate_says_whether_the_key_was_there() {
    let lab = Lab::start().await;
    lab.get("/products/prod-001").await;
    for existed in [true, false] {
        let answer = lab.post("/admin/invalidate/prod-001", "").await;
        let body = format!(
            r#"{{"status":"invalidated","key":"product:prod-001","key_existed":{existed}}}"#
        );
        answer.is(200, &body);
    }
    assert_eq!(lab.get("/products/prod-001").await.cache_status(), "miss");
}

#[tokio::test]
async fn clear_drops_all_products_and_nothing_else() {
    let lab = Lab::start().await;
    lab.post("/admin/cache/clear", "")
        .await
        .is(200, r#"{"status":"cleared","keys_deleted":0}"#);
    lab.sql(
        "INSERT INTO products SELECT 'more-' || n, 'n', NULL, 1 FROM generate_series(1, 1200) n",
    );
    for n in 1..=1200 {
        lab.get(&format!("/products/more-{n}")).await;
    }
    let mut redis = lab.redis_connection().await;
    let () = redis::cmd("SET")
        .arg("other")
        .arg("1")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(
        lab.get("/admin/cache-stats")
            .await
            .field("cache_state")
            .matches("product:")
            .count(),
        10
    );
    lab.post("/admin/cache/clear", "")
        .await
        .is(200, r#"{"status":"cleared","keys_deleted":1200}"#);
    let other: Option<String> = redis::cmd("GET")
        .arg("other")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(other.as_deref(), Some("1"));
    assert!(
        (lab.metric(r#"cache_invalidations_total{service="product-service",reason="clear_all"}"#)
            .await
            - 1200.0)
            .abs()
            < 0.5
    );
}

#[tokio::test]
async fn statistics_count_what_happened_since_the_start() {
    let lab = Lab::start().await;
    let fresh = lab.get("/admin/cache-stats").await;
    let zero = r#"{"service_stats":{"total_reads":0,"cache_hits":0,"cache_misses":0,"hit_rate_percent":0.0,"writes":0,"invalidations":0},"#;
    assert!(fresh.text.starts_with(zero), "{}", fresh.text);
    let end =
        r#""cache_state":{"cached_items":0,"cache_ttl_seconds":60,"sample_keys_with_ttl":{}}}"#;
    assert!(fresh.text.ends_with(end), "{}", fresh.text);

    for path in ["prod-001", "prod-001", "prod-002", "none"] {
        lab.get(&format!("/products/{path}")).await;
    }
    let body = r#"{"name":"n","price":1}"#;
    lab.post("/products", body).await;
    lab.put("/products/prod-001", body).await;
    lab.put("/products/none", body).await;
    lab.delete("/products/prod-003").await;
    lab.post("/admin/invalidate/unknown", "").await;
    lab.post("/admin/cache/clear", "").await;
    lab.get("/products/prod-002").await;
    let stats = lab.get("/admin/cache-stats").await;
    // Reads: 5, of them 1 hit. Invalidations: update, delete, manual, one cleared key.
    let counted = r#"{"service_stats":{"total_reads":5,"cache_hits":1,"cache_misses":4,"hit_rate_percent":20.0,"writes":3,"invalidations":4},"redis_stats":{"keyspace_hits":"#;
    assert!(stats.text.starts_with(counted), "{}", stats.text);
    let body: Value = serde_json::from_str(&stats.text).unwrap();
    assert_eq!(body["cache_state"]["cached_items"], 1);
    assert!(
        body["cache_state"]["sample_keys_with_ttl"]["product:prod-002"]
            .as_i64()
            .unwrap()
            > 0
    );
}

#[tokio::test]
async fn the_generations_do_not_disturb_the_hit_and_miss_counts_of_redis() {
    let lab = Lab::start().await;
    let counts = async || {
        let stats: Value = serde_json::from_str(&lab.get("/admin/cache-stats").await.text).unwrap();
        let of = |name: &str| stats["redis_stats"][name].as_u64().unwrap();
        (of("keyspace_hits"), of("keyspace_misses"))
    };
    let (hits, misses) = counts().await;
    lab.get("/products/prod-001").await;
    lab.get("/products/prod-001").await;
    lab.put("/products/prod-001", r#"{"name":"n","price":1}"#)
        .await;
    lab.get("/products/prod-001").await;
    assert_eq!(counts().await, (hits + 1, misses + 2));
}

#[tokio::test]
async fn a_stale_read_is_made_and_repaired() {
    let lab = Lab::start().await;
    let path = "/admin/simulate-stale-read/prod-003?new_price=999.99";
    lab.post(path, "").await.is_error(400);
    lab.get("/products/prod-003").await;
    let answer = lab.post(path, "").await;
    let start = r#"{"status":"stale_scenario_created","product_id":"prod-003","database_price":999.99,"cached_price":50.0,"cache_ttl_remaining":"#;
    assert!(answer.text.starts_with(start), "{}", answer.text);
    let message = answer.field("message");
    for part in ["999.99", "50.0", "/admin/invalidate/prod-003"] {
        assert!(message.contains(part), "{message}");
    }
    let stale = lab.get("/products/prod-003").await;
    assert_eq!(
        (stale.cache_status(), stale.field("price")),
        ("hit".to_owned(), "50.0".to_owned())
    );
    lab.post("/admin/invalidate/prod-003", "").await;
    let repaired = lab.get("/products/prod-003").await;
    assert_eq!(
        (repaired.cache_status(), repaired.field("price")),
        ("miss".to_owned(), "999.99".to_owned())
    );
}

#[tokio::test]
async fn the_stale_read_refuses_what_it_cannot_make() {
    let lab = Lab::start().await;
    let with = |query: &str| format!("/admin/simulate-stale-read/prod-001{query}");
    for query in [
        "",
        "?new_price=",
        "?new_price=x",
        "?new_price=nan",
        "?new_price=-1",
        "?new_price=1e8",
    ] {
        let answer = lab.post(&with(query), "").await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(
            answer.text.contains(r#""loc":["query","new_price"]"#),
            "{}",
            answer.text
        );
    }
    lab.get("/products/prod-001").await;
    lab.sql("DELETE FROM products WHERE id = 'prod-001'");
    let gone = lab.post(&with("?new_price=1"), "").await;
    gone.is(404, r#"{"detail":"Product not found"}"#);
    let mut redis = lab.redis_connection().await;
    let () = redis::cmd("SET")
        .arg("product:prod-002")
        .arg("{}")
        .query_async(&mut redis)
        .await
        .unwrap();
    lab.post("/admin/simulate-stale-read/prod-002?new_price=1", "")
        .await
        .is_error(400);
}

#[tokio::test]
async fn a_token_guards_the_administrative_routes_only() {
    let lab = Lab::start_with(&[("ADMIN_TOKEN", "s3cret")]).await;
    lab.post("/admin/cache/clear", "").await.is_error(401);
    assert_eq!(lab.get("/products/prod-001").await.status, 200);
    let request = Request::get("/admin/cache-stats").header("authorization", "Bearer s3cret");
    let admitted = call(lab.service(), request.body(Body::empty()).unwrap()).await;
    assert_eq!(admitted.status, 200);
}

#[tokio::test]
async fn every_series_is_there_at_zero_from_the_first_scrape() {
    let lab = Lab::start().await;
    let scrape = lab.get("/metrics").await;
    assert_eq!(
        scrape.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let series =
        |name: &str, labels: &str| format!("{name}{{service=\"product-service\"{labels}}} 0");
    let mut expected = vec![series("cache_size_items", "")];
    for (method, endpoint, status) in [
        ("GET", "/products", "200"),
        ("POST", "/products", "200"),
        ("POST", "/products", "422"),
        ("GET", "/products/{id}", "200"),
        ("GET", "/products/{id}", "404"),
        ("GET", "/products/{id}", "500"),
        ("PUT", "/products/{id}", "200"),
        ("PUT", "/products/{id}", "422"),
        ("DELETE", "/products/{id}", "404"),
    ] {
        expected.push(series(
            "http_requests_total",
            &format!(r#",method="{method}",endpoint="{endpoint}",status="{status}""#),
        ));
        expected.push(series(
            "http_request_duration_seconds_count",
            &format!(r#",method="{method}",endpoint="{endpoint}""#),
        ));
    }
    for name in ["cache_hits_total", "cache_misses_total"] {
        expected.push(series(name, r#",operation="get""#));
    }
    for operation in ["get", "set", "delete"] {
        for le in [
            "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "+Inf",
        ] {
            expected.push(series(
                "cache_latency_seconds_bucket",
                &format!(r#",operation="{operation}",le="{le}""#),
            ));
        }
    }
    for reason in ["update", "delete", "manual", "clear_all"] {
        expected.push(series(
            "cache_invalidations_total",
            &format!(r#",reason="{reason}""#),
        ));
    }
    for operation in ["select", "insert", "update", "delete", "select_all"] {
        for status in ["success", "error"] {
            expected.push(series(
                "db_operations_total",
                &format!(r#",operation="{operation}",status="{status}""#),
            ));
        }
        for le in [
            "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "+Inf",
        ] {
            expected.push(series(
                "db_latency_seconds_bucket",
                &format!(r#",operation="{operation}",le="{le}""#),
            ));
        }
    }
    for line in expected {
        assert!(
            scrape.text.lines().any(|found| found == line),
            "no {line} in\n{}",
            scrape.text
        );
    }
}

#[tokio::test]
async fn requests_are_counted_with_their_real_status() {
    let lab = Lab::start().await;
    let body = r#"{"name":"n","price":1}"#;
    lab.post("/products", body).await;
    lab.post("/products", "{}").await;
    lab.get("/products/none").await;
    lab.get("/products/prod-001").await;
    lab.delete("/products/prod-001").await;
    for (labels, count) in [
        (r#"method="POST",endpoint="/products",status="200""#, 1.0),
        (r#"method="POST",endpoint="/products",status="422""#, 1.0),
        (
            r#"method="GET",endpoint="/products/{id}",status="404""#,
            1.0,
        ),
        (
            r#"method="GET",endpoint="/products/{id}",status="200""#,
            1.0,
        ),
        (
            r#"method="DELETE",endpoint="/products/{id}",status="200""#,
            1.0,
        ),
    ] {
        let series = format!(r#"http_requests_total{{service="product-service",{labels}}}"#);
        assert!((lab.metric(&series).await - count).abs() < 0.5, "{series}");
    }
    let found =
        r#"db_operations_total{service="product-service",operation="select",status="success"}"#;
    assert!(
        (lab.metric(found).await - 1.0).abs() < 0.5,
        "a 404 is not counted"
    );
    let size = r#"cache_size_items{service="product-service"}"#;
    assert!(lab.metric(size).await.abs() < 0.5);
    lab.get("/products/prod-002").await;
    assert!((lab.metric(size).await - 1.0).abs() < 0.5);
}

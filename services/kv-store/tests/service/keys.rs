//! Keys and values, to the letter of the contract.

use axum::body::Body;
use axum::http::{Method, Request, header};
use test_service::call;

use crate::lab::{Lab, send};

#[tokio::test]
async fn a_key_is_written_read_listed_and_deleted() {
    for (lab, wal_enabled) in [(Lab::start(), true), (Lab::start_in_memory(), false)] {
        let sent = r#"{"key": "user-1", "value": {"name": "Ada", "balance": 100}, "more": [1]}"#;
        let value = r#"{"name":"Ada","balance":100}"#;
        let written = format!(r#"{{"key":"user-1","value":{value},"wal_enabled":{wal_enabled}}}"#);
        lab.post("/kv", sent).await.is(200, &written);
        let found = format!(r#"{{"key":"user-1","value":{value}}}"#);
        lab.get("/kv/user-1").await.is(200, &found);
        let listed = format!(r#"{{"data":{{"user-1":{value}}},"count":1}}"#);
        lab.get("/kv").await.is(200, &listed);
        lab.delete("/kv/user-1")
            .await
            .is(200, r#"{"key":"user-1","deleted":true}"#);
        lab.get("/kv").await.is(200, r#"{"data":{},"count":0}"#);
        let health =
            format!(r#"{{"status":"ok","service":"kv-store","wal_enabled":{wal_enabled}}}"#);
        lab.get("/health").await.is(200, &health);
    }
}

#[tokio::test]
async fn a_missing_key_is_404_and_leaves_no_record() {
    for lab in [Lab::start(), Lab::start_in_memory()] {
        assert!(lab.get("/kv/user-9").await.is_error(404).contains("user-9"));
        assert!(
            lab.delete("/kv/user-9")
                .await
                .is_error(404)
                .contains("user-9")
        );
        assert!(
            lab.get("/admin/wal")
                .await
                .text
                .ends_with(r#""entries":[]}"#)
        );
    }
}

#[tokio::test]
async fn order_is_that_of_insertion_at_every_depth() {
    let lab = Lab::start();
    lab.set("b", r#"{"z":{"y":1,"a":2},"c":3}"#).await;
    lab.set("a", "1").await;
    lab.set("c", "2").await;
    lab.set("b", r#"{"c":1,"a":{"z":0,"b":0}}"#).await;
    lab.delete("/kv/a").await;
    lab.set("a", "3").await;
    let listed = r#"{"data":{"b":{"c":1,"a":{"z":0,"b":0}},"c":2,"a":3},"count":3}"#;
    lab.get("/kv").await.is(200, listed);
}

#[tokio::test]
async fn any_content_type_is_json() {
    let lab = Lab::start();
    for content_type in [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("text/plain"),
    ] {
        let mut request = Request::builder().method(Method::POST).uri("/kv");
        if let Some(value) = content_type {
            request = request.header(header::CONTENT_TYPE, value);
        }
        let request = request
            .body(Body::from(r#"{"key":"a","value":1}"#))
            .unwrap();
        let written = r#"{"key":"a","value":1,"wal_enabled":true}"#;
        call(lab.service(), request).await.is(200, written);
    }
}

#[tokio::test]
async fn any_text_but_the_empty_one_is_a_key() {
    let lab = Lab::start();
    let keys = [
        (r"a/b", "a%2Fb"),
        (r"ü 中😀", "%C3%BC%20%E4%B8%AD%F0%9F%98%80"),
        (r"a+b?c#d%25", "a+b%3Fc%23d%2525"),
        (r#"\"\\\u0000"#, "%22%5C%00"),
        ("..", "%2e%2e"),
    ];
    for (key, path) in keys {
        let body = format!(r#"{{"key":"{key}","value":"{path}"}}"#);
        let sent = lab.post("/kv", &body).await;
        let found = sent.text.replace(r#","wal_enabled":true"#, "");
        lab.get(&format!("/kv/{path}")).await.is(200, &found);
    }
    assert!(
        lab.get("/kv")
            .await
            .text
            .contains(r#"{"a/b":"a%2Fb","ü 中😀":"#)
    );
    for (_, path) in keys {
        assert_eq!(
            lab.delete(&format!("/kv/{path}")).await.status,
            200,
            "{path}"
        );
    }
    lab.get("/kv/")
        .await
        .is_refused(&[("string_too_short", "key")]);
    lab.delete("/kv/")
        .await
        .is_refused(&[("string_too_short", "key")]);
    lab.get("/kv/%FF").await.is_error(404);
}

#[tokio::test]
async fn null_is_a_value() {
    let lab = Lab::start();
    lab.set("nothing", "null").await;
    lab.get("/kv/nothing")
        .await
        .is(200, r#"{"key":"nothing","value":null}"#);
    lab.get("/kv")
        .await
        .is(200, r#"{"data":{"nothing":null},"count":1}"#);
    assert_eq!(lab.delete("/kv/nothing").await.status, 200);
}

#[tokio::test]
async fn what_has_no_route_is_404_or_405() {
    let lab = Lab::start();
    for path in [
        "/",
        "/nope",
        "/kv/a/b",
        "/admin",
        "/health/",
        "/admin/wal/1",
    ] {
        lab.get(path).await.is_error(404);
    }
    for (method, path) in [
        (Method::PUT, "/kv"),
        (Method::POST, "/kv/a"),
        (Method::GET, "/admin/crash"),
        (Method::DELETE, "/admin/wal"),
        (Method::POST, "/health"),
    ] {
        let answer = send(lab.service(), method, path, "").await;
        answer.is_error(405);
        assert!(answer.headers.contains_key(header::ALLOW), "{path}");
    }
}

//! What is not stored.

use crate::lab::Lab;

#[track_caller]
fn body(value: &str) -> String {
    format!(r#"{{"key":"k","value":{value}}}"#)
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_stored() {
    let lab = Lab::start();
    let missing = |name| ("missing", name);
    let cases: [(&str, &[(&str, &str)]); 14] = [
        ("", &[missing("body")]),
        ("{", &[("json_invalid", "<offset>")]),
        (
            r#"{"key":"k","value":1} x"#,
            &[("json_invalid", "<offset>")],
        ),
        ("{'key':'k'}", &[("json_invalid", "<offset>")]),
        ("[1]", &[("model_attributes_type", "body")]),
        ("null", &[("model_attributes_type", "body")]),
        ("{}", &[missing("key"), missing("value")]),
        (r#"{"key":"k"}"#, &[missing("value")]),
        (r#"{"value":1}"#, &[missing("key")]),
        (r#"{"key":1,"value":1}"#, &[("string_type", "key")]),
        (
            r#"{"key":null}"#,
            &[("string_type", "key"), missing("value")],
        ),
        (r#"{"key":"","value":1}"#, &[("string_too_short", "key")]),
        (
            r#"{"key":"\ud800","value":1}"#,
            &[("string_unicode", "key")],
        ),
        (
            r#"{"key":"k","value":"\udc00"}"#,
            &[("string_unicode", "value")],
        ),
    ];
    for (body, problems) in cases {
        lab.post("/kv", body).await.is_refused(problems);
    }
    for value in ["NaN", "Infinity", "[-Infinity]"] {
        lab.post("/kv", &body(value))
            .await
            .is_refused(&[("json_invalid", "<offset>")]);
    }
    let not_finite = [("finite_number", "value")];
    lab.post("/kv", &body("1e999"))
        .await
        .is_refused(&not_finite);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    lab.post("/kv", &body(&deep))
        .await
        .is_refused(&[("recursion_loop", "value")]);
    lab.get("/kv").await.is(200, r#"{"data":{},"count":0}"#);
    assert_eq!(lab.stat("wal_sequence").await, 0);
}

#[tokio::test]
async fn a_body_may_have_a_mebibyte_and_not_a_byte_more() {
    let lab = Lab::start();
    let around = body(r#""""#).len();
    let value = |length: usize| format!("{:?}", "x".repeat(length));
    let most = body(&value((1 << 20) - around));
    assert_eq!(most.len(), 1 << 20);
    assert_eq!(lab.post("/kv", &most).await.status, 200);
    lab.post("/kv", &body(&value((1 << 20) - around + 1)))
        .await
        .is_error(413);
    assert_eq!(lab.stat("wal_sequence").await, 1);
}

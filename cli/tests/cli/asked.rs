//! Claims that labctl itself asks for over HTTP, with a server on loopback.

use labctl_engine::test_server::{Answer, TestServer};

use crate::page::{Page, Say};

#[test]
fn an_awaited_answer_passes_and_the_report_says_how_long_it_took() {
    let server = TestServer::answering([
        Answer::new(503, "", ""),
        Answer::new(200, "", "{\"status\": \"ok\"}"),
    ]);
    let url = server.url("/health");
    Page::new()
        .block("up", "true")
        .expect(&format!(
            "http GET {url} json $.status == \"ok\" within 20s  # it starts"
        ))
        .verify()
        .passes()
        .says(&format!(
            "http GET {url} json $.status == \"ok\" within 20s: held after "
        ));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_false_answer_is_exit_1_and_none_is_exit_3() {
    let server = TestServer::answering([Answer::new(404, "", "")]);
    let url = server.url("/p/1");
    let page = Page::new()
        .block("read", "true")
        .expect(&format!("http GET {url} status == 200"));
    page.verify().code(1).says(&format!(
        "page.md:7: http GET {url} status == 200: it was 404"
    ));
    drop(server);
    page.verify().code(3).says("Connection refused");
}

#[test]
fn a_url_that_is_none_is_exit_2_with_a_caret() {
    let page = Page::new()
        .block("read", "touch ran")
        .expect("http GET localhost:8000/ status == 200");
    page.verify()
        .code(2)
        .says("`localhost:8000/` is no URL")
        .says("^^^^^^^^^^^^^^^");
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn lint_warns_of_a_request_sent_twice() {
    let post = "http POST http://localhost:1/orders";
    Page::new()
        .block("order", "true")
        .expect(&format!("{post} status == 201\n{post} json $.id exists"))
        .labctl(&["lint", "page.md"])
        .said()
        .says("this sends the same `POST` again");
}

#[test]
fn a_metric_is_read_where_the_front_matter_says_and_its_change_is_the_blocks() {
    let answer = |value: u32| Answer::new(200, "", &format!("hits_total{{path=\"/a\"}} {value}\n"));
    let server = TestServer::answering([answer(41), answer(42)]);
    let front_matter = format!(
        "---\nlabctl: {{metrics: \"{}\"}}\n---\n\n",
        server.url("/metrics")
    );
    let verify = |claim: &str| {
        let page = format!("{front_matter}```bash\ntrue\n```\n<!-- expect\n{claim}\n-->\n");
        let folder = Page::new().file("watched.md", &page);
        folder.labctl(&["verify", "watched.md"]).said()
    };
    verify(r#"metric hits_total{path="/a"} delta == 1"#).passes();
    assert_eq!(server.asked().len(), 2);
    verify(r#"metric hits_total{path="/b"} == 42"#)
        .code(1)
        .says(r#"hits_total{path="/b"} == 42"#)
        .says(r#"hits_total{path="/a"}"#);
}

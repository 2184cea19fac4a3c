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
            "http GET {url} json $.status == \"ok\" within 20s: held after 0.1"
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

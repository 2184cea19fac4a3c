//! Questions over HTTP, as claims ask them. What is answered is an observation; only no answer is an error.

use std::{error::Error, sync::OnceLock, time::Duration};

use labctl_runbook::{HttpObservation, Output, expect::HttpMethod};
use reqwest::{Client, Method, Response, redirect::Policy};

/// How much of a body is kept: as much as of a block's output.
const BODY_BYTES: usize = 1 << 20;

/// Asks over http and https. Built at the first question, so that who asks nothing pays nothing.
#[derive(Debug, Default)]
pub(crate) struct HttpClient {
    client: OnceLock<Client>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("{method} {url}: no answer within {} s", .limit.as_secs_f64())]
    TooLate {
        method: &'static str,
        url: String,
        limit: Duration,
    },
    #[error("{method} {url}: {cause}")]
    NoAnswer {
        method: &'static str,
        url: String,
        cause: String,
    },
}

impl HttpClient {
    /// Asks once, follows no redirect, and reads the whole answer within `limit`; the first mebibyte of its body is
    /// kept.
    ///
    /// # Errors
    /// Nobody answers there, not in time, or not in HTTP.
    pub(crate) async fn ask(
        &self,
        method: HttpMethod,
        url: &str,
        limit: Duration,
    ) -> Result<HttpObservation, HttpError> {
        let name = method.name();
        let no_answer = |error: reqwest::Error| HttpError::NoAnswer {
            method: name,
            url: url.to_owned(),
            cause: first_cause(&error),
        };
        let work = async {
            let client = self.client().map_err(no_answer)?;
            let request = client.request(reqwest_method(method), url);
            observe(request.send().await.map_err(no_answer)?)
                .await
                .map_err(no_answer)
        };
        match tokio::time::timeout(limit, work).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpError::TooLate {
                method: name,
                url: url.to_owned(),
                limit,
            }),
        }
    }

    fn client(&self) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .user_agent(concat!("labctl/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            // A connection kept open would outlive the service at its other end.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }
}

async fn observe(mut response: Response) -> Result<HttpObservation, reqwest::Error> {
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let headers = headers.collect();
    let (mut kept, mut omitted_bytes) = (Vec::new(), 0_u64);
    while let Some(chunk) = response.chunk().await? {
        let room = (BODY_BYTES - kept.len()).min(chunk.len());
        kept.extend_from_slice(&chunk[..room]);
        omitted_bytes += (chunk.len() - room) as u64;
    }
    let text = String::from_utf8_lossy(&kept);
    let body = match omitted_bytes {
        0 => Output {
            text: text.into_owned(),
            omitted_bytes,
        },
        omitted => Output::cut(&text, omitted, ""),
    };
    Ok(HttpObservation {
        status,
        headers,
        body,
    })
}

fn reqwest_method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    }
}

/// What is at the bottom of it, such as `Connection refused (os error 111)`: what is above names the client's layers.
fn first_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_server::{Answer, TestServer};

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn an_answer_is_observed_whatever_its_status() {
        let server = TestServer::answering([Answer::new(
            503,
            "Content-Type: text/plain\r\nX-Two: a\r\nX-Two: b\r\n",
            "late\n",
        )]);
        let client = HttpClient::default();
        let seen = client.ask(HttpMethod::Get, &server.url("/x"), LIMIT).await;
        let seen = seen.expect("it answers");
        assert_eq!((seen.status, seen.body.text.as_str()), (503, "late\n"));
        let two: Vec<_> = seen
            .headers
            .iter()
            .filter(|(name, _)| name == "x-two")
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(two, ["a", "b"]);
        assert_eq!(server.asked(), ["GET /x"]);
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let server = TestServer::answering([Answer::new(302, "Location: /elsewhere\r\n", "")]);
        let seen = HttpClient::default()
            .ask(HttpMethod::Get, &server.url("/"), LIMIT)
            .await;
        assert_eq!(seen.expect("it answers").status, 302);
        assert_eq!(server.asked(), ["GET /"]);
    }

    #[tokio::test]
    async fn of_a_long_body_the_beginning_is_kept_and_the_rest_counted() {
        let body = "x".repeat(BODY_BYTES + 17);
        let server = TestServer::answering([Answer::new(200, "", &body)]);
        let seen = HttpClient::default()
            .ask(HttpMethod::Get, &server.url("/"), LIMIT)
            .await;
        let body = seen.expect("it answers").body;
        assert_eq!(body.omitted_bytes, 17);
        assert!(body.text.len() < BODY_BYTES + 100);
    }

    #[tokio::test]
    async fn nobody_there_and_no_answer_in_time_are_errors_that_say_so() {
        let url = {
            let server = TestServer::answering([]);
            server.url("/gone")
        };
        let client = HttpClient::default();
        let error = client.ask(HttpMethod::Get, &url, LIMIT).await.unwrap_err();
        let told = error.to_string();
        assert!(told.contains("Connection refused"), "{told}");
        assert!(told.starts_with(&format!("GET {url}: ")), "{told}");

        let server = TestServer::answering([Answer::Never]);
        let limit = Duration::from_millis(50);
        let error = client
            .ask(HttpMethod::Get, &server.url("/"), limit)
            .await
            .unwrap_err();
        let told = error.to_string();
        assert!(told.ends_with("no answer within 0.05 s"), "{told}");
    }
}

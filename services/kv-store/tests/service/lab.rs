//! The service on a folder of its own, or in memory.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use kv_store::{AppState, Config, CrashButton, StoreGuard, app};
use service_kit::Environment;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A running service.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) crash: CrashButton,
    variables: Vec<(String, String)>,
    running: Option<(Router, StoreGuard)>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Lab {
    /// With a log.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Without one.
    pub(crate) fn start_in_memory() -> Self {
        Self::start_with(&[("WAL_ENABLED", "false")])
    }

    /// With these environment variables.
    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name).to_str().unwrap().to_owned();
        let paths = [
            ("WAL_PATH".to_owned(), path("new/wal.log")),
            ("CHECKPOINT_PATH".to_owned(), path("new/checkpoint.json")),
        ];
        let given = variables.iter();
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut lab = Self {
            folder,
            crash: CrashButton::default(),
            variables: given.chain(paths).collect(),
            running: None,
        };
        lab.restart();
        lab
    }

    /// Stops the service, if it runs, and starts it on the same folder.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let (state, guard) = AppState::start(&self.config(), self.crash.clone()).unwrap();
        self.running = Some((app(state), guard));
    }

    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    pub(crate) fn config(&self) -> Config {
        let environment: Environment = self.variables.iter().cloned().collect();
        Config::from_environment(&environment).unwrap()
    }

    pub(crate) fn service(&self) -> Router {
        self.running.as_ref().unwrap().0.clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.service(), Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        send(self.service(), Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.service(), Method::DELETE, path, "").await
    }

    /// Writes a key; `value` is JSON.
    pub(crate) async fn set(&self, key: &str, value: &str) {
        let body = format!(r#"{{"key":{key:?},"value":{value}}}"#);
        let answer = self.post("/kv", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    pub(crate) async fn stat(&self, name: &str) -> u64 {
        let stats = self.get("/admin/stats").await.json();
        stats[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {stats}"))
    }

    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        let value = line.unwrap_or_else(|| panic!("no series {series} in\n{text}"));
        value.trim().parse().unwrap()
    }
}

impl Answer {
    /// The status and the JSON body, to the letter.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (status, body));
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// An error whose `detail` is one string; gives it.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        body["detail"].as_str().unwrap().to_owned()
    }

    /// A 422 with one problem for each of `expected`: its type and its place.
    #[track_caller]
    pub(crate) fn is_refused(&self, expected: &[(&str, &str)]) {
        assert_eq!(self.status, 422, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        let body = self.json();
        let problems = body["detail"].as_array().unwrap();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                assert!(problem["msg"].is_string(), "{problem}");
                let place = problem["loc"].as_array().unwrap().last().unwrap();
                let place = place.as_str().unwrap_or("<offset>").to_owned();
                (problem["type"].as_str().unwrap().to_owned(), place)
            })
            .collect();
        let expected = expected
            .iter()
            .map(|(kind, place)| ((*kind).to_owned(), (*place).to_owned()));
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}

pub(crate) async fn send(service: Router, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    answer(service, request.body(Body::from(body.to_owned())).unwrap()).await
}

pub(crate) async fn answer(service: Router, request: Request<Body>) -> Answer {
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

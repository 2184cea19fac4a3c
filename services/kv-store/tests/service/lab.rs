//! The service on a folder of its own, or in memory.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use kv_store::{AppState, Config, CrashButton, StoreGuard, app};
use service_kit::Environment;
use tempfile::TempDir;
use test_service::{Answer, call};

/// A running service.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) crash: CrashButton,
    variables: Vec<(String, String)>,
    running: Option<(Router, StoreGuard)>,
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
        self.get("/metrics").await.metric(series)
    }
}

/// Without a content type, which makes no difference.
pub(crate) async fn send(service: Router, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    call(service, request.body(Body::from(body.to_owned())).unwrap()).await
}

//! A primary, two replicas and a client as processes on free ports, killed when dropped.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Far above what anything takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Lab {
    pub(crate) http: reqwest::Client,
    ports: BTreeMap<&'static str, u16>,
    delays: [u64; 2],
    /// What all nodes have in their environment besides.
    variables: Vec<(&'static str, String)>,
    children: BTreeMap<&'static str, Child>,
}

pub(crate) const NODES: [&str; 4] = ["replica1", "replica2", "primary", "client"];

impl Lab {
    /// All nodes, with these delays.
    pub(crate) async fn start(delays: [u64; 2]) -> Self {
        Self::start_with(delays, Vec::new()).await
    }

    pub(crate) async fn start_with(
        delays: [u64; 2],
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        let free: Vec<_> = NODES
            .iter()
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
            .collect();
        let ports = NODES.iter().zip(&free);
        let ports = ports.map(|(name, free)| (*name, free.local_addr().unwrap().port()));
        let mut lab = Self {
            // A new connection each time: the one on which a body was too large is closed after the answer.
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            ports: ports.collect(),
            delays,
            variables,
            children: BTreeMap::new(),
        };
        drop(free);
        for name in NODES {
            lab.start_node(name).await;
        }
        lab
    }

    pub(crate) async fn start_node(&mut self, name: &'static str) {
        let replicas = format!("{}, {},", self.url("replica1"), self.url("replica2"));
        let role = if name.starts_with("replica") {
            "replica"
        } else {
            name
        };
        let child = Command::new(env!("CARGO_BIN_EXE_replicated-store"))
            .env_clear()
            .env("ROLE", role)
            .env("LISTEN", format!("127.0.0.1:{}", self.ports[name]))
            .env("OTEL_SERVICE_NAME", name)
            .env("REPLICA_ID", name)
            .env("REPLICA_URLS", replicas)
            .env("REPLICA1_DELAY_MS", self.delays[0].to_string())
            .env("REPLICA2_DELAY_MS", self.delays[1].to_string())
            .env("PRIMARY_URL", self.url("primary"))
            .env("POLL_INTERVAL_MS", "50")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .spawn();
        self.children.insert(name, child.unwrap());
        self.until("healthy", async |lab| {
            let answer = lab
                .http
                .get(format!("{}/health", lab.url(name)))
                .send()
                .await;
            answer.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }

    /// Without a chance to say goodbye.
    pub(crate) fn kill(&mut self, name: &str) {
        let child = self.children.get_mut(name).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports[name])
    }

    /// Status and text.
    pub(crate) async fn get(&self, name: &str, path: &str) -> (u16, String) {
        let answer = self
            .http
            .get(format!("{}{path}", self.url(name)))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn post(&self, name: &str, path: &str, body: &str) -> (u16, String) {
        let request = self.http.post(format!("{}{path}", self.url(name)));
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn read(&self, name: &str, path: &str) -> Value {
        let (status, text) = self.get(name, path).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn write(&self, key: &str, value: Value) -> Value {
        let body = json!({ "key": key, "value": value }).to_string();
        let (status, text) = self.post("primary", "/data", &body).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn version(&self, name: &str) -> u64 {
        self.read(name, "/version").await["version"]
            .as_u64()
            .unwrap()
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self).await {
            assert!(Instant::now() < deadline, "never {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Both replicas are at this version.
    pub(crate) async fn until_version(&self, version: u64) {
        self.until("replicated", async |lab| {
            lab.version("replica1").await == version && lab.version("replica2").await == version
        })
        .await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

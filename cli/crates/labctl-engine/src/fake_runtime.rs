//! A runtime for tests: keeps a list of what was asked of it, and does what it is told to.

use std::{
    cell::Cell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::{Duration, SystemTime},
};

use labctl_runbook::{Output, ServiceObservation};

use crate::{Lab, NotReady, Residue, Runtime, RuntimeError};

/// What was asked of it, and what it answers.
#[derive(Debug, Default)]
pub(crate) struct FakeRuntime {
    /// The calls that change something, in order.
    pub(crate) calls: Vec<&'static str>,
    /// Somebody has the lab; all who would claim it share this.
    pub(crate) is_held: Rc<Cell<bool>>,
    /// This one has it.
    holds: bool,
    /// Services never get ready.
    pub(crate) never_ready: bool,
    /// Waiting for readiness never ends.
    pub(crate) hangs: bool,
    /// The call that fails.
    pub(crate) fails_at: Option<&'static str>,
    /// A teardown leaves this.
    pub(crate) residue: Residue,
    /// Each look at restarts takes the next of these; then there are none.
    pub(crate) restarts: Vec<u64>,
    /// Each question about the service takes the next of these; the last one stays. Empty: it runs.
    pub(crate) answers: VecDeque<Result<ServiceObservation, &'static str>>,
    /// Times at which a question asked for log lines, and since when.
    pub(crate) asked: Vec<Option<SystemTime>>,
}

impl FakeRuntime {
    fn called(&mut self, call: &'static str) -> Result<(), RuntimeError> {
        self.calls.push(call);
        if self.fails_at == Some(call) {
            return Err(unavailable("the engine is gone"));
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), RuntimeError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if self.never_ready {
            return Err(RuntimeError::NotReady {
                waited: Duration::from_secs(1),
                services: vec![NotReady {
                    service: "api".to_owned(),
                    state: "unhealthy".to_owned(),
                    log_tail: "no database for hunter2hunter2".to_owned(),
                }],
            });
        }
        Ok(())
    }
}

fn unavailable(message: &str) -> RuntimeError {
    RuntimeError::Unavailable {
        message: message.to_owned(),
        source: None,
    }
}

impl Runtime for FakeRuntime {
    async fn claim(&mut self, _lab: &Lab) -> Result<Vec<String>, RuntimeError> {
        self.called("claim")?;
        if self.is_held.replace(true) {
            return Err(unavailable("held by another run"));
        }
        self.holds = true;
        Ok(vec!["removed what a killed run left".to_owned()])
    }

    fn block_env(&self) -> BTreeMap<String, String> {
        let digest = self
            .holds
            .then(|| ("SOURCES".to_owned(), "digest".to_owned()));
        digest.into_iter().collect()
    }

    async fn bring_up(&mut self, _lab: &Lab) -> Result<(), RuntimeError> {
        self.called("bring up")?;
        if !self.holds {
            return Err(unavailable("not claimed"));
        }
        self.ready().await
    }

    async fn wait_ready(&mut self, _lab: &Lab, _deadline: Duration) -> Result<(), RuntimeError> {
        self.called("wait ready")?;
        self.ready().await
    }

    async fn logs_since(
        &mut self,
        _lab: &Lab,
        _since: SystemTime,
        _limit: usize,
    ) -> Result<String, RuntimeError> {
        let logs = if self.holds {
            "api | token hunter2hunter2\n"
        } else {
            ""
        };
        Ok(logs.to_owned())
    }

    async fn restarts(&mut self, _lab: &Lab) -> Result<BTreeMap<String, u64>, RuntimeError> {
        if !self.holds {
            return Ok(BTreeMap::new());
        }
        let count = if self.restarts.is_empty() {
            0
        } else {
            self.restarts.remove(0)
        };
        Ok(BTreeMap::from([("api".to_owned(), count)]))
    }

    async fn service(
        &mut self,
        _lab: &Lab,
        name: &str,
        logs: Option<(SystemTime, usize)>,
    ) -> Result<ServiceObservation, RuntimeError> {
        if !self.holds {
            return Err(unavailable("not claimed"));
        }
        if name != "api" {
            return Err(RuntimeError::UnknownService {
                service: name.to_owned(),
                known: vec!["api".to_owned()],
            });
        }
        self.asked.push(logs.map(|(since, _)| since));
        let answer = match self.answers.len() {
            0 => Ok(ServiceObservation {
                state: "running".to_owned(),
                restarts: Some(0),
                logs: logs.map(|_| Output {
                    text: "token hunter2hunter2\n".to_owned(),
                    omitted_bytes: 0,
                }),
                ..ServiceObservation::default()
            }),
            1 => self.answers[0].clone(),
            _ => self.answers.pop_front().expect("there are two"),
        };
        answer.map_err(unavailable)
    }

    async fn remove_one_offs(&mut self, _lab: &Lab) -> Result<(), RuntimeError> {
        self.called("remove one-offs")
    }

    async fn tear_down(&mut self, _lab: &Lab) -> Result<Residue, RuntimeError> {
        self.called("tear down")?;
        if !std::mem::take(&mut self.holds) {
            return Ok(Residue::default());
        }
        self.is_held.set(false);
        Ok(self.residue.clone())
    }

    async fn keep(&mut self, _lab: &Lab) -> String {
        self.calls.push("keep");
        self.holds = false;
        "still up".to_owned()
    }
}

#[tokio::test]
async fn the_fake_runtime_keeps_the_contract() {
    let runtime = FakeRuntime::default();
    let other = FakeRuntime {
        is_held: Rc::clone(&runtime.is_held),
        ..FakeRuntime::default()
    };
    let lab = Lab {
        name: "08".to_owned(),
        folder: "/".into(),
        env: BTreeMap::new(),
    };
    crate::contract::runtime_keeps_its_contract(runtime, other, &lab).await;
}

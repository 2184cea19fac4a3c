//! Sends what the protocol says when it says so, one step at a time for each replica.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Node;
use super::traced::UnderWay;
use crate::clock::{now_ms, or_zero};
use crate::contents::{Contents, Data};
use crate::input::SentState;
use crate::peer::{DELAY, PeerError, answer};
use crate::protocol::{Delivery, Origin, Recovery, Snapshot, Stamp, Step};

const DELIVERY_PATIENCE: Duration = Duration::from_secs(10);
pub(super) const RESET_PATIENCE: Duration = Duration::from_secs(5);
const QUESTION_PATIENCE: Duration = Duration::from_secs(5);

/// Body of `POST /replicate`.
#[derive(Serialize)]
struct Sent<'s> {
    data: &'s Data,
    version: u64,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
    write_id: Option<&'s str>,
    epoch: u64,
}

pub(super) async fn run(node: Node) {
    recover(&node).await;
    for replica in 0..node.0.replicas.len() {
        tokio::spawn(replicate(node.clone(), replica));
    }
}

async fn recover(node: &Node) {
    let shared = &node.0;
    let count = shared.replicas.len();
    let (answers, mut heard) = tokio::sync::mpsc::channel(count.max(1));
    let mut questions = tokio::task::JoinSet::new();
    for replica in 0..count {
        let (node, answers) = (node.clone(), answers.clone());
        questions.spawn(async move {
            loop {
                if let Ok(state) = ask_for_state(&node, replica).await {
                    let _ = answers.send((replica, state)).await;
                    return;
                }
                sleep(Recovery::<Contents>::PAUSE).await;
            }
        });
    }
    drop(answers);
    let mut recovery = Recovery::new(count);
    let listen = async {
        while let Some((replica, state)) = heard.recv().await {
            recovery.heard(replica, state);
        }
    };
    let is_complete = timeout(Recovery::<Contents>::PATIENCE, listen)
        .await
        .is_ok();
    questions.shutdown().await;
    let delays: Vec<_> = shared
        .delays_ms
        .iter()
        .map(|ms| Duration::from_millis(*ms))
        .collect();
    let origin = Origin {
        clock_ms: now_ms(),
        salt: fastrand::u16(..),
    };
    let primary = recovery.finish(&delays, node.now(), origin);
    let Stamp { epoch, version } = primary.current().stamp;
    if is_complete {
        tracing::info!(version, epoch, "all replicas answered");
    } else {
        tracing::warn!(
            version,
            epoch,
            "not all replicas answered: what only they had is lost"
        );
    }
    *shared
        .primary
        .lock()
        .expect("nothing panics with the lock held") = Some(primary);
    node.with(|_| ());
}

async fn ask_for_state(node: &Node, replica: usize) -> Result<Snapshot<Contents>, PeerError> {
    let peer = &node.0.replicas[replica];
    let answer = peer.get(&node.0.http, "/state", QUESTION_PATIENCE).await?;
    let state = answer.body.as_object().map(SentState::from_fields);
    match state {
        Some(Ok(state)) => Ok(Snapshot {
            stamp: answer.stamp,
            contents: state.contents,
        }),
        _ => Err(PeerError::NoStamp),
    }
}

async fn replicate(node: Node, replica: usize) {
    let mut resets = node.0.resets.subscribe();
    loop {
        resets.borrow_and_update();
        let step = node.with(|primary| primary.next(replica, node.now()));
        let step = step.expect("it has begun before this");
        tokio::select! {
            () = take(&node, replica, step) => (),
            _ = resets.changed() => (),
        }
    }
}

async fn take(node: &Node, replica: usize, step: Step<Contents>) {
    match step {
        Step::WaitUntil(at) => tokio::select! {
            () = sleep_until(Instant::from_std(node.0.started + at)) => (),
            () = node.0.news[replica].notified() => (),
        },
        Step::Ask => {
            let peer = &node.0.replicas[replica];
            let answer = peer.get(&node.0.http, "/version", QUESTION_PATIENCE).await;
            match answer {
                Ok(answer) => answered(node, replica, answer.stamp),
                Err(_) => failed(node, replica, None),
            }
        }
        Step::Deliver(delivery) if delivery.snapshot.stamp.version == 0 => {
            tell_of_reset(node, replica, delivery).await;
        }
        Step::Deliver(delivery) => deliver(node, replica, delivery).await,
    }
}

async fn tell_of_reset(node: &Node, replica: usize, delivery: Delivery<Contents>) {
    let peer = &node.0.replicas[replica];
    let epoch = delivery.snapshot.stamp.epoch;
    let request = peer
        .post(&node.0.http, "/admin/reset")
        .json(&json!({ "epoch": epoch }));
    match answer(request, RESET_PATIENCE).await {
        Ok(answer) => answered(node, replica, answer.stamp),
        Err(error) => {
            tracing::warn!(
                replica = peer.name,
                error = error.to_string(),
                "reset not delivered"
            );
            failed(node, replica, Some(delivery));
        }
    }
    node.0
        .told_of_reset
        .send_modify(|told| told[replica] = epoch);
}

async fn deliver(node: &Node, replica: usize, delivery: Delivery<Contents>) {
    let (peer, metrics) = (&node.0.replicas[replica], &node.0.metrics.replicas[replica]);
    let Snapshot { stamp, contents } = &delivery.snapshot;
    if delivery.failures == 0 {
        metrics.delay_seconds.observe(delivery.delay.as_secs_f64());
    }
    let write_id = contents.write_id();
    let body = Sent {
        data: &contents.data,
        version: stamp.version,
        write_timestamp: contents.timestamp(),
        write_id: write_id.as_deref(),
        epoch: stamp.epoch,
    };
    let request = peer.post(&node.0.http, "/replicate").json(&body);
    let request = request.header(DELAY, delivery.delay.as_millis().to_string());
    let version = stamp.version;
    let delay_ms = u64::try_from(delivery.delay.as_millis()).unwrap_or(u64::MAX);
    let delivering = node.0.under_way[replica].deliver(peer, *stamp, delay_ms);
    let answer = delivering.around(answer(request, DELIVERY_PATIENCE)).await;
    match answer {
        Ok(answer) => {
            drop(delivering);
            metrics.successes.inc();
            tracing::info!(replica = peer.name, version, delay_ms, "Replication done");
            answered(node, replica, answer.stamp);
        }
        Err(error) => {
            metrics.failures.inc();
            let error = error.to_string();
            delivering.failed(&error);
            tracing::warn!(replica = peer.name, version, error, "Replication failed");
            failed(node, replica, Some(delivery));
        }
    }
}

fn answered(node: &Node, replica: usize, held: Stamp) {
    node.with(|primary| {
        primary.answered(replica, held, node.now());
        // It may have outranked what it was told of.
        node.wake(primary);
    });
}

fn failed(node: &Node, replica: usize, delivery: Option<Delivery<Contents>>) {
    node.with(|primary| primary.failed(replica, delivery, node.now()));
}

impl Node {
    /// Empties everything, and gives every replica a chance to hear of it.
    pub(super) async fn reset(&self) -> Option<Value> {
        let epoch = self.with(|primary| {
            primary.reset(self.now(), now_ms());
            self.wake(primary);
            primary.current().stamp.epoch
        })?;
        self.0.under_way.iter().for_each(UnderWay::forget);
        self.0.resets.send_replace(epoch);
        tracing::info!(epoch, "reset");
        let mut told = self.0.told_of_reset.subscribe();
        let all = told.wait_for(|told| told.iter().all(|told| *told >= epoch));
        let _ = timeout(RESET_PATIENCE, all).await;
        Some(json!({ "status": "reset", "version": 0 }))
    }
}

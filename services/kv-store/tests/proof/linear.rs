//! Concurrent reads, writes and deletes of one key are linearizable, over kills and power cuts too.
//!
//! A request that the end of a process left without an answer had its effect before that end or never: each of the
//! two is tried.

use std::sync::Mutex;
use std::thread;

use fastrand::Rng;
use kv_store::Store;
use kv_store::simulation::{Plan, SimulatedDisk};
use serde_json::value::RawValue;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

use crate::store::open;

const HISTORIES: u64 = 250;
const LIVES: usize = 3;
const CLIENTS: usize = 3;
const KEY: &str = "k";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Get,
    Set(u64),
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Value(Option<u64>),
    Done,
    /// Of a delete: whether the key was there.
    WasThere(bool),
    /// There was none, and the effect may have been.
    Lost,
}

/// One key, as one thread would have it.
#[derive(Debug, Clone, Default)]
struct Key(Option<u64>);

impl SequentialSpec for Key {
    type Op = Request;
    type Ret = Answer;

    fn invoke(&mut self, request: &Request) -> Answer {
        match request {
            Request::Get => Answer::Value(self.0),
            Request::Set(value) => {
                self.0 = Some(*value);
                Answer::Done
            }
            Request::Delete => Answer::WasThere(self.0.take().is_some()),
        }
    }

    fn is_valid_step(&mut self, request: &Request, answer: &Answer) -> bool {
        let given = self.invoke(request);
        *answer == Answer::Lost || given == *answer
    }
}

/// What happened, in the order in which the clients saw it.
#[derive(Debug, Clone, Copy)]
enum Event {
    Asked(usize, Request),
    Answered(usize, Answer),
    /// Nothing came of it.
    Refused(usize),
    /// The process did.
    Ended,
}

#[test]
fn one_key_is_linearizable_over_kills_and_power_cuts() {
    let mut lost_requests = 0;
    for seed in 0..HISTORIES {
        let events = play(seed);
        let lost: Vec<usize> = (0..events.len())
            .filter(|&at| matches!(events[at], Event::Answered(_, Answer::Lost)))
            .collect();
        lost_requests += lost.len();
        let is_linearizable = (0..1_u32 << lost.len()).any(|chosen| {
            let never = |at: &usize| chosen >> lost.iter().position(|l| l == at).unwrap() & 1 == 1;
            is_linearizable(&events, never)
        });
        assert!(
            is_linearizable,
            "seed {seed}: not linearizable: {events:#?}"
        );
    }
    assert!(lost_requests > 0, "no history had a request that was lost");
}

/// Three lives, each with clients at once and an end in the middle of what they are at.
fn play(seed: u64) -> Vec<Event> {
    let mut random = Rng::with_seed(seed ^ 0x6c69_6e65_6172);
    let mut disk = SimulatedDisk::new(seed);
    let mut events = Mutex::new(Vec::new());
    for life in 0..LIVES {
        let (store, guard) = open(&disk, random.u64(1..5)).unwrap();
        disk.set_plan(Plan {
            stop_at: (life + 1 < LIVES).then(|| random.u64(..24)),
            ..Plan::default()
        });
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (store, events, random) = (store.clone(), &events, random.fork());
                scope.spawn(move || ask(&store, life * CLIENTS + client, events, random));
            }
        });
        disk.stop();
        drop(guard);
        settle(events.get_mut().unwrap());
        disk = if random.bool() {
            disk.after_kill()
        } else {
            disk.after_power_cut(random.u64(..))
        };
    }
    events.into_inner().unwrap()
}

/// The end of a process: what its requests without an answer had not done by then, they never do. A failed write may be
/// in the log all the while and be served by the next process only.
fn settle(events: &mut Vec<Event>) {
    let is_lost = |event: &Event| matches!(event, Event::Answered(_, Answer::Lost));
    let settled = events
        .iter()
        .rposition(|event| matches!(event, Event::Ended))
        .map_or(0, |at| at + 1);
    let lost: Vec<Event> = events[settled..].iter().copied().filter(is_lost).collect();
    let mut at = 0;
    events.retain(|event| {
        at += 1;
        at <= settled || !is_lost(event)
    });
    events.extend(lost);
    events.push(Event::Ended);
}

/// `client` is another one in each life, since one who waits for ever asks nothing more.
fn ask(store: &Store, client: usize, events: &Mutex<Vec<Event>>, mut random: Rng) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let note = |event| {
        let mut events = events.lock().unwrap();
        events.push(event);
        events.len()
    };
    for _ in 0..3 {
        let request = match random.u8(..8) {
            0..=3 => Request::Set(random.u64(..)),
            4 => Request::Delete,
            _ => Request::Get,
        };
        note(Event::Asked(client, request));
        let answer: Option<Answer> = runtime.block_on(answer(store, request));
        match answer {
            Some(answer) => note(Event::Answered(client, answer)),
            None => note(Event::Refused(client)),
        };
        if answer == Some(Answer::Lost) {
            break;
        }
    }
}

/// `None` when nothing came of it.
async fn answer(store: &Store, request: Request) -> Option<Answer> {
    use kv_store::WriteRefused::Stopped;
    let answer = match request {
        Request::Get => {
            let value = store
                .get(KEY)
                .map(|entry| entry.value().get().parse().unwrap());
            return Some(Answer::Value(value));
        }
        Request::Set(value) => {
            let value = RawValue::from_string(value.to_string()).unwrap();
            store.set(KEY.into(), value).await.map(|_| Answer::Done)
        }
        Request::Delete => store.delete(KEY.into()).await.map(Answer::WasThere),
    };
    match answer {
        Ok(answer) => Some(answer),
        Err(Stopped) => Some(Answer::Lost),
        Err(_) => None,
    }
}

/// Whether there is an order that explains the answers. A request without effect leaves no trace; `never` chooses the
/// lost ones of that kind.
fn is_linearizable(events: &[Event], never: impl Fn(&usize) -> bool) -> bool {
    let mut tester = LinearizabilityTester::new(Key::default());
    for (asked_at, event) in events.iter().enumerate() {
        match *event {
            Event::Asked(client, request) => {
                let answer = events[asked_at..].iter().position(|event| match event {
                    Event::Answered(other, _) | Event::Refused(other) => *other == client,
                    Event::Asked(..) | Event::Ended => false,
                });
                let at = asked_at + answer.unwrap();
                let had_none = match events[at] {
                    Event::Answered(_, Answer::Lost) => never(&at),
                    Event::Answered(..) => false,
                    _ => true,
                };
                if !had_none {
                    tester.on_invoke(client, request).unwrap();
                }
            }
            Event::Answered(_, Answer::Lost) if never(&asked_at) => {}
            Event::Answered(client, answer) => {
                tester.on_return(client, answer).unwrap();
            }
            Event::Refused(_) | Event::Ended => {}
        }
    }
    tester.is_consistent()
}

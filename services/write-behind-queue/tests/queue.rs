//! Both sides of the queue on a real Redis.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::time::Duration;

use redis::Commands as _;
use test_stores::Redis;
use write_behind_queue::{
    Claim, Consumer, DEAD_LETTERS, Enqueued, Entry, Operation, PROCESSING, Producer, Product,
    QUEUE, Settled,
};

const PATIENCE: Duration = Duration::from_secs(30);
const WINDOW: Option<Duration> = Some(Duration::from_mins(10));

struct Queue {
    producer: Producer,
    consumer: Consumer,
    raw: redis::Connection,
    redis: Redis,
}

impl Queue {
    async fn start() -> Self {
        let redis = Redis::start();
        let queue = Self {
            producer: Producer::open(&redis.url(), PATIENCE, None).unwrap(),
            consumer: Consumer::open(&redis.url(), PATIENCE, "one".to_owned()).unwrap(),
            raw: connect(&redis),
            redis,
        };
        queue.consumer.take_over().await.unwrap();
        queue
    }

    async fn update(&self, id: &str, name: &str) -> Enqueued {
        let product = product(id, name);
        let value = serde_json::to_string(&product).unwrap();
        let entry = entry(Operation::Update(product));
        let update = self.producer.update(id, &value, &entry, WINDOW);
        update.await.unwrap()
    }

    async fn delete(&self, id: &str) -> Enqueued {
        let entry = entry(Operation::Delete(id.to_owned()));
        self.producer.delete(id, &entry).await.unwrap()
    }

    fn list(&mut self, key: &str) -> Vec<String> {
        self.raw.lrange(key, 0, -1).unwrap()
    }

    /// Name and count of each update that waits.
    fn waiting(&mut self) -> Vec<(String, u64)> {
        let entries = self.list(QUEUE).into_iter().map(|text| {
            let entry = Entry::decode(text.as_bytes()).unwrap();
            let Operation::Update(product) = entry.operation else {
                return (entry.operation.name().to_owned(), entry.coalesced_count);
            };
            (product.name, entry.coalesced_count)
        });
        entries.collect()
    }

    async fn settle(&self, texts: &[Vec<u8>], id: &str) -> Option<u64> {
        let settled: Vec<_> = texts
            .iter()
            .map(|text| Settled {
                text,
                id: Some(id),
                dead_letter: None,
            })
            .collect();
        self.consumer.settle(&settled).await.unwrap()
    }
}

fn connect(redis: &Redis) -> redis::Connection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_connection().unwrap()
}

fn product(id: &str, name: &str) -> Product {
    let time = "2024-05-01T12:00:00.000000+00:00".to_owned();
    Product {
        id: id.to_owned(),
        name: name.to_owned(),
        price: 1.5,
        quantity: 1,
        created_at: time.clone(),
        updated_at: time,
    }
}

fn entry(operation: Operation) -> String {
    let entry = Entry {
        operation,
        timestamp: 1.25,
        coalesced_count: 1,
    };
    entry.encode().unwrap()
}

#[tokio::test]
async fn updates_of_one_product_join_the_one_that_waits() {
    let mut queue = Queue::start().await;
    assert_eq!(
        queue.update("a", "a1").await,
        Enqueued::Appended { queue_size: 1 }
    );
    queue.update("b", "b1").await;
    assert_eq!(
        queue.update("a", "a2").await,
        Enqueued::Coalesced { queue_size: 2 }
    );
    queue.update("a", "a3").await;
    let expected = [("a3".to_owned(), 3), ("b1".to_owned(), 1)];
    assert_eq!(queue.waiting(), expected);
}

#[tokio::test]
async fn twenty_updates_at_once_are_one_entry_and_the_cache_equals_it() {
    let mut queue = Queue::start().await;
    for round in 0..50 {
        let names: Vec<_> = (0..20).map(|i| format!("{round}-{i}")).collect();
        let updates = names.iter().map(|name| queue.update("a", name));
        let mut set = Vec::new();
        for update in updates {
            set.push(update);
        }
        join_all(set).await;
        let waiting = queue.waiting();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].1, 20 * (round + 1));
        let cached: String = queue.raw.get("cache:product:a").unwrap();
        let cached: Product = serde_json::from_str(&cached).unwrap();
        assert_eq!(cached.name, waiting[0].0);
    }
}

/// Polls all of them in turn until each is done.
async fn join_all<F: Future>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn an_update_that_is_claimed_is_joined_no_more() {
    let mut queue = Queue::start().await;
    queue.update("a", "a1").await;
    let claim = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    assert_eq!((claim.queue_size, claim.texts.len()), (1, 1));
    assert_eq!(
        queue.update("a", "a2").await,
        Enqueued::Appended { queue_size: 1 }
    );
    queue.consumer.hand_back().await.unwrap();
    queue.update("a", "a3").await;
    let expected = [("a1".to_owned(), 1), ("a3".to_owned(), 2)];
    assert_eq!(queue.waiting(), expected, "in order, after the older one");
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_given_again_before_anything_newer() {
    let queue = Queue::start().await;
    for id in ["a", "b", "c"] {
        queue.update(id, id).await;
    }
    let lost = queue.consumer.claim(0, 2).await.unwrap().unwrap();
    let again = queue.consumer.claim(0, 2).await.unwrap().unwrap();
    assert_eq!(lost.texts, again.texts);
}

#[tokio::test]
async fn a_claim_ahead_gives_what_comes_after_what_is_held() {
    let mut queue = Queue::start().await;
    for id in ["a", "b", "c"] {
        queue.update(id, id).await;
    }
    let first = queue.consumer.claim(0, 1).await.unwrap().unwrap();
    let lost = queue.consumer.claim(1, 1).await.unwrap().unwrap();
    let second = queue.consumer.claim(1, 1).await.unwrap().unwrap();
    assert_eq!(
        lost,
        Claim {
            queue_size: 2,
            ..second
        }
    );
    assert_eq!(queue.settle(&first.texts, "a").await, Some(1));
    let third = queue.consumer.claim(1, 5).await.unwrap().unwrap();
    assert_eq!(third.queue_size, 1);
    assert_eq!(queue.list(PROCESSING).len(), 2);
    let more_than_there_is = queue.consumer.claim(3, 1).await.unwrap();
    assert_eq!(more_than_there_is, None);
    queue.consumer.hand_back().await.unwrap();
    let expected = [("b".to_owned(), 1), ("c".to_owned(), 1)];
    assert_eq!(queue.waiting(), expected);
}

#[tokio::test]
async fn an_update_joins_its_entry_wherever_that_has_moved() {
    let mut queue = Queue::start().await;
    for id in ["a", "b", "c"] {
        queue.update(id, &format!("{id}1")).await;
    }
    queue.consumer.claim(0, 1).await.unwrap();
    queue.update("c", "c2").await;
    queue.consumer.hand_back().await.unwrap();
    queue.update("b", "b2").await;
    let expected = [("a1", 1), ("b2", 2), ("c2", 2)];
    assert_eq!(
        queue.waiting(),
        expected.map(|(name, count)| (name.to_owned(), count))
    );
    // Somebody takes one out by hand: nothing is where it was.
    let _: String = queue.raw.lpop(QUEUE, None).unwrap();
    let appended = queue.update("b", "b3").await;
    assert_eq!(appended, Enqueued::Appended { queue_size: 3 });
    let expected = [("b2", 2), ("c2", 2), ("b3", 1)];
    assert_eq!(
        queue.waiting(),
        expected.map(|(name, count)| (name.to_owned(), count))
    );
}

#[tokio::test]
async fn another_owner_gets_what_was_claimed_and_the_first_can_do_no_harm() {
    let mut queue = Queue::start().await;
    queue.update("a", "a1").await;
    let claimed = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    let other = Consumer::open(&queue.redis.url(), PATIENCE, "two".to_owned()).unwrap();
    assert_eq!(other.take_over().await.unwrap(), 1);
    assert_eq!(queue.consumer.claim(0, 10).await.unwrap(), None);
    assert_eq!(queue.settle(&claimed.texts, "a").await, None);
    assert_eq!(queue.consumer.hand_back().await.unwrap(), 0);
    assert_eq!(queue.waiting(), [("a1".to_owned(), 1)]);
}

#[tokio::test]
async fn the_cache_expires_only_once_nothing_of_the_product_waits() {
    let mut queue = Queue::start().await;
    queue.update("a", "a1").await;
    let first = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    queue.update("a", "a2").await;
    assert_eq!(queue.settle(&first.texts, "a").await, Some(1));
    let ttl: i64 = queue.raw.ttl("cache:product:a").unwrap();
    assert_eq!(ttl, -1, "the second update waits");
    assert!(queue.producer.look_up("a").await.unwrap().is_pending);
    let second = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    assert_eq!(queue.settle(&second.texts, "a").await, Some(1));
    let ttl: i64 = queue.raw.ttl("cache:product:a").unwrap();
    assert!((3500..=3600).contains(&ttl), "{ttl}");
    assert_eq!(queue.settle(&second.texts, "a").await, Some(0), "once");
    assert!(queue.list(PROCESSING).is_empty());
}

#[tokio::test]
async fn a_deleted_product_is_neither_updated_nor_filled_nor_deleted_again() {
    let mut queue = Queue::start().await;
    queue.update("a", "a1").await;
    queue.delete("a").await;
    assert!(queue.producer.look_up("a").await.unwrap().is_deleted);
    assert_eq!(queue.update("a", "a2").await, Enqueued::Deleted);
    assert!(!queue.producer.fill("a", None, "old").await.unwrap());
    let other = entry(Operation::Delete("a".to_owned())).replace("1.25", "2.5");
    let again = queue.producer.delete("a", &other).await.unwrap();
    assert_eq!(again, Enqueued::Deleted);
    let claimed = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    assert_eq!(queue.settle(&claimed.texts, "a").await, Some(2));
    let ttl: i64 = queue.raw.ttl("write_behind:deleted:a").unwrap();
    assert!((1..=60).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn a_fill_gives_way_to_anything_newer() {
    let queue = Queue::start().await;
    assert!(queue.producer.fill("a", None, "row").await.unwrap());
    assert!(!queue.producer.fill("a", None, "older").await.unwrap());
    let seen = Some(&b"row"[..]);
    assert!(queue.producer.fill("a", seen, "newer").await.unwrap());
    queue.update("b", "b1").await;
    let cached = queue.producer.look_up("b").await.unwrap().value;
    let filled = queue.producer.fill("b", cached.as_deref(), "row").await;
    assert!(!filled.unwrap(), "a write waits");
}

#[tokio::test]
async fn of_two_rows_stored_the_later_stays_and_a_forgotten_one_is_gone() {
    let mut queue = Queue::start().await;
    let [older, newer] = ["2024-05-01T12:00:00.000000", "2024-05-01T12:00:00.000001"].map(|time| {
        let mut product = product("a", time);
        product.updated_at = format!("{time}+00:00");
        (serde_json::to_string(&product).unwrap(), product.updated_at)
    });
    let producer = &queue.producer;
    let store = async |(row, at): &(String, String)| producer.store("a", row, at).await.unwrap();
    assert!(store(&older).await && store(&newer).await);
    assert!(!store(&older).await, "it came too late");
    assert!(producer.forget("a").await.unwrap());
    assert!(!store(&newer).await, "it is deleted");
    assert!(!producer.fill("a", None, &newer.0).await.unwrap());
    queue.update("b", "b1").await;
    assert!(
        !queue.producer.store("b", "row", "9").await.unwrap(),
        "a write waits"
    );
    let ttl: i64 = queue.raw.ttl("write_behind:deleted:a").unwrap();
    assert!((1..=60).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn what_is_no_entry_is_claimed_and_leaves_for_the_dead_letters() {
    let mut queue = Queue::start().await;
    for text in ["no json", "[1]", r#"{"id":3}"#, "null"] {
        let _: u64 = queue.raw.rpush(QUEUE, text).unwrap();
    }
    let claimed = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    assert_eq!(claimed.texts.len(), 4);
    let letters: Vec<_> = claimed
        .texts
        .iter()
        .map(|text| Settled {
            text,
            id: None,
            dead_letter: Some("letter".to_owned()),
        })
        .collect();
    assert_eq!(queue.consumer.settle(&letters).await.unwrap(), Some(4));
    assert_eq!(queue.list(DEAD_LETTERS), ["letter"; 4]);
    assert!(queue.list(PROCESSING).is_empty());
}

#[tokio::test]
async fn an_entry_whose_dead_letter_cannot_be_kept_stays_claimed() {
    let mut queue = Queue::start().await;
    queue.update("a", "A").await;
    let claimed = queue.consumer.claim(0, 10).await.unwrap().unwrap();
    let letter = Settled {
        text: &claimed.texts[0],
        id: Some("a"),
        dead_letter: Some("given up".to_owned()),
    };
    let () = queue.raw.set(DEAD_LETTERS, "no list").unwrap();
    queue.consumer.settle(&[letter]).await.unwrap_err();
    assert_eq!(queue.list(PROCESSING).len(), 1);
}

#[tokio::test]
async fn a_queue_at_its_limit_takes_only_what_joins_an_update() {
    let queue = Queue::start().await;
    let limited = Producer::open(&queue.redis.url(), PATIENCE, 1.try_into().ok()).unwrap();
    queue.update("a", "a1").await;
    let (value, entry) = ("v", entry(Operation::Update(product("a", "a2"))));
    let refused = limited.update("b", value, &entry, WINDOW).await.unwrap();
    assert_eq!(refused, Enqueued::Full);
    assert_eq!(
        limited.create("c", value, &entry).await.unwrap(),
        Enqueued::Full
    );
    assert_eq!(limited.delete("a", &entry).await.unwrap(), Enqueued::Full);
    let joined = limited.update("a", value, &entry, WINDOW).await.unwrap();
    assert_eq!(joined, Enqueued::Coalesced { queue_size: 1 });
}

#[tokio::test]
async fn a_restarted_redis_has_lost_everything_and_is_used_all_the_same() {
    let mut queue = Queue::start().await;
    queue.update("a", "a1").await;
    queue.consumer.claim(0, 10).await.unwrap();
    queue.redis.stop();
    queue.redis.start_again();
    queue.raw = connect(&queue.redis);
    assert_eq!(queue.consumer.claim(0, 10).await.unwrap(), None);
    assert_eq!(queue.consumer.take_over().await.unwrap(), 0);
    queue.update("a", "a2").await;
    assert_eq!(queue.waiting(), [("a2".to_owned(), 1)]);
}

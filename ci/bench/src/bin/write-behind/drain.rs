//! How fast the worker brings a full queue to the database.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use labctl_bench::{Failure, Program, Turns, healthy_after_ms};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use uuid::Uuid;
use write_behind_queue::{
    Entry, Operation, PROCESSING, Producer, Product, QUEUE, unix_seconds, utc,
};

use super::{Stores, upsert};

const ROUNDS: usize = 11;
/// The worker's batch, and the rows of a turn: about a second's work.
const BATCHES: [(usize, usize); 2] = [(10, 20_000), (100, 60_000)];
/// What is asked of us: at least so much of the bare loop's rows per second.
const ASKED: f64 = 0.85;
/// Between two looks at the queue.
const GLANCE: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_mins(1);
/// Writes under way while the queue is filled.
const WRITERS: usize = 64;

pub(crate) fn measure(stores: &Stores) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let [start] = healthy_after_ms([&worker(stores, 10)?])?;
    println!("rows per second into the database; the worker's by the bare loop's, and quartiles");
    let mut resident_mb = 0.0_f64;
    for (batch, count) in BATCHES {
        let worker = worker(stores, batch)?;
        let turns = Turns::measure(ROUNDS, 2, |way| {
            stores.postgres.psql("TRUNCATE products");
            let () = redis::cmd("FLUSHALL").query(&mut stores.redis()?)?;
            let products = products(count);
            if way == 1 {
                let url = stores.postgres.url();
                let took = runtime.block_on(upsert::write(&url, &products, batch))?;
                return rate(products.len(), took);
            }
            runtime.block_on(fill(stores, products))?;
            let worker = worker.start()?;
            let rate = drain(stores)?;
            check(stores, count)?;
            resident_mb = resident_mb.max(worker.resident_mb()?);
            Ok(rate)
        })?;
        println!(
            "batches of {batch:<3}  {:>7.0} {:>7.0} {} (asked: {ASKED})",
            turns.median(0),
            turns.median(1),
            turns.ratio(0, 1)
        );
    }
    println!("start to healthy  {start:.1} ms (asked: 15)");
    println!("resident          {resident_mb:.1} MB after load (asked: 15)");
    Ok(())
}

fn worker(stores: &Stores, batch: usize) -> Result<Program, Failure> {
    let mut variables = stores.variables();
    variables.push(("BATCH_SIZE", batch.to_string()));
    Program::beside("write-behind-worker", &variables)
}

fn products(count: usize) -> Vec<Product> {
    let now = utc(SystemTime::now());
    let product = |quantity| Product {
        id: Uuid::new_v4().to_string(),
        name: "Demo Widget".to_owned(),
        price: 29.99,
        quantity,
        created_at: now.clone(),
        updated_at: now.clone(),
    };
    (0..).take(count).map(product).collect()
}

/// Queues their inserts as the API does.
async fn fill(stores: &Stores, products: Vec<Product>) -> Result<(), Failure> {
    let producer = Producer::open(&stores.redis.url(), PATIENCE, None)?;
    let producer = Arc::new(producer);
    let timestamp = unix_seconds(SystemTime::now());
    let mut writers = JoinSet::new();
    for products in products.chunks(products.len().div_ceil(WRITERS)) {
        let (products, producer) = (products.to_vec(), Arc::clone(&producer));
        writers.spawn(async move {
            for product in products {
                let (id, copy) = (product.id.clone(), serde_json::to_string(&product)?);
                let entry = Entry {
                    operation: Operation::Insert(product),
                    timestamp,
                    coalesced_count: 1,
                };
                producer.create(&id, &copy, &entry.encode()?).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(outcome) = writers.join_next().await {
        outcome??;
    }
    Ok(())
}

/// Entries per second that are written and settled, from the first look that finds some gone to the one that finds none
/// left.
fn drain(stores: &Stores) -> Result<f64, Failure> {
    let mut redis = stores.redis()?;
    let mut lengths = redis::pipe();
    lengths.atomic().llen(QUEUE).llen(PROCESSING);
    let deadline = Instant::now() + PATIENCE;
    let mut left = || {
        let (waiting, claimed): (usize, usize) = lengths.query(&mut redis)?;
        std::thread::park_timeout(GLANCE);
        Ok::<_, Failure>(waiting + claimed)
    };
    let all = left()?;
    let mut begun = None;
    while Instant::now() < deadline {
        match (begun, left()?) {
            (None, now) if now < all => begun = Some((now, Instant::now())),
            (Some((count, started)), 0) => return rate(count, started.elapsed()),
            _ => {}
        }
    }
    Err("the worker does not drain the queue".into())
}

/// All of them must be there.
fn check(stores: &Stores, count: usize) -> Result<(), Failure> {
    let found = stores.postgres.psql("SELECT count(*) FROM products");
    if found == count.to_string() {
        return Ok(());
    }
    Err(format!("{found} rows of {count} are in the database").into())
}

fn rate(count: usize, took: Duration) -> Result<f64, Failure> {
    Ok(f64::from(u32::try_from(count)?) / took.as_secs_f64())
}

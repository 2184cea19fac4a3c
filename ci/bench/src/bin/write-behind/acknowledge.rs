//! How fast writes are acknowledged: Redis has them, nobody drains the queue.

use labctl_bench::{Failure, Load, Program, ServerTurns, healthy_after_ms};

use super::Stores;

const ROUNDS: usize = 11;
/// Products that updates go to.
const PRODUCTS: usize = 1000;
const BODY: &str = r#"{"name":"Demo Widget","price":29.99,"quantity":100}"#;
const LOADS: [(&str, usize); 4] = [("POST", 16), ("POST", 64), ("PUT", 16), ("PUT", 64)];
/// What is asked of us: at least so much of the bare handler's requests per second.
const ASKED: f64 = 0.8;

pub(crate) fn measure(stores: &Stores) -> Result<(), Failure> {
    let variables = stores.variables();
    let programs = [
        Program::beside("write-behind-api", &variables)?,
        Program::bare(&variables)?,
    ];
    let [our_start, bare_start] = healthy_after_ms([&programs[0], &programs[1]])?;
    let (ours, bare) = (programs[0].start()?, programs[1].start()?);

    println!("{}", ServerTurns::HEADING);
    for (method, clients) in LOADS {
        let load = Load {
            method,
            requests: requests(method),
        };
        let turns = ServerTurns::measure(ROUNDS, [&ours, &bare], |server| {
            fill_cache(stores)?;
            Ok(load.run(server.address, clients, 1)?.rate)
        })?;
        println!("{}", turns.line(&format!("{method} {clients}"), ASKED));
    }
    println!("start to healthy  {our_start:.1} ms (asked: 15); bare {bare_start:.1} ms");
    println!(
        "resident          {:.1} MB after load (asked: 15); bare {:.1} MB",
        ours.resident_mb()?,
        bare.resident_mb()?
    );
    Ok(())
}

fn requests(method: &str) -> Vec<(String, String)> {
    let path = |n| {
        if method == "POST" {
            "/products".to_owned()
        } else {
            format!("/products/product-{n}")
        }
    };
    (0..PRODUCTS).map(|n| (path(n), BODY.to_owned())).collect()
}

/// The products, and nothing else.
fn fill_cache(stores: &Stores) -> Result<(), Failure> {
    let mut commands = redis::pipe();
    commands.cmd("FLUSHALL").ignore();
    for n in 0..PRODUCTS {
        let product = format!(
            r#"{{"id":"product-{n}","name":"Widget","price":1.5,"quantity":1,"created_at":"2024-05-01T12:00:00.123456+00:00","updated_at":"2024-05-01T12:00:00.123456+00:00"}}"#
        );
        let key = format!("cache:product:product-{n}");
        commands.set(key, product).ignore();
    }
    Ok(commands.query(&mut stores.redis()?)?)
}

//! The worker's statements on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use test_stores::Postgres;
use write_behind_queue::{Operation, Product};
use write_behind_worker::{Batch, Failure, Session, SessionError};

const TABLE: &str = "CREATE TABLE products (
  id varchar(36) PRIMARY KEY,
  name varchar(255) NOT NULL,
  price decimal(10,2) NOT NULL,
  quantity integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);";
const ROWS: &str = "SELECT id, name, price, quantity, created_at AT TIME ZONE 'UTC', \
    updated_at AT TIME ZONE 'UTC' FROM products ORDER BY id";

fn product(id: &str, name: &str, hour: u8) -> Product {
    Product {
        id: id.to_owned(),
        name: name.to_owned(),
        price: 29.99,
        quantity: 7,
        created_at: format!("2024-05-01T{hour:02}:00:00.000001+00:00"),
        // As the first version of the API wrote it.
        updated_at: format!("2024-05-01T{hour:02}:00:00.000001"),
    }
}

async fn open(postgres: &Postgres) -> Result<Session, SessionError> {
    Session::open(postgres.url().parse().unwrap()).await
}

#[tokio::test]
async fn a_batch_inserts_overwrites_and_deletes_and_may_be_written_again() {
    let postgres = Postgres::start(TABLE);
    let session = open(&postgres).await.unwrap();
    let old = [
        Operation::Insert(product("a", "a1", 1)),
        Operation::Insert(product("b", "b1", 1)),
    ];
    session.write(&Batch::of(&old)).await.unwrap();
    let new = [
        Operation::Update(product("a", "a2", 2)),
        Operation::Delete("b".to_owned()),
        Operation::Update(product("c", "its insert was given up", 2)),
    ];
    for _ in 0..2 {
        session.write(&Batch::of(&new)).await.unwrap();
        assert_eq!(
            postgres.psql(ROWS),
            "a|a2|29.99|7|2024-05-01 01:00:00.000001|2024-05-01 02:00:00.000001\n\
             c|its insert was given up|29.99|7|2024-05-01 02:00:00.000001|2024-05-01 02:00:00.000001"
        );
    }
}

#[tokio::test]
async fn nobody_else_writes_until_the_session_is_over() {
    let postgres = Postgres::start(TABLE);
    let session = open(&postgres).await.unwrap();
    let other = open(&postgres).await.unwrap_err();
    assert!(matches!(other, SessionError::Locked), "{other}");
    drop(session);
    while let Err(error) = open(&postgres).await {
        assert!(matches!(error, SessionError::Locked), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_entrys_fault_and_a_lost_database_is_not() {
    let mut postgres = Postgres::start(TABLE);
    let session = open(&postgres).await.unwrap();
    let failure = async |product: Product| {
        let operations = [Operation::Insert(product)];
        let outcome = session.write(&Batch::of(&operations)).await;
        outcome.unwrap_err().failure()
    };
    let long = product("a", &"n".repeat(256), 1);
    assert_eq!(failure(long).await, Failure::Permanent);
    let nul = product("a", "a\0", 1);
    assert_eq!(failure(nul).await, Failure::Permanent);
    let mut never = product("a", "a", 1);
    "never".clone_into(&mut never.updated_at);
    assert_eq!(failure(never).await, Failure::Permanent);
    postgres.psql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
         CREATE TRIGGER no BEFORE INSERT ON products EXECUTE FUNCTION no();",
    );
    assert_eq!(failure(product("a", "a", 1)).await, Failure::Attempt);
    postgres.psql("DROP TABLE products");
    assert_eq!(failure(product("a", "a", 1)).await, Failure::Outage);
    postgres.stop();
    assert_eq!(failure(product("a", "a", 1)).await, Failure::Outage);
    assert_eq!(
        open(&postgres).await.unwrap_err().failure(),
        Failure::Outage
    );
}

/// As after a `kill -9`: the server does not notice the loss before the statement is over.
#[tokio::test]
async fn a_statement_left_behind_is_over_before_the_next_session_writes() {
    let postgres = Postgres::start(TABLE);
    postgres.psql("INSERT INTO products VALUES ('a', 'a0', 1, 1)");
    let session = open(&postgres).await.unwrap();
    let row = postgres.transaction("SELECT 1 FROM products WHERE id = 'a' FOR UPDATE");
    let older = [Operation::Update(product("a", "older", 1))];
    let batch = Batch::of(&older);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    tokio::select! {
        outcome = session.write(&batch) => panic!("the row is locked: {outcome:?}"),
        () = async {
            while postgres.psql(waits) != "1" {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    drop(session);
    let refused = open(&postgres).await.unwrap_err();
    assert!(matches!(refused, SessionError::Locked), "{refused}");
    drop(row);
    let next = loop {
        if let Ok(session) = open(&postgres).await {
            break session;
        }
    };
    let newer = [Operation::Update(product("a", "newer", 2))];
    next.write(&Batch::of(&newer)).await.unwrap();
    assert_eq!(postgres.psql("SELECT name FROM products"), "newer");
}

//! Other stores with the same promise, each in the hands of the same group commit.

use std::path::Path;

use labctl_bench::Failure;

use crate::group::GroupCommit;

type Rivals = Vec<(&'static str, GroupCommit)>;

#[cfg(not(feature = "stores"))]
#[expect(clippy::unnecessary_wraps, reason = "with other stores it can fail")]
pub(crate) fn all(_: &Path) -> Result<Rivals, Failure> {
    Ok(Vec::new())
}

#[cfg(feature = "stores")]
pub(crate) fn all(folder: &Path) -> Result<Rivals, Failure> {
    Ok(vec![
        ("SQLite", GroupCommit::start(stores::Sqlite::open(folder)?)),
        ("redb", GroupCommit::start(stores::Redb::open(folder)?)),
        ("fjall", GroupCommit::start(stores::Fjall::open(folder)?)),
    ])
}

#[cfg(feature = "stores")]
mod stores {
    use std::path::Path;

    use fjall::{KeyspaceCreateOptions, PersistMode};
    use labctl_bench::Failure;
    use redb::TableDefinition;

    use crate::group::{Record, Sink};

    /// In WAL mode, every transaction synced.
    pub(super) struct Sqlite(rusqlite::Connection);

    impl Sqlite {
        pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
            let connection = rusqlite::Connection::open(folder.join("sqlite.db"))?;
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
            )?;
            Ok(Self(connection))
        }
    }

    impl Sink for Sqlite {
        fn commit(&mut self, group: &[Record]) -> Result<(), Failure> {
            let transaction = self.0.transaction()?;
            {
                let sql = "INSERT OR REPLACE INTO kv VALUES (?1, ?2)";
                let mut insert = transaction.prepare_cached(sql)?;
                for record in group {
                    insert.execute((&record.0, record.1.get()))?;
                }
            }
            Ok(transaction.commit()?)
        }
    }

    pub(super) struct Redb(redb::Database);

    const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("kv");

    impl Redb {
        pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
            Ok(Self(redb::Database::create(folder.join("redb.db"))?))
        }
    }

    impl Sink for Redb {
        fn commit(&mut self, group: &[Record]) -> Result<(), Failure> {
            let transaction = self.0.begin_write()?;
            {
                let mut table = transaction.open_table(TABLE)?;
                for (key, value) in group {
                    table.insert(key.as_str(), value.get())?;
                }
            }
            Ok(transaction.commit()?)
        }
    }

    pub(super) struct Fjall {
        database: fjall::Database,
        keyspace: fjall::Keyspace,
    }

    impl Fjall {
        pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
            let database = fjall::Database::builder(folder.join("fjall")).open()?;
            let keyspace = database.keyspace("kv", KeyspaceCreateOptions::default)?;
            Ok(Self { database, keyspace })
        }
    }

    impl Sink for Fjall {
        fn commit(&mut self, group: &[Record]) -> Result<(), Failure> {
            let mut batch = self.database.batch();
            for (key, value) in group {
                batch.insert(&self.keyspace, key.as_str(), value.get());
            }
            batch.commit()?;
            Ok(self.database.persist(PersistMode::SyncData)?)
        }
    }
}

//! Looking into a database that somebody else may be working with: no lock, no migration, no writer. What `audit` and
//! `check` read while the bot runs.

use super::connect::{self, Address};
use super::error::StoreError;
use super::lane::{LaneCounters, LaneHandle};
use super::{Inner, Store};
use crate::clock::Clock;
use sqlx::Row;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Connections for looking; one reader walks, another asks for the head.
const READERS: u32 = 2;

/// How the database's tables stand to this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Migrations that this version knows.
    pub known: usize,
    /// Those that have been carried out and are known.
    pub applied: usize,
    /// Numbers of those that were carried out but are unknown here, or are not the ones we know: a newer version's.
    pub foreign: Vec<i64>,
}

impl Store {
    /// Opens an existing database for reading only. Whatever writes fails with [`StoreError::Closing`].
    ///
    /// # Errors
    /// The address is of no known kind, there is no such SQLite file, or the database does not answer.
    pub async fn read_only(url: &str, clock: Clock) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let address = Address::parse(url)?.read_only();
        if let Some(path) = address.path.as_deref().filter(|path| !path.exists()) {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let pool = address.pool(READERS).await?;
        // Handles whose receiving ends are gone: a writer that has already closed.
        let (urgent, _) = mpsc::channel(1);
        let (marks, _) = mpsc::unbounded_channel();
        let closed = LaneHandle { urgent, marks };
        let inner = Inner {
            engine: address.engine,
            address,
            pool,
            owner: crate::model::ids::fresh().into(),
            clock,
            front: closed.clone(),
            back: closed,
            stream: watch::channel(0).0,
            counters: Arc::new(LaneCounters::default()),
            memo: super::memo::Memo::default(),
            answers: Arc::default(),
            routes: super::routes::Remembered::default(),
            _lock: None,
        };
        Ok(Self { inner: Arc::new(inner), scrub: None })
    }

    /// Which migrations have been carried out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let known: BTreeSet<(i64, Vec<u8>)> = connect::migrations()
            .iter()
            .filter(|migration| !migration.migration_type.is_down_migration())
            .map(|migration| (migration.version, migration.checksum.to_vec()))
            .collect();
        let there = match self.engine() {
            super::Engine::Sqlite => "select count(*) from sqlite_master where name = '_sqlx_migrations'",
            super::Engine::Postgres => "select count(*) from pg_tables where tablename = '_sqlx_migrations'",
        };
        let there: i64 = sqlx::query(there)
            .fetch_one(&self.inner.pool)
            .await
            .map_err(StoreError::doing("looking for its tables"))?
            .get(0);
        let mut schema = Schema { known: known.len(), applied: 0, foreign: Vec::new() };
        if there == 0 {
            return Ok(schema);
        }
        let done = sqlx::query("select version, checksum from _sqlx_migrations order by version")
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading which migrations were carried out"))?;
        for row in &done {
            let (version, checksum): (i64, Vec<u8>) = (row.get(0), row.get(1));
            if known.contains(&(version, checksum)) {
                schema.applied += 1;
            } else {
                schema.foreign.push(version);
            }
        }
        Ok(schema)
    }
}

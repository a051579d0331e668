//! Both engines for every store test: `on_both` runs the same test on a fresh SQLite file and a fresh PostgreSQL database.

use super::postgres;
use drillbell::clock::Clock;
use drillbell::store::Store;
use std::future::Future;

/// When the tests' clock stands still: 2026-01-01T00:00:00Z.
pub const NEW_YEAR_MS: i64 = 1_767_225_600_000;

/// A fresh database of one engine.
pub struct TestDatabase {
    /// Its address.
    pub url: String,
    /// Keeps SQLite's folder.
    _folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// A fresh SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// A fresh PostgreSQL database.
    pub fn postgres() -> Self {
        Self { url: postgres::fresh_database(), _folder: None }
    }

    /// One that is there already.
    pub fn at(url: String) -> Self {
        Self { url, _folder: None }
    }

    /// Runs a statement behind everybody's back.
    pub async fn execute(&self, statement: &'static str) {
        sqlx::any::install_default_drivers();
        let url = self.url.replace("sqlite:", "sqlite://");
        let pool = sqlx::AnyPool::connect(&url).await.expect("connect");
        sqlx::query(statement).execute(&pool).await.expect("run it");
        pool.close().await;
    }

    /// One of each.
    pub fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    /// Opens it with a clock that stands still.
    pub async fn open(&self) -> (Store, drillbell::store::Closing, Clock) {
        let clock = Clock::manual(NEW_YEAR_MS);
        let (store, closing) = Store::open(&self.url, 4, clock.clone()).await.expect("open the store");
        (store, closing, clock)
    }
}

/// Runs a test on both engines, in a runtime of its own.
pub fn on_both<F: Future<Output = ()>>(test: impl Fn(Store, Clock) -> F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for database in TestDatabase::both() {
        runtime.block_on(async {
            let (store, closing, clock) = database.open().await;
            println!("on {}", store.engine().as_str());
            test(store, clock).await;
            closing.wait().await;
        });
    }
}

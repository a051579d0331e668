//! Both engines for every store test: `on_both` runs the same test on a fresh SQLite file and a fresh PostgreSQL database. Both are
//! copies of one that was migrated once: the migrations have tests of their own, and would otherwise run a thousand times.

use super::postgres;
use drillbell::clock::Clock;
use drillbell::store::Store;
use std::future::Future;
use std::path::Path;
use std::sync::OnceLock;

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
        static MIGRATED: OnceLock<Vec<u8>> = OnceLock::new();
        let fresh = Self::empty_sqlite();
        let file = fresh.url.trim_start_matches("sqlite:").to_owned();
        let migrated = MIGRATED.get_or_init(|| {
            let first = Self::empty_sqlite();
            migrate(&first.url);
            let first = Path::new(first.url.trim_start_matches("sqlite:")).to_owned();
            // Whole, whatever its log still holds.
            let whole = first.with_extension("whole");
            let connection = rusqlite::Connection::open(&first).expect("open the migrated database");
            connection.execute("vacuum into ?1", [whole.to_str()]).expect("copy the migrated database");
            std::fs::read(whole).expect("the migrated database")
        });
        std::fs::write(file, migrated).expect("write the database");
        fresh
    }

    /// A fresh PostgreSQL database.
    pub fn postgres() -> Self {
        static MIGRATED: OnceLock<String> = OnceLock::new();
        let migrated = MIGRATED.get_or_init(|| {
            let first = postgres::fresh_database();
            migrate(&first);
            first
        });
        Self { url: postgres::copy_of(migrated), _folder: None }
    }

    /// An SQLite file that is not there yet.
    fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// One of each without a table, for what migrates them itself.
    pub fn both_empty() -> [Self; 2] {
        [Self::empty_sqlite(), Self { url: postgres::fresh_database(), _folder: None }]
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

    /// Takes the head of the trail of a PostgreSQL database whose store is open.
    pub async fn hold_head(&self) -> HeldHead {
        let pool = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&self.url).await.expect("connect");
        let mut held = pool.begin().await.expect("begin");
        sqlx::query("select audit_seq from heads for update").fetch_all(&mut *held).await.expect("take the head");
        HeldHead { held, pool }
    }
}

/// The head of the trail in somebody's hands, as a slow replica would have it: nobody commits meanwhile.
pub struct HeldHead {
    held: sqlx::Transaction<'static, sqlx::Any>,
    pool: sqlx::AnyPool,
}

impl HeldHead {
    /// Lets it go; nothing was changed.
    pub async fn let_go(self) {
        self.held.rollback().await.expect("let the head go");
        self.pool.close().await;
    }
}

/// Brings a database up to date, and leaves nobody connected to it. On a thread of its own, since whoever asks may be in a runtime.
fn migrate(url: &str) {
    let migrated = async {
        let (store, closing) = Store::open(url, 1, Clock::manual(NEW_YEAR_MS)).await.expect("migrate the database");
        drop(store);
        closing.wait().await;
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::thread::scope(|scope| scope.spawn(|| runtime().block_on(migrated)).join().expect("migrate the database"));
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

/// Runs a test on a fresh PostgreSQL database, in a runtime of its own.
pub fn on_postgres(test: impl AsyncFn(TestDatabase)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(test(TestDatabase::postgres()));
}

/// Runs a test of two replicas on a fresh PostgreSQL database.
pub fn on_replicas(test: impl AsyncFn(&Store, &Store)) {
    on_postgres(async |database| {
        let (one, closing_one, _) = database.open().await;
        let (other, closing_other, _) = database.open().await;
        test(&one, &other).await;
        drop((one, other));
        closing_one.wait().await;
        closing_other.wait().await;
    });
}

//! The only SQL in the house. `Store` reads through a pool and writes through one or two writers (`lane`), which make one
//! transaction of whatever is queued. `commit` is the one write path of a handled event.

mod apply;
mod approvals;
mod audit;
mod commit;
mod connect;
mod contacts;
mod conversations;
mod copies;
mod deploys;
mod documents;
mod drills;
mod entrance;
mod entries;
mod error;
mod evidence;
mod gather;
mod inbox;
mod incidents;
mod jobs;
mod known;
mod kv;
mod lane;
mod leases;
mod lines;
mod logins;
mod memo;
mod messages;
mod mirrors;
mod outbox;
mod pages;
mod probes;
mod read_only;
mod reads;
mod receipts;
mod reserve;
mod retention;
mod routes;
mod sample;
mod schedules;
mod script;
mod scrubbed;
mod seals;
mod session;
mod sql;
mod statement;
mod status;
mod stream;
mod tail;
mod timeline;
mod timers;
mod tokens;
mod validate;
mod whereabouts;
mod woken;
mod work;
mod writes;

pub use apply::CONSOLE;
pub use commit::{Approved, Commit, CommitOutcome, Committed, Echo, EventResult, OutcomeStatus};
pub use connect::Address;
pub use contacts::ContactRow;
pub use conversations::OpeningEnd;
pub use error::StoreError;
pub use evidence::Evidence;
pub use inbox::{Accepted, ClaimedEvent, LEASE_MS, RENEW_MS};
pub use jobs::{Beat, Claim, JobLock, JobStep, StepChange};
pub use kv::{KvCell, KvRow};
pub use lane::LaneCounters;
pub use logins::{Session, SignIn};
pub use messages::MessageRow;
pub use outbox::{DeadDelivery, Mark, OutboxRow, Words};
pub use pages::{Attempt, OpenPage, PageEnd};
pub use probes::ProbeRow;
pub use read_only::Schema;
pub use reserve::{Contended, RESERVATION_MS};
pub use retention::Forgotten;
pub use sample::write_sample_shop;
pub use schedules::{ScheduleRow, ScheduleStep};
pub use seals::{Seal, SealedLine};
pub use sql::Engine;
pub use stream::StreamItem;
pub use timeline::LineFilter;
pub use timers::Timer;
pub use tokens::Token;
pub use whereabouts::{AsOf, Whereabouts};
pub use woken::Woken;

use crate::clock::Clock;
use crate::scrub::Scrub;
use connect::FileLock;
use lane::{Lane, LaneHandle};
use sqlx::AnyPool;
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The database, opened. Cheap to clone; the last clone to go lets the writers finish and releases SQLite's lock.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    scrub: Option<Scrub>,
}

struct Inner {
    pool: AnyPool,
    /// For connections besides the pool's and the writers'.
    address: Address,
    engine: Engine,
    owner: Arc<str>,
    clock: Clock,
    /// Accepts, marks and everything small.
    front: LaneHandle,
    /// Commits and audit records; the same writer as `front` on SQLite, which has one writer anyway.
    back: LaneHandle,
    stream: watch::Sender<i64>,
    counters: Arc<LaneCounters>,
    memo: memo::Memo,
    answers: Arc<whereabouts::Answers>,
    routes: routes::Remembered,
    _lock: Option<FileLock>,
}

/// Waits for the writers to end, once every clone of the store is gone.
#[must_use = "without waiting for it, what is queued may be cut off"]
pub struct Closing(Vec<JoinHandle<()>>);

impl Closing {
    /// Waits for the writers' last flush.
    pub async fn wait(self) {
        for task in self.0 {
            if let Err(error) = task.await {
                tracing::error!(error = %error, "a writer did not end well");
            }
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("engine", &self.inner.engine)
            .field("owner", &self.inner.owner)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database and brings it up to date. `readers` is the size of the pool for reading.
    ///
    /// # Errors
    /// The address is of no known kind, another process has the SQLite file, the server cannot be reached, or a migration
    /// does not run.
    pub async fn open(url: &str, readers: u32, clock: Clock) -> Result<(Self, Closing), StoreError> {
        sqlx::any::install_default_drivers();
        let address = Address::parse(url)?;
        let lock = address.path.as_deref().map(FileLock::take).transpose()?;
        let pool = address.pool(readers).await?;
        connect::migrate(&pool).await?;
        drills::catch_up(&pool).await?;

        let engine = address.engine;
        let owner: Arc<str> = crate::model::ids::fresh().into();
        let (stream, _) = watch::channel(0);
        let counters = Arc::new(LaneCounters::default());
        let answers = Arc::new(whereabouts::Answers::default());
        let lane = || Lane {
            address: address.clone(),
            owner: owner.clone(),
            clock: clock.clone(),
            stream: stream.clone(),
            counters: counters.clone(),
            answers: answers.clone(),
        };
        let (front, task) = lane().start().await?;
        let mut tasks = vec![task];
        let back = match engine {
            Engine::Sqlite => front.clone(),
            // Two writers, so that an acknowledgement never waits for the head row's lock.
            Engine::Postgres => {
                let (back, task) = lane().start().await?;
                tasks.push(task);
                back
            }
        };
        let inner = Inner {
            pool,
            address,
            engine,
            owner,
            clock,
            front,
            back,
            stream,
            counters,
            memo: memo::Memo::default(),
            answers,
            routes: routes::Remembered::default(),
            _lock: lock,
        };
        Ok((Self { inner: Arc::new(inner), scrub: None }, Closing(tasks)))
    }

    /// The same store; what is written through it is scrubbed first.
    #[must_use]
    pub fn scrubbing(self, scrub: Scrub) -> Self {
        Self { scrub: Some(scrub), ..self }
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// This process's name in leases; fresh at every start.
    pub fn owner(&self) -> &str {
        &self.inner.owner
    }

    /// The clock that this store was opened with.
    pub fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// What the writers count.
    pub fn counters(&self) -> &LaneCounters {
        &self.inner.counters
    }

    /// Has somebody hear of every transaction of the writers: how much work was in it, and how long it took.
    pub fn observe(&self, observer: impl Fn(usize, std::time::Duration) + Send + Sync + 'static) {
        *self.inner.counters.observer.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(observer));
    }

    /// Changes whenever this process committed something that the console shows.
    pub fn stream_changes(&self) -> watch::Receiver<i64> {
        self.inner.stream.subscribe()
    }
}

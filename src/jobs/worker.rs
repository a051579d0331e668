//! Claims jobs and runs a bounded number of them at once, each with a beating heart. A heart that finds its job in other
//! hands, or that cannot be heard for as long as a lease lasts, stops the run: whoever has it now is not to be disturbed.

use super::context::{JobContext, Live, Why};
use super::{Kinds, Scrub, clearing, place, run};
use crate::clock::Clock;
use crate::followers::Followers;
use crate::intake::Intake;
use crate::model::ids::PersonId;
use crate::model::job::{Job, JobState, Wish};
use crate::outbox::Outbox;
use crate::store::{Beat, Claim, Engine, LEASE_MS, RENEW_MS, Store, StoreError};
use crate::telemetry::Metrics;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often jobs are looked for when nobody says that there are some.
const LOOK: Duration = Duration::from_millis(500);
/// How often the waiting ones are counted for the metrics.
const COUNT: Duration = Duration::from_secs(5);
/// Wishes that are fulfilled at one look; they need no place, for they are short.
const WISHES: i64 = 50;
/// What is left of the shutdown's patience for runs that were asked to end.
const LAST: Duration = Duration::from_secs(1);

/// Tells the worker that there may be something for it. Clones wake the same one.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There may be.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// What a worker is made of.
pub struct Setup {
    /// The database.
    pub store: Store,
    /// The only source of now.
    pub clock: Clock,
    /// Where the ends of jobs go.
    pub intake: Intake,
    /// Where cards go.
    pub outbox: Outbox,
    /// Who waits for a command to end.
    pub followers: Followers,
    /// What is counted.
    pub metrics: Metrics,
    /// What can be run.
    pub kinds: Kinds,
    /// Takes secrets out of what jobs say.
    pub scrub: Scrub,
    /// How others wake it.
    pub wake: Wake,
    /// Jobs at once.
    pub places: usize,
    /// How long a shutdown waits for those that run.
    pub patience: Duration,
}

/// What every run needs.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) intake: Intake,
    pub(super) outbox: Outbox,
    pub(super) followers: Followers,
    pub(super) metrics: Metrics,
    pub(super) kinds: Kinds,
    pub(super) scrub: Scrub,
    pub(super) place: String,
    pub(super) home: Arc<str>,
    /// A job has ended that nobody was running.
    pub(super) given_up: Notify,
}

impl Shared {
    /// What the kind of a job gets to see.
    pub(super) fn context(&self, job: &Job, spec: Value, live: &Arc<Live>) -> JobContext {
        let house = (self.store.clone(), self.clock.clone(), self.scrub.clone(), self.home.clone());
        JobContext::new(job.clone(), spec, job.attempts, house, live.clone())
    }
}

/// The worker.
pub struct Worker {
    shared: Arc<Shared>,
    wake: Wake,
    names: Vec<String>,
    places: usize,
    patience: Duration,
    running: JoinSet<(String, i64)>,
    /// By id and epoch.
    lives: HashMap<(String, i64), Arc<Live>>,
}

impl Worker {
    /// A worker that has nothing in hand.
    pub fn new(setup: Setup) -> Self {
        let Setup { store, clock, intake, outbox, followers, metrics, kinds, scrub, wake, places, patience } = setup;
        let names = kinds.names();
        let (place, home) = (place::name(), place::home().into());
        let given_up = Notify::new();
        let shared =
            Arc::new(Shared { store, clock, intake, outbox, followers, metrics, kinds, scrub, place, home, given_up });
        Self { shared, wake, names, places, patience, running: JoinSet::new(), lives: HashMap::new() }
    }

    /// Runs until `stop`; then lets those that run end, for a while, and leaves the others to their rule for being lost.
    pub async fn run(mut self, stop: CancellationToken) {
        let clearing = clearing::run(self.shared.clone());
        let clearing = tokio::spawn(stop.clone().run_until_cancelled_owned(clearing));
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut counted: Option<Instant> = None;
        // Nobody else can have what is leased in a database that serves one process.
        let mut all = self.shared.store.engine() == Engine::Sqlite;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => self.ended(ended),
                () = self.wake.0.notified() => self.lives.values().for_each(|live| live.nudge.notify_one()),
                _ = tick.tick() => {}
            }
            match self.look(all).await {
                Ok(()) => all = false,
                Err(StoreError::Closing) => break,
                Err(error) => tracing::warn!(error = %error, "cannot look for jobs; trying again"),
            }
            if counted.is_none_or(|at| at.elapsed() > COUNT) {
                counted = Some(Instant::now());
                self.count().await;
            }
        }
        self.finish().await;
        if let Err(error) = clearing.await {
            tracing::error!(error = %error, "clearing away what jobs left broke");
        }
    }

    async fn finish(&mut self) {
        let deadline = Instant::now() + self.patience.saturating_sub(LAST);
        while !self.running.is_empty() {
            tokio::select! {
                Some(ended) = self.running.join_next() => self.ended(ended),
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        for live in self.lives.values() {
            live.stop(Why::Stopping);
        }
        while let Some(ended) = self.running.join_next().await {
            self.ended(ended);
        }
    }

    fn ended(&mut self, ended: Result<(String, i64), tokio::task::JoinError>) {
        match ended {
            Ok(claim) => drop(self.lives.remove(&claim)),
            // Its lease runs out and it is taken up again; its place is free.
            Err(error) => tracing::error!(error = %error, "the task of a job broke"),
        }
        self.shared.metrics.jobs_running(self.running.len());
    }

    async fn look(&mut self, all: bool) -> Result<(), StoreError> {
        let free = i64::try_from(self.places.saturating_sub(self.running.len())).unwrap_or(i64::MAX);
        let now_ms = self.shared.clock.now_ms();
        // Where leases do not matter, nothing may be looked at twice.
        let looks: &[(bool, i64)] = if all { &[(false, free)] } else { &[(true, WISHES), (false, free)] };
        for &(wished, limit) in looks {
            let claim = Claim { kinds: &self.names, limit, wished, all, now_ms };
            if limit == 0 || !self.shared.store.has_jobs(&claim).await? {
                continue;
            }
            for job in self.shared.store.claim_jobs(&claim).await? {
                self.take(job);
            }
        }
        Ok(())
    }

    fn take(&mut self, job: Job) {
        let live = Arc::new(Live::new(&job));
        // What an earlier claim of ours still runs here, it must not go on with.
        for (_, before) in self.lives.iter().filter(|((id, _), _)| *id == job.id) {
            before.stop(Why::NotOurs);
        }
        let claim = (job.id.clone(), job.epoch);
        self.lives.insert(claim.clone(), live.clone());
        let shared = self.shared.clone();
        self.running.spawn(async move {
            let heart = beat(&shared, job.id.clone(), job.epoch, job.run_limit_ms, &live);
            tokio::select! {
                () = run::handle(&shared, job, &live) => {}
                () = heart => {}
            }
            claim
        });
        self.shared.metrics.jobs_running(self.running.len());
    }

    async fn count(&self) {
        if let Ok(counts) = self.shared.store.job_counts().await {
            let of = |state| counts.iter().find(|(at, _)| *at == state).map_or(0, |(_, count)| *count);
            for state in [JobState::Held, JobState::Ready, JobState::Lost] {
                self.shared.metrics.jobs_waiting(state.as_str(), of(state));
            }
        }
    }
}

/// Keeps a job's lease until dropped: never ends by itself.
async fn beat(shared: &Shared, id: String, epoch: i64, limit_ms: i64, live: &Live) {
    let lease = Duration::from_millis(u64::try_from(LEASE_MS).unwrap_or(0));
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(RENEW_MS)) => {}
            () = live.nudge.notified() => {}
        }
        let asked = Instant::now();
        // No longer than what is left of the lease: from then on somebody else may have it.
        let left = lease.saturating_sub(heard.elapsed());
        match tokio::time::timeout(left, shared.store.beat_job(id.clone(), epoch)).await {
            Ok(Ok(Beat::Ours(wish))) => {
                heard = asked;
                if wish == Some(Wish::Cancel) {
                    live.stop(Why::Asked(who_wishes(shared, &id).await));
                }
            }
            Ok(Ok(Beat::Gone)) => live.stop(Why::NotOurs),
            Ok(Err(error)) => {
                tracing::warn!(job = %id, error = %error, "a job's lease cannot be renewed; trying again")
            }
            Err(_) => tracing::warn!(job = %id, "the database does not answer a job's heartbeat"),
        }
        // By then somebody else may have it, and we could not know.
        if heard.elapsed() >= lease {
            live.stop(Why::NotOurs);
        }
        if live.began_ms().is_some_and(|began| shared.clock.now_ms().saturating_sub(began) > limit_ms) {
            live.stop(Why::Limit);
        }
    }
}

async fn who_wishes(shared: &Shared, id: &str) -> PersonId {
    let job = shared.store.job(id).await.ok().flatten();
    job.and_then(|job| job.wish_by).unwrap_or_else(|| PersonId::from("somebody"))
}

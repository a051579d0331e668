//! What a running job sees of the house: what it is to do, and where to say how it goes. What it says is kept here and
//! published by its runner, a little at a time.

use super::left::Child;
use super::output::{Output, Shown};
use super::{JobError, Scrub};
use crate::clock::Clock;
use crate::config::limits::{JOB_NOTE_CHARS, JOB_STAGE_CHARS};
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::job::{Job, OnLost, Progress};
use crate::store::Store;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// Why a run is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody wishes so.
    Asked(PersonId),
    /// It took too long.
    Limit,
    /// The job is no longer ours: nothing more may be written.
    NotOurs,
    /// The bot ends; the next one decides by `on_lost`.
    Stopping,
}

/// Progress as the row keeps it: what the job said last, and since when it is at this stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub(super) progress: Progress,
    /// When the stage began.
    pub(super) stage_ms: i64,
    /// How much was done when the stage began.
    pub(super) from: u64,
    /// When this was said.
    #[serde(default)]
    pub(super) at_ms: i64,
    /// What was shown of its output, and where.
    #[serde(default)]
    pub(super) shown: Shown,
}

/// What a job has said and not everybody has read.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) kept: Kept,
    pub(super) output: Output,
    /// The message that the output is being written into, once it was posted.
    pub(super) page: Option<MessageRef>,
    /// Something of it has not been published.
    pub(super) fresh: bool,
}

/// The turn to write a step down.
pub(super) type Turn = OwnedMutexGuard<()>;

/// A run as its runner holds it.
pub(super) struct Live {
    /// Steps are written one after another: the last must not overtake one that was begun before.
    turn: Arc<tokio::sync::Mutex<()>>,
    pub(super) cancel: CancellationToken,
    why: Mutex<Option<Why>>,
    said: Mutex<Said>,
    /// Something new was said.
    pub(super) changed: Notify,
    /// The heart should beat now rather than later: somebody may wish something.
    pub(super) nudge: Notify,
    /// When the run began by the host's clock; 0 before.
    began_ms: AtomicI64,
}

impl Live {
    /// A run that goes on from what an earlier one said.
    pub(super) fn new(job: &Job) -> Self {
        let kept: Kept = job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        // What an earlier run's message in a thread says is not known here; the next one stands below it.
        let page = job.output.clone().filter(|_| kept.shown.thread.is_none());
        Self {
            turn: Arc::default(),
            cancel: CancellationToken::new(),
            why: Mutex::default(),
            said: Mutex::new(Said { kept, page, ..Said::default() }),
            changed: Notify::new(),
            nudge: Notify::new(),
            began_ms: AtomicI64::new(0),
        }
    }

    /// The turn to write the next step down.
    pub(super) async fn turn(&self) -> Turn {
        self.turn.clone().lock_owned().await
    }

    /// A run has begun.
    pub(super) fn begin(&self, now_ms: i64) {
        self.began_ms.store(now_ms, Ordering::Relaxed);
    }

    /// When it began, if it has.
    pub(super) fn began_ms(&self) -> Option<i64> {
        Some(self.began_ms.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }

    /// Asks the run to end; the first reason counts, except that losing the job goes before all others.
    pub(super) fn stop(&self, why: Why) {
        let mut known = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() || why == Why::NotOurs {
            *known = Some(why);
        }
        drop(known);
        self.cancel.cancel();
        // People should see that it is about to end.
        self.with_said(|said| said.fresh = true);
        self.changed.notify_one();
    }

    /// Why it was asked to end, if it was.
    pub(super) fn why(&self) -> Option<Why> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn with_said<T>(&self, look: impl FnOnce(&mut Said) -> T) -> T {
        look(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A job for its kind. Clones are the same job.
#[derive(Clone)]
pub struct JobContext(Arc<Inner>);

struct Inner {
    job: Job,
    spec: Value,
    attempt: i64,
    clock: Clock,
    store: Store,
    scrub: Scrub,
    home: Arc<str>,
    live: Arc<Live>,
}

impl std::fmt::Debug for JobContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobContext")
            .field("id", &self.0.job.id)
            .field("attempt", &self.0.attempt)
            .finish_non_exhaustive()
    }
}

impl JobContext {
    pub(super) fn new(
        job: Job,
        spec: Value,
        attempt: i64,
        (store, clock, scrub, home): (Store, Clock, Scrub, Arc<str>),
        live: Arc<Live>,
    ) -> Self {
        Self(Arc::new(Inner { job, spec, attempt, clock, store, scrub, home, live }))
    }

    /// UUIDv7; the same in every run, so good for an idempotency key.
    pub fn id(&self) -> &str {
        &self.0.job.id
    }

    /// What to do, as the plugin asked and the kind checked.
    pub fn spec(&self) -> &Value {
        &self.0.spec
    }

    /// Whose job it is.
    pub fn plugin(&self) -> &PluginId {
        &self.0.job.plugin
    }

    /// One line for people.
    pub fn title(&self) -> &str {
        &self.0.job.title
    }

    /// Who asked: a person's id or `plugin:NAME`.
    pub fn asked_by(&self) -> &PersonId {
        &self.0.job.asked_by
    }

    /// Where its card stands.
    pub fn conversation(&self) -> &ConversationId {
        &self.0.job.conversation
    }

    /// The incident it belongs to.
    pub fn incident(&self) -> Option<&IncidentId> {
        self.0.job.incident.as_ref()
    }

    /// The delivery that everything under it began with.
    pub fn root(&self) -> &DeliveryId {
        &self.0.job.root
    }

    /// The approval it waited for, if it did.
    pub fn approval(&self) -> Option<&str> {
        self.0.job.approval.as_deref()
    }

    /// What was to happen should its process die.
    pub fn on_lost(&self) -> OnLost {
        self.0.job.on_lost
    }

    /// How far an earlier run came, as its kind kept it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn checkpoint(&self) -> Result<Option<String>, crate::store::StoreError> {
        self.0.store.checkpoint(self.id()).await
    }

    /// How far an earlier run came, as its kind wrote it down; `None` when it wrote nothing.
    ///
    /// # Errors
    /// To be tried again when the database does not answer; unknown when what was written cannot be read, since that is not the
    /// same as that nothing was done.
    pub async fn kept<T: DeserializeOwned>(&self) -> Result<Option<T>, JobError> {
        let kept = self.checkpoint().await;
        let kept = kept.map_err(|error| JobError::retry(format!("How far it is cannot be read: {error}")))?;
        let read = |text: String| serde_json::from_str(&text);
        kept.map(read)
            .transpose()
            .map_err(|_| JobError::unknown("How far it was is written in a form that this version does not know."))
    }

    /// Keeps how far it is, for the next run; it holds no secret. `false`: the job is no longer ours.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep(&self, checkpoint: String) -> Result<bool, crate::store::StoreError> {
        self.0.store.keep_checkpoint(self.id().to_owned(), self.0.job.epoch, checkpoint).await
    }

    /// Which run this is, from 1; those that were cut off count.
    pub fn attempt(&self) -> i64 {
        self.0.attempt
    }

    /// The only source of now.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Cancelled when the run is to end: somebody wishes so, it took too long, it is no longer ours, the bot ends.
    pub fn cancel(&self) -> &CancellationToken {
        &self.0.live.cancel
    }

    /// Resolves when the run is to end.
    pub async fn cancelled(&self) {
        self.0.live.cancel.cancelled().await;
    }

    /// Tells how far it is. As often as one likes: people see it every few seconds. A new stage begins its own measure.
    pub fn progress(&self, progress: Progress) {
        let now_ms = self.0.clock.now_ms();
        let clean = |text: &str, chars: usize| (self.0.scrub)(text).chars().take(chars).collect::<String>();
        let progress = Progress {
            stage: clean(&progress.stage, JOB_STAGE_CHARS),
            note: clean(&progress.note, JOB_NOTE_CHARS),
            ..progress
        };
        self.0.live.with_said(|said| {
            let same = said.kept.stage_ms > 0 && said.kept.progress.stage == progress.stage;
            let (stage_ms, from) = if same { (said.kept.stage_ms, said.kept.from) } else { (now_ms, progress.done) };
            let shown = std::mem::take(&mut said.kept.shown);
            said.kept = Kept { progress, stage_ms, from, at_ms: now_ms, shown };
            said.fresh = true;
        });
        self.0.live.changed.notify_one();
    }

    /// Says a line of live output, or several. Shown in a thread under the card; long lines are cut, and of more than people can
    /// read some are left out and counted.
    pub fn say(&self, line: &str) {
        let line = (self.0.scrub)(line);
        self.0.live.with_said(|said| {
            said.kept.shown.says(said.output.push(&line));
            said.fresh = true;
        });
        self.0.live.changed.notify_one();
    }

    /// Writes down, before it does anything, a process that the job started as the leader of a group of its own. Should this
    /// bot die, the next one ends it by this. `false`: the job is no longer ours, and the process must be ended at once.
    /// The process and all it starts must have [`JOB_VARIABLE`](super::JOB_VARIABLE) set to the job's id.
    ///
    /// # Errors
    /// The database does not answer: end the process, for nobody would find it.
    pub async fn child_started(&self, pid: i32, start_time: u64) -> Result<bool, crate::store::StoreError> {
        let child = Child { pid, start: start_time, home: self.0.home.to_string() };
        let text = serde_json::to_string(&child).expect("two numbers and a text are JSON");
        self.0.store.keep_child(self.id().to_owned(), self.0.job.epoch, Some(text)).await
    }

    /// Writes a program's process down, so that whoever takes the job over finds it. The error is why it must not go on.
    pub(super) async fn write_down(&self, pid: i32, start_time: u64) -> Result<(), String> {
        match self.child_started(pid, start_time).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the job is in other hands".to_owned()),
            Err(error) => Err(format!("its process cannot be written down: {error}")),
        }
    }

    /// Forgets that process: it and its group have ended.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn child_ended(&self) -> Result<bool, crate::store::StoreError> {
        self.0.store.keep_child(self.id().to_owned(), self.0.job.epoch, None).await
    }

    /// Whether the run is being cut off because the bot ends, and not because anybody wants the job to: what it did not finish
    /// is not over.
    pub fn is_stopping(&self) -> bool {
        self.0.live.why() == Some(Why::Stopping)
    }

    /// Whether the job is still ours, by the database's clock: to be asked right before something that cannot be undone.
    /// A database that does not answer means no.
    pub async fn is_mine(&self) -> bool {
        self.asks_whose().await.unwrap_or(false)
    }

    /// The same for those who would throw something away if it were not: not knowing is told from no.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn asks_whose(&self) -> Result<bool, crate::store::StoreError> {
        if self.0.live.why() == Some(Why::NotOurs) {
            return Ok(false);
        }
        self.0.store.job_is_mine(self.id(), self.0.job.epoch).await
    }
}

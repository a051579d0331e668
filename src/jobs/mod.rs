//! Slow and dangerous work, done outside of calls: claimed from the table, run by its kind, ended once. What a kind does is
//! its own business; that nothing of it is lost, doubled or hidden is decided here. Knows no plugin and no platform.

mod card;
mod clearing;
mod context;
mod eta;
mod handover;
mod kinds;
pub mod left;
mod output;
mod place;
mod rights;
mod run;
mod steps;
mod thread;
mod worker;

pub use card::{AGAIN, CANCEL, DONE, FAILED, how_far};
pub use context::JobContext;
pub use kinds::{DocumentKind, EvidenceKind, StepsKind, copy_kinds, own_kinds};
pub use left::{Child, JOB_VARIABLE};
pub use rights::Rights;
pub use worker::{Setup, Wake, Worker};

use crate::model::event::DeployRecorded;
use crate::model::ids::PluginId;
use crate::model::public::Publication;
use futures::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes secrets out of a text before it leaves the house.
pub type Scrub = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A kind of job: what it means to run one.
pub trait Kind: Send + Sync {
    /// What a plugin asks for, and what the grant `jobs:NAME` names: lower-case words joined by `-`.
    fn name(&self) -> &str;

    /// Whether running it changes production. Such a job also holds a lock that a frozen process does not lose with its
    /// lease, and waits for whatever policy asks for.
    fn changes_production(&self, spec: &Value) -> bool;

    /// Whether it runs without a card: nobody asked for it, and what comes of it its plugin shows.
    fn is_quiet(&self) -> bool {
        false
    }

    /// What a job uses that the policy may have rules about: `command:restart-shop`. Pure.
    fn uses(&self, spec: &Value) -> Vec<String> {
        let _ = spec;
        Vec::new()
    }

    /// Whether the spec makes sense, asked while the plugin's call runs: pure, quick, and as strict as can be, so that the
    /// plugin hears of it. The error is a sentence: what is wrong with which part, and what is expected.
    ///
    /// # Errors
    /// It does not.
    fn check(&self, spec: &Value, cx: &KindCx<'_>) -> Result<(), String>;

    /// Runs a job. It should end soon after `job.cancelled()`, having ended what it started; after a while it is dropped.
    /// The answer is the job's result, any JSON; what is too large is not kept.
    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>>;

    /// What the public page is to say now that a job has ended, in words that stand in the configuration. Pure.
    fn publishes(&self, job: &str, spec: &Value, ended: &Ended<'_>) -> Option<Publication> {
        let _ = (job, spec, ended);
        None
    }

    /// The deploy that is to be put on record now that a job has ended, if it changed which version runs. Who and when is filled in. Pure.
    fn records(&self, spec: &Value, ended: &Ended<'_>) -> Option<DeployRecorded> {
        let _ = (spec, ended);
        None
    }

    /// Clears away what jobs of this kind left that have ended although the process that ran them died: asked for at each start, when
    /// such a job has ended, and now and then. It touches nothing whose job is not known to have ended: what another bot or a job
    /// that nobody here knows may own is let alone. What was cleared away, for the log.
    fn clear(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async { Vec::new() })
    }

    /// Looks how far a job got whose process died while it ran, for `on_lost = verify`. Must change nothing.
    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        drop(job);
        Box::pin(async { Verified::Unknown("this kind of job cannot tell how far it got".to_owned()) })
    }
}

/// What a kind may know when it checks a spec.
#[derive(Clone, Copy, Debug)]
pub struct KindCx<'a> {
    /// Who asks.
    pub plugin: &'a PluginId,
    /// The moment of the call, milliseconds since the epoch.
    pub now_ms: i64,
}

/// How a job ended, as its kind sees it.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// It did its work, or a person says so.
    pub done: bool,
    /// What it says itself; `Null` when it says nothing, as when a person says it for it.
    pub result: &'a Value,
}

/// Why a run ended badly.
#[derive(Clone, Debug, PartialEq)]
pub struct JobError {
    /// For people: what failed, on what, what to do.
    pub sentence: String,
    /// Whether another run may end better.
    pub retry: bool,
    /// Whether nobody knows how it ended, so that people must be asked.
    pub ask: bool,
    /// For the plugin: whatever it may want to know; `Null` for nothing.
    pub detail: Value,
}

impl JobError {
    /// It failed, and would again.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), retry: false, ask: false, detail: Value::Null }
    }

    /// It failed, and may not the next time.
    pub fn retry(sentence: impl Into<String>) -> Self {
        Self { retry: true, ..Self::failed(sentence) }
    }

    /// Whether it did what it should is not known: people are asked.
    pub fn unknown(sentence: impl Into<String>) -> Self {
        Self { ask: true, ..Self::failed(sentence) }
    }

    /// The same with something for the plugin.
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

/// What a kind finds out about a job whose process died.
#[derive(Clone, Debug, PartialEq)]
pub enum Verified {
    /// It had done its work; the result.
    Done(Value),
    /// It had not, and cannot be run again.
    Failed(String),
    /// It may be run again.
    Repeat,
    /// It cannot be told; what is known, for the people who are asked.
    Unknown(String),
}

/// The kinds that this bot knows, by name.
#[derive(Clone, Default)]
pub struct Kinds(Arc<BTreeMap<String, Arc<dyn Kind>>>);

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kinds").field(&self.names()).finish()
    }
}

impl Kinds {
    /// These kinds; of two with one name the last counts.
    pub fn new(kinds: Vec<Arc<dyn Kind>>) -> Self {
        Self(Arc::new(kinds.into_iter().map(|kind| (kind.name().to_owned(), kind)).collect()))
    }

    /// A kind by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Kind>> {
        self.0.get(name)
    }

    /// All of them.
    fn all(&self) -> impl Iterator<Item = &Arc<dyn Kind>> {
        self.0.values()
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Whether a job makes sense, for the call that asks for it: the kind is known and takes the spec.
    ///
    /// # Errors
    /// A sentence for the plugin's author.
    pub fn check(&self, kind: &str, spec: &Value, cx: &KindCx<'_>) -> Result<(), String> {
        match self.get(kind) {
            Some(known) => known.check(spec, cx),
            None if self.0.is_empty() => Err("this bot runs no jobs".to_owned()),
            None => Err(format!("there is no kind of job of that name; there is {}", self.names().join(", "))),
        }
    }
}

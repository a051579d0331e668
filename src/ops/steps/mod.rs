//! Steps, one by one: commands, requests and waits. The first that fails ends the run; what was done before it is then taken
//! back, if that was asked for. After each step the state is handed over, so that a restarted bot repeats none.

mod arguments;
mod expression;
mod one;
mod plan;
mod question;
mod run;
mod spec;
mod state;

pub use plan::{Plan, Unit};
pub use run::{Runner, Running};
pub use spec::{Each, OnFailure, Spec, Step, Undo};
pub use state::{Done, Outcome, Report, State, Status};

use super::child::Process;
use futures::future::BoxFuture;

/// Tells every program of a run, and all that those start, which run they belong to.
pub const RUN_VARIABLE: &str = "DRILLBELL_JOB";

/// Who follows a run.
pub trait Follow: Send + Sync {
    /// A step begins: how many are behind us, out of how many, and what this one is.
    fn progress(&self, done: usize, total: usize, what: &str);

    /// A line to show: what a step says and how it went. Without secrets and control characters.
    fn line(&self, line: &str);

    /// A guard process is there; its program starts when this has been written down. An error keeps it from starting.
    fn child_started(&self, process: Process) -> BoxFuture<'_, Result<(), String>>;

    /// That process and all that belonged to it have ended.
    fn child_ended(&self) -> BoxFuture<'_, ()>;
}

/// Where the state is kept, so that a restarted bot goes on where this one was.
pub trait Checkpoint: Send + Sync {
    /// Keeps the state durably before this returns.
    fn save<'a>(&'a self, state: &'a State) -> BoxFuture<'a, Result<(), NotOurs>>;
}

/// The run belongs to somebody else by now: stop, and write nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this run has been taken over")]
pub struct NotOurs;

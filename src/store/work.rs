//! What a writer is asked to write, and how whoever asked is answered.

use super::commit::{Commit, CommitOutcome};
use super::error::StoreError;
use super::inbox::Accepted;
use super::schedules::{ScheduleRow, ScheduleStep};
use super::sql::Engine;
use super::timers::Timer;
use crate::audit::AuditRecord;
use crate::model::event::Delivery;
use crate::model::route::Route;
use futures::future::BoxFuture;
use sqlx::AnyConnection;
use tokio::sync::oneshot;

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;
/// What such work does.
pub(super) type Run = Box<dyn for<'c> FnOnce(&'c mut AnyConnection, Engine) -> BoxFuture<'c, bool> + Send + Sync>;

/// Work with a transaction of its own; it answers its caller by itself.
pub(super) struct Solo {
    pub(super) run: Run,
    /// It writes to the head row, which the writer otherwise takes to be as it left it.
    pub(super) moves_head: bool,
}

/// A delivery to store, and what must still be as it was read for it to count.
pub(super) struct Accept {
    pub(super) delivery: Delivery,
    pub(super) from: Option<From>,
    /// The way back that came with it.
    pub(super) route: Option<Route>,
}

/// What a delivery comes from within the house.
pub(super) enum From {
    /// A timer, which it consumes.
    Timer(Timer),
    /// A schedule, which takes a step.
    Schedule(Box<ScheduleRow>, ScheduleStep),
}

/// A delivery that was handled before it was stored: both are written at once.
pub(super) struct Birth {
    pub(super) accept: Box<Accept>,
    pub(super) reply: Reply<Accepted>,
}

/// Something to write.
pub(super) enum Work {
    Accept(Box<Accept>, Reply<Accepted>),
    Commit(Box<Commit>, Option<Birth>, Reply<CommitOutcome>),
    Audit(Box<AuditRecord>, Reply<()>),
    Solo(Solo),
}

/// What became of it.
pub(super) enum Answer {
    Accepted(Option<Accepted>),
    /// Of a commit, and of the delivery that came with it.
    Committed(Option<CommitOutcome>, Option<Accepted>),
    Audited,
}

fn missing() -> StoreError {
    StoreError::Corrupt { table: "inbox", reason: "a batch answered fewer works than it held".to_owned() }
}

/// Tells everybody; answers are in the order of the works. A caller that has gone away (a cut connection) needs no answer: what it
/// sent is done all the same.
pub(super) fn answer(works: Vec<Work>, answers: Vec<Answer>) {
    for (work, answer) in works.into_iter().zip(answers) {
        match (work, answer) {
            (Work::Accept(_, reply), Answer::Accepted(accepted)) => _ = reply.send(accepted.ok_or_else(missing)),
            (Work::Commit(_, birth, reply), Answer::Committed(outcome, accepted)) => {
                if let Some(birth) = birth {
                    let _ = birth.reply.send(accepted.ok_or_else(missing));
                }
                let _ = reply.send(outcome.ok_or_else(missing));
            }
            (Work::Audit(_, reply), _) => _ = reply.send(Ok(())),
            (work, _) => _ = refuse(work, missing()),
        }
    }
}

/// Tells that it could not be written. A delivery that was to be stored with it may well be stored alone: it is given back for that.
pub(super) fn refuse(work: Work, error: StoreError) -> Option<Birth> {
    match work {
        Work::Accept(_, reply) => _ = reply.send(Err(error)),
        Work::Commit(_, birth, reply) => {
            let _ = reply.send(Err(error));
            return birth;
        }
        Work::Audit(_, reply) => _ = reply.send(Err(error)),
        Work::Solo(_) => {}
    }
    None
}

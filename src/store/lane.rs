//! A writer: one connection, one task, whatever is queued made into one transaction without delay. Group commit is what
//! turns a hundred commands into a handful of fsyncs.

use super::apply::{self, Accept};
use super::commit::{Commit, CommitOutcome};
use super::connect::Address;
use super::error::StoreError;
use super::inbox::Accepted;
use super::outbox::Mark;
use super::sql::Engine;
use crate::audit::AuditRecord;
use crate::clock::Clock;
use futures::future::BoxFuture;
use sqlx::{AnyConnection, Connection};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// At most so much work in one transaction: beyond it a batch gains nothing and its members only wait.
const BATCH: usize = 512;
/// How much may queue for a writer; senders wait beyond it.
const QUEUE: usize = 4096;
/// Marks wait this long for a transaction to ride along with.
const IDLE_FLUSH: Duration = Duration::from_millis(20);
/// How often a batch is tried again because some of its events turned out to belong to somebody else.
const FENCE_ROUNDS: usize = 8;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;
/// Work with a transaction of its own; it answers its caller by itself.
pub(super) type Solo = Box<dyn for<'c> FnOnce(&'c mut AnyConnection, Engine) -> BoxFuture<'c, ()> + Send + Sync>;

/// Something to write.
pub(super) enum Work {
    Accept(Box<Accept>, Reply<Accepted>),
    Commit(Box<Commit>, Reply<CommitOutcome>),
    Audit(Box<AuditRecord>, Reply<()>),
    Solo(Solo),
}

/// What the writers count, for metrics and benches.
#[derive(Debug, Default)]
pub struct LaneCounters {
    /// Transactions committed.
    pub transactions: AtomicU64,
    /// Pieces of work in them.
    pub works: AtomicU64,
}

/// The sending side of a writer.
#[derive(Clone)]
pub(super) struct LaneHandle {
    pub(super) urgent: mpsc::Sender<Work>,
    pub(super) marks: mpsc::UnboundedSender<(String, Mark)>,
}

/// What a writer needs.
pub(super) struct Lane {
    pub(super) address: Address,
    pub(super) owner: Arc<str>,
    pub(super) clock: Clock,
    pub(super) stream: watch::Sender<i64>,
    pub(super) counters: Arc<LaneCounters>,
}

impl Lane {
    /// Connects and starts the task; it ends, after a last flush, when every handle is gone.
    pub(super) async fn start(self) -> Result<(LaneHandle, tokio::task::JoinHandle<()>), StoreError> {
        let connection = self.address.connection().await?;
        let (urgent, urgent_in) = mpsc::channel(QUEUE);
        let (marks, marks_in) = mpsc::unbounded_channel();
        let task = tokio::spawn(self.run(connection, urgent_in, marks_in));
        Ok((LaneHandle { urgent, marks }, task))
    }

    async fn run(
        self,
        mut connection: AnyConnection,
        mut urgent: mpsc::Receiver<Work>,
        mut marks: mpsc::UnboundedReceiver<(String, Mark)>,
    ) {
        let mut batch = Vec::new();
        let mut pending = Vec::new();
        loop {
            tokio::select! {
                biased;
                taken = urgent.recv_many(&mut batch, BATCH) => if taken == 0 {
                    while let Ok(mark) = marks.try_recv() { pending.push(mark) }
                    self.flush(&mut connection, &mut Vec::new(), &mut pending).await;
                    let _ = connection.close().await;
                    return;
                },
                Some(mark) = marks.recv() => {
                    pending.push(mark);
                    let _ = tokio::time::timeout(IDLE_FLUSH, urgent.recv_many(&mut batch, BATCH)).await;
                }
            }
            while let Ok(mark) = marks.try_recv() {
                pending.push(mark);
            }
            self.flush(&mut connection, &mut batch, &mut pending).await;
        }
    }

    /// Writes a batch; if the transaction fails, each piece of work on its own, so that one bad piece harms no other.
    async fn flush(&self, connection: &mut AnyConnection, batch: &mut Vec<Work>, marks: &mut Vec<(String, Mark)>) {
        let mut grouped = Vec::with_capacity(batch.len());
        let mut solos = Vec::new();
        for work in batch.drain(..) {
            match work {
                Work::Solo(solo) => solos.push(solo),
                other => grouped.push(other),
            }
        }
        if !grouped.is_empty() || !marks.is_empty() {
            let result = self.transact(connection, &grouped, marks).await;
            match result {
                Ok(answers) => answer(grouped, answers),
                Err(error) => {
                    tracing::warn!(error = %error, works = grouped.len(), "a batch failed; trying its parts one by one");
                    self.one_by_one(connection, grouped, marks).await;
                }
            }
            marks.clear();
        }
        for solo in solos {
            solo(connection, self.address.engine).await;
            self.count(1);
        }
    }

    async fn one_by_one(&self, connection: &mut AnyConnection, grouped: Vec<Work>, marks: &[(String, Mark)]) {
        if connection.ping().await.is_err() {
            match self.address.connection().await {
                Ok(fresh) => *connection = fresh,
                Err(error) => tracing::error!(error = %error, "the writer cannot reach the database"),
            }
        }
        for mark in marks {
            // A mark that is lost leaves its row open: the lease runs out and it is delivered again, not forgotten.
            if let Err(error) = self.transact(connection, &[], std::slice::from_ref(mark)).await {
                tracing::error!(error = %error, outbox.id = mark.0, "cannot note how a delivery went");
            }
        }
        for work in grouped {
            match self.transact(connection, std::slice::from_ref(&work), &[]).await {
                Ok(answers) => answer(vec![work], answers),
                Err(error) => refuse(work, error),
            }
        }
    }

    /// One transaction over all of it; the answers are in the order of the work.
    async fn transact(
        &self,
        connection: &mut AnyConnection,
        works: &[Work],
        marks: &[(String, Mark)],
    ) -> Result<Vec<Answer>, StoreError> {
        let mut fenced = HashSet::new();
        for _ in 0..FENCE_ROUNDS {
            match self.attempt(connection, works, marks, &fenced).await? {
                Ok(answers) => return Ok(answers),
                Err(newly) => fenced.extend(newly),
            }
        }
        Err(StoreError::Corrupt {
            table: "inbox",
            reason: "events keep changing their owner during a commit".to_owned(),
        })
    }

    async fn attempt(
        &self,
        connection: &mut AnyConnection,
        works: &[Work],
        marks: &[(String, Mark)],
        fenced: &HashSet<String>,
    ) -> Result<Result<Vec<Answer>, HashSet<String>>, StoreError> {
        let engine = self.address.engine;
        let now_ms = self.clock.now_ms();
        let mut accepts = Vec::new();
        let mut commits = Vec::new();
        let mut records = Vec::new();
        for work in works {
            match work {
                Work::Accept(accept, _) => accepts.push(accept.as_ref()),
                Work::Commit(commit, _) => commits.push(commit.as_ref()),
                Work::Audit(record, _) => records.push(record.as_ref()),
                Work::Solo(_) => {}
            }
        }
        if commits.is_empty() && records.is_empty() && marks.is_empty() && accepts.iter().all(|it| it.timer.is_none()) {
            // One statement is a transaction of its own; saying so would cost two more trips to the database.
            let accepted = apply::accepts(connection, engine, &self.owner, &accepts).await?;
            self.count(works.len());
            return Ok(Ok(accepted.into_iter().map(|accepted| Answer::Accepted(Some(accepted))).collect()));
        }
        let mut transaction =
            connection.begin_with(engine.begin()).await.map_err(StoreError::doing("beginning a transaction"))?;
        let mut outcomes = Vec::new();
        if !commits.is_empty() || !records.is_empty() {
            match apply::commits(&mut transaction, engine, &self.owner, now_ms, &commits, &records, fenced).await? {
                Ok(done) => outcomes = done,
                Err(lost) => {
                    transaction.rollback().await.map_err(StoreError::doing("rolling back"))?;
                    return Ok(Err(lost));
                }
            }
        }
        let accepted = match accepts.is_empty() {
            true => Vec::new(),
            false => apply::accepts(&mut transaction, engine, &self.owner, &accepts).await?,
        };
        if !marks.is_empty() {
            apply::marks(&mut transaction, engine, &self.owner, now_ms, marks).await?;
        }
        transaction.commit().await.map_err(StoreError::doing("committing"))?;
        self.count(works.len());
        if !outcomes.is_empty() {
            self.stream.send_modify(|version| *version += 1);
        }
        let mut accepted = accepted.into_iter();
        let mut outcomes = outcomes.into_iter();
        let answers = works.iter().map(|work| match work {
            Work::Accept(..) => Answer::Accepted(accepted.next()),
            Work::Commit(..) => Answer::Committed(outcomes.next()),
            Work::Audit(..) | Work::Solo(_) => Answer::Audited,
        });
        Ok(Ok(answers.collect()))
    }

    fn count(&self, works: usize) {
        self.counters.transactions.fetch_add(1, Ordering::Relaxed);
        self.counters.works.fetch_add(u64::try_from(works).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

enum Answer {
    Accepted(Option<Accepted>),
    Committed(Option<CommitOutcome>),
    Audited,
}

fn missing() -> StoreError {
    StoreError::Corrupt { table: "inbox", reason: "a batch answered fewer works than it held".to_owned() }
}

fn answer(works: Vec<Work>, answers: Vec<Answer>) {
    // A caller that has gone away (a cut connection) needs no answer; what it sent is done all the same.
    for (work, answer) in works.into_iter().zip(answers) {
        match (work, answer) {
            (Work::Accept(_, reply), Answer::Accepted(accepted)) => _ = reply.send(accepted.ok_or_else(missing)),
            (Work::Commit(_, reply), Answer::Committed(outcome)) => _ = reply.send(outcome.ok_or_else(missing)),
            (Work::Audit(_, reply), _) => _ = reply.send(Ok(())),
            (work, _) => refuse(work, missing()),
        }
    }
}

fn refuse(work: Work, error: StoreError) {
    match work {
        Work::Accept(_, reply) => _ = reply.send(Err(error)),
        Work::Commit(_, reply) => _ = reply.send(Err(error)),
        Work::Audit(_, reply) => _ = reply.send(Err(error)),
        Work::Solo(_) => {}
    }
}

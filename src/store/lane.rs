//! A writer: one connection, one task, whatever is queued made into one transaction without delay. Group commit is what
//! turns a hundred commands into a handful of fsyncs.

use super::apply::{self, Batch};
use super::connect::Address;
use super::entrance::{self, Entered, Entering};
use super::error::StoreError;
use super::inbox::Accepted;
use super::outbox::{self, Mark};
use super::schedules;
use super::script::Script;
use super::session::Session;
use super::timers;
use super::whereabouts::Answers;
use super::work::{Answer, Birth, From, Work, answer, refuse};
use crate::clock::Clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// At most so much work in one transaction: beyond it a batch gains nothing and its members only wait.
const BATCH: usize = 512;
/// How much may queue for a writer; senders wait beyond it.
const QUEUE: usize = 4096;
/// Marks wait this long for a transaction to ride along with: long enough for somebody who types the next command at once,
/// short enough that a crash repeats few deliveries.
const IDLE_FLUSH: Duration = Duration::from_millis(20);
/// How long they wait for a database that is away, unless something else is tried before.
const AGAIN: Duration = Duration::from_secs(1);

/// Hears of each transaction: how much work was in it, and how long it took.
type Observer = Box<dyn Fn(usize, Duration) + Send + Sync>;

/// What the writers count, for metrics and benches.
#[derive(Default)]
pub struct LaneCounters {
    /// Transactions committed.
    pub transactions: AtomicU64,
    /// Pieces of work in them.
    pub works: AtomicU64,
    /// Trips to the database that they took, without those of works that bring a transaction of their own.
    pub trips: AtomicU64,
    pub(super) observer: Mutex<Option<Observer>>,
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
    pub(super) answers: Arc<Answers>,
}

impl Lane {
    /// Connects and starts the task; it ends, after a last flush, when every handle is gone.
    pub(super) async fn start(self) -> Result<(LaneHandle, tokio::task::JoinHandle<()>), StoreError> {
        let session = Session::connect(&self.address).await?;
        let (urgent, urgent_in) = mpsc::channel(QUEUE);
        let (marks, marks_in) = mpsc::unbounded_channel();
        let task = tokio::spawn(self.run(session, urgent_in, marks_in));
        Ok((LaneHandle { urgent, marks }, task))
    }

    async fn run(
        self,
        mut session: Session,
        mut urgent: mpsc::Receiver<Work>,
        mut marks: mpsc::UnboundedReceiver<(String, Mark)>,
    ) {
        let mut batch = Vec::new();
        let mut pending = Vec::new();
        let mut due = Instant::now();
        loop {
            tokio::select! {
                biased;
                taken = urgent.recv_many(&mut batch, BATCH) => if taken == 0 {
                    while let Ok(mark) = marks.try_recv() { pending.push(mark) }
                    self.flush(&mut session, &mut Vec::new(), &mut pending).await;
                    session.close().await;
                    return;
                },
                Some(mark) = marks.recv() => {
                    if pending.is_empty() {
                        due = Instant::now() + IDLE_FLUSH;
                    }
                    pending.push(mark);
                }
                () = tokio::time::sleep_until(due), if !pending.is_empty() => {}
            }
            while let Ok(mark) = marks.try_recv() {
                pending.push(mark);
            }
            // Alone, an acceptance is a single statement, and somebody waits for it: the marks go with what follows.
            let lone = batch
                .iter()
                .all(|work| matches!(work, Work::Accept(accept, _) if accept.from.is_none() && accept.route.is_none()));
            match lone && Instant::now() < due {
                true => self.flush(&mut session, &mut batch, &mut Vec::new()).await,
                false => {
                    self.flush(&mut session, &mut batch, &mut pending).await;
                    if !pending.is_empty() {
                        due = Instant::now() + AGAIN;
                    }
                }
            }
        }
    }

    /// Writes a batch; if the transaction fails, each piece of work on its own, so that one bad piece harms no other. Left in `marks` is
    /// what has to wait for a database that is away.
    async fn flush(&self, session: &mut Session, batch: &mut Vec<Work>, marks: &mut Vec<(String, Mark)>) {
        let mut grouped = Vec::with_capacity(batch.len());
        let mut solos = Vec::new();
        for work in batch.drain(..) {
            match work {
                Work::Solo(solo) => solos.push(solo),
                other => grouped.push(other),
            }
        }
        if !grouped.is_empty() || !marks.is_empty() {
            match self.transact(session, &grouped, marks).await {
                Ok(answers) => {
                    answer(grouped, answers);
                    marks.clear();
                }
                Err(error) => {
                    tracing::warn!(error = %error, works = grouped.len(), "a batch failed; trying its parts one by one");
                    self.one_by_one(session, grouped, marks).await;
                }
            }
        }
        for solo in solos {
            let began = Instant::now();
            if !(solo.run)(session.connection(), self.address.engine).await {
                self.reconnect(&mut *session).await;
            }
            if solo.moves_head {
                session.known.forget();
                self.answers.trust(false);
            }
            self.count(1, 0, began);
        }
    }

    /// Connects anew, if the connection is gone.
    async fn reconnect(&self, session: &mut Session) {
        if !session.answers().await {
            match Session::connect(&self.address).await {
                Ok(fresh) => *session = fresh,
                Err(error) => tracing::error!(error = %error, "the writer cannot reach the database"),
            }
        }
    }

    async fn one_by_one(&self, session: &mut Session, grouped: Vec<Work>, marks: &mut Vec<(String, Mark)>) {
        self.reconnect(session).await;
        while let Some(mark) = marks.first() {
            if let Err(error) = self.transact(session, &[], std::slice::from_ref(mark)).await {
                if !session.answers().await {
                    break;
                }
                // One that is refused leaves its row open: the lease runs out and it is delivered again, not forgotten.
                tracing::error!(error = %error, outbox.id = mark.0, "cannot note how a delivery went");
            }
            marks.remove(0);
        }
        for work in grouped {
            match self.transact(session, std::slice::from_ref(&work), &[]).await {
                Ok(answers) => answer(vec![work], answers),
                Err(error) => {
                    if let Some(Birth { accept, reply }) = refuse(work, error) {
                        self.alone(session, Work::Accept(accept, reply)).await;
                    }
                }
            }
        }
    }

    /// Stores a delivery whose commit does not go through: what was heard is kept, and handled again.
    async fn alone(&self, session: &mut Session, work: Work) {
        match self.transact(session, std::slice::from_ref(&work), &[]).await {
            Ok(answers) => answer(vec![work], answers),
            Err(error) => drop(refuse(work, error)),
        }
    }

    /// One transaction over all of it; the answers are in the order of the work.
    async fn transact(
        &self,
        session: &mut Session,
        works: &[Work],
        marks: &[(String, Mark)],
    ) -> Result<Vec<Answer>, StoreError> {
        let from_memory = session.known.head().is_some();
        let mut result = self.attempt(session, works, marks).await;
        if let Err(error) = &result {
            // It may have been written all the same.
            self.answers.moved();
            session.undo().await;
            session.known.doubt();
            self.answers.trust(false);
            // Most likely another replica has written meanwhile; asked anew, it may well succeed.
            if from_memory && works.iter().any(|work| matches!(work, Work::Commit(..) | Work::Audit(..))) {
                tracing::debug!(error = %error, "a transaction from memory failed; asking");
                result = self.attempt(session, works, marks).await;
                if result.is_err() {
                    session.undo().await;
                }
            }
        }
        result
    }

    async fn attempt(
        &self,
        session: &mut Session,
        works: &[Work],
        marks: &[(String, Mark)],
    ) -> Result<Vec<Answer>, StoreError> {
        let (engine, owner, now_ms, began) = (self.address.engine, &*self.owner, self.clock.now_ms(), Instant::now());
        let mut commits = Vec::new();
        let mut records = Vec::new();
        // Deliveries, by when they can be stored: before the commit that finishes them, at any time, if what they come from stands.
        let (mut births, mut plain, mut sourced) = (Vec::new(), Vec::new(), Vec::new());
        for work in works {
            match work {
                Work::Accept(accept, _) if accept.from.is_none() => plain.push(&**accept),
                Work::Accept(accept, _) => sourced.push(&**accept),
                Work::Commit(commit, birth, _) => {
                    commits.push(&**commit);
                    births.extend(birth.as_ref().map(|birth| &*birth.accept));
                }
                Work::Audit(record, _) => records.push(&**record),
                Work::Solo(_) => {}
            }
        }
        let (born, offered) = (births.len(), plain.len());
        let mut script = Script::default();
        let mut applied = None;
        let mut entered = Entered::default();
        if !commits.is_empty() || !records.is_empty() {
            // All in one statement: a text in which one stands twice would have to be prepared anew.
            births.append(&mut plain);
            let batch = Batch {
                owner,
                now_ms,
                commits: &commits,
                records: &records,
                births: &births,
                born,
                answers: &self.answers,
            };
            applied = Some(apply::commits(session, &mut script, &batch).await?);
        } else {
            // Before the timers, as the other writer does, so that the two wait for each other in one order.
            entered = entrance::push(&mut script, engine, owner, Entering { accepts: &plain, ..Entering::default() })?;
        }
        // A timer or schedule that is no longer there as it was read, because it was set anew, cancelled, or fired by another
        // replica, fires not.
        let mut stands = Vec::with_capacity(sourced.len());
        for accept in &sourced {
            stands.push(match &accept.from {
                Some(From::Timer(timer)) => timers::remove(script.open(session).await?, timer).await?,
                Some(From::Schedule(row, step)) => {
                    let root = &accept.delivery.root;
                    schedules::step(script.open(session).await?, row, step, root, now_ms).await?
                }
                None => true,
            });
        }
        let standing: Vec<_> =
            sourced.into_iter().zip(&stands).filter(|(_, stands)| **stands).map(|(accept, _)| accept).collect();
        let sprung =
            entrance::push(&mut script, engine, owner, Entering { accepts: &standing, ..Entering::default() })?;
        script.extend(outbox::mark(engine, owner, now_ms, marks));
        script.commit(session).await?;
        self.answers.moved_by(&commits);
        self.count(works.len(), session.take_trips(), began);

        let mut outcomes = Vec::new();
        let mut accepted = Vec::new();
        if let Some(applied) = applied {
            let (found, left, revisions) = applied.after;
            session.known.learn(&found, left, revisions);
            self.answers.trust(session.known.head().is_some());
            if !applied.outcomes.is_empty() {
                self.stream.send_modify(|version| *version += 1);
            }
            outcomes = applied.outcomes;
            accepted = entrance::answers(session, &mut script, applied.entered, &births).await;
        }
        accepted.extend(entrance::answers(session, &mut script, entered, &plain).await);
        accepted.extend(entrance::answers(session, &mut script, sprung, &standing).await);
        // In the order in which they were put together: those of commits, those that were offered, those of timers and schedules.
        let mut born = accepted.drain(..born.min(accepted.len())).collect::<Vec<_>>().into_iter();
        let mut offered = accepted.drain(..offered.min(accepted.len())).collect::<Vec<_>>().into_iter();
        let mut accepted = accepted.into_iter();
        let mut stands = stands.into_iter();
        let mut outcomes = outcomes.into_iter();
        let answers = works.iter().map(|work| match work {
            Work::Accept(accept, _) if accept.from.is_none() => Answer::Accepted(offered.next()),
            Work::Accept(..) if stands.next() == Some(false) => Answer::Accepted(Some(Accepted::Duplicate(None))),
            Work::Accept(..) => Answer::Accepted(accepted.next()),
            Work::Commit(_, birth, _) => Answer::Committed(outcomes.next(), birth.as_ref().and_then(|_| born.next())),
            Work::Audit(..) | Work::Solo(_) => Answer::Audited,
        });
        Ok(answers.collect())
    }

    fn count(&self, works: usize, trips: u64, began: Instant) {
        if let Some(observer) = &*self.counters.observer.lock().unwrap_or_else(PoisonError::into_inner) {
            observer(works, began.elapsed());
        }
        self.counters.transactions.fetch_add(1, Ordering::Relaxed);
        self.counters.works.fetch_add(u64::try_from(works).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.counters.trips.fetch_add(trips, Ordering::Relaxed);
    }
}

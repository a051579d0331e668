//! What may be written. Everything goes through the writers' queues; the answer comes when it is durable.

use super::commit::{Commit, CommitOutcome};
use super::conversations::{self, OpeningEnd};
use super::error::StoreError;
use super::inbox::{self, Accepted, ClaimedEvent};
use super::lane::LaneHandle;
use super::outbox::{self, Mark, OutboxRow};
use super::pages::{self, PageEnd};
use super::reserve::{Contended, RESERVATION_MS, Reservation};
use super::schedules::{self, ScheduleRow, ScheduleStep};
use super::sql::Engine;
use super::timers::Timer;
use super::work::{Accept, Birth, From, Run, Solo, Work};
use super::{Forgotten, Store, audit, leases, reserve, retention, scrubbed, status, timers};
use crate::audit::AuditRecord;
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{DeliveryId, IncidentId, PluginId};
use crate::model::incident::Incident;
use crate::model::route::Route;
use futures::future::BoxFuture;
use sqlx::{AnyConnection, Connection};
use tokio::sync::oneshot;

type Written<T> = Result<T, StoreError>;

async fn send<T>(lane: &LaneHandle, work: impl FnOnce(oneshot::Sender<Written<T>>) -> Work) -> Written<T> {
    let (reply, answer) = oneshot::channel();
    lane.urgent.send(work(reply)).await.map_err(|_| StoreError::Closing)?;
    answer.await.map_err(|_| StoreError::Closing)?
}

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or the store is closing")]
impl Store {
    /// Stores a delivery; when this returns `New`, it is durable, leased to this process, and must be handled by it.
    pub async fn accept(&self, delivery: Delivery) -> Written<Accepted> {
        self.accept_with(delivery, None).await
    }

    /// The same, and keeps the way back that came with it.
    pub async fn accept_with(&self, mut delivery: Delivery, route: Option<Route>) -> Written<Accepted> {
        if let Some(scrub) = &self.scrub {
            scrubbed::delivery(scrub, &mut delivery);
        }
        let way = (delivery.id.clone(), route.clone());
        let accept = Box::new(Accept { delivery, from: None, route });
        let accepted = send(&self.inner.front, |reply| Work::Accept(accept, reply)).await?;
        if accepted == Accepted::New {
            self.inner.routes.learn(way.0, way.1);
        }
        Ok(accepted)
    }

    /// Turns a due timer into a delivery; both happen or neither.
    pub async fn accept_timer(&self, delivery: Delivery, timer: Timer) -> Written<Accepted> {
        let accept = Box::new(Accept { delivery, from: Some(From::Timer(timer)), route: None });
        send(&self.inner.front, |reply| Work::Accept(accept, reply)).await
    }

    /// Turns a step of a schedule into a delivery; both happen or neither.
    pub async fn accept_step(&self, delivery: Delivery, row: ScheduleRow, step: ScheduleStep) -> Written<Accepted> {
        let accept = Box::new(Accept { delivery, from: Some(From::Schedule(Box::new(row), step)), route: None });
        send(&self.inner.front, |reply| Work::Accept(accept, reply)).await
    }

    /// Notes the end of a schedule's running occurrence, if that is still the one.
    pub async fn settle_schedule(
        &self,
        plugin: PluginId,
        name: String,
        running: DeliveryId,
        outcome: String,
    ) -> Written<()> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { schedules::settle(connection, &plugin, &name, &running, &outcome).await })
        })
        .await
    }

    /// Sets a timer unless there is one of that name: for what the host itself does regularly.
    pub async fn ensure_timer(&self, timer: Timer) -> Written<()> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { timers::ensure(connection, &timer).await })
        })
        .await
    }

    /// Commits a handled event, whole or not at all.
    pub async fn commit(&self, commit: Commit) -> Written<CommitOutcome> {
        self.commit_with(commit, None).await
    }

    /// Stores a delivery and commits what came of handling it, in one transaction. The delivery may be stored although its commit
    /// lost or could not be written: then it is leased to this process, and must be handled by it.
    pub async fn accept_and_commit(
        &self,
        mut delivery: Delivery,
        route: Option<Route>,
        commit: Commit,
    ) -> (Written<CommitOutcome>, Written<Accepted>) {
        if let Some(scrub) = &self.scrub {
            scrubbed::delivery(scrub, &mut delivery);
        }
        let way = (delivery.id.clone(), route.clone());
        let (reply, accepted) = oneshot::channel();
        let birth = Birth { accept: Box::new(Accept { delivery, from: None, route }), reply };
        let outcome = self.commit_with(commit, Some(birth)).await;
        let accepted = accepted.await.unwrap_or(Err(StoreError::Closing));
        if matches!(accepted, Ok(Accepted::New)) {
            self.inner.routes.learn(way.0, way.1);
        }
        (outcome, accepted)
    }

    async fn commit_with(&self, mut commit: Commit, birth: Option<Birth>) -> Written<CommitOutcome> {
        if let Some(scrub) = &self.scrub {
            scrubbed::commit(scrub, &mut commit);
        }
        let (written, lines) = (commit.incidents.clone(), commit.timeline.clone());
        // The commit itself tells the timeline of pages that end with it.
        let paged: Vec<_> = commit.effects.iter().chain(&commit.notices).filter_map(paged).cloned().collect();
        let commit = Box::new(commit);
        let outcome = send(&self.inner.back, |reply| Work::Commit(commit, birth, reply)).await;
        match &outcome {
            Ok(CommitOutcome::Committed(_)) => {
                for incident in written {
                    self.inner.memo.learn(&Incident { revision: incident.revision + 1, ..incident });
                }
                self.inner.memo.append(lines);
                paged.iter().for_each(|incident| self.inner.memo.forget_timeline(incident));
            }
            Ok(CommitOutcome::Conflict(to)) => {
                for lost in to {
                    match lost {
                        Contended::Incident(id) => self.inner.memo.forget(id),
                        Contended::Incidents => self.inner.memo.forget_all(),
                        Contended::Timeline(id) => self.inner.memo.forget_timeline(id),
                        Contended::Kv(..)
                        | Contended::KvOf(_)
                        | Contended::Job(..)
                        | Contended::Approval(_)
                        | Contended::Public(_)
                        | Contended::Copy(_) => {}
                    }
                }
            }
            // Whether it was written is not known.
            Err(_) => self.inner.memo.forget_all(),
            Ok(CommitOutcome::Reserved | CommitOutcome::Fenced | CommitOutcome::Astray) => {}
        }
        outcome
    }

    /// Writes an audit record that belongs to no event: a start, a sign-in, a plugin loaded.
    pub async fn audit(&self, mut record: AuditRecord) -> Written<()> {
        if let Some(scrub) = &self.scrub {
            scrubbed::record(scrub, &mut record);
        }
        let record = Box::new(record);
        send(&self.inner.back, |reply| Work::Audit(record, reply)).await
    }

    /// Notes how a delivery went; it rides along with the next transaction and is not waited for.
    pub fn mark(&self, outbox_id: String, mark: Mark) {
        if self.inner.front.marks.send((outbox_id, mark)).is_err() {
            tracing::warn!("a delivery ended after the store had closed; it may be repeated");
        }
    }

    /// Makes the public page's own id, unless it has one.
    pub async fn ensure_status(&self) -> Written<()> {
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { status::ensure(connection, now_ms).await })
        })
        .await
    }

    /// Writes down an attempt to page somebody after which it is tried again; which one it was, from 1.
    pub async fn page_tried(&self, outbox_id: String, mut reason: String) -> Written<i64> {
        if let Some(scrub) = &self.scrub {
            scrub.string(&mut reason);
        }
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { pages::tried(connection, &outbox_id, now_ms, &reason).await })
        })
        .await
    }

    /// Writes down how a page ended, with its audit record and its line in the timeline. `false` if it is not ours any more.
    pub async fn page_ended(&self, row: OutboxRow, mut end: PageEnd) -> Written<bool> {
        if let (Some(scrub), PageEnd::Dead { error }) = (&self.scrub, &mut end) {
            scrub.string(error);
        }
        paged(&row.effect).iter().for_each(|incident| self.inner.memo.forget_timeline(incident));
        let (owner, now_ms) = (self.inner.owner.clone(), self.inner.clock.now_ms());
        self.moving_head(move |connection, engine| {
            Box::pin(async move { pages::ended(connection, engine, &owner, now_ms, &row, &end).await })
        })
        .await
    }

    /// Writes down how the opening of a conversation ended. `false` if it is not ours any more.
    pub async fn opening_ended(&self, row: OutboxRow, mut end: OpeningEnd) -> Written<bool> {
        if let (Some(scrub), OpeningEnd::Instead { problem, .. }) = (&self.scrub, &mut end) {
            scrub.string(problem);
        }
        let (owner, now_ms) = (self.inner.owner.clone(), self.inner.clock.now_ms());
        let ended = self.moving_head(move |connection, engine| {
            Box::pin(async move { conversations::ended(connection, engine, &owner, now_ms, &row, &end).await })
        });
        let ended = ended.await;
        // Whoever hears of it finds it, though somebody may have asked while it was being written.
        self.inner.answers.moved();
        ended
    }

    /// Extends the leases of what this process has in hand: these events and these rows of the outbox, as far as they are stored, open
    /// and its own. Everything else that is leased to it can be claimed once its lease has run out.
    pub async fn renew(&self, events: Vec<DeliveryId>, rows: Vec<String>) -> Written<()> {
        if events.is_empty() && rows.is_empty() {
            return Ok(());
        }
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move {
                leases::renew(connection, engine, &owner, leases::EVENTS, &events).await?;
                leases::renew(connection, engine, &owner, leases::DELIVERIES, &rows).await
            })
        })
        .await
    }

    /// Takes over events that nobody has in hand, oldest first. `all` ignores leases: for a process that knows itself alone.
    pub async fn claim_events(&self, limit: i64, all: bool) -> Written<Vec<ClaimedEvent>> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { inbox::claim(connection, engine, &owner, limit, all).await })
        })
        .await
    }

    /// Takes over deliveries that nobody has in hand, in the order of their commits.
    pub async fn claim_outbox(&self, limit: i64, all: bool) -> Written<Vec<OutboxRow>> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { outbox::claim(connection, engine, &owner, limit, all).await })
        })
        .await
    }

    /// Gives an event back, to be claimed again after a while.
    pub async fn defer(&self, id: DeliveryId, delay_ms: i64) -> Written<()> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { inbox::defer(connection, engine, &owner, &id, delay_ms).await })
        })
        .await
    }

    /// Lets one event have contended things to itself until it commits or the reservation runs out. `false` if somebody else
    /// has one of them: two that each held what the other wants would both wait for ever.
    pub async fn reserve(&self, holder: DeliveryId, of: Vec<Contended>) -> Written<bool> {
        let now_ms = self.inner.clock.now_ms();
        self.moving_head(move |connection, engine| {
            Box::pin(async move {
                let found = audit::head_of(&audit::lock_head(engine).run(connection).await?, now_ms)?;
                let mut head = found.clone();
                head.reserved.retain(|reservation| reservation.holder != holder);
                let taken = |want: &Contended| head.reserved.iter().flat_map(|r| &r.of).any(|held| held.overlaps(want));
                if of.iter().any(taken) {
                    return Ok(false);
                }
                head.reserved.push(Reservation { holder, until_ms: now_ms + RESERVATION_MS, of });
                head.stored = reserve::format(&head.reserved)?;
                audit::move_head(&found, &head).run(connection).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Takes or extends a duty's lease; its epoch if it is ours.
    pub async fn lease(&self, name: &'static str) -> Written<Option<i64>> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { leases::take(connection, engine, name, &owner).await })
        })
        .await
    }

    /// Gives a duty up.
    pub async fn release(&self, name: &'static str) -> Written<()> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { leases::release(connection, name, &owner).await })
        })
        .await
    }

    /// Deletes rows that `find_forgotten` named.
    pub async fn forget(&self, what: Forgotten, keys: Vec<String>) -> Written<()> {
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { retention::delete(connection, engine, what, &keys).await })
        })
        .await
    }

    /// Runs something small in a transaction of its own, in the writer's turn.
    pub(super) async fn solo<T, F>(&self, lane: &LaneHandle, run: F) -> Written<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection, Engine) -> BoxFuture<'c, Written<T>> + Send + Sync + 'static,
    {
        send_solo(lane, false, run).await
    }

    /// The same for what writes to the head row.
    async fn moving_head<T, F>(&self, run: F) -> Written<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection, Engine) -> BoxFuture<'c, Written<T>> + Send + Sync + 'static,
    {
        send_solo(&self.inner.back, true, run).await
    }
}

/// The incident whose timeline tells how a page ended.
fn paged(effect: &Effect) -> Option<&IncidentId> {
    match effect {
        Effect::Page { incident, .. } => incident.as_ref(),
        _ => None,
    }
}

async fn send_solo<T, F>(lane: &LaneHandle, moves_head: bool, run: F) -> Written<T>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut AnyConnection, Engine) -> BoxFuture<'c, Written<T>> + Send + Sync + 'static,
{
    let (reply, answer) = oneshot::channel();
    let run: Run = Box::new(move |connection, engine| {
        Box::pin(async move {
            let done = alone(connection, engine, run).await;
            let answered = !matches!(done, Err(StoreError::Database { .. }));
            // A caller that has gone away needs no answer.
            let _ = reply.send(done);
            answered
        })
    });
    lane.urgent.send(Work::Solo(Solo { run, moves_head })).await.map_err(|_| StoreError::Closing)?;
    answer.await.map_err(|_| StoreError::Closing)?
}

async fn alone<T, F>(connection: &mut AnyConnection, engine: Engine, run: F) -> Written<T>
where
    F: for<'c> FnOnce(&'c mut AnyConnection, Engine) -> BoxFuture<'c, Written<T>> + Send,
{
    let mut transaction =
        connection.begin_with(engine.begin()).await.map_err(StoreError::doing("beginning a transaction"))?;
    let result = run(&mut transaction, engine).await?;
    transaction.commit().await.map_err(StoreError::doing("committing"))?;
    Ok(result)
}

//! The one door in. A delivery is durable, or known to be a repeat, before anybody is told so and before anything that came of it
//! leaves the house. Handling it may begin before: a call touches nothing outside, and what it answers is then written in one
//! transaction with the delivery itself. Knows neither plugins nor how events are handled.

mod early;

use crate::clock::Clock;
use crate::model::event::{Delivery, Event, Person};
use crate::model::ids::{self, ConversationId, DeliveryId};
use crate::model::route::Route;
use crate::store::{
    Accepted, AsOf, ClaimedEvent, Commit, CommitOutcome, EventResult, ScheduleRow, ScheduleStep, Store, StoreError,
    Timer,
};
use crate::telemetry::metrics::{Intake as Answered, Metrics};
use early::{Begun, Early, Fate, Stored, Ticket, Unstored};
use futures::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How long a delivery waits for what comes of it, to be stored with that: most commands are done by then, and nobody whose
/// acknowledgement waits for it (3 s at Slack and Discord) notices.
const TOGETHER: Duration = Duration::from_millis(20);
/// How long that transaction may take before the delivery is stored by itself: somebody may hold the head of the trail.
const IN_VAIN: Duration = Duration::from_millis(250);
/// How long to wait before another try to give an event back to a database that does not answer.
const GIVE_BACK: Duration = Duration::from_secs(1);

/// What a sender is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// Durable, and in our hands.
    Accepted,
    /// Delivered before; its answer, if there is one by now.
    Duplicate(Option<EventResult>),
    /// Too much is waiting; nothing was stored. Try again.
    Busy,
}

/// What a delivery comes from; within the house it moves on in the same transaction.
enum From {
    Outside(Option<Route>),
    /// From outside, with others for which there was room a moment ago.
    Together,
    Timer(Timer),
    Schedule(Box<ScheduleRow>, ScheduleStep),
}

/// The door.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    clock: Clock,
    metrics: Metrics,
    waiting: Arc<AtomicU64>,
    backlog: u64,
    early: Early,
    events: mpsc::UnboundedSender<ClaimedEvent>,
}

impl Intake {
    /// A door that lets at most `backlog` events wait, and the receiving end for dispatch. The channel itself is not bounded:
    /// what is durable and leased to us must not be dropped on the floor, so the bound stands before the store.
    pub fn new(
        store: Store,
        clock: Clock,
        metrics: Metrics,
        backlog: u64,
    ) -> (Self, mpsc::UnboundedReceiver<ClaimedEvent>) {
        let (events, receiver) = mpsc::unbounded_channel();
        (Self { store, clock, metrics, waiting: Arc::default(), backlog, early: Early::default(), events }, receiver)
    }

    /// Offers an event from outside.
    ///
    /// # Errors
    /// The database does not answer; the sender should try again.
    pub async fn offer(
        &self,
        id: DeliveryId,
        conversation: ConversationId,
        event: Event,
    ) -> Result<Admission, StoreError> {
        self.offer_with(id, conversation, event, None).await
    }

    /// The same, with the way back that the platform gave; it is durable in the same transaction.
    ///
    /// # Errors
    /// As [`Intake::offer`].
    pub async fn offer_with(
        &self,
        id: DeliveryId,
        conversation: ConversationId,
        event: Event,
        route: Option<Route>,
    ) -> Result<Admission, StoreError> {
        let received_ms = self.clock.now_ms();
        let delivery =
            Delivery { root: id.clone(), id, conversation, received_ms, plugin: None, approval: None, event };
        self.admit(delivery, From::Outside(route)).await
    }

    /// Offers what one request brought: all of it or, if too much waits, nothing. Whatever is stored when the database fails
    /// in between is recognised when the request comes again.
    ///
    /// # Errors
    /// The database does not answer; the sender should try again.
    pub async fn offer_all(
        &self,
        offers: Vec<(DeliveryId, ConversationId, Event)>,
    ) -> Result<Vec<Admission>, StoreError> {
        if self.waiting.load(Ordering::Relaxed) >= self.backlog {
            self.metrics.took_in(Answered::Busy);
            return Ok(vec![Admission::Busy]);
        }
        let received_ms = self.clock.now_ms();
        // Asked for at once, so that the writer makes one transaction of them.
        let admissions = offers.into_iter().map(|(id, conversation, event)| {
            let delivery =
                Delivery { root: id.clone(), id, conversation, received_ms, plugin: None, approval: None, event };
            self.admit(delivery, From::Together)
        });
        futures::future::try_join_all(admissions).await
    }

    /// Offers a timer that is due; it leaves the table in the same transaction.
    ///
    /// # Errors
    /// The database does not answer; the timer is still there.
    pub async fn offer_timer(&self, delivery: Delivery, timer: Timer) -> Result<Admission, StoreError> {
        self.admit(delivery, From::Timer(timer)).await
    }

    /// Offers a step of a schedule, which is taken in the same transaction.
    ///
    /// # Errors
    /// The database does not answer; the schedule is as it was.
    pub async fn offer_step(
        &self,
        delivery: Delivery,
        row: ScheduleRow,
        step: ScheduleStep,
    ) -> Result<Admission, StoreError> {
        self.admit(delivery, From::Schedule(Box::new(row), step)).await
    }

    /// In a task of its own: a sender that goes away half-way must not leave an event that is stored and leased to us, but
    /// in nobody's hands.
    async fn admit(&self, delivery: Delivery, from: From) -> Result<Admission, StoreError> {
        let (door, id) = (self.clone(), delivery.id.clone());
        match tokio::spawn(async move { door.admit_whole(delivery, from).await }).await {
            Ok(admission) => admission,
            Err(_) => {
                // Whoever handles it must not wait for a task that broke.
                self.early.settle(&id, Fate::Gone);
                Err(StoreError::Closing)
            }
        }
    }

    async fn admit_whole(&self, delivery: Delivery, from: From) -> Result<Admission, StoreError> {
        let room = self.waiting.load(Ordering::Relaxed) < self.backlog;
        if !room && !matches!(from, From::Together) {
            self.metrics.took_in(Answered::Busy);
            return Ok(Admission::Busy);
        }
        let kept = delivery.clone();
        let accepted = match from {
            From::Outside(route) => return Ok(self.admission(self.early(delivery, route).await?)),
            From::Together => self.store.accept_with(delivery, None).await?,
            From::Timer(timer) => self.store.accept_timer(delivery, timer).await?,
            From::Schedule(row, step) => self.store.accept_step(delivery, *row, step).await?,
        };
        Ok(self.admission(self.taken(kept, accepted)))
    }

    /// Sees to it that what is durable and ours is handled.
    fn taken(&self, delivery: Delivery, accepted: Accepted) -> Accepted {
        if accepted == Accepted::New {
            self.take(ClaimedEvent { delivery, attempts: 0 });
        }
        accepted
    }

    fn admission(&self, accepted: Accepted) -> Admission {
        match accepted {
            Accepted::New => {
                self.metrics.took_in(Answered::Accepted);
                Admission::Accepted
            }
            Accepted::Duplicate(result) => {
                self.metrics.took_in(Answered::Duplicate);
                Admission::Duplicate(result)
            }
        }
    }

    /// Hands a delivery over before it is stored, and sees to it that it is: with what comes of it if that is ready soon, else by
    /// itself.
    async fn early(&self, delivery: Delivery, route: Option<Route>) -> Stored {
        let id = delivery.id.clone();
        let Ticket { told, hurry } = match self.early.begin(&delivery, route.as_ref()) {
            Begun::Now(ticket) => ticket,
            Begun::After(first) if first.decided().await == Fate::Ours => {
                return self.store.accept_with(delivery, route).await;
            }
            // What became of the first says nothing about this one.
            Begun::After(_) | Begun::Known => {
                let kept = delivery.clone();
                return self.alone(delivery, route).await.map(|accepted| self.taken(kept, accepted));
            }
        };
        // Silent for good if whoever had it in hand broke.
        let mut told = told.fuse();
        self.hand_over(ClaimedEvent { delivery: delivery.clone(), attempts: 0 });
        tokio::select! {
            biased;
            Ok(stored) = &mut told => return stored,
            () = hurry.notified() => {}
            () = sleep(TOGETHER) => {}
        }
        let in_a_commit = self.early.take(&id).is_none();
        if in_a_commit {
            tokio::select! {
                biased;
                Ok(stored) = &mut told => return stored,
                () = sleep(IN_VAIN) => {}
            }
        }
        let stored = self.alone(delivery, route).await;
        if in_a_commit && Fate::of(&stored) == Fate::Gone {
            // That commit may have gone through meanwhile, and so it is no repeat; but a repeat is not to wait long for that.
            tokio::select! {
                Ok(told) = &mut told => return told,
                () = sleep(IN_VAIN) => {}
            }
        }
        self.settle(&id, &stored).await;
        stored
    }

    /// Stores a delivery by itself. One that is open and ours, in nobody's hands, is new: the answer to storing it got lost.
    async fn alone(&self, delivery: Delivery, route: Option<Route>) -> Stored {
        let id = delivery.id.clone();
        let stored = self.store.accept_with(delivery, route).await;
        match stored {
            Ok(Accepted::Duplicate(None)) if self.store.is_open(&id).await? => Ok(Accepted::New),
            stored => stored,
        }
    }

    /// Lets whoever handles it know. If it is ours after all, and they have heard otherwise and let go of it, it is claimed again.
    async fn settle(&self, id: &DeliveryId, stored: &Stored) {
        let fate = Fate::of(stored);
        if self.early.settle(id, fate) == Fate::Gone && fate == Fate::Ours {
            self.give_back(id, 0).await;
        }
    }

    /// Commits what came of handling an event, together with the event itself if that is not stored yet. One that was known before
    /// is somebody else's to finish.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        let id = commit.inbox.clone();
        let commit = Commit { as_of: self.early.rests_on(&id), ..commit };
        let Some(Unstored { delivery, route, tell }) = self.early.take(&id) else {
            return match self.early.settled(&id).await {
                Fate::Ours | Fate::Open => self.store.commit(commit).await,
                Fate::Gone => Ok(CommitOutcome::Fenced),
            };
        };
        let (outcome, stored) = self.store.accept_and_commit(delivery, route, commit).await;
        match &outcome {
            Ok(CommitOutcome::Committed(_)) => _ = self.early.settle(&id, Fate::of(&stored)),
            _ => self.settle(&id, &stored).await,
        }
        // Whoever brought it may have gone away.
        let _ = tell.send(stored);
        outcome
    }

    /// Gives an event back, to be claimed again after a while. Insists: a row that stayed leased to us would never be tried again.
    pub async fn give_back(&self, id: &DeliveryId, delay_ms: i64) {
        while let Err(error) = self.store.defer(id.clone(), delay_ms).await {
            if matches!(error, StoreError::Closing) {
                return;
            }
            tracing::warn!(event.id = %id, error = %error, "cannot give an event back; trying again");
            sleep(GIVE_BACK).await;
        }
    }

    /// Waits until an event is durable, for what may not be done before. `false`: it was known before, or could not be stored, and
    /// is not ours to handle.
    pub async fn durable(&self, id: &DeliveryId) -> bool {
        self.hurry(id);
        self.early.settled(id).await == Fate::Ours
    }

    /// An event has to wait before it is handled: it is stored without that.
    pub fn hurry(&self, id: &DeliveryId) {
        self.early.hurry(id);
    }

    /// Handling an event rests on what was remembered of its conversation, or on nothing of the kind; every commit of it is held
    /// to that. `false`: it is not in hand here.
    pub fn rest(&self, id: &DeliveryId, as_of: Option<AsOf>) -> bool {
        self.early.rest(id, as_of)
    }

    /// Counts an event that dispatch has in hand already: one that is handled within the handling of another.
    pub fn hold(&self, id: &DeliveryId) {
        self.early.hold(id);
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// The events that are in hand, or wait for it, by their ids; some may not be stored yet.
    pub fn in_hand(&self) -> Vec<DeliveryId> {
        self.early.ids()
    }

    /// Hands over an event that is durable and ours. If it is in hand already, as itself or as a repeat that is handled in vain, it
    /// waits for that one's end, and is handled if it is still open then.
    pub fn take(&self, event: ClaimedEvent) {
        if self.early.hold(&event.delivery.id).is_none() {
            return self.hand_over(event);
        }
        let door = self.clone();
        tokio::spawn(async move {
            let id = event.delivery.id.clone();
            while let Some(first) = door.early.hold(&id) {
                tokio::select! {
                    () = first.ended() => {}
                    // Dispatch has stopped: it stays open and is handled after the restart.
                    () = door.events.closed() => return,
                }
            }
            match door.store.is_open(&id).await {
                Ok(true) => door.hand_over(event),
                Ok(false) => door.early.end(&id),
                Err(_) => {
                    door.early.end(&id);
                    door.give_back(&id, 0).await;
                }
            }
        });
    }

    fn hand_over(&self, event: ClaimedEvent) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.events.send(event).is_err() {
            // Dispatch has stopped: what is durable stays open and is handled after the restart.
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether it is known that an event is not ours to handle.
    pub fn is_gone(&self, id: &DeliveryId) -> bool {
        self.early.is_gone(id)
    }

    /// Dispatch says that it is done with an event.
    pub fn release(&self, id: &DeliveryId) {
        self.early.end(id);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many events are in our hands.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// A delivery id for something that its sender did not name.
pub fn unnamed(source: &str, by: &Person) -> DeliveryId {
    DeliveryId::new(format!("{source}/{}/{}", by.id, ids::fresh()))
}

//! Deliveries that are handled before they are durable. What comes of handling one is kept with it in a single transaction, if it is
//! ready soon; nobody is told of either before that. Whoever takes a delivery from here must store it, or say that nobody could.

use crate::model::event::Delivery;
use crate::model::ids::DeliveryId;
use crate::model::route::Route;
use crate::store::{Accepted, AsOf, StoreError};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot, watch};

/// How many that ended are remembered: senders repeat within minutes, if they do. A repeat that is not remembered is handled in vain.
const REMEMBERED: usize = 4096;

/// What became of storing one.
pub(super) type Stored = Result<Accepted, StoreError>;

/// Where a delivery in hand stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not stored yet.
    Open,
    /// Durable, and ours to handle.
    Ours,
    /// It was known before, or could not be stored: what came of handling it is nobody's.
    Gone,
}

impl Fate {
    pub(super) fn of(stored: &Stored) -> Self {
        match stored {
            Ok(Accepted::New) => Self::Ours,
            Ok(Accepted::Duplicate(_)) | Err(_) => Self::Gone,
        }
    }
}

/// A delivery to store, and who waits to hear of it.
pub struct Unstored {
    pub(super) delivery: Delivery,
    pub(super) route: Option<Route>,
    pub(super) tell: oneshot::Sender<Stored>,
}

struct Slot {
    unstored: Option<Unstored>,
    fate: watch::Sender<Fate>,
    hurry: Arc<Notify>,
    /// What handling it rests on.
    as_of: Option<AsOf>,
}

/// What the one who brought it holds.
pub(super) struct Ticket {
    /// How it was stored by somebody else.
    pub(super) told: oneshot::Receiver<Stored>,
    /// Somebody needs it stored now.
    pub(super) hurry: Arc<Notify>,
}

/// What is to be done with one that is brought.
pub(super) enum Begun {
    /// It may be handled, and is to be stored.
    Now(Ticket),
    /// One of that id is in hand already: that one is to be waited for.
    After(First),
    /// One of that id has been handled; most likely the store knows its answer.
    Known,
}

#[derive(Default)]
struct InHand {
    slots: HashMap<DeliveryId, Slot>,
    ended: HashSet<DeliveryId>,
    /// The same, the oldest first.
    order: VecDeque<DeliveryId>,
}

/// All of them, by their ids.
#[derive(Clone, Default)]
pub(super) struct Early(Arc<Mutex<InHand>>);

impl Early {
    fn all(&self) -> MutexGuard<'_, InHand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, id: &DeliveryId, look: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        self.all().slots.get_mut(id).map(look)
    }

    /// One that is in hand.
    fn first(&self, id: &DeliveryId) -> Option<First> {
        self.with(id, |slot| First(slot.fate.subscribe()))
    }

    /// Takes one in.
    pub(super) fn begin(&self, delivery: &Delivery, route: Option<&Route>) -> Begun {
        let mut all = self.all();
        if let Some(first) = all.slots.get(&delivery.id) {
            return Begun::After(First(first.fate.subscribe()));
        }
        if all.ended.contains(&delivery.id) {
            return Begun::Known;
        }
        let (tell, told) = oneshot::channel();
        let hurry = Arc::new(Notify::new());
        let unstored = Some(Unstored { delivery: delivery.clone(), route: route.cloned(), tell });
        let slot = Slot { unstored, fate: watch::Sender::new(Fate::Open), hurry: hurry.clone(), as_of: None };
        all.slots.insert(delivery.id.clone(), slot);
        Begun::Now(Ticket { told, hurry })
    }

    /// What is to be stored, for the first who asks.
    pub(super) fn take(&self, id: &DeliveryId) -> Option<Unstored> {
        self.with(id, |slot| slot.unstored.take()).flatten()
    }

    /// Handling it rests on what was remembered then, or on nothing of the kind. `false`: it is not in hand.
    pub(super) fn rest(&self, id: &DeliveryId, as_of: Option<AsOf>) -> bool {
        self.with(id, |slot| slot.as_of = as_of).is_some()
    }

    /// What handling it rests on.
    pub(super) fn rests_on(&self, id: &DeliveryId) -> Option<AsOf> {
        self.with(id, |slot| slot.as_of).flatten()
    }

    /// Asks for it to be stored now, since what comes of it is not ready soon.
    pub(super) fn hurry(&self, id: &DeliveryId) {
        self.with(id, |slot| slot.hurry.notify_one());
    }

    /// It has been stored, or not. The first word counts; gives what counts. Nobody waits any more where handling it has ended.
    pub(super) fn settle(&self, id: &DeliveryId, fate: Fate) -> Fate {
        let counts = self.with(id, |slot| {
            slot.fate.send_if_modified(|known| {
                let is_first = *known == Fate::Open;
                if is_first {
                    *known = fate;
                }
                is_first
            });
            *slot.fate.borrow()
        });
        counts.unwrap_or(Fate::Gone)
    }

    /// Notes one that is durable and about to be handled; gives the one of that id that is in hand already, if there is one.
    pub(super) fn hold(&self, id: &DeliveryId) -> Option<First> {
        let mut all = self.all();
        if let Some(first) = all.slots.get(id) {
            return Some(First(first.fate.subscribe()));
        }
        let slot = Slot { unstored: None, fate: watch::Sender::new(Fate::Ours), hurry: Arc::default(), as_of: None };
        all.slots.insert(id.clone(), slot);
        None
    }

    /// All that are in hand.
    pub(super) fn ids(&self) -> Vec<DeliveryId> {
        self.all().slots.keys().cloned().collect()
    }

    /// Whether it is known that handling it is in vain.
    pub(super) fn is_gone(&self, id: &DeliveryId) -> bool {
        self.with(id, |slot| *slot.fate.borrow() == Fate::Gone).unwrap_or(false)
    }

    /// Waits until it is known whether it is durable. What is not in here, is.
    pub(super) async fn settled(&self, id: &DeliveryId) -> Fate {
        match self.first(id) {
            Some(first) => first.decided().await,
            None => Fate::Ours,
        }
    }

    /// Handling it has ended.
    pub(super) fn end(&self, id: &DeliveryId) {
        let mut all = self.all();
        all.slots.remove(id);
        if all.ended.insert(id.clone()) {
            all.order.push_back(id.clone());
        }
        if all.order.len() > REMEMBERED
            && let Some(oldest) = all.order.pop_front()
        {
            all.ended.remove(&oldest);
        }
    }
}

/// One that is in hand already.
pub(super) struct First(watch::Receiver<Fate>);

impl First {
    /// What becomes of storing it.
    pub(super) async fn decided(&self) -> Fate {
        // Whoever ended handling it without a word has not stored it.
        self.0.clone().wait_for(|fate| *fate != Fate::Open).await.map_or(Fate::Gone, |fate| *fate)
    }

    /// Waits until handling it has ended.
    pub(super) async fn ended(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

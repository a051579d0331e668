//! Whoever waits for an event to be handled: an API call, a `drillbell run`. A wake-up is only a hint; the answer is read
//! from the store, because another replica may have given it.

use crate::model::ids::DeliveryId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// The waiting ones.
#[derive(Clone, Debug, Default)]
pub struct Followers {
    waiting: Arc<Mutex<HashMap<DeliveryId, Vec<oneshot::Sender<()>>>>>,
}

impl Followers {
    /// Resolves when `finished` is called for that event in this process, or errs if we are closing. Subscribe before
    /// offering the event, so that nothing can happen in between.
    pub fn wait_for(&self, id: &DeliveryId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let senders = waiting.entry(id.clone()).or_default();
        senders.retain(|sender| !sender.is_closed());
        senders.push(sender);
        receiver
    }

    /// The event has been handled and committed.
    pub fn finished(&self, id: &DeliveryId) {
        let senders = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        for sender in senders.into_iter().flatten() {
            // One that gave up waiting needs no wake-up.
            let _ = sender.send(());
        }
    }

    /// Forgets those that no longer wait for an event; called by one that gave up.
    pub fn tidy(&self, id: &DeliveryId) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(senders) = waiting.get_mut(id) {
            senders.retain(|sender| !sender.is_closed());
            if senders.is_empty() {
                waiting.remove(id);
            }
        }
    }
}

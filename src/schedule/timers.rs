//! The round: due timers become events, then due schedules. A timer that came due while nobody looked fires once, late, and
//! the event says by how much.

use super::occurrences;
use crate::clock::Clock;
use crate::intake::{Admission, Intake};
use crate::model::event::{Delivery, Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::store::{Store, StoreError, Timer};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often timers are looked at: they are promised to the second, not to the millisecond.
const LOOK: Duration = Duration::from_millis(500);
/// How many fire at one look.
const PIECE: i64 = 100;
/// The lease that makes one replica the scheduler.
const DUTY: &str = "scheduler";

/// The scheduler.
pub struct Schedule {
    store: Store,
    intake: Intake,
    clock: Clock,
}

impl Schedule {
    /// For the given store.
    pub fn new(store: Store, intake: Intake, clock: Clock) -> Self {
        Self { store, intake, clock }
    }

    /// Runs until `stop`, then gives the duty up.
    pub async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => {}
            }
            match self.look().await {
                Ok(()) => {}
                Err(StoreError::Closing) => return,
                Err(error) => tracing::warn!(error = %error, "cannot look after timers and schedules; trying again"),
            }
        }
        if let Err(error) = self.store.release(DUTY).await {
            tracing::debug!(error = %error, "the scheduler's lease was left to run out");
        }
    }

    /// Fires what is due, if this replica has the duty.
    ///
    /// # Errors
    /// The database does not answer; nothing is lost, timers and schedules are still there.
    pub async fn look(&self) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        self.fire_timers(now_ms).await?;
        occurrences::look(&self.store, &self.intake, DUTY, now_ms).await
    }

    async fn fire_timers(&self, now_ms: i64) -> Result<(), StoreError> {
        // Asked first because it is a read: an idle bot writes nothing.
        let due = self.store.due_timers(now_ms, PIECE).await?;
        if due.is_empty() || self.store.lease(DUTY).await?.is_none() {
            return Ok(());
        }
        for timer in due {
            let delivery = delivery(&timer, now_ms);
            if self.intake.offer_timer(delivery, timer).await? == Admission::Busy {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The event that a timer becomes. Its id is made of what the timer is, so that two replicas make the same one. What set it
/// stands there by its digest only: with a timer that sets itself again, names made of names would grow without end.
fn delivery(timer: &Timer, now_ms: i64) -> Delivery {
    let set_by = hex::encode(&Sha256::digest(timer.set_by.as_bytes())[..8]);
    let id = DeliveryId::new(format!("timer/{}/{}/{}/{set_by}", timer.plugin, timer.name, timer.at_ms));
    Delivery {
        root: id.clone(),
        id,
        conversation: ConversationId::new(format!("timer:{}", timer.plugin)),
        received_ms: now_ms,
        plugin: None,
        approval: None,
        event: Event::TimerElapsed(TimerElapsed {
            plugin: timer.plugin.clone(),
            name: timer.name.clone(),
            payload: timer.payload.clone(),
            due_ms: timer.at_ms,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_sets_itself_again_and_again_makes_names_of_one_length() {
        let mut timer = Timer {
            plugin: "escalate".into(),
            name: "remind".to_owned(),
            at_ms: 1_767_225_600_000,
            payload: String::new(),
            set_by: "first".to_owned(),
        };
        let mut names = Vec::new();
        for _ in 0..100 {
            let name = delivery(&timer, timer.at_ms).id.into_string();
            timer.at_ms += 60_000;
            timer.set_by.clone_from(&name);
            names.push(name);
        }
        let length = names[0].len();
        assert!(length < 80 && names.iter().all(|name| name.len() == length), "{names:?}");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 100, "each firing is an event of its own");
    }
}

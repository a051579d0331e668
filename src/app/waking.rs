//! Plugins whose manifest says `wakes = true` hear of it when they, or what they are told, are new: what they do regularly comes from the
//! configuration, and nobody has to type anything for it to begin.

use crate::config::Config;
use crate::intake::Intake;
use crate::model::event::{Delivery, Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::plugin::Registry;
use crate::store::{Accepted, ClaimedEvent, OutcomeStatus, Store, StoreError, Woken};
use sha2::{Digest, Sha256};

/// What the timer is called that a plugin is woken by.
const START: &str = "start";

/// Stores one event for each of them whose build, or the configuration as it applies, is another than the last time: one that comes
/// back is told of as well, and so is one whose handling failed. Two replicas that start at the same moment may say it twice, which must do no harm.
pub(super) async fn wake(
    config: &Config,
    registry: &Registry,
    store: &Store,
    intake: &Intake,
) -> Result<(), StoreError> {
    let told = Sha256::digest(config.effective());
    for plugin in registry.running().into_iter().filter(|plugin| plugin.manifest().wakes) {
        let mut hash = Sha256::new();
        hash.update(plugin.digest());
        hash.update(told);
        let told = hex::encode(&hash.finalize()[..16]);
        let (plugin, now_ms) = (plugin.id().clone(), store.now_ms());
        if let Some(last) = store.woken(&plugin).await?.filter(|last| last.told == told)
            && !store.result(&last.event).await?.is_some_and(|result| result.status == OutcomeStatus::Failed)
        {
            continue;
        }
        let id = DeliveryId::new(format!("start/{plugin}/{told}/{now_ms}"));
        let (heard, woken) = (plugin.clone(), Woken { told, event: id.clone() });
        let (name, payload) = (START.to_owned(), String::new());
        let delivery = Delivery {
            root: id.clone(),
            id,
            conversation: ConversationId::new(format!("timer:{plugin}")),
            received_ms: now_ms,
            plugin: None,
            approval: None,
            event: Event::TimerElapsed(TimerElapsed { plugin, name, payload, due_ms: now_ms }),
        };
        // Past the bound on what may wait: there is one for each plugin, and nobody would repeat it.
        if store.accept(delivery.clone()).await? == Accepted::New {
            intake.take(ClaimedEvent { delivery, attempts: 0 });
        }
        // Only now: cut off in between, it is told of twice rather than never.
        store.keep_woken(heard, woken).await?;
    }
    Ok(())
}

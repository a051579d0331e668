//! Plugins whose manifest says `wakes = true` hear of it when they, or what they are told, are new: what they do regularly comes from the
//! configuration, and nobody has to type anything for it to begin.

use crate::config::Config;
use crate::intake::Intake;
use crate::model::event::{Delivery, Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::plugin::Registry;
use crate::store::{Accepted, ClaimedEvent, Store, StoreError};
use sha2::{Digest, Sha256};

/// What the timer is called that a plugin is woken by.
const START: &str = "start";

/// Stores one event for each of them. Its id is made of the plugin's build and of the configuration as it applies, so that neither a restart
/// nor another replica says the same again (for as long as handled events are remembered; hearing it twice must do no harm).
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
        let id = DeliveryId::new(format!("start/{}/{}", plugin.id(), hex::encode(&hash.finalize()[..16])));
        let now_ms = store.now_ms();
        let (plugin, name, payload) = (plugin.id().clone(), START.to_owned(), String::new());
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
    }
    Ok(())
}

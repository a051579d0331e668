//! Watches the line to a chat platform: keeps its metric true, and has it said elsewhere when the platform has been deaf for a
//! while, and when it hears again. What is said, and where, is dispatch's business.

use crate::dispatch::{HOST, House, LINK_BACK, LINK_LOST};
use crate::model::event::{Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::telemetry::{Link, LinkState};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Watches until `stop`.
pub(super) async fn watch(link: Link, house: Arc<House>, deaf_after: Duration, stop: CancellationToken) {
    let mut states = link.watch();
    let began_ms = house.store.now_ms();
    // Since when it is known elsewhere that the platform is deaf.
    let mut said: Option<i64> = None;
    loop {
        let state = states.borrow_and_update().clone();
        house.metrics.link(link.platform(), state.is_up());
        let lost = match &state {
            LinkState::Up { .. } => {
                if let Some(since_ms) = said.take() {
                    tell(&house, &link, LINK_BACK, since_ms, "").await;
                }
                None
            }
            LinkState::Connecting => Some((began_ms, "it has not been up since the start".to_owned())),
            LinkState::Down { since_ms, reason } | LinkState::Refused { since_ms, reason } => {
                Some((*since_ms, reason.clone()))
            }
        };
        let waits = lost.is_some() && said.is_none();
        tokio::select! {
            changed = states.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(deaf_after), if waits => {
                if let Some((since_ms, reason)) = lost {
                    said = Some(since_ms);
                    tell(&house, &link, LINK_LOST, since_ms, &reason).await;
                }
            }
            () = stop.cancelled() => return,
        }
    }
}

/// An event like any other, so that what is said of it is durable. Every replica says the same id, so that it is said once.
async fn tell(house: &House, link: &Link, name: &str, since_ms: i64, reason: &str) {
    let id = DeliveryId::new(format!("{name}/{}/{since_ms}", link.platform()));
    let conversation = house.about.ops.clone().unwrap_or_else(|| ConversationId::from("console:#ops"));
    let payload = json!({"platform": link.platform(), "since_ms": since_ms, "reason": reason}).to_string();
    let due_ms = house.store.now_ms();
    let event = TimerElapsed { plugin: HOST.into(), name: name.to_owned(), payload, due_ms };
    if let Err(error) = house.intake.offer(id, conversation, Event::TimerElapsed(event)).await {
        tracing::error!(error = %error, platform = link.platform(), "cannot say how the line to a platform is");
    }
}

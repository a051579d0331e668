//! Watches the line to a chat platform: keeps its metric true, and has it said elsewhere when the platform has been deaf for a
//! while, and when it hears again. What is said, and where, is dispatch's business. Each process speaks of its own line.

use crate::dispatch::{HOST, House, LINK_BACK, LINK_LOST};
use crate::intake::Admission;
use crate::model::event::{Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::telemetry::{Link, LinkState};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How soon it is tried again to say what could not be said.
const AGAIN: Duration = Duration::from_secs(5);

/// Watches until `stop`.
pub(super) async fn watch(link: Link, house: Arc<House>, deaf_after: Duration, stop: CancellationToken) {
    let mut states = link.watch();
    let began_ms = house.store.now_ms();
    // When it is to be said that it is lost, counted from the first loss whatever else is tried; and since when it was said to be.
    let (mut due, mut said) = (None::<Instant>, None::<i64>);
    loop {
        let state = states.borrow_and_update().clone();
        house.metrics.link(link.platform(), state.is_well());
        let lost = lost_by(&state, began_ms);
        due = match (&lost, said) {
            (Some(_), None) => due.or_else(|| Some(Instant::now() + deaf_after)),
            (None, Some(_)) => due.or_else(|| Some(Instant::now())),
            _ => None,
        };
        tokio::select! {
            changed = states.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                // As it is by now: a reason that changes wakes nobody.
                let lost = lost_by(&link.state(), began_ms);
                let told = match (&lost, said) {
                    (Some((since_ms, reason)), _) => tell(&house, &link, LINK_LOST, *since_ms, reason).await,
                    (None, Some(since_ms)) => tell(&house, &link, LINK_BACK, since_ms, "").await,
                    (None, None) => true,
                };
                match told {
                    true => (due, said) = (None, lost.map(|(since_ms, _)| since_ms)),
                    false => due = Some(Instant::now() + AGAIN),
                }
            }
            () = stop.cancelled() => return,
        }
    }
}

/// Since when it is lost, and why.
fn lost_by(state: &LinkState, began_ms: i64) -> Option<(i64, String)> {
    match state {
        LinkState::Up { .. } | LinkState::Elsewhere => None,
        LinkState::Connecting => Some((began_ms, "it has not been up since the start".to_owned())),
        LinkState::Down { since_ms, reason } | LinkState::Refused { since_ms, reason } => {
            Some((*since_ms, reason.clone()))
        }
    }
}

/// An event like any other, so that what is said of it is durable. Whether it is.
async fn tell(house: &House, link: &Link, name: &str, since_ms: i64, reason: &str) -> bool {
    let id = DeliveryId::new(format!("{name}/{}/{since_ms}", link.platform()));
    let conversation = house.about.ops.clone().unwrap_or_else(|| ConversationId::from("console:#ops"));
    let payload = json!({"platform": link.platform(), "since_ms": since_ms, "reason": reason}).to_string();
    let due_ms = house.store.now_ms();
    let event = TimerElapsed { plugin: HOST.into(), name: name.to_owned(), payload, due_ms };
    match house.intake.offer(id, conversation, Event::TimerElapsed(event)).await {
        Ok(Admission::Accepted | Admission::Duplicate(_)) => true,
        Ok(Admission::Busy) => false,
        Err(error) => {
            tracing::error!(error = %error, platform = link.platform(), "cannot say how the line to a platform is");
            false
        }
    }
}

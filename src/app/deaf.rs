//! Watches the line to a chat platform: keeps its metrics true, and has it said elsewhere when the platform has been deaf or mute for
//! a while, and when it is well again. What is said, and where, is dispatch's business. Each process speaks of its own line.

use crate::dispatch::{HOST, House, LINK_BACK, LINK_LOST};
use crate::intake::Admission;
use crate::model::event::{Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::telemetry::{Link, Trouble};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How soon it is tried again to say what could not be said.
const AGAIN: Duration = Duration::from_secs(5);

/// Watches until `stop`.
pub(super) async fn watch(link: Link, house: Arc<House>, deaf_after: Duration, stop: CancellationToken) {
    let (mut states, mut trips) = (link.watch(), link.watch_trips());
    let began_ms = house.store.now_ms();
    // When it is to be said that it is lost, counted from the first loss whatever else is tried; and what was said of it.
    let (mut due, mut said) = (None::<Instant>, None::<Trouble>);
    loop {
        house.metrics.link(link.platform(), states.borrow_and_update().is_well());
        house.metrics.round_trips(link.platform(), &trips.borrow_and_update());
        let lost = link.trouble();
        due = match (&lost, &said) {
            (Some(_), None) => due.or_else(|| Some(Instant::now() + deaf_after)),
            (None, Some(_)) => due.or_else(|| Some(Instant::now())),
            _ => None,
        };
        tokio::select! {
            changed = states.changed() => if changed.is_err() { return },
            changed = trips.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                // As it is by now: a reason that changes wakes nobody.
                let lost = link.trouble();
                let told = match (&lost, &said) {
                    (Some(trouble), _) => tell(&house, &link, LINK_LOST, trouble, began_ms).await,
                    (None, Some(trouble)) => tell(&house, &link, LINK_BACK, trouble, began_ms).await,
                    (None, None) => true,
                };
                match told {
                    true => (due, said) = (None, lost),
                    false => due = Some(Instant::now() + AGAIN),
                }
            }
            () = stop.cancelled() => return,
        }
    }
}

/// An event like any other, so that what is said of it is durable. Whether it is.
async fn tell(house: &House, link: &Link, name: &str, trouble: &Trouble, began_ms: i64) -> bool {
    let Trouble { mute, since_ms, reason } = trouble;
    let since_ms = since_ms.unwrap_or(began_ms);
    let what = if *mute { "mute/" } else { "" };
    let id = DeliveryId::new(format!("{name}/{}/{what}{since_ms}", link.platform()));
    let conversation = house.about.ops.clone().unwrap_or_else(|| ConversationId::from("console:#ops"));
    let payload = json!({"platform": link.platform(), "mute": mute, "since_ms": since_ms, "reason": reason});
    let due_ms = house.store.now_ms();
    let event = TimerElapsed { plugin: HOST.into(), name: name.to_owned(), payload: payload.to_string(), due_ms };
    match house.intake.offer(id, conversation, Event::TimerElapsed(event)).await {
        Ok(Admission::Accepted | Admission::Duplicate(_)) => true,
        Ok(Admission::Busy) => false,
        Err(error) => {
            tracing::error!(error = %error, platform = link.platform(), "cannot say how the line to a platform is");
            false
        }
    }
}

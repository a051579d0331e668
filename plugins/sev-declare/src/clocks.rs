//! The clocks of an incident: what is expected by when, how much of it is left, or by how much it was missed (S3-01), and what its
//! data's targets promise (S4-01).
//! Times to come are moments, which each reader sees in their own zone; what is left is as of when the card was written.

use crate::readiness::Risk;
use crate::sight::Sight;
use drillbell_sdk::{Deed, View, time};
use std::time::Duration;

/// A clock: what the card calls it while it runs, when it has stopped, and what there is time left for.
struct Clock<'a> {
    running: &'a str,
    stopped: &'a str,
    missing: &'a str,
    left_to: &'a str,
    within_ms: Option<u64>,
    /// When it was stopped, and by whom if that is on record.
    done: Option<(u64, Option<&'a str>)>,
}

fn clocks(sight: &Sight) -> [Clock<'_>; 4] {
    let span = sight.facts.span();
    let acknowledged = sight.facts.acknowledged().map(|Deed { by, at_ms }| (*at_ms, Some(by.as_str())));
    let nameless = |at_ms: Option<u64>| at_ms.map(|at_ms| (at_ms, None));
    [
        Clock {
            running: "Acknowledge by",
            stopped: "Acknowledged",
            missing: "nobody has it yet",
            left_to: "to acknowledge",
            within_ms: sight.clocks.acknowledge_ms,
            done: acknowledged,
        },
        Clock {
            running: "Decide by",
            stopped: "Decided",
            missing: "roll back or repair?",
            left_to: "to decide",
            within_ms: sight.clocks.decide_ms,
            done: nameless(span.and_then(|span| span.decided_ms)),
        },
        Clock {
            running: "Roll back by",
            stopped: "Restored",
            missing: "it does not serve yet",
            left_to: "to roll back",
            within_ms: sight.clocks.rollback_ms,
            done: nameless(span.and_then(|span| span.restored_ms)),
        },
        Clock {
            running: "Back by (RTO)",
            stopped: "RTO",
            missing: "it does not serve yet",
            left_to: "to the RTO",
            within_ms: sight.readiness.rto_ms,
            // Without one there is nothing to have kept.
            done: nameless(sight.readiness.rto_ms.and(span).and_then(|span| span.restored_ms)),
        },
    ]
}

/// What of the data is at risk, while the service is not restored: afterwards nothing of it needs to be brought back.
fn risk(sight: &Sight) -> Option<&Risk> {
    let hurts = sight.incident.is_open() && sight.facts.span()?.restored_ms.is_none();
    sight.readiness.risk.as_ref().filter(|_| hurts)
}

/// When the next clock runs out that nobody has stopped, if any does.
pub fn next_deadline(sight: &Sight) -> Option<u64> {
    let opened_ms = sight.facts.span()?.opened_ms;
    let running = clocks(sight).into_iter().filter(|clock| clock.done.is_none());
    let running = running.filter_map(|clock| Some(opened_ms + clock.within_ms?));
    running.chain(risk(sight).and_then(Risk::until_ms)).filter(|at_ms| *at_ms > sight.now_ms).min()
}

/// Adds the clocks to a card.
pub fn show(mut view: View, sight: &Sight) -> View {
    let Some(opened_ms) = sight.facts.span().map(|span| span.opened_ms) else { return view };
    let mut left = Vec::new();
    for clock in clocks(sight) {
        let due_ms = clock.within_ms.map(|within_ms| opened_ms + within_ms);
        view = match (clock.done, due_ms) {
            (Some((at_ms, by)), _) => view.field(clock.stopped, stopped(opened_ms, at_ms, by, due_ms)),
            (None, Some(due_ms)) if sight.incident.is_open() => {
                running(view, sight, clock.running, due_ms, clock.missing, clock.left_to, &mut left)
            }
            _ => view,
        };
    }
    if let Some(risk) = risk(sight) {
        view = view.time("Data at risk since", risk.since_ms);
        if let Some(due_ms) = risk.until_ms() {
            let missing = format!("no newer copy of {} is whole", risk.target);
            view = running(view, sight, "RPO until", due_ms, &missing, "to the RPO", &mut left);
        }
    }
    if let Some(due_ms) = sight.facts.next_update_ms.filter(|_| sight.incident.is_open()) {
        let to = "to the next update";
        view = running(view, sight, "Next update by", due_ms, "say where it stands: /sev update TEXT", to, &mut left);
    }
    if left.is_empty() {
        return view;
    }
    view.context(format!("Left at {}: {}.", time::hour_minute(sight.now_ms), left.join(", ")))
}

fn running(
    view: View,
    sight: &Sight,
    name: &str,
    due_ms: u64,
    missing: &str,
    left_to: &str,
    left: &mut Vec<String>,
) -> View {
    if sight.now_ms <= due_ms {
        left.push(format!("{} {left_to}", span(due_ms - sight.now_ms)));
        return view.time(name, due_ms);
    }
    let late_ms = sight.now_ms - due_ms;
    let by = if late_ms < 60_000 { String::new() } else { format!(" by {}", span(late_ms)) };
    view.field(name, format!("missed{by}, it was due at {}: {missing}", time::hour_minute(due_ms)))
}

/// `by ben after 3 min`, `after 20 min, 5 min late`.
fn stopped(opened_ms: u64, at_ms: u64, by: Option<&str>, due_ms: Option<u64>) -> String {
    let by = by.map(|by| format!("by {by} ")).unwrap_or_default();
    let late = match due_ms {
        None => String::new(),
        Some(due_ms) if at_ms > due_ms => format!(", {} late", span(at_ms - due_ms)),
        Some(_) => String::from(", in time"),
    };
    format!("{by}after {}{late}", span(at_ms.saturating_sub(opened_ms)))
}

fn span(ms: u64) -> String {
    time::span(Duration::from_millis(ms))
}

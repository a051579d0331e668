//! Due schedules become events. An occurrence that nobody looked for happens once, late; one that cannot start in time, and
//! one that runs too long, is said. One at a time: the next waits for the former and everything that came of it.

use crate::intake::{Admission, Intake};
use crate::model::event::{Delivery, Event, TimerElapsed};
use crate::model::ids::{ConversationId, DeliveryId, PluginId};
use crate::recurrence::Recurrence;
use crate::store::{ScheduleRow, ScheduleStep, Store, StoreError};
use serde_json::json;

/// The host's own name, for events that the host handles.
const HOST: &str = "drillbell";
/// The host's event about an occurrence that was given up.
pub const MISSED: &str = "schedule-missed";
/// The host's event about an occurrence that runs too long.
pub const OVERRAN: &str = "schedule-overran";

/// What is to be done about a schedule now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Now {
    /// Nothing.
    Wait,
    /// The running occurrence is over.
    Settle,
    /// One of these, with why if it needs saying.
    Step(ScheduleStep, String),
}

/// Looks after every schedule that is due or running.
///
/// # Errors
/// The database does not answer; nothing is lost, the schedules are still as they were.
pub(super) async fn look(store: &Store, intake: &Intake, duty: &'static str, now_ms: i64) -> Result<(), StoreError> {
    // Asked first because it is a read: an idle bot writes nothing.
    let rows = store.schedules_to_look_at(now_ms).await?;
    let mut ours = false;
    for row in rows {
        let open = match &row.running {
            // A job that waits for people is no reason to begin a second one beside it.
            Some(root) => {
                store.open_under(root).await? > 0
                    || store.jobs_under(root).await?.iter().any(|job| !job.state.has_ended())
            }
            None => false,
        };
        let now = decide(&row, open, now_ms);
        if now == Now::Wait {
            continue;
        }
        if !ours && store.lease(duty).await?.is_none() {
            return Ok(());
        }
        ours = true;
        // What is over is written down even if the next begins at once.
        if let (Some(root), false) = (&row.running, open) {
            settle(store, &row, root).await?;
        }
        if let Now::Step(step, why) = now {
            let row = if open { row } else { ScheduleRow { running: None, ..row } };
            let delivery = delivery(&row, &step, &why, now_ms);
            if intake.offer_step(delivery, row, step).await? == Admission::Busy {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn settle(store: &Store, row: &ScheduleRow, root: &DeliveryId) -> Result<(), StoreError> {
    // Forgotten already, it ended long ago.
    let outcome = store.result(root).await?.map_or("ok", |result| result.status.as_str());
    store.settle_schedule(row.plugin.clone(), row.name.clone(), root.clone(), outcome.to_owned()).await
}

/// Pure. `open`: something of the running occurrence is still open.
fn decide(row: &ScheduleRow, open: bool, now_ms: i64) -> Now {
    let ran_ms = row.since_ms.map_or(0, |since| now_ms - since);
    if open && !row.overran && row.run_limit_ms.is_some_and(|limit| ran_ms > limit) {
        return Now::Step(ScheduleStep::Overrun, String::new());
    }
    let Some(first_due_ms) = row.next_ms.filter(|next| *next <= now_ms) else {
        return if row.running.is_some() && !open { Now::Settle } else { Now::Wait };
    };
    let recurrence = match Recurrence::parse(&row.expression, &row.zone) {
        Ok(recurrence) => recurrence,
        Err(error) => {
            // It was understood when it was set: another version's, or a zone that is no more.
            let why = format!("it is not understood any more and will not run again: {error}");
            return Now::Step(ScheduleStep::Miss { due_ms: first_due_ms, next_ms: None }, why);
        }
    };
    let late = |due_ms: i64| row.start_by_ms.is_some_and(|start_by| now_ms - due_ms > start_by);
    if open {
        if !late(first_due_ms) {
            return Now::Wait;
        }
        let why = "the one before it was still running when it had to have started".to_owned();
        return Now::Step(ScheduleStep::Miss { due_ms: first_due_ms, next_ms: recurrence.next(first_due_ms) }, why);
    }
    // Of those that came due while nobody looked the last one counts.
    let due_ms = recurrence.previous(now_ms).unwrap_or(first_due_ms).max(first_due_ms);
    let next_ms = recurrence.next(now_ms);
    if late(due_ms) {
        let why = "the bot did not run, or was too busy, until it had to have started".to_owned();
        return Now::Step(ScheduleStep::Miss { due_ms, next_ms }, why);
    }
    Now::Step(ScheduleStep::Start { due_ms, next_ms }, String::new())
}

/// The event of a step. Its id is made of what it is about, so that two replicas make the same one.
fn delivery(row: &ScheduleRow, step: &ScheduleStep, why: &str, now_ms: i64) -> Delivery {
    let occurrence = |due_ms: i64| format!("schedule/{}/{}/{due_ms}", row.plugin, row.name);
    let host = PluginId::from(HOST);
    let told = |name: &str, due_ms, payload: serde_json::Value| TimerElapsed {
        plugin: host.clone(),
        name: name.to_owned(),
        payload: payload.to_string(),
        due_ms,
    };
    let (id, timer) = match step {
        ScheduleStep::Start { due_ms, .. } => {
            let (plugin, name, payload) = (row.plugin.clone(), row.name.clone(), row.payload.clone());
            (occurrence(*due_ms), TimerElapsed { plugin, name, payload, due_ms: *due_ms })
        }
        ScheduleStep::Miss { due_ms, next_ms } => {
            let payload = json!({
                "plugin": row.plugin, "schedule": row.name, "due_ms": due_ms, "next_ms": next_ms, "why": why,
            });
            (format!("{}/missed", occurrence(*due_ms)), told(MISSED, *due_ms, payload))
        }
        ScheduleStep::Overrun => {
            let root = row.running.as_ref().map_or("", DeliveryId::as_str);
            let payload = json!({
                "plugin": row.plugin, "schedule": row.name, "running": root, "since_ms": row.since_ms,
                "run_limit_ms": row.run_limit_ms,
            });
            (format!("{root}/overran"), told(OVERRAN, now_ms, payload))
        }
    };
    let id = DeliveryId::new(id);
    Delivery {
        root: id.clone(),
        id,
        conversation: ConversationId::new(format!("timer:{}", timer.plugin)),
        received_ms: now_ms,
        plugin: None,
        approval: None,
        event: Event::TimerElapsed(timer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// A Thursday, 00:00 UTC.
    const NEW_YEAR: i64 = 1_767_225_600_000;

    /// Hourly, due at one o'clock.
    fn hourly() -> ScheduleRow {
        ScheduleRow {
            plugin: "backups".into(),
            name: "hourly".to_owned(),
            expression: "0 * * * *".to_owned(),
            zone: "UTC".to_owned(),
            payload: "p".to_owned(),
            start_by_ms: Some(HOUR / 4),
            run_limit_ms: Some(2 * HOUR),
            set_by: "x".to_owned(),
            next_ms: Some(NEW_YEAR + HOUR),
            running: None,
            since_ms: None,
            overran: false,
            last_due_ms: None,
            last_outcome: None,
        }
    }

    fn running(since_ms: i64) -> ScheduleRow {
        ScheduleRow { running: Some("root".into()), since_ms: Some(since_ms), ..hourly() }
    }

    fn start(due: i64, next: i64) -> Now {
        let step = ScheduleStep::Start { due_ms: NEW_YEAR + due * HOUR, next_ms: Some(NEW_YEAR + next * HOUR) };
        Now::Step(step, String::new())
    }

    fn missed(now: &Now) -> Option<(i64, Option<i64>)> {
        match now {
            Now::Step(ScheduleStep::Miss { due_ms, next_ms }, why) if !why.is_empty() => {
                Some(((due_ms - NEW_YEAR) / HOUR, next_ms.map(|next| (next - NEW_YEAR) / HOUR)))
            }
            _ => None,
        }
    }

    #[test]
    fn it_starts_when_it_is_due_and_not_before() {
        assert_eq!(decide(&hourly(), false, NEW_YEAR + HOUR - 1), Now::Wait);
        assert_eq!(decide(&hourly(), false, NEW_YEAR + HOUR), start(1, 2));
        assert_eq!(decide(&ScheduleRow { next_ms: None, ..hourly() }, false, i64::MAX), Now::Wait);
    }

    #[test]
    fn what_came_due_while_nobody_looked_happens_once_and_only_if_it_is_not_too_late() {
        let five_past_seven = NEW_YEAR + 7 * HOUR + HOUR / 12;
        assert_eq!(decide(&hourly(), false, five_past_seven), start(7, 8));
        let half_past = decide(&hourly(), false, NEW_YEAR + 7 * HOUR + HOUR / 2);
        assert_eq!(missed(&half_past), Some((7, Some(8))));
        let patient = ScheduleRow { start_by_ms: None, ..hourly() };
        assert_eq!(decide(&patient, false, NEW_YEAR + 7 * HOUR + HOUR / 2), start(7, 8));
    }

    #[test]
    fn the_next_waits_for_the_one_before_and_is_missed_when_that_takes_too_long() {
        let (row, due) = (running(NEW_YEAR), NEW_YEAR + HOUR);
        assert_eq!(decide(&row, true, due), Now::Wait);
        assert_eq!(decide(&row, true, due + HOUR / 4), Now::Wait);
        assert_eq!(missed(&decide(&row, true, due + HOUR / 4 + 1)), Some((1, Some(2))));
        assert_eq!(decide(&row, false, due + HOUR / 4), start(1, 2));
        assert_eq!(decide(&row, false, due - 1), Now::Settle);
        let patient = ScheduleRow { start_by_ms: None, run_limit_ms: None, ..row };
        assert_eq!(decide(&patient, true, due + 9 * HOUR), Now::Wait);
    }

    #[test]
    fn running_too_long_is_said_once() {
        let row = ScheduleRow { next_ms: Some(NEW_YEAR + 9 * HOUR), ..running(NEW_YEAR) };
        assert_eq!(decide(&row, true, NEW_YEAR + 2 * HOUR), Now::Wait);
        let over = decide(&row, true, NEW_YEAR + 2 * HOUR + 1);
        assert_eq!(over, Now::Step(ScheduleStep::Overrun, String::new()));
        assert_eq!(decide(&ScheduleRow { overran: true, ..row }, true, NEW_YEAR + 3 * HOUR), Now::Wait);
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_run_twice() {
        let row = ScheduleRow { next_ms: Some(NEW_YEAR + 2 * HOUR), last_due_ms: Some(NEW_YEAR + HOUR), ..hourly() };
        assert_eq!(decide(&row, false, NEW_YEAR + HOUR / 2), Now::Wait);
        assert_eq!(decide(&row, false, NEW_YEAR + HOUR), Now::Wait);
        assert_eq!(decide(&row, false, NEW_YEAR + 2 * HOUR), start(2, 3));
    }

    #[test]
    fn an_expression_that_is_not_understood_any_more_is_missed_for_good() {
        let row = ScheduleRow { zone: "Mars/Olympus".to_owned(), ..hourly() };
        assert_eq!(missed(&decide(&row, false, NEW_YEAR + HOUR)), Some((1, None)));
    }

    #[test]
    fn an_occurrence_has_one_name_whoever_makes_it() {
        let step = ScheduleStep::Start { due_ms: NEW_YEAR, next_ms: None };
        let (one, two) = (delivery(&hourly(), &step, "", NEW_YEAR), delivery(&hourly(), &step, "", NEW_YEAR + 99));
        assert_eq!((one.id.as_str(), &one.id), ("schedule/backups/hourly/1767225600000", &two.id));
    }
}

//! When a drill is due, and since when one is overdue. Pure: what is known in, moments out. All moments are milliseconds since the epoch.

use serde::Serialize;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How long after a copy was proven the next is to be (S0-05, S4-06).
pub const WITHIN_MS: u64 = 31 * DAY_MS;
/// A drill that begins in time may end after that: it is not cried out for before it could have.
pub const GRACE_MS: u64 = 3 * HOUR_MS;
/// A drill may be put off so far: later it is overdue whatever anybody says.
pub const PUT_OFF_MS: u64 = 31 * DAY_MS;

/// What is known of a target's drills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// When the schedule comes round next; none without one.
    pub scheduled_ms: Option<u64>,
    /// Until when somebody put it off.
    pub put_off_ms: Option<u64>,
    /// When a copy was last proven.
    pub proven_ms: Option<u64>,
    /// Since when drills of it are looked after.
    pub since_ms: u64,
}

/// When the next drill is, and how late it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Due {
    /// When the next one begins; none if nobody said.
    pub next_ms: Option<u64>,
    /// From this moment on the last proof is too long ago.
    pub overdue_at_ms: u64,
    /// For how long it has been.
    pub overdue_ms: Option<u64>,
}

/// When the next drill is. What was put off waits until then, whatever the schedule says meanwhile; what is scheduled for a moment that
/// has passed is due now.
pub fn due(known: &Known, now_ms: u64) -> Due {
    let put_off_ms = known.put_off_ms.filter(|until| *until > now_ms);
    let next_ms = put_off_ms.or(known.scheduled_ms).map(|at_ms| at_ms.max(now_ms));
    let overdue_at_ms = known.proven_ms.unwrap_or(known.since_ms).saturating_add(WITHIN_MS);
    Due { next_ms, overdue_at_ms, overdue_ms: now_ms.checked_sub(overdue_at_ms).filter(|late_ms| *late_ms > 0) }
}

/// When to cry out that it is overdue: once it is, with some grace, then every day.
pub fn alarm_at_ms(due: &Due, now_ms: u64) -> u64 {
    let first_ms = due.overdue_at_ms.saturating_add(GRACE_MS);
    if first_ms > now_ms {
        return first_ms;
    }
    let days = (now_ms - first_ms) / DAY_MS + 1;
    first_ms.saturating_add(days.saturating_mul(DAY_MS))
}

/// Which reminder is to be told now of those so long before a drill: the latest whose moment has come, unless it or a later one was told, or
/// the drill has begun. So each is told once, and after a time without a bot one is told and not all.
pub fn reminder(due_ms: u64, before_ms: &[u64], told_before_ms: Option<u64>, now_ms: u64) -> Option<u64> {
    if now_ms >= due_ms {
        return None;
    }
    let come = before_ms.iter().copied().filter(|before_ms| due_ms.saturating_sub(*before_ms) <= now_ms);
    come.min().filter(|before_ms| told_before_ms.is_none_or(|told| *before_ms < told))
}

/// When each reminder that is still to come is told.
pub fn reminders_to_come(due_ms: u64, before_ms: &[u64], now_ms: u64) -> Vec<(u64, u64)> {
    let at = before_ms.iter().map(|before_ms| (*before_ms, due_ms.saturating_sub(*before_ms)));
    at.filter(|(_, at_ms)| *at_ms > now_ms).collect()
}

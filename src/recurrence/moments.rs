//! From local times, which the `cron` crate counts as if clocks never changed, to moments. Forwards and backwards; a local
//! time that is skipped or comes twice is mapped as `Recurrence` says.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use cron::Schedule;

/// Clocks have never been put back further at once since the epoch began; local times this far around a moment may be about it.
const FOLD: TimeDelta = TimeDelta::hours(3);
/// Longest gap: a whole day, where a country moved across the date line.
const GAP_MINUTES: i64 = 26 * 60;

/// The first moment after a moment.
pub(super) fn next(schedule: &Schedule, zone: Tz, hourly: bool, after_ms: i64) -> Option<i64> {
    let local = local(zone, after_ms)?;
    let mut best = None;
    // One second earlier, since the crate's own search excludes where it starts.
    let start = (local - FOLD - TimeDelta::seconds(1)).and_utc();
    for wall in schedule.after(&start) {
        let (early, late) = moments(zone, hourly, wall.naive_utc());
        for moment in [early, late].into_iter().flatten().filter(|moment| *moment > after_ms) {
            best = Some(best.map_or(moment, |best: i64| best.min(moment)));
        }
        // Later local times have later first moments, and earlier ones have all been looked at.
        if early.is_some_and(|early| early > after_ms) {
            break;
        }
    }
    best
}

/// The last moment at or before a moment.
pub(super) fn previous(schedule: &Schedule, zone: Tz, hourly: bool, at_ms: i64) -> Option<i64> {
    let local = local(zone, at_ms)?;
    let epoch = DateTime::<Utc>::UNIX_EPOCH.naive_utc() - TimeDelta::days(1);
    let mut best = None;
    // From the end of what may be about it, backwards.
    let start = (local + FOLD + TimeDelta::seconds(1)).and_utc();
    for wall in schedule.after(&start).rev() {
        if wall.naive_utc() < epoch {
            break;
        }
        let (early, late) = moments(zone, hourly, wall.naive_utc());
        for moment in [early, late].into_iter().flatten().filter(|moment| *moment <= at_ms) {
            best = Some(best.map_or(moment, |best: i64| best.max(moment)));
        }
        if late.or(early).is_some_and(|last| last <= at_ms) {
            break;
        }
    }
    best
}

fn local(zone: Tz, at_ms: i64) -> Option<NaiveDateTime> {
    Some(DateTime::<Utc>::from_timestamp_millis(at_ms)?.with_timezone(&zone).naive_local())
}

/// The moments of a local time, in order: one mostly; none or the end of the gap when it is skipped; one or two when it comes
/// twice.
fn moments(zone: Tz, hourly: bool, wall: NaiveDateTime) -> (Option<i64>, Option<i64>) {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) => (Some(at.timestamp_millis()), None),
        LocalResult::Ambiguous(first, second) => {
            let (first, second) = (first.timestamp_millis(), second.timestamp_millis());
            (Some(first.min(second)), hourly.then_some(first.max(second)))
        }
        LocalResult::None if hourly => (None, None),
        LocalResult::None => (gap_end(zone, wall), None),
    }
}

/// The first moment after the gap that a local time lies in.
fn gap_end(zone: Tz, wall: NaiveDateTime) -> Option<i64> {
    let after = (1..=GAP_MINUTES).map(|minutes| wall + TimeDelta::minutes(minutes));
    let first = after.into_iter().find_map(|later| zone.from_local_datetime(&later).earliest());
    first.map(|at| at.timestamp_millis())
}

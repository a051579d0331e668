//! Whose turn it is. Weeks go from handover to handover in local time, so that one with a change of clocks has an hour less or
//! more; a handover in a gap happens at its end, one that comes twice the first time.

use crate::config::rotations::{Override, Rotation};
use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Longest gap that clocks ever made: a whole day, where a country moved across the date line.
const GAP_MINUTES: i64 = 26 * 60;

/// Somebody's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// A person of `[people]`.
    pub who: String,
    /// When it began, milliseconds since the epoch.
    pub from_ms: i64,
    /// When the next one's begins.
    pub until_ms: i64,
    /// Whose week it is at the moment asked for, if it is an override.
    pub stands_in_for: Option<String>,
}

/// The turn at a moment, milliseconds since the epoch. Of a week that an override interrupts, the part around the moment.
pub(super) fn shift(rotation: &Rotation, at_ms: i64) -> Shift {
    let (who, mut from_ms, mut until_ms) = week(rotation, at_ms);
    for Override { who: other, from, until } in &rotation.overrides {
        let (begin, end) = (moment(rotation.zone, *from), moment(rotation.zone, *until));
        if begin <= at_ms && at_ms < end {
            return Shift { who: other.clone(), from_ms: begin, until_ms: end, stands_in_for: Some(who) };
        }
        if end <= at_ms {
            from_ms = from_ms.max(end);
        } else {
            until_ms = until_ms.min(begin);
        }
    }
    Shift { who, from_ms, until_ms, stands_in_for: None }
}

/// Whose week it is, and from when to when, overrides aside.
pub(super) fn week(rotation: &Rotation, at_ms: i64) -> (String, i64, i64) {
    let at = DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default();
    let local = at.with_timezone(&rotation.zone).date_naive();
    // A day later, since the end of a gap may lie on the next day.
    let tomorrow = local.checked_add_days(Days::new(1)).unwrap_or(local);
    let mut day = on_or_before(tomorrow, rotation);
    while handover(rotation, day) > at_ms {
        match day.checked_sub_days(Days::new(7)) {
            Some(earlier) => day = earlier,
            None => break,
        }
    }
    let first = on_or_after(rotation.from, rotation);
    let weeks = (day - first).num_days().div_euclid(7);
    let count = i64::try_from(rotation.members.len()).unwrap_or(1).max(1);
    let index = usize::try_from(weeks.rem_euclid(count)).unwrap_or_default();
    let who = rotation.members.get(index).cloned().unwrap_or_default();
    let next = day.checked_add_days(Days::new(7)).map_or(i64::MAX, |next| handover(rotation, next));
    (who, handover(rotation, day), next)
}

fn on_or_before(day: NaiveDate, rotation: &Rotation) -> NaiveDate {
    let back = (7 + day.weekday().num_days_from_monday() - rotation.day.num_days_from_monday()) % 7;
    day.checked_sub_days(Days::new(back.into())).unwrap_or(day)
}

fn on_or_after(day: NaiveDate, rotation: &Rotation) -> NaiveDate {
    let ahead = (7 + rotation.day.num_days_from_monday() - day.weekday().num_days_from_monday()) % 7;
    day.checked_add_days(Days::new(ahead.into())).unwrap_or(day)
}

fn handover(rotation: &Rotation, day: NaiveDate) -> i64 {
    moment(rotation.zone, day.and_time(rotation.time))
}

/// The moment of a local time.
fn moment(zone: Tz, local: NaiveDateTime) -> i64 {
    let at = |minutes: i64| match zone.from_local_datetime(&(local + TimeDelta::minutes(minutes))) {
        LocalResult::Single(at) => Some(at.timestamp_millis()),
        LocalResult::Ambiguous(first, _) => Some(first.timestamp_millis()),
        LocalResult::None => None,
    };
    // In a gap: where local time goes on.
    (0..=GAP_MINUTES).find_map(at).unwrap_or_else(|| local.and_utc().timestamp_millis())
}

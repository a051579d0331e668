//! Whether a moment lies within the hours of a week.

use crate::config::availability::Hours;
use chrono::{DateTime, Datelike, Timelike, Utc};

/// Whether they are there at a moment, milliseconds since the epoch.
pub(super) fn open(hours: &Hours, at_ms: i64) -> bool {
    let Some(at) = DateTime::<Utc>::from_timestamp_millis(at_ms) else { return false };
    let local = at.with_timezone(&hours.zone);
    let day = usize::try_from(local.weekday().num_days_from_monday()).unwrap_or_default();
    let minute = local.hour() * 60 + local.minute();
    hours.days.get(day).copied().unwrap_or(false) && (u32::from(hours.from)..u32::from(hours.until)).contains(&minute)
}

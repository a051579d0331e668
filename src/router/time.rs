//! Durations and moments as people type them. Always UTC; a duration without a unit is refused rather than guessed.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// The longest duration, ten years: sums with it stay far from any overflow.
const MAX_DURATION_MS: i64 = 3650 * DAY_MS;
/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const MAX_TIME_MS: i64 = 253_402_300_799_000;
const DAY_MS: i64 = 86_400_000;

/// Largest first, which is also the order they must be typed in.
const UNITS: [(&str, i64); 6] =
    [("w", 7 * DAY_MS), ("d", DAY_MS), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads `90s`, `15m`, `1h30m`, `1d`, `2w`, `500ms` as milliseconds, at most ten years.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    let mut units = UNITS.iter();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let length = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = rest[..length].to_ascii_lowercase();
        // Going on through the same iterator refuses `1m1h` and `1h1h`, which are slips rather than durations.
        let (_, unit_ms) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(count.checked_mul(*unit_ms)?)?;
        rest = rest[length..].trim_start();
    }
    (total <= MAX_DURATION_MS).then_some(total)
}

/// The duration in the form it is typed in: `1h30m`.
pub(super) fn show_duration(ms: i64) -> String {
    let mut rest = ms;
    let mut out = String::new();
    for (name, unit_ms) in UNITS {
        if rest >= unit_ms {
            out.push_str(&format!("{}{name}", rest / unit_ms));
            rest %= unit_ms;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// Reads a moment, in UTC: RFC 3339, `2026-03-01 14:30`, `14:30` (today, or tomorrow if it is past), `today 14:30`,
/// `tomorrow 09:00`, `yesterday 09:00`, `now`, `+15m`, `-1h`, `in 15m`.
pub(super) fn parse_time(text: &str, now_ms: i64) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let at_ms = parse_relative(&text, now_ms).or_else(|| parse_clock(&text, now_ms)).or_else(|| parse_date(&text))?;
    (0..=MAX_TIME_MS).contains(&at_ms).then_some(at_ms)
}

fn parse_relative(text: &str, now_ms: i64) -> Option<i64> {
    if text == "now" {
        return Some(now_ms);
    }
    if let Some(back) = text.strip_prefix('-') {
        return now_ms.checked_sub(parse_duration(back)?);
    }
    let ahead = text.strip_prefix('+').or_else(|| text.strip_prefix("in "))?;
    now_ms.checked_add(parse_duration(ahead)?)
}

fn parse_clock(text: &str, now_ms: i64) -> Option<i64> {
    let (day, clock) = match text.split_once(char::is_whitespace) {
        Some((day, clock)) if day.chars().all(|c| c.is_ascii_alphabetic()) => (Some(day), clock.trim()),
        _ => (None, text),
    };
    let clock = clock.strip_suffix("utc").or_else(|| clock.strip_suffix('z')).unwrap_or(clock).trim_end();
    let time = NaiveTime::parse_from_str(clock, "%H:%M").or_else(|_| NaiveTime::parse_from_str(clock, "%H:%M:%S"));
    let now = DateTime::<Utc>::from_timestamp_millis(now_ms)?;
    let today = now.date_naive().and_time(time.ok()?).and_utc();
    let days = match day {
        Some("today") => 0,
        Some("tomorrow") => 1,
        Some("yesterday") => -1,
        Some(_) => return None,
        None => i64::from(today < now),
    };
    Some(today.checked_add_signed(TimeDelta::days(days))?.timestamp_millis())
}

fn parse_date(text: &str) -> Option<i64> {
    if let Ok(at) = DateTime::parse_from_rfc3339(&text.to_ascii_uppercase()) {
        return Some(at.timestamp_millis());
    }
    let text = text.strip_suffix("utc").or_else(|| text.strip_suffix('z')).unwrap_or(text).trim_end();
    let forms = ["%Y-%m-%dt%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dt%H:%M:%S", "%Y-%m-%d %H:%M:%S"];
    let at = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(at.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::rfc3339;
    use proptest::prelude::*;

    const NOW: i64 = 1_772_359_320_000; // 2026-03-01T10:02:00Z

    #[test]
    fn durations_need_units_and_come_in_order() {
        for (text, ms) in [
            ("90s", 90_000),
            ("15m", 900_000),
            ("1h30m", 5_400_000),
            ("1D", DAY_MS),
            ("2w", 14 * DAY_MS),
            ("500ms", 500),
            ("1h 30m", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Some(ms), "{text}");
        }
        for text in ["", "15", "m", "1m1h", "1h1h", "-5m", "1.5h", "3651d", "99999999999999999999s", "1y", "٣m", "1hé"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_read_in_utc_as_people_type_them() {
        for (text, moment) in [
            ("14:30", "2026-03-01T14:30:00.000Z"),
            ("10:02", "2026-03-01T10:02:00.000Z"),
            ("09:00", "2026-03-02T09:00:00.000Z"),
            ("9:00 UTC", "2026-03-02T09:00:00.000Z"),
            ("today 09:00", "2026-03-01T09:00:00.000Z"),
            ("Tomorrow 09:00", "2026-03-02T09:00:00.000Z"),
            ("yesterday 23:59:30", "2026-02-28T23:59:30.000Z"),
            ("+15m", "2026-03-01T10:17:00.000Z"),
            ("in 1h30m", "2026-03-01T11:32:00.000Z"),
            ("-1h", "2026-03-01T09:02:00.000Z"),
            ("now", "2026-03-01T10:02:00.000Z"),
            ("2026-03-01T15:30:00+05:30", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01t10:00:00z", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01 10:00", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01T10:00:05Z", "2026-03-01T10:00:05.000Z"),
        ] {
            assert_eq!(parse_time(text, NOW).map(rfc3339).as_deref(), Some(moment), "{text}");
        }
        for text in
            ["", "25:00", "14", "tomorrow", "monday 09:00", "1969-12-31T23:59:59Z", "+15", "2026-02-30 10:00", "🙂"]
        {
            assert_eq!(parse_time(text, NOW), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_shown_duration_reads_back(ms in 0..=MAX_DURATION_MS) {
            prop_assert_eq!(parse_duration(&show_duration(ms)), Some(ms));
        }

        #[test]
        fn no_text_and_no_clock_makes_reading_a_moment_panic(text in ".{0,40}|[+-]?[0-9]{1,19}[wdhms]{0,2}", now in any::<i64>()) {
            if let Some(at) = parse_time(&text, now) {
                prop_assert!((0..=MAX_TIME_MS).contains(&at));
            }
        }
    }
}

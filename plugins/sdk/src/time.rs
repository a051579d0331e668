//! Moments and spans as people and programs read them. Moments are milliseconds since the Unix epoch, UTC (`_ms`).
//! "Now" is not here: ask `Bot::now`, which a test can set.

use std::time::Duration;

const SECOND_MS: u64 = 1_000;
const DAY_MS: u64 = 86_400_000;
/// The last moment of the year 9999; later ones have no four-digit year and are shown as this.
const LAST_MS: u64 = 253_402_300_799_999;

/// RFC 3339 in UTC with milliseconds: `2026-03-01T10:02:00.000Z`.
pub fn rfc3339(at_ms: u64) -> String {
    let at_ms = at_ms.min(LAST_MS);
    let (year, month, day) = date(at_ms / DAY_MS);
    let (hour, minute, second) = clock(at_ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", at_ms % SECOND_MS)
}

/// The time of day for a line of text: `10:02 UTC`.
pub fn hour_minute(at_ms: u64) -> String {
    let (hour, minute, _) = clock(at_ms);
    format!("{hour:02}:{minute:02} UTC")
}

/// The date and time of day for a line of text: `1 Mar 10:02`, without the zone, which is UTC.
pub fn day_hour_minute(at_ms: u64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, month, day) = date(at_ms.min(LAST_MS) / DAY_MS);
    let (hour, minute, _) = clock(at_ms);
    format!("{day} {} {hour:02}:{minute:02}", MONTHS[(month as usize - 1) % 12])
}

/// Reads RFC 3339 in UTC, as the host writes a `time` argument: with or without a fraction, ending in `Z`.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !fits || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: u64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    let days = days_before(year) + (1..month).map(|m| days_of(year, m)).sum::<u64>() + day - 1;
    Some(days * DAY_MS + (hour * 3_600 + minute * 60 + second) * SECOND_MS + millis)
}

/// A span in at most two units, for a sentence: `45 s`, `42 min`, `3 h 5 min`, `2 d 4 h`.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big} {big_unit}"),
        _ => format!("{big} {big_unit} {small} {small_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

fn clock(at_ms: u64) -> (u64, u64, u64) {
    let seconds = at_ms.min(LAST_MS) / SECOND_MS % 86_400;
    (seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let plain = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<u64>().ok()).flatten()
    });
    let found = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(found)
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the epoch to the first of January of `year`.
fn days_before(year: u64) -> u64 {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

/// Year, month and day of a day counted from the epoch.
fn date(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / 366;
    while days_before(year + 1) <= days {
        year += 1;
    }
    let mut rest = days - days_before(year);
    let mut month = 1;
    while rest >= days_of(year, month) {
        rest -= days_of(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339_and_read_back() {
        for (at_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_772_359_320_007, "2026-03-01T10:02:00.007Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (LAST_MS, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(at_ms), text);
            assert_eq!(parse_rfc3339(text), Some(at_ms), "{text}");
        }
        assert_eq!(parse_rfc3339("2026-03-01T10:02:00Z"), Some(1_772_359_320_000));
        assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_day_of_a_century_survives_the_round_trip() {
        for day in 0..36_525 {
            let at_ms = day * DAY_MS + 1;
            assert_eq!(parse_rfc3339(&rfc3339(at_ms)), Some(at_ms), "day {day}");
        }
    }

    #[test]
    fn nonsense_is_no_moment() {
        for text in [
            "",
            "Z",
            "now",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T10:02:00",
            "2026-03-01T10:02:00.Z",
            "2026-03-01T10:02:00.🙂Z",
            "1969-12-31T23:59:59Z",
            "2026-03-01T10:02:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn spans_are_told_in_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (2_579, "42 min"),
            (3_600, "1 h"),
            (11_100, "3 h 5 min"),
            (187_200, "2 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        assert_eq!(hour_minute(1_772_359_320_007), "10:02 UTC");
        assert_eq!(day_hour_minute(1_772_359_320_007), "1 Mar 10:02");
    }
}

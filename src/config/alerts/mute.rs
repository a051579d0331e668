//! Maintenance windows of a route, in UTC: `2026-03-01T22:00Z/2026-03-02T04:00Z` once, `sat-sun 22:00-06:00` every week.

use crate::config::problem::Refusal;
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc, Weekday};
use std::fmt;

const DAY_MINUTES: u32 = 24 * 60;
const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;
const MINUTE_MS: i64 = 60_000;
/// Windows that are looked at one after the other.
const ROUNDS: usize = 16;
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// A time in which alerts of a route are kept and counted but not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    written: String,
    when: When,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    /// From, until; milliseconds since the epoch.
    Once(i64, i64),
    /// Minutes of the week (Monday 00:00 UTC is 0) at which it begins, and how long it lasts each time.
    Weekly(Vec<u32>, u32),
}

impl Mute {
    /// Reads one.
    ///
    /// # Errors
    /// What was expected instead.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, Refusal> {
        let expected = || {
            let once = "\"2026-03-01T22:00Z/2026-03-02T04:00Z\"";
            Refusal::expected(format!("a time in UTC: {once}, \"sat-sun\", \"mon,tue 22:00-06:00\" or \"02:00-03:00\""))
        };
        let when = match text.split_once('/') {
            Some((from, until)) => {
                let (from, until) = (moment(from).ok_or_else(expected)?, moment(until).ok_or_else(expected)?);
                if until <= from {
                    return Err(expected());
                }
                When::Once(from, until)
            }
            None => weekly(text).ok_or_else(expected)?,
        };
        Ok(Self { written: text.to_owned(), when })
    }

    /// If this moment is within one of several: until when it is within any of them without a gap, milliseconds since the
    /// epoch, and the one that holds now. Windows that follow each other are one (`sat-sun` is no window of a Saturday);
    /// of what never ends the next windows are told, and no more.
    pub fn all_until(all: &[Self], now_ms: i64) -> Option<(i64, &Self)> {
        let within = |at_ms| {
            let within = all.iter().filter_map(|mute| Some((mute.until(at_ms)?, mute)));
            within.max_by_key(|(until, _)| *until)
        };
        let (mut until_ms, mute) = within(now_ms)?;
        for _ in 0..ROUNDS {
            let Some((later_ms, _)) = within(until_ms) else { break };
            until_ms = later_ms;
        }
        Some((until_ms, mute))
    }

    /// If this moment is within it: until when this time, milliseconds since the epoch.
    fn until(&self, now_ms: i64) -> Option<i64> {
        match &self.when {
            When::Once(from, until) => (*from..*until).contains(&now_ms).then_some(*until),
            When::Weekly(begins, lasts) => {
                let now = DateTime::<Utc>::from_timestamp_millis(now_ms)?;
                let minute = now.weekday().num_days_from_monday() * DAY_MINUTES + now.hour() * 60 + now.minute();
                let left = begins.iter().filter_map(|begin| {
                    let gone = (minute + WEEK_MINUTES - begin) % WEEK_MINUTES;
                    (gone < *lasts).then(|| lasts - gone)
                });
                let started_ms = now_ms - now_ms.rem_euclid(MINUTE_MS);
                left.max().map(|left| started_ms + i64::from(left) * MINUTE_MS)
            }
        }
    }
}

/// As it is written in the file.
impl fmt::Display for Mute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.timestamp_millis());
    }
    let at = NaiveDateTime::parse_from_str(text.strip_suffix('Z')?, "%Y-%m-%dT%H:%M").ok()?;
    Some(at.and_utc().timestamp_millis())
}

fn weekly(text: &str) -> Option<When> {
    let mut words = text.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let (days, hours) = match (first.starts_with(|c: char| c.is_ascii_digit()), second) {
        (true, None) => ((0..7).collect(), Some(first)),
        (false, hours) => (days(first)?, hours),
        (true, Some(_)) => return None,
    };
    let (begin, lasts) = match hours {
        None => (0, DAY_MINUTES),
        Some(hours) => {
            let (from, until) = hours.split_once('-')?;
            let (from, until) = (minute(from)?, minute(until)?);
            // Until a time that is not later it lasts into the next day.
            (from, if until > from { until - from } else { until + DAY_MINUTES - from })
        }
    };
    if begin >= DAY_MINUTES || lasts == 0 || lasts > DAY_MINUTES {
        return None;
    }
    Some(When::Weekly(days.into_iter().map(|day| day * DAY_MINUTES + begin).collect(), lasts))
}

/// `mon-fri,sun` as days from Monday on.
fn days(text: &str) -> Option<Vec<u32>> {
    let day = |word: &str| {
        let word = word.to_lowercase();
        DAYS.iter().find(|(name, _)| *name == word).map(|(_, day)| day.num_days_from_monday())
    };
    let mut found = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => found.push(day(part)?),
            Some((from, until)) => {
                let (from, until) = (day(from)?, day(until)?);
                found.extend((0..=(until + 7 - from) % 7).map(|step| (from + step) % 7));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| if text.len() == 2 { text.parse::<u32>().ok() } else { None };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0))).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn windows_hold_where_they_say_and_tell_until_when() {
        // 2026-03-07 is a Saturday.
        for (window, now, until) in [
            ("2026-03-01T22:00Z/2026-03-02T04:00Z", "2026-03-02T01:30:00Z", Some("2026-03-02T04:00:00Z")),
            ("2026-03-01T22:00Z/2026-03-02T04:00Z", "2026-03-02T04:00:00Z", None),
            ("sat-sun", "2026-03-07T12:00:30Z", Some("2026-03-09T00:00:00Z")),
            ("sat-sun", "2026-03-06T23:59:59Z", None),
            ("sat 22:00-06:00", "2026-03-08T05:59:00Z", Some("2026-03-08T06:00:00Z")),
            ("sun 22:00-06:00", "2026-03-09T03:00:00Z", Some("2026-03-09T06:00:00Z")),
            ("02:00-03:00", "2026-03-09T02:10:10Z", Some("2026-03-09T03:00:00Z")),
            ("fri-mon", "2026-03-09T02:10:10Z", Some("2026-03-10T00:00:00Z")),
            ("sat", "2026-03-07T12:00:00Z", Some("2026-03-08T00:00:00Z")),
        ] {
            let windows = [Mute::parse(window).unwrap()];
            assert_eq!(until_of(&windows, now), until.map(at), "{window} at {now}");
        }
    }

    fn until_of(windows: &[Mute], now: &str) -> Option<i64> {
        Mute::all_until(windows, at(now)).map(|(until, _)| until)
    }

    #[test]
    fn windows_that_follow_each_other_are_one_and_what_never_ends_is_bounded() {
        let windows = ["fri 22:00-24:00", "sat-sun", "mon 00:00-06:00", "mon 07:00-08:00"];
        let windows = windows.map(|window| Mute::parse(window).unwrap());
        for now in ["2026-03-06T23:00:00Z", "2026-03-08T12:00:00Z", "2026-03-09T05:59:00Z"] {
            assert_eq!(until_of(&windows, now), Some(at("2026-03-09T06:00:00Z")), "{now}");
        }
        let always = [Mute::parse("mon-sun").unwrap()];
        assert_eq!(until_of(&always, "2026-03-02T12:00:00Z"), Some(at("2026-03-19T00:00:00Z")));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for wrong in
            ["", "someday", "mon 25:00-26:00", "mon 1:00-2:00", "2026-03-02/2026-03-01", "mon tue wed", "24:00-01:00"]
        {
            assert!(Mute::parse(wrong).is_err(), "{wrong}");
        }
    }
}

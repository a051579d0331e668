//! `availability`, `hours` and `timezone` of people and notifiers: when somebody may be paged. Who is paged then is
//! `crate::escalation`'s to say. And the `window` of a command that must not run at any time.

use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::Node;
use super::values;
use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use std::fmt;

/// What `availability` may be.
const WORDS: [&str; 3] = ["always", "business", "sev1-only"];
/// The days of the week as they are written, Monday first.
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// When somebody may be paged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Availability {
    /// Day and night.
    #[default]
    Always,
    /// Within these hours.
    Business(Hours),
    /// Day and night, but only for the worst of the configured severities.
    WorstOnly,
}

/// Hours of a week in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Whether on each day, Monday first.
    pub days: [bool; 7],
    /// From this minute of the day on.
    pub from: u16,
    /// Until before this one.
    pub until: u16,
    /// Where those are the local times.
    pub zone: Tz,
    /// `Mon-Fri 09:00-17:00`, as it was written.
    pub written: String,
}

impl Availability {
    /// Reads the three keys of a section.
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let word = section.read("availability", word);
        let hours = section.read("hours", hours);
        let zone = section.read("timezone", zone);
        // What could not be read may have been meant to be that.
        if word != Some("business") && !(word.is_none() && section.has("availability")) {
            for key in ["hours", "timezone"] {
                let refusal = Refusal::expected("availability = \"business\" beside it, or it has no effect");
                section.refuse(key, refusal);
            }
        }
        match word {
            Some("business") => {
                let office = || Week { days: [true, true, true, true, true, false, false], from: 540, until: 1020 };
                let (week, written) = hours.unwrap_or_else(|| (office(), "Mon-Fri 09:00-17:00".to_owned()));
                let Week { days, from, until } = week;
                Self::Business(Hours { days, from, until, zone: zone.unwrap_or(Tz::UTC), written })
            }
            Some("sev1-only") => Self::WorstOnly,
            _ => Self::Always,
        }
    }

    /// The word in the file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Business(_) => "business",
            Self::WorstOnly => "sev1-only",
        }
    }
}

impl Hours {
    /// Reads `window` and `timezone` of a section.
    pub(super) fn window(section: &mut Section<'_>) -> Option<Self> {
        let zone = section.read("timezone", zone);
        if zone.is_some() && !section.has("window") {
            section.refuse("timezone", Refusal::expected("a `window` beside it"));
        }
        let (Week { days, from, until }, written) = section.read("window", hours)?;
        Some(Self { days, from, until, zone: zone.unwrap_or(Tz::UTC), written })
    }

    /// Whether a moment, milliseconds since the epoch, lies within them.
    pub fn has(&self, at_ms: i64) -> bool {
        let Some(at) = DateTime::<Utc>::from_timestamp_millis(at_ms) else { return false };
        let local = at.with_timezone(&self.zone);
        let day = usize::try_from(local.weekday().num_days_from_monday()).unwrap_or_default();
        let minute = local.hour() * 60 + local.minute();
        let within = (u32::from(self.from)..u32::from(self.until)).contains(&minute);
        within && self.days.get(day).copied().unwrap_or(false)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.written, self.zone.name())
    }
}

struct Week {
    days: [bool; 7],
    from: u16,
    until: u16,
}

fn word(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let known = WORDS.into_iter().find(|word| *word == text);
    known.ok_or_else(|| Refusal::expected(format!("one of {}", WORDS.join(", "))).maybe_fix(did_you_mean(text, WORDS)))
}

/// A time zone by its name.
pub(super) fn zone(node: &Node) -> Result<Tz, Refusal> {
    let text = values::text(node)?;
    let found = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text)).copied();
    found.ok_or_else(|| {
        let names = TZ_VARIANTS.iter().map(|zone| zone.name());
        Refusal::expected("a time zone such as \"UTC\" or \"Europe/Lisbon\"").maybe_fix(did_you_mean(text, names))
    })
}

/// A day of the week, Monday being 0.
pub(super) fn weekday(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text))
}

/// `09:00` as a minute of the day, up to `24:00`.
pub(super) fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let plain = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(hour) || !plain(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60).then_some(hour * 60 + minute).filter(|at| *at <= DAY_MINUTES)
}

fn hours(node: &Node) -> Result<(Week, String), Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected("days and times such as \"Mon-Fri 09:00-17:00\" or \"Mon,Wed 08:30-12:00\"");
    let read = || {
        let (days, times) = text.split_once(' ')?;
        let (from, until) = times.trim().split_once('-')?;
        Some((week(days)?, minute(from)?, minute(until)?))
    };
    let (days, from, until) = read().ok_or_else(expected)?;
    if from >= until {
        return Err(expected().fix("the end comes after the beginning; who is there at night is \"always\""));
    }
    Ok((Week { days, from, until }, text.to_owned()))
}

fn week(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        // `Sat-Mon` goes over the end of the week.
        let count = (last + 7 - first) % 7;
        for day in (first..=first + count).map(|day| day % 7) {
            *days.get_mut(day)? = true;
        }
    }
    Some(days)
}

//! The five fields: minute, hour, day of month, month, day of week. Read here, and only then handed to the `cron` crate, which
//! wants six, counts Sunday as 1 and takes two restricted day fields as both; people expect neither.

use std::collections::BTreeSet;
use std::str::FromStr;

/// Longest expression that is read: every minute written out one by one, and the rest.
const LONGEST: usize = 400;
/// Longest piece of somebody's text that an error repeats.
const SHOWN: usize = 40;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// Days of each month in a leap year.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// What an expression is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct ExpressionError {
    /// `minute`, `hour`, `day of month`, `month`, `day of week`, or `expression` for the whole.
    pub field: &'static str,
    /// What was found, and what may be there.
    pub why: String,
}

/// One of the five.
struct Kind {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
    /// What the first name stands for.
    first: u8,
}

const MINUTE: Kind = Kind { name: "minute", least: 0, most: 59, names: &[], first: 0 };
const HOUR: Kind = Kind { name: "hour", least: 0, most: 23, names: &[], first: 0 };
const DAY: Kind = Kind { name: "day of month", least: 1, most: 31, names: &[], first: 0 };
const MONTH: Kind = Kind { name: "month", least: 1, most: 12, names: &MONTHS, first: 1 };
/// Sunday is 0 and 7.
const WEEKDAY: Kind = Kind { name: "day of week", least: 0, most: 7, names: &DAYS, first: 0 };

/// An expression, read.
pub(super) struct Fields {
    minutes: BTreeSet<u8>,
    hours: BTreeSet<u8>,
    /// `None` is `*`.
    days: Option<BTreeSet<u8>>,
    months: BTreeSet<u8>,
    /// Sunday is 0; `None` is `*`.
    weekdays: Option<BTreeSet<u8>>,
    /// The hour begins with `*`.
    pub hourly: bool,
    /// The five fields as they were written.
    pub canonical: String,
}

fn whole(why: impl Into<String>) -> ExpressionError {
    ExpressionError { field: "expression", why: why.into() }
}

impl Fields {
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > LONGEST {
            return Err(whole(format!("it is longer than {LONGEST} characters")));
        }
        let text = text.trim();
        let text = if text.starts_with('@') { shortcut(text)? } else { text };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            let hint = if fields.len() == 6 { "; seconds and years have no place in it" } else { "" };
            let count = fields.len();
            return Err(whole(format!(
                "it has {count} fields; expected five: minute, hour, day of month, month, day of week{hint}"
            )));
        };
        let restricted = |kind: &Kind, text: &str| match text {
            "*" => Ok(None),
            text => kind.read(text).map(Some),
        };
        let sunday = |days: BTreeSet<u8>| days.into_iter().map(|day| day % 7).collect();
        let fields = Self {
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: restricted(&DAY, day)?,
            months: MONTH.read(month)?,
            weekdays: restricted(&WEEKDAY, weekday)?.map(sunday),
            hourly: hour.starts_with('*'),
            canonical: fields.join(" "),
        };
        fields.check_that_it_comes()?;
        Ok(fields)
    }

    /// A 30 February never comes, and a schedule that never runs is a mistake.
    fn check_that_it_comes(&self) -> Result<(), ExpressionError> {
        let (Some(days), None) = (&self.days, &self.weekdays) else { return Ok(()) };
        let first = days.first().copied().unwrap_or(1);
        let length = |month: &u8| LENGTHS.get(usize::from(*month).wrapping_sub(1)).copied().unwrap_or(0);
        if self.months.iter().all(|month| length(month) < first) {
            return Err(whole(format!("no month named has a {first}th day, so that it never comes")));
        }
        Ok(())
    }

    /// As the `cron` crate reads it; two when either of two day fields may match.
    pub fn schedules(&self) -> Result<Vec<cron::Schedule>, ExpressionError> {
        let list = |set: &BTreeSet<u8>| set.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        let days = self.days.as_ref().map(list);
        // By name, since its numbers are not ours.
        let name = |day: &u8| DAYS.get(usize::from(*day)).copied().unwrap_or("sun");
        let weekdays = self.weekdays.as_ref().map(|set| set.iter().map(name).collect::<Vec<_>>().join(","));
        let one = |days: Option<&str>, weekdays: Option<&str>| {
            let (days, weekdays) = (days.unwrap_or("*"), weekdays.unwrap_or("*"));
            let (minutes, hours, months) = (list(&self.minutes), list(&self.hours), list(&self.months));
            let text = format!("0 {minutes} {hours} {days} {months} {weekdays}");
            cron::Schedule::from_str(&text).map_err(|error| whole(format!("it cannot be used: {error}")))
        };
        match (&days, &weekdays) {
            (Some(days), Some(weekdays)) => Ok(vec![one(Some(days), None)?, one(None, Some(weekdays))?]),
            (days, weekdays) => Ok(vec![one(days.as_deref(), weekdays.as_deref())?]),
        }
    }
}

fn shortcut(text: &str) -> Result<&'static str, ExpressionError> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => {
            let found = shown(text);
            return Err(whole(format!("{found} is none of @hourly, @daily, @weekly, @monthly, @yearly")));
        }
    })
}

impl Kind {
    fn error(&self, why: impl Into<String>) -> ExpressionError {
        ExpressionError { field: self.name, why: why.into() }
    }

    /// A list: `1,5-10,*/15`.
    fn read(&self, text: &str) -> Result<BTreeSet<u8>, ExpressionError> {
        let mut all = BTreeSet::new();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                None => (item, 1),
                Some((range, step)) => (range, self.step(step)?),
            };
            let (from, to) = match (range, range.split_once('-')) {
                // 7 is Sunday again.
                ("*", _) => (self.least, if self.most == 7 { 6 } else { self.most }),
                (_, Some((from, to))) => self.range(from, to)?,
                (_, None) if item.contains('/') => {
                    let (from, to) = (shown(range), self.most);
                    return Err(
                        self.error(format!("a step needs a range: write {range}-{to}/{step} for from {from} on"))
                    );
                }
                (_, None) => {
                    let value = self.value(range)?;
                    (value, value)
                }
            };
            all.extend((from..=to).step_by(usize::from(step)));
        }
        Ok(all)
    }

    fn range(&self, from: &str, to: &str) -> Result<(u8, u8), ExpressionError> {
        let (first, mut last) = (self.value(from)?, self.value(to)?);
        // `fri-sun`: where a week ends is a matter of opinion.
        if self.most == 7 && last == 0 && first > 0 {
            last = 7;
        }
        if first > last {
            let (from, to) = (shown(from), shown(to));
            return Err(self.error(format!("{from} comes after {to}; write two ranges with a comma between them")));
        }
        Ok((first, last))
    }

    fn step(&self, text: &str) -> Result<u8, ExpressionError> {
        let step = number(text).filter(|step| (1..=self.most).contains(step));
        step.ok_or_else(|| self.error(format!("{} is no step; expected 1 to {}", shown(text), self.most)))
    }

    fn value(&self, text: &str) -> Result<u8, ExpressionError> {
        let lower = text.to_ascii_lowercase();
        let named = (0..).zip(self.names).find(|(_, name)| **name == lower).map(|(at, _)| self.first + at);
        let value = named.or_else(|| number(text)).filter(|value| (self.least..=self.most).contains(value));
        value.ok_or_else(|| {
            let (least, most) = (self.least, self.most);
            let or = self.names.first().map(|name| format!(", {name} and so on")).unwrap_or_default();
            self.error(format!("{} is not one; expected {least} to {most}{or}, `*`, a-b, */n, or a list", shown(text)))
        })
    }
}

/// Digits only: no sign, no blank.
fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn shown(text: &str) -> String {
    let clipped: String = text.chars().take(SHOWN).collect();
    format!("{clipped:?}")
}

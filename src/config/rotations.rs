//! `[rotations.NAME]`: who is on call week by week, and who stands in. Whose turn it is at a moment is `crate::escalation`'s
//! to say.

use super::availability::{minute, weekday, zone};
use super::limits::{OVERRIDES_MAX, ROTATION_MEMBERS_MAX};
use super::people::People;
use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::{Node, Place, Value};
use super::values;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// `[rotations]`: every rotation, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotations(pub BTreeMap<String, Rotation>);

/// `[rotations.NAME]`: each member has a week, then the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// People of `[people]`, in order.
    pub members: Vec<String>,
    /// The day on which one hands over to the next. Default: Monday.
    pub day: Weekday,
    /// At which local time. Default: 09:00.
    pub time: NaiveTime,
    /// Where that is the local time. Default: UTC.
    pub zone: Tz,
    /// The first member's week begins with the first handover on or after this day.
    pub from: NaiveDate,
    /// Who stands in and when, earliest first; they do not overlap.
    pub overrides: Vec<Override>,
}

/// Somebody stands in for whoever's week it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// A person of `[people]`.
    pub who: String,
    /// From this local time on.
    pub from: NaiveDateTime,
    /// Until before this one.
    pub until: NaiveDateTime,
}

impl Rotations {
    pub(super) fn read(section: &Section<'_>, people: &People) -> Self {
        let mut all = BTreeMap::new();
        for (entry, mut rotation) in section.named() {
            if !values::is_name(&entry.key, "-_") {
                let expected = "a name of lower-case letters, digits, - _, such as primary";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let missing = |key: &str, expected: &str| {
                let refusal = Refusal::expected(expected);
                section.cx.note(&entry.place, &section.path(&entry.key), format!("no `{key}`"), refusal);
            };
            let of_what = "a list of people such as [\"ana\", \"ben\"], in the order of their weeks";
            let members = rotation.read_list("members", of_what, |node| person(node, people));
            if members.as_ref().is_some_and(|members| members.is_empty() || members.len() > ROTATION_MEMBERS_MAX) {
                rotation.refuse("members", Refusal::expected(format!("1 to {ROTATION_MEMBERS_MAX} people")));
            } else if !rotation.has("members") {
                missing("members", of_what);
            }
            let (day, time) = rotation.read("handover", handover).unwrap_or((Weekday::Mon, nine()));
            let zone = rotation.read("timezone", zone).unwrap_or(Tz::UTC);
            if !rotation.has("from") {
                missing("from", "the day from which the first member has the first week, such as \"2026-01-05\"");
            }
            let from = rotation.read("from", date);
            let overrides = overrides(&mut rotation, people);
            rotation.finish();
            let Some((members, from)) = members.filter(|members| !members.is_empty()).zip(from) else { continue };
            all.insert(entry.key.clone(), Rotation { members, day, time, zone, from, overrides });
        }
        Self(all)
    }
}

fn nine() -> NaiveTime {
    NaiveTime::from_hms_opt(9, 0, 0).expect("nine is a time")
}

fn overrides(section: &mut Section<'_>, people: &People) -> Vec<Override> {
    let mut all: Vec<(&Place, Override)> = Vec::new();
    for (place, mut entry) in section.tables("overrides") {
        let who = entry.required("who", "a person of [people]", |node| person(node, people));
        let example = "a local time such as \"2026-03-02 09:00\"";
        let from = entry.required("from", example, moment);
        let until = entry.required("until", example, moment);
        if let (Some(who), Some(from), Some(until)) = (who, from, until) {
            if from >= until {
                entry.refuse("until", Refusal::expected("a time after `from`"));
            }
            let clash = all.iter().find(|(_, other)| from < other.until && other.from < until);
            if let Some((other, _)) = clash {
                let at = other.show(entry.cx.file);
                let expected = format!("one who stands in at a time; the one at {at} overlaps it");
                entry.refuse_whole(place, Refusal::expected(expected));
            }
            all.push((place, Override { who, from, until }));
        }
        entry.finish();
    }
    if all.len() > OVERRIDES_MAX {
        let refusal = Refusal::expected(format!("at most {OVERRIDES_MAX} overrides"));
        section.refuse("overrides", refusal.fix("remove those that are over"));
    }
    let mut all: Vec<_> = all.into_iter().map(|(_, entry)| entry).collect();
    all.sort_by_key(|entry| entry.from);
    all
}

/// A person of `[people]`.
pub(super) fn person(node: &Node, people: &People) -> Result<String, Refusal> {
    let text = values::text(node)?;
    if people.0.contains_key(text) {
        return Ok(text.to_owned());
    }
    let fix = did_you_mean(text, people.0.keys().map(String::as_str));
    let fix = fix.unwrap_or_else(|| format!("add [people.{text}]"));
    Err(Refusal::expected("a person of [people]").fix(fix))
}

fn handover(node: &Node) -> Result<(Weekday, NaiveTime), Refusal> {
    let text = values::text(node)?;
    let read = || {
        let (day, time) = text.split_once(' ')?;
        let day = Weekday::try_from(u8::try_from(weekday(day)?).ok()?).ok()?;
        let minute = u32::from(minute(time.trim())?);
        Some((day, NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?))
    };
    read().ok_or_else(|| Refusal::expected("a day and a time such as \"Mon 09:00\""))
}

/// A date or a local time, in quotes or as TOML has them.
fn written(node: &Node) -> Result<&str, Refusal> {
    match &node.value {
        Value::Moment(text) => Ok(text),
        _ => values::text(node),
    }
}

fn date(node: &Node) -> Result<NaiveDate, Refusal> {
    let read = NaiveDate::parse_from_str(written(node)?, "%Y-%m-%d").ok().filter(sensible);
    read.ok_or_else(|| Refusal::expected("a day such as \"2026-01-05\""))
}

fn moment(node: &Node) -> Result<NaiveDateTime, Refusal> {
    let text = written(node)?.replacen('T', " ", 1);
    let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let read = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let read = read.filter(|at| sensible(&at.date()));
    read.ok_or_else(|| Refusal::expected("a local time such as \"2026-03-02 09:00\", without a zone"))
}

/// Within what calendars and clocks agree on.
fn sensible(day: &NaiveDate) -> bool {
    (1970..2100).contains(&chrono::Datelike::year(day))
}

//! Front matter: what a runbook is called, whose it is, what it helps with, and what fills its places.

use super::finding::{Notes, shown};
use super::node::{Entry, Keys, Node, Value};
use super::{Place, Risk};
use crate::config::alerts::Matcher;
use crate::config::limits::{RUNBOOK_SYMPTOMS, RUNBOOK_VALUES};
use crate::config::parse_duration;
use crate::config::runbooks::Filling;
use crate::model::places;
use crate::recurrence::Recurrence;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::time::Duration;

/// Characters of a title.
const TITLE: usize = 100;

/// What front matter says.
#[derive(Debug, Default)]
pub(super) struct Front {
    pub title: String,
    pub owner: String,
    pub review: Option<NaiveDate>,
    pub risk: Option<Risk>,
    pub matches: Vec<Vec<Matcher>>,
    pub requirements: Vec<String>,
    pub takes: Option<Duration>,
    pub schedule: Option<Recurrence>,
    /// Names of steps, and the line they are named in.
    pub symptoms: (Vec<String>, usize),
    pub values: BTreeMap<String, Place>,
    pub inputs: BTreeMap<String, Place>,
}

/// Reads it; what is wrong is noted.
pub(super) fn read(entries: &[Entry], name: &str, notes: &Notes) -> Front {
    let mut keys = Keys::new(entries, "the front matter", 1, notes);
    let title = keys.line_of_text("title", TITLE, true).unwrap_or_default().to_owned();
    let mut front = Front { title, ..Front::default() };
    if let Some(node) = keys.take("id")
        && node.text() != Some(name)
    {
        notes.problem(node.line, format!("`id` is the file's name, \"{}\"", shown(name)));
    }
    front.owner = keys.line_of_text("owner", TITLE, true).unwrap_or_default().to_owned();
    front.review = keys.required("review").and_then(|node| {
        let text = match &node.value {
            Value::Text(text) | Value::Moment(text) => text.as_str(),
            _ => "",
        };
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        problem_if(date.is_none(), node, notes, "`review` is a date such as \"2027-03-01\"");
        date
    });
    front.risk = keys.required("risk").and_then(|node| risk(node, notes));
    front.matches = keys.take("matches").map(|node| matches(node, notes)).unwrap_or_default();
    front.requirements = keys.take("requirements").map(|node| requirements(node, notes)).unwrap_or_default();
    front.takes = keys.take("takes").and_then(|node| duration("takes", node, notes));
    front.schedule = schedule(&mut keys);
    front.symptoms = keys.take("symptoms").map(|node| (symptoms(node, notes), node.line)).unwrap_or_default();
    front.values = places_of(keys.table("values"), true, notes);
    front.inputs = places_of(keys.table("inputs"), false, notes);
    if front.schedule.is_some() && !front.inputs.is_empty() {
        notes.problem(1, "what starts by its `schedule` is given no [inputs]: there is nobody to ask");
    }
    for name in front.inputs.keys().filter(|name| front.values.contains_key(*name)) {
        notes.problem(1, format!("`{name}` stands in [values] and in [inputs]: it can come from one of them only"));
    }
    keys.finish();
    front
}

fn problem_if(wrong: bool, node: &Node, notes: &Notes, text: &str) {
    if wrong {
        notes.problem(node.line, text);
    }
}

/// A risk by its word.
pub(super) fn risk(node: &Node, notes: &Notes) -> Option<Risk> {
    let risk = node.text().and_then(Risk::parse);
    problem_if(risk.is_none(), node, notes, "`risk` is \"read-only\", \"change\" or \"dangerous\"");
    risk
}

/// A duration that is longer than nothing.
pub(super) fn duration(key: &str, node: &Node, notes: &Notes) -> Option<Duration> {
    let most = Duration::from_secs(30 * 86_400);
    let read = node.text().and_then(parse_duration).filter(|time| !time.is_zero() && *time <= most);
    problem_if(read.is_none(), node, notes, &format!("`{key}` is a duration such as \"90s\", \"15m\" or \"1h30m\""));
    read
}

fn schedule(keys: &mut Keys<'_>) -> Option<Recurrence> {
    let zone = keys.take("zone");
    let Some(node) = keys.take("schedule") else {
        if let Some(zone) = zone {
            keys.notes.problem(zone.line, "a `zone` needs a `schedule`");
        }
        return None;
    };
    let Some(text) = node.text() else {
        keys.notes.problem(node.line, "`schedule` is a text such as \"0 2 * * *\"");
        return None;
    };
    let read = Recurrence::parse(text, zone.map_or("UTC", |zone| zone.text().unwrap_or_default()));
    read.map_err(|error| keys.notes.problem(node.line, error.to_string())).ok()
}

fn matches(node: &Node, notes: &Notes) -> Vec<Vec<Matcher>> {
    let expected = "`matches` is a list of matchers such as \"service=shop\", or of lists of them";
    let Value::List(items) = &node.value else {
        notes.problem(node.line, expected);
        return Vec::new();
    };
    let one = |node: &Node| {
        let read = node.text().and_then(Matcher::read);
        problem_if(read.is_none(), node, notes, "a matcher is written a=b, a!=b, a=~EXPRESSION or a!~EXPRESSION");
        read
    };
    let mut all = Vec::new();
    for item in items {
        let group: Vec<Matcher> = match &item.value {
            Value::List(group) if !group.is_empty() => group.iter().filter_map(one).collect(),
            Value::Text(_) => one(item).into_iter().collect(),
            _ => {
                notes.problem(item.line, expected);
                continue;
            }
        };
        // What holds for an alert without any label would be suggested for every one.
        if group.iter().all(|matcher| matcher.matches("")) && !group.is_empty() {
            notes.problem(item.line, "this matches every alert that lacks the label: say what must be there");
        }
        all.push(group);
    }
    all.retain(|group| !group.is_empty());
    all
}

fn symptoms(node: &Node, notes: &Notes) -> Vec<String> {
    let read = match &node.value {
        Value::List(items) if items.len() <= RUNBOOK_SYMPTOMS => {
            items.iter().map(|item| item.text().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    let expected = format!("`symptoms` is a list of at most {RUNBOOK_SYMPTOMS} names of steps");
    problem_if(read.is_none(), node, notes, &expected);
    read.unwrap_or_default()
}

fn requirements(node: &Node, notes: &Notes) -> Vec<String> {
    let good = |text: &&str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_graphic());
    let read = match &node.value {
        Value::List(items) => {
            items.iter().map(|item| item.text().filter(good).map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    problem_if(read.is_none(), node, notes, "`requirements` is a list of ids such as \"S0-14\"");
    read.unwrap_or_default()
}

fn places_of(table: Option<(&[Entry], usize)>, defaults: bool, notes: &Notes) -> BTreeMap<String, Place> {
    let mut all = BTreeMap::new();
    let Some((entries, line)) = table else { return all };
    if entries.len() > RUNBOOK_VALUES {
        notes.problem(line, format!("there are more than {RUNBOOK_VALUES} places"));
    }
    for entry in entries {
        if !places::is_name(&entry.key) || entry.key == "item" {
            let why = "a place is called in lower-case letters, digits and _, and not `item`";
            notes.problem(entry.line, format!("`{}`: {why}", shown(&entry.key)));
            continue;
        }
        let place = match &entry.node.value {
            Value::Text(about) => Place { about: about.trim().to_owned(), default: None, line: entry.line },
            Value::Table(inner) => {
                let mut keys = Keys::new(inner, "a place", entry.line, notes);
                let about = keys.line_of_text("about", 300, true).unwrap_or_default().trim().to_owned();
                let default = keys.take("default").and_then(|node| default(node, notes));
                if !defaults && default.as_ref().is_some_and(|default| matches!(default, Filling::List(_))) {
                    notes.problem(entry.line, "an input is a text or a number, not a list");
                }
                keys.finish();
                Place { about, default, line: entry.line }
            }
            _ => {
                notes.problem(entry.line, format!("`{}` is a text that says what it is, or a table", entry.key));
                continue;
            }
        };
        if place.about.is_empty() {
            notes.problem(entry.line, format!("`{}` does not say what it is", entry.key));
        }
        all.insert(entry.key.clone(), place);
    }
    all
}

fn default(node: &Node, notes: &Notes) -> Option<Filling> {
    let read = match &node.value {
        Value::Text(text) if places::names(text).is_empty() => Some(Filling::Text(text.clone())),
        Value::Int(number) => Some(Filling::Int(*number)),
        Value::Float(number) => Some(Filling::Float(*number)),
        Value::List(items) if !items.is_empty() => {
            items.iter().map(|item| item.text().map(str::to_owned)).collect::<Option<_>>().map(Filling::List)
        }
        _ => None,
    };
    problem_if(read.is_none(), node, notes, "`default` is a text without places, a number, or a list of texts");
    read
}

//! TOML whose every value knows its line, and whose places can be filled. A reader of keys that notes what is wrong and goes on.

use super::finding::{Notes, shown};
use super::outline::Lines;
use crate::config::did_you_mean;
use crate::config::runbooks::Filling;
use crate::model::places;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A date, as written.
    Moment(String),
    /// A number that is none of ours.
    Huge(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub key: String,
    pub line: usize,
    pub node: Node,
}

/// Reads TOML that begins on a line of a file. What is no TOML is one problem.
pub(super) fn parse(text: &str, first_line: usize, notes: &Notes) -> Option<Vec<Entry>> {
    let lines = Lines::of(text);
    let line = |offset: usize| first_line + lines.at(offset) - 1;
    let (table, errors) = DeTable::parse_recoverable(text);
    if let Some(error) = errors.iter().min_by_key(|error| error.span().map_or(0, |span| span.start)) {
        let at = error.span().map_or(0, |span| span.start);
        notes.problem(line(at), format!("this is not TOML: {}", shown(&error.message().replace('\n', ", "))));
        return None;
    }
    Some(entries(table.into_inner(), &line))
}

fn entries(table: DeTable<'_>, line: &dyn Fn(usize) -> usize) -> Vec<Entry> {
    let mut all: Vec<(usize, Entry)> = table
        .into_iter()
        .map(|(key, value)| {
            let at = key.span().start;
            (at, Entry { key: key.into_inner().into_owned(), line: line(at), node: node(value, line) })
        })
        .collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, entry)| entry).collect()
}

fn node(value: Spanned<DeValue<'_>>, line: &dyn Fn(usize) -> usize) -> Node {
    let at = line(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Huge(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse().ok().filter(|value: &f64| value.is_finite()) {
            Some(value) => Value::Float(value),
            None => Value::Huge(number.as_str().to_owned()),
        },
        DeValue::Boolean(answer) => Value::Bool(answer),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(item, line)).collect()),
        DeValue::Table(table) => Value::Table(entries(table, line)),
    };
    Node { line: at, value }
}

impl Node {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// With the places that `values` knows filled. A text that is one place takes the value's type.
    pub fn filled(&self, values: &BTreeMap<String, Filling>) -> Self {
        let value = match &self.value {
            Value::Text(text) => filled(text, self.line, values),
            Value::List(items) => Value::List(items.iter().map(|item| item.filled(values)).collect()),
            Value::Table(table) => Value::Table(table.iter().map(|entry| entry.filled(values)).collect()),
            other => other.clone(),
        };
        Self { line: self.line, value }
    }

    /// The names of all places in it.
    pub fn places(&self, found: &mut BTreeSet<String>) {
        match &self.value {
            Value::Text(text) => found.extend(places::names(text)),
            Value::List(items) => items.iter().for_each(|item| item.places(found)),
            Value::Table(table) => table.iter().for_each(|entry| entry.node.places(found)),
            _ => {}
        }
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        match &self.value {
            Value::Text(text) | Value::Moment(text) | Value::Huge(text) => text.clone().into(),
            Value::Int(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Bool(answer) => (*answer).into(),
            Value::List(items) => items.iter().map(Self::json).collect::<Vec<_>>().into(),
            Value::Table(table) => {
                table.iter().map(|entry| (entry.key.clone(), entry.node.json())).collect::<Map<_, _>>().into()
            }
        }
    }
}

impl Entry {
    /// With its places filled.
    pub fn filled(&self, values: &BTreeMap<String, Filling>) -> Self {
        Self { key: self.key.clone(), line: self.line, node: self.node.filled(values) }
    }
}

fn filled(text: &str, line: usize, values: &BTreeMap<String, Filling>) -> Value {
    let whole = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).and_then(|name| values.get(name));
    match whole {
        Some(Filling::Text(text)) => Value::Text(text.clone()),
        Some(Filling::Int(number)) => Value::Int(*number),
        Some(Filling::Float(number)) => Value::Float(*number),
        Some(Filling::List(items)) => {
            let item = |text: &String| Node { line, value: Value::Text(text.clone()) };
            Value::List(items.iter().map(item).collect())
        }
        None => Value::Text(places::replace(text, |name| values.get(name).and_then(Filling::as_text))),
    }
}

/// The keys of a table while they are read; what nobody asked for is a problem in the end.
pub(super) struct Keys<'a> {
    pub notes: &'a Notes,
    /// The line of what it belongs to.
    pub line: usize,
    what: &'static str,
    entries: &'a [Entry],
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub fn new(entries: &'a [Entry], what: &'static str, line: usize, notes: &'a Notes) -> Self {
        Self { notes, line, what, entries, known: Vec::new() }
    }

    /// The value of a key, which is known from then on.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Whether a key is written.
    pub fn entries_have(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// The same, of a key that must be there.
    pub fn required(&mut self, key: &'static str) -> Option<&'a Node> {
        let found = self.take(key);
        if found.is_none() {
            self.notes.problem(self.line, format!("{} has no `{key}`", self.what));
        }
        found
    }

    /// A text on one line that is not empty.
    pub fn line_of_text(&mut self, key: &'static str, most: usize, required: bool) -> Option<&'a str> {
        let node = if required { self.required(key) } else { self.take(key) }?;
        let good =
            |text: &&str| !text.trim().is_empty() && !text.contains(char::is_control) && text.chars().count() <= most;
        let text = node.text().filter(good);
        if text.is_none() {
            self.notes.problem(node.line, format!("`{key}` is a text on one line, of at most {most} characters"));
        }
        text
    }

    /// The table under a key.
    pub fn table(&mut self, key: &'static str) -> Option<(&'a [Entry], usize)> {
        let node = self.take(key)?;
        match &node.value {
            Value::Table(entries) => Some((entries, node.line)),
            _ => {
                self.notes.problem(node.line, format!("`{key}` is a table"));
                None
            }
        }
    }

    /// Notes every key that nobody asked for.
    pub fn finish(self) {
        for entry in self.entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str())) {
            let meant = did_you_mean(&entry.key, self.known.iter().copied());
            let rest = meant.unwrap_or_else(|| format!("there is {}", self.known.join(", ")));
            self.notes.problem(entry.line, format!("{} knows no `{}`; {rest}", self.what, shown(&entry.key)));
        }
    }
}

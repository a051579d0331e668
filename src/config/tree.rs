//! The file as a tree whose every node knows where it stands, so that every later complaint can name the place.

use super::mask;
use super::problem::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where something stands. File places sort before variables, and by line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Line and column, both from 1; columns count characters.
    File(usize, usize),
    /// An environment variable.
    Variable(String),
}

impl Place {
    pub fn show(&self, file: &str) -> String {
        match self {
            Self::File(line, column) => format!("{file}:{line}:{column}"),
            Self::Variable(name) => format!("environment variable {name}"),
        }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub place: Place,
    pub value: Value,
    /// What a variable held before it was read as TOML: a text key takes it as it is.
    pub raw: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A date or time, as written.
    Moment(String),
    /// A number beyond 64 bits, as written.
    Huge(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys with their values, in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub Vec<Entry>);

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub place: Place,
    pub node: Node,
}

impl Node {
    /// What it is, in words that can be shown.
    pub fn describe(&self, key: &str) -> String {
        let hidden = mask::is_sensitive(key);
        match &self.value {
            Value::List(items) if items.len() == 1 => "a list of one".to_owned(),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Table(_) => "a table".to_owned(),
            _ if hidden => "a value that is not shown here".to_owned(),
            Value::Text(text) if text.is_empty() => "an empty text".to_owned(),
            Value::Text(text) => format!("\"{}\"", mask::clip(&mask::credentials(text), 60)),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(answer) => answer.to_string(),
            Value::Moment(text) | Value::Huge(text) => mask::clip(text, 60),
        }
    }
}

/// Reads TOML. A syntax error is one problem: what comes after it cannot be trusted.
pub(super) fn parse(text: &str, file: &str) -> Result<Table, Problem> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    // The parser goes on after an error, and does not note them in the order of the file.
    let Some(error) = errors.iter().min_by_key(|error| error.span().map_or(0, |span| span.start)) else {
        return Ok(convert_table(table.into_inner(), &|offset| {
            let (line, column) = lines.at(offset);
            Place::File(line, column)
        }));
    };
    let (line, column) = lines.at(error.span().map_or(0, |span| span.start));
    let excerpt = mask::line(lines.before(line), lines.text(line));
    let shown = excerpt.map_or(String::new(), |line| format!("\n  {line}"));
    Err(Problem {
        place: Place::File(line, column).show(file),
        key: String::new(),
        found: format!("text that is not TOML ({}){shown}", error.message().replace('\n', ", ")),
        expected: "TOML: `[section]` lines, and `key = value` with texts in quotes".to_owned(),
        fix: Some(format!("look at line {line} near column {column}, and at the end of the line above it")),
    })
}

/// Reads a variable's text: as a TOML value if it is one, else as a text.
pub(super) fn parse_variable(name: &str, text: &str) -> Node {
    let place = Place::Variable(name.to_owned());
    let value = match DeValue::parse(text) {
        Ok(value) => convert(value.into_inner(), &|_| place.clone()),
        Err(_) => Value::Text(text.to_owned()),
    };
    Node { place, value, raw: Some(text.to_owned()) }
}

fn convert_table(table: DeTable<'_>, place: &dyn Fn(usize) -> Place) -> Table {
    let mut entries: Vec<(usize, Entry)> = table
        .into_iter()
        .map(|(key, value)| {
            let at = key.span().start;
            (at, Entry { key: key.into_inner().into_owned(), place: place(at), node: convert_node(value, place) })
        })
        .collect();
    entries.sort_by_key(|(at, _)| *at);
    Table(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn convert_node(value: Spanned<DeValue<'_>>, place: &dyn Fn(usize) -> Place) -> Node {
    Node { place: place(value.span().start), value: convert(value.into_inner(), place), raw: None }
}

fn convert(value: DeValue<'_>, place: &dyn Fn(usize) -> Place) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Huge(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(value) => Value::Float(value),
            Err(_) => Value::Huge(number.as_str().to_owned()),
        },
        DeValue::Boolean(answer) => Value::Bool(answer),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| convert_node(item, place)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, place)),
    }
}

/// Byte offsets to lines and columns.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn at(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    fn text(&self, line: usize) -> &'a str {
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        &self.text[self.starts[line - 1]..end]
    }

    fn before(&self, line: usize) -> &'a str {
        &self.text[..self.starts[line - 1]]
    }
}

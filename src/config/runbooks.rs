//! `[runbooks]`: where the operator's own runbooks are, and what fills the places of all. Reads no runbook.

use super::limits::{RUNBOOK_VALUE_BYTES, RUNBOOK_VALUES};
use super::problem::Refusal;
use super::section::Section;
use super::tree::{Node, Value};
use super::values;
use crate::model::places;
use crate::recurrence::Recurrence;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[runbooks]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runbooks {
    /// The folder with the operator's own, resolved. Default: only the bundled ones.
    pub dir: Option<PathBuf>,
    /// What fills places, in every runbook.
    pub values: BTreeMap<String, Filling>,
    /// `[runbooks.overrides.NAME]`, by the runbook's name.
    pub overrides: BTreeMap<String, Override>,
}

/// What is different for one runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// It is there at all. Default `true`.
    pub enabled: bool,
    /// When it is due, in place of what its file says: an expression and a zone, or nothing for never.
    pub schedule: Option<Option<(String, String)>>,
    /// What fills its places, before the values of all.
    pub values: BTreeMap<String, Filling>,
}

/// What fills a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Filling {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Texts to go through.
    List(Vec<String>),
}

impl Filling {
    /// As it stands within a text; a list cannot.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::List(_) => None,
        }
    }

    fn shown(&self) -> toml::Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Int(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::List(items) => items.clone().into(),
        }
    }
}

impl Runbooks {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let cx = section.cx;
        let dir = section.read("dir", |node| values::text(node).map(|text| cx.resolve(text)));
        let values = read_values(&section.child("values"));
        let mut overrides = BTreeMap::new();
        let all = section.child("overrides");
        for (entry, mut of) in all.named() {
            if !is_runbook(&entry.key) {
                all.refuse_name(entry, Refusal::expected(RUNBOOK_NAME));
            }
            let enabled = of.read("enabled", values::boolean).unwrap_or(true);
            let schedule = read_schedule(&mut of);
            let values = read_values(&of.child("values"));
            of.finish();
            overrides.insert(entry.key.clone(), Override { enabled, schedule, values });
        }
        section.finish();
        Self { dir, values, overrides }
    }

    /// What fills the places of one runbook.
    pub fn values_of(&self, runbook: &str) -> BTreeMap<String, Filling> {
        let mut all = self.values.clone();
        all.extend(self.overrides.get(runbook).map(|own| own.values.clone()).unwrap_or_default());
        all
    }

    /// Whether a runbook is there at all.
    pub fn enabled(&self, runbook: &str) -> bool {
        self.overrides.get(runbook).is_none_or(|own| own.enabled)
    }

    pub(super) fn shown(&self) -> toml::Value {
        let Self { dir, values, overrides } = self;
        let values_table = |values: &BTreeMap<String, Filling>| -> toml::Value {
            toml::Value::Table(values.iter().map(|(name, value)| (name.clone(), value.shown())).collect())
        };
        let mut table = toml::Table::new();
        table.extend(dir.as_ref().map(|dir| ("dir".to_owned(), dir.to_string_lossy().into_owned().into())));
        table.insert("values".to_owned(), values_table(values));
        let overrides = overrides.iter().map(|(name, Override { enabled, schedule, values })| {
            let own = [("enabled".to_owned(), (*enabled).into()), ("values".to_owned(), values_table(values))];
            let (expression, zone) = match schedule {
                None => (None, None),
                Some(None) => (Some(NEVER.to_owned()), None),
                Some(Some((expression, zone))) => (Some(expression.clone()), Some(zone.clone())),
            };
            let due = [("schedule", expression), ("zone", zone)];
            let due = due.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.into())));
            (name.clone(), toml::Value::Table(own.into_iter().chain(due).collect()))
        });
        table.insert("overrides".to_owned(), toml::Value::Table(overrides.collect()));
        toml::Value::Table(table)
    }
}

/// The schedule of what does not start by itself.
const NEVER: &str = "never";

fn read_schedule(of: &mut Section<'_>) -> Option<Option<(String, String)>> {
    let zone = of.read("zone", |node| Ok(values::text(node)?.to_owned()));
    if zone.is_some() && !of.has("schedule") {
        of.refuse("zone", Refusal::expected("a `schedule` beside it"));
    }
    of.read("schedule", |node| match values::text(node)? {
        NEVER => Ok(None),
        text => match Recurrence::parse(text, zone.as_deref().unwrap_or("UTC")) {
            Ok(read) => Ok(Some((read.expression().to_owned(), read.zone().to_owned()))),
            Err(why) => {
                Err(Refusal::expected("five fields such as \"0 2 * * *\", or \"never\"").found(why.to_string()))
            }
        },
    })
}

const RUNBOOK_NAME: &str = "a runbook's name: lower-case letters, digits and -, beginning with a letter";

/// Whether a runbook can be called so.
pub fn is_runbook(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn read_values(section: &Section<'_>) -> BTreeMap<String, Filling> {
    let mut all = BTreeMap::new();
    for entry in section.entries() {
        if !places::is_name(&entry.key) || entry.key == "item" {
            let expected = "a place's name: lower-case letters, digits and _; not `item`, which belongs to `each`";
            section.refuse_name(entry, Refusal::expected(expected));
        }
        match filling(&entry.node) {
            Ok(filling) => drop(all.insert(entry.key.clone(), filling)),
            Err(refusal) => section.refuse_node(&entry.key, &entry.node, refusal),
        }
    }
    if let Some(entry) = section.entries().get(RUNBOOK_VALUES) {
        section.refuse_name(entry, Refusal::expected(format!("at most {RUNBOOK_VALUES} values")));
    }
    all
}

fn filling(node: &Node) -> Result<Filling, Refusal> {
    match &node.value {
        Value::Int(number) if node.raw.is_none() => Ok(Filling::Int(*number)),
        Value::Float(number) if number.is_finite() => Ok(Filling::Float(*number)),
        Value::List(items) if !items.is_empty() && items.len() <= 100 => {
            items.iter().map(one_text).collect::<Result<_, _>>().map(Filling::List)
        }
        Value::List(_) => Err(Refusal::expected("a list of 1 to 100 texts")),
        _ => one_text(node).map(Filling::Text),
    }
}

fn one_text(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    // A value that held a place would be filled by whoever comes next.
    match text.len() <= RUNBOOK_VALUE_BYTES && places::names(text).is_empty() {
        true => Ok(text.to_owned()),
        false => {
            Err(Refusal::expected(format!("at most {RUNBOOK_VALUE_BYTES} bytes, and no place like {{name}} in it")))
        }
    }
}

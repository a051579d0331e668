//! Runbooks: Markdown that people read and Drillbell runs. Reading, checking and filling, and what is dangerous in documents that
//! are imported. No step is run here.

mod block;
mod expect;
mod export;
mod finding;
mod front;
mod import;
mod kinds;
mod load;
mod node;
mod outline;
mod read;
mod ready;

pub use export::{MARK, documents};
pub use finding::Finding;
pub use import::{Hazard, Imported, import};
pub use load::{BUNDLED, File, file, folder};
pub use read::read;
pub use ready::{Known, Library, Shelved};

use crate::config::alerts::Matcher;
use crate::config::runbooks::Filling;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A runbook as it was read. Places that nothing fills are still in it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Runbook {
    /// What is typed after `/runbook start`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Who keeps it true.
    pub owner: String,
    /// When it is to be read again, `2027-03-01`.
    pub review: String,
    /// The worst that a step does.
    pub risk: Risk,
    /// What it is for: the prose before the first section.
    pub about: String,
    /// Alerts that it helps with.
    #[serde(skip)]
    pub matches: Vec<Vec<Matcher>>,
    /// What it answers.
    pub requirements: Vec<String>,
    /// How long it should take, milliseconds.
    pub takes_ms: u64,
    /// Names of the steps that say whether an alert is about this; read-only ones.
    pub symptoms: Vec<String>,
    /// When it is due.
    pub schedule: Option<String>,
    /// The schedule's time zone.
    pub zone: Option<String>,
    /// What configuration fills.
    pub values: BTreeMap<String, Place>,
    /// What whoever starts it gives.
    pub inputs: BTreeMap<String, Place>,
    /// The prose of its sections.
    pub sections: Vec<Section>,
    /// In order.
    pub steps: Vec<Step>,
    /// Values that nothing fills: with one it is not ready.
    pub missing: Vec<String>,
}

/// The prose of a section, outside its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Its prose.
    pub text: String,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Its heading.
    pub name: String,
    /// The heading of its section.
    pub section: String,
    /// The line of its block.
    pub line: usize,
    /// Its prose.
    pub text: String,
    /// `http`, `sql`, …
    pub kind: Type,
    /// What it does.
    pub risk: Risk,
    /// How long it should take, milliseconds.
    pub takes_ms: u64,
    /// Whether people are led on after a failure.
    pub go_on: bool,
    /// How it is compared with the run before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// What it does: of `http`, `sql`, `promql`, `command` and `wait` a step of a job of the kind `steps`.
    pub does: Value,
    /// Names of places that are filled when it runs.
    pub places: Vec<String>,
}

/// The types of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Type {
    Http,
    Promql,
    Sql,
    Command,
    Backup,
    Chat,
    Wait,
}

impl Type {
    const ALL: [(&'static str, Self); 7] = [
        ("http", Self::Http),
        ("promql", Self::Promql),
        ("sql", Self::Sql),
        ("command", Self::Command),
        ("backup", Self::Backup),
        ("chat", Self::Chat),
        ("wait", Self::Wait),
    ];

    /// The type by the word after a fence.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
    }

    /// The word after a fence.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// What a step, or the worst of a runbook's, does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// It looks.
    #[default]
    ReadOnly,
    /// It changes something.
    Change,
    /// It changes something that cannot simply be taken back: somebody approves it first.
    Dangerous,
}

impl Risk {
    const ALL: [(&'static str, Self); 3] =
        [("read-only", Self::ReadOnly), ("change", Self::Change), ("dangerous", Self::Dangerous)];

    /// The risk by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, risk)| *risk)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, risk)| *risk == self).map_or("", |(name, _)| name)
    }
}

/// A place that is to be filled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// What it is.
    pub about: String,
    /// What fills it otherwise.
    #[serde(skip)]
    pub default: Option<Filling>,
    /// Where that is said.
    #[serde(skip)]
    pub line: usize,
}

#[cfg(test)]
mod tests;

//! What may become public, as words: a `Publication` is what a person approves, word for word, before it does. The rules and
//! looks are in `crate::status`.

mod words;

pub use words::{ComponentState, Indicator, MaintenanceStatus};

use super::ids::IncidentId;
use super::incident::Status;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that shall become public. It holds all that will be read, and nothing is added to it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Publication {
    /// A new public incident, or an update of one.
    Incident(AboutIncident),
    /// A maintenance, or an update of one.
    Maintenance(AboutMaintenance),
    /// Components, without a story.
    Components(AboutComponents),
}

/// An incident's next public words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutIncident {
    /// The incident it is about; never shown. Updates of the same one go together.
    pub incident: IncidentId,
    /// The public title, one line.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// What people read.
    pub text: String,
    /// Components by their configured names, as they are from now on.
    #[serde(default)]
    pub components: BTreeMap<String, ComponentState>,
}

/// A maintenance's next public words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutMaintenance {
    /// Its name, of the proposer's choice; never shown. Updates of the same one go together.
    pub name: String,
    /// The public title, one line.
    pub title: String,
    /// Where it stands. `Scheduled` begins by itself.
    pub status: MaintenanceStatus,
    /// What people read.
    pub text: String,
    /// Components by their configured names: under maintenance while it lasts.
    #[serde(default)]
    pub components: BTreeSet<String>,
    /// When it begins, milliseconds since the epoch.
    pub starts_ms: i64,
    /// When it shall end.
    pub ends_ms: i64,
    /// It is over at `ends_ms` without anybody saying so.
    #[serde(default)]
    pub ends_itself: bool,
}

/// Components as they are from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutComponents {
    /// Why; kept, never shown.
    pub reason: String,
    /// By their configured names.
    pub components: BTreeMap<String, ComponentState>,
}

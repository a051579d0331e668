//! What may become public, as words: a `Publication` is what a person approves, word for word, before it does. The rules and
//! looks are in `crate::status`.

mod words;

pub use words::{ComponentState, Indicator, MaintenanceStatus, OnPage};

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
    /// The house's own: work on production begins or ends. Never proposed; its words are the operator's.
    Work(AboutWork),
    /// The house's own: a service is closed to people, or open again. Its words stand in the configuration, where a person wrote them
    /// before anything was broken.
    Notice(AboutNotice),
}

impl Publication {
    /// The story that it tells, of which there is one each.
    pub fn of(&self) -> Option<PublicThing> {
        match self {
            Self::Incident(about) => Some(PublicThing::Incident(about.incident.clone())),
            Self::Maintenance(about) => Some(PublicThing::Maintenance(about.name.clone())),
            Self::Work(about) => Some(PublicThing::Maintenance(about.name())),
            Self::Notice(about) => Some(PublicThing::Maintenance(about.name())),
            Self::Components(_) => None,
        }
    }

    /// All that it changes: its story, and how components stand.
    pub fn touches(&self) -> impl Iterator<Item = PublicThing> {
        let says = self.components().is_some_and(|components| !components.is_empty());
        self.of().into_iter().chain(says.then_some(PublicThing::Components))
    }

    /// When it was written, milliseconds since the epoch; `None` of what nobody wrote.
    pub fn written_ms(&self) -> Option<i64> {
        match self {
            Self::Incident(about) => Some(about.written.at_ms),
            Self::Maintenance(about) => Some(about.written.at_ms),
            Self::Components(about) => Some(about.written_ms),
            Self::Work(_) | Self::Notice(_) => None,
        }
    }

    /// How components stand by it.
    pub fn components(&self) -> Option<&BTreeMap<String, ComponentState>> {
        match self {
            Self::Incident(about) => Some(&about.components),
            Self::Components(about) => Some(&about.components),
            Self::Maintenance(_) | Self::Work(_) | Self::Notice(_) => None,
        }
    }
}

/// Something public that is told of more than once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicThing {
    /// The public incident of an incident.
    Incident(IncidentId),
    /// The maintenance of a name.
    Maintenance(String),
    /// How components stand, whichever story says so. Counted with everything that is published.
    Components,
}

/// What a proposal was written on: it is not published over news that its author did not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Written {
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// How many updates were public then.
    pub seen: usize,
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
    /// What it was written on.
    #[serde(default)]
    pub written: Written,
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
    /// What it was written on.
    #[serde(default)]
    pub written: Written,
}

/// Work on production, told by the transaction that lets it begin and by the one that ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutWork {
    /// The job; never shown.
    pub job: String,
    /// As it begins; `None` when it ends, however it did.
    pub begins: Option<WorkWords>,
}

/// What the public reads of work on production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkWords {
    /// The public title, one line.
    pub title: String,
    /// What people read.
    pub text: String,
}

impl AboutWork {
    /// The maintenance's name: no plugin's has this beginning.
    pub fn name(&self) -> String {
        format!("//{}", self.job)
    }
}

/// A service's notice: shown by the job that closes it or finds it broken, taken down by the one that opens it. One at a time is shown of a
/// service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutNotice {
    /// The service; never shown.
    pub service: String,
    /// The job; never shown.
    pub job: String,
    /// As it is put up; `None` when it is taken down.
    pub begins: Option<NoticeWords>,
}

/// What the public reads while a service is closed, as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWords {
    /// The public title, one line.
    pub title: String,
    /// What people read.
    pub text: String,
    /// Components by their configured names: under maintenance meanwhile.
    pub components: BTreeSet<String>,
    /// How long people are told to wait, milliseconds.
    pub lasts_ms: i64,
}

impl AboutNotice {
    /// The maintenance's name: no plugin's and no work's has this form.
    pub fn name(&self) -> String {
        format!("{}{}", self.of_service(), self.job)
    }

    /// How the names of all notices of the service begin.
    pub fn of_service(&self) -> String {
        format!("//{}/", self.service)
    }
}

/// Components as they are from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutComponents {
    /// Why; kept, never shown.
    pub reason: String,
    /// By their configured names.
    pub components: BTreeMap<String, ComponentState>,
    /// When it was written.
    #[serde(default)]
    pub written_ms: i64,
}

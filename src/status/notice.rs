//! What is public, as it is kept.

use crate::model::ids::IncidentId;
use crate::model::incident::Status;
use crate::model::public::{ComponentState, Indicator, MaintenanceStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An incident as the public knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIncident {
    /// A UUID of its own, which tells nothing of the incident behind it.
    pub id: String,
    /// The incident behind it; never shown.
    pub incident: IncidentId,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// The worst that was said of any component so far.
    pub impact: Indicator,
    /// When it became public.
    pub started_ms: i64,
    /// When it was last changed.
    pub changed_ms: i64,
    /// When it was first being watched only.
    pub monitoring_ms: Option<i64>,
    /// When it was resolved, while it is.
    pub resolved_ms: Option<i64>,
    /// Oldest first.
    pub updates: Vec<PublicUpdate>,
}

/// One update of a public incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicUpdate {
    /// A UUID.
    pub id: String,
    /// When it became public.
    pub at_ms: i64,
    /// Where the incident then stood.
    pub status: Status,
    /// What people read.
    pub text: String,
    /// What it said of components.
    pub components: Vec<Affected>,
    /// When it was written, which is before it was approved.
    #[serde(default)]
    pub written_ms: i64,
}

/// A component that an update moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Its configured name.
    pub name: String,
    /// As it was said to be before.
    pub from: ComponentState,
    /// As it is said to be since.
    pub to: ComponentState,
}

/// A maintenance as the public knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// A UUID of its own.
    pub id: String,
    /// The proposer's name for it; never shown.
    pub name: String,
    /// One line.
    pub title: String,
    /// What was last said of it; where it stands now also depends on the time.
    pub said: MaintenanceStatus,
    /// Configured names.
    pub components: BTreeSet<String>,
    /// The window, milliseconds since the epoch.
    pub starts_ms: i64,
    /// Its end.
    pub ends_ms: i64,
    /// It is over at `ends_ms` without anybody saying so.
    pub ends_itself: bool,
    /// When it became public.
    pub created_ms: i64,
    /// When it was last changed.
    pub changed_ms: i64,
    /// When somebody said that it is over.
    pub completed_ms: Option<i64>,
    /// Oldest first.
    pub updates: Vec<MaintenanceUpdate>,
}

/// One update of a maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceUpdate {
    /// A UUID.
    pub id: String,
    /// When it became public.
    pub at_ms: i64,
    /// What it said.
    pub status: MaintenanceStatus,
    /// What people read.
    pub text: String,
    /// When it was written, which is before it was approved.
    #[serde(default)]
    pub written_ms: i64,
}

impl Maintenance {
    /// Where it stands. An announced one begins on time; it ends when somebody says so or, if that was announced too, on
    /// time. One that lasts longer than planned is still in progress: nobody knows that it is not.
    pub fn status_at(&self, now_ms: i64) -> MaintenanceStatus {
        use MaintenanceStatus::{Completed, InProgress, Scheduled, Verifying};
        match self.said {
            Completed => Completed,
            _ if self.ends_itself && now_ms >= self.ends_ms => Completed,
            Verifying => Verifying,
            InProgress => InProgress,
            Scheduled if now_ms < self.starts_ms => Scheduled,
            Scheduled => InProgress,
        }
    }

    /// From when to when it lasted, as far as is known at `now_ms`; nothing if it has not begun.
    pub fn lasted(&self, now_ms: i64) -> Option<(i64, i64)> {
        let begun = self.updates.iter().find(|update| update.status == MaintenanceStatus::InProgress);
        let from = begun.map_or(self.starts_ms, |update| update.at_ms.min(self.starts_ms));
        let by_plan = self.ends_itself.then_some(self.ends_ms);
        let to = [self.completed_ms, by_plan, Some(now_ms)].into_iter().flatten().min().unwrap_or(now_ms);
        (from < to).then_some((from, to))
    }
}

/// What was said of a component, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its configured name.
    pub component: String,
    /// How it is since.
    pub state: ComponentState,
    /// Since when.
    pub at_ms: i64,
    /// When whoever said it wrote it, which may be long before it was approved.
    pub written_ms: i64,
}

/// Everything that is public, as the store has it: what the page and the feeds are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The page's own id, a UUID, made once.
    pub page: String,
    /// Counts the publications.
    pub revision: i64,
    /// When the last one was.
    pub changed_ms: i64,
    /// Open ones and those of the shown past, newest first.
    pub incidents: Vec<PublicIncident>,
    /// Those not over and those of the shown past, by their beginning, latest first.
    pub maintenances: Vec<Maintenance>,
    /// What was said of components, oldest first.
    pub said: Vec<Said>,
}

impl Snapshot {
    /// When it next looks different by time alone: a day ends, or a maintenance begins or ends.
    pub fn next_turn_ms(&self, now_ms: i64) -> i64 {
        let midnight = (now_ms.div_euclid(super::days::DAY_MS) + 1) * super::days::DAY_MS;
        let windows = self.maintenances.iter().flat_map(|it| [it.starts_ms, it.ends_ms, it.ends_ms + 1]);
        windows.filter(|at| *at > now_ms).fold(midnight, i64::min)
    }

    /// What was last said of a component.
    pub fn last_said(&self, component: &str) -> Option<ComponentState> {
        self.said.iter().rev().find(|said| said.component == component).map(|said| said.state)
    }
}

//! What a plugin proposes for the public status page. Nothing of it is public before a person approved it.

use crate::ids::IncidentId;
use crate::incident::Status;
use std::time::Duration;

/// Whether incidents of a severity go onto the public page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PublicRule {
    /// They do not; so it is too where there is no page.
    #[default]
    Never,
    /// When somebody asks for it.
    Ask,
    /// Each of their updates is to be proposed.
    Propose,
}

/// An update of the public incident behind an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUpdate {
    /// The incident behind it; the public never learns its number.
    pub incident: IncidentId,
    /// The public title, one line; empty keeps the one that is public or takes the incident's own.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// What people read.
    pub text: String,
    /// Configured components and how they are from then on: `operational`, `under_maintenance`, `degraded_performance`,
    /// `partial_outage`, `major_outage` or `unknown`.
    pub components: Vec<(String, String)>,
}

/// A public maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicMaintenance {
    /// This plugin's own name for it; updates of the same one go together.
    pub name: String,
    /// The public title, one line.
    pub title: String,
    /// `scheduled`, `in_progress`, `verifying` or `completed`.
    pub status: String,
    /// What people read.
    pub text: String,
    /// Configured components: under maintenance while it lasts.
    pub components: Vec<String>,
    /// When it begins, milliseconds since the epoch.
    pub starts_ms: u64,
    /// How long it shall last, at most 30 days.
    pub lasts: Duration,
    /// It is over then without anybody saying so.
    pub ends_itself: bool,
}

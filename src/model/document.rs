//! A document about an incident, as it was published.

use super::ids::{IncidentId, PersonId};

/// A revision of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The job that keeps it.
    pub job: String,
    /// The incident.
    pub incident: IncidentId,
    /// Counts from 1 within the incident; what is not kept yet has 0.
    pub revision: i64,
    /// What the incident was called then.
    pub title: String,
    /// The text.
    pub markdown: String,
    /// Who published it: a person's id or `plugin:NAME`.
    pub author: PersonId,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// When it was in the artifact store.
    pub stored_ms: Option<i64>,
}

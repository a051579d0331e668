//! Between the model's words for incidents and those of the WIT.

use super::ROW_BYTES;
use crate::bindings::latest::drillbell::incidents::incidents as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::capability::caller::quoted;
use crate::incident::{Refusal, Severity};
use crate::model::incident::{Incident, Status, TimelineEntry};

/// A moment in the WIT's unsigned form; nothing of ours happened before 1970.
fn moment(at_ms: i64) -> u64 {
    u64::try_from(at_ms).unwrap_or(0)
}

pub(super) fn to_wit(incident: &Incident) -> wit::Incident {
    wit::Incident {
        id: incident.id.to_string(),
        title: incident.title.clone(),
        severity: incident.severity.clone(),
        status: incident.status.as_str().to_owned(),
        conversation: incident.conversation.to_string(),
        service: incident.service.clone(),
        declared_by: incident.declared_by.to_string(),
        declared_at: moment(incident.declared_ms),
        resolved_at: incident.resolved_ms.map(moment),
        card: incident.card.as_ref().map(ToString::to_string),
        latest: incident.latest.clone(),
    }
}

pub(super) fn to_wit_entry(line: &TimelineEntry) -> wit::Entry {
    wit::Entry {
        id: line.id.clone(),
        at: moment(line.at_ms),
        kind: line.kind.clone(),
        author: line.author.to_string(),
        text: line.text.clone(),
    }
}

pub(super) fn severity(severity: &Severity) -> wit::Severity {
    wit::Severity {
        name: severity.name.clone(),
        title: severity.title.clone(),
        description: severity.description.clone(),
    }
}

pub(super) fn status(word: &str) -> Result<Status, HostError> {
    Status::parse(word).ok_or_else(|| {
        let known = Status::ALL.map(Status::as_str).join(", ");
        HostError::Invalid(format!("there is no status {}: choose one of {known}", quoted(word)))
    })
}

pub(super) fn refused(refusal: Refusal) -> HostError {
    match refusal {
        Refusal::Already(text) | Refusal::Invalid(text) => HostError::Invalid(text),
        Refusal::TooLarge(text) => HostError::TooLarge(text),
    }
}

/// Bytes an incident takes in the host.
pub(super) fn weight(incident: &Incident) -> usize {
    incident.title.len() + incident.latest.len() + 4 * ROW_BYTES
}

/// Bytes an incident takes on its way to the guest.
pub(super) fn size(incident: &wit::Incident) -> usize {
    incident.title.len() + incident.latest.len() + 2 * ROW_BYTES
}

//! Between the model's words for incidents and those of the WIT.

use super::ROW_BYTES;
use crate::bindings::latest::drillbell::incidents::incidents as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::capability::caller::quoted;
use crate::incident::{Clocks, Refusal, Severity};
use crate::model::facts::{Deed, Span, Task};
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

/// A guest's moment as it is stored: beyond the range of `bigint` it is as good as never.
pub(super) fn stored(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

fn deed(deed: &Deed) -> wit::Deed {
    wit::Deed { by: deed.by.to_string(), at: moment(deed.at_ms) }
}

fn span(span: &Span) -> wit::Span {
    wit::Span {
        opened_at: moment(span.opened_ms),
        acknowledged: span.acknowledged.as_ref().map(deed),
        decided_at: span.decided_ms.map(moment),
        restored_at: span.restored_ms.map(moment),
        resolved_at: span.resolved_ms.map(moment),
    }
}

/// The times it was open; one that was stored before they were kept has had one.
fn spans(incident: &Incident) -> Vec<wit::Span> {
    if !incident.facts.spans.is_empty() {
        return incident.facts.spans.iter().map(span).collect();
    }
    let (opened_ms, resolved_ms) = (incident.declared_ms, incident.resolved_ms);
    vec![span(&Span { opened_ms, resolved_ms, ..Span::default() })]
}

pub(super) fn task(task: &Task) -> wit::Task {
    wit::Task {
        number: task.number,
        text: task.text.clone(),
        owner: task.owner.as_ref().map(ToString::to_string),
        due: task.due_ms.map(moment),
        added: deed(&task.added),
        done: task.done.as_ref().map(deed),
    }
}

pub(super) fn facts(incident: &Incident) -> wit::Facts {
    let facts = &incident.facts;
    let holders = facts.roles.iter().map(|holder| wit::Holder {
        role: holder.role.clone(),
        person: holder.person.to_string(),
        since: moment(holder.since_ms),
    });
    wit::Facts {
        roles: holders.collect(),
        tasks: facts.tasks.iter().map(task).collect(),
        spans: spans(incident),
        merged_into: facts.merged_into.as_ref().map(ToString::to_string),
        next_update: facts.next_update_ms.map(moment),
    }
}

pub(super) fn past(incident: &Incident) -> wit::Past {
    wit::Past {
        id: incident.id.to_string(),
        severity: incident.severity.clone(),
        service: incident.service.clone(),
        declared_at: moment(incident.declared_ms),
        merged_into: incident.facts.merged_into.as_ref().map(ToString::to_string),
        spans: spans(incident),
    }
}

pub(super) fn clocks(clocks: Clocks) -> wit::Clocks {
    wit::Clocks {
        acknowledge_within: clocks.acknowledge_ms.map(moment),
        decide_within: clocks.decide_ms.map(moment),
        rollback_within: clocks.rollback_ms.map(moment),
        update_every: clocks.update_every_ms.map(moment),
    }
}

/// Bytes that facts take on their way to the guest.
pub(super) fn facts_size(facts: &wit::Facts) -> usize {
    let tasks: usize = facts.tasks.iter().map(task_size).sum();
    tasks + (1 + facts.roles.len() + facts.spans.len()) * ROW_BYTES
}

/// Bytes that a task takes on its way to the guest.
pub(super) fn task_size(task: &wit::Task) -> usize {
    task.text.len() + 2 * ROW_BYTES
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
    let facts = &incident.facts;
    let tasks: usize = facts.tasks.iter().map(|task| task.text.len() + 2 * ROW_BYTES).sum();
    let rows = 4 + facts.roles.len() + facts.spans.len();
    incident.title.len() + incident.latest.len() + tasks + rows * ROW_BYTES
}

/// Bytes an incident takes on its way to the guest.
pub(super) fn size(incident: &wit::Incident) -> usize {
    incident.title.len() + incident.latest.len() + 2 * ROW_BYTES
}

//! The author's types from the wire's and the wire's from the author's, field by field.

use super::bindings::drillbell::approvals::approvals as wire_approvals;
use super::bindings::drillbell::conversations::conversations as wire_places;
use super::bindings::drillbell::effects::effects as wire_effects;
use super::bindings::drillbell::escalation::escalation as wire_ladders;
use super::bindings::drillbell::incidents::incidents as wire_incidents;
use super::bindings::drillbell::jobs::jobs as wire_jobs;
use super::bindings::drillbell::plugin::events as wire;
use super::bindings::drillbell::schedules::schedules as wire_schedules;
use super::bindings::drillbell::status::status as wire_status;
use super::bindings::drillbell::types::types;
use crate::approval::Asked;
use crate::bot::PageAction;
use crate::error::{Error, HostError};
use crate::escalation::{Contact, Step};
use crate::events::{Action, Alert, Approval, Command, Declared, Deploy, Job, Person, Query, Reaction, Timer};
use crate::ids::{Conversation, IncidentId};
use crate::incident::{Entry, Incident, Severity, Status};
use crate::job::{JobInfo, OnLost};
use crate::place::{Format, Home, Place};
use crate::public::PublicRule;
use crate::schedule::Scheduled;
use crate::{Args, error};

fn args(values: Vec<types::Argument>) -> Args {
    values.into_iter().map(|argument| (argument.name, argument.value)).collect()
}

fn incident(id: Option<String>) -> Option<IncidentId> {
    id.map(IncidentId::from)
}

impl From<types::Person> for Person {
    fn from(person: types::Person) -> Self {
        Self { id: person.id, name: person.name }
    }
}

impl From<types::HostError> for HostError {
    fn from(error: types::HostError) -> Self {
        match error {
            types::HostError::Denied(text) => Self::Denied(text),
            types::HostError::Invalid(text) => Self::Invalid(text),
            types::HostError::TooLarge(text) => Self::TooLarge(text),
            types::HostError::NotFound(text) => Self::NotFound(text),
            types::HostError::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::User(text) => Self::User(text),
            Error::Internal(text) => Self::Internal(text),
        }
    }
}

impl From<wire::Command> for Command {
    fn from(event: wire::Command) -> Self {
        Self {
            name: event.name,
            subcommand: event.subcommand,
            args: args(event.args),
            line: event.text,
            by: event.by.into(),
            conversation: event.conversation.into(),
            incident: incident(event.incident),
            at_ms: event.at,
        }
    }
}

impl From<wire::Action> for Action {
    fn from(event: wire::Action) -> Self {
        Self {
            card: event.card.into(),
            action: event.action,
            value: event.value,
            fields: args(event.fields),
            by: event.by.into(),
            conversation: event.conversation.into(),
            incident: incident(event.incident),
            at_ms: event.at,
        }
    }
}

impl From<wire::Declared> for Declared {
    fn from(event: wire::Declared) -> Self {
        Self {
            incident: IncidentId::from(event.incident),
            by: event.by,
            conversation: Conversation::from(event.conversation),
            at_ms: event.at,
        }
    }
}

impl From<wire::Alert> for Alert {
    fn from(event: wire::Alert) -> Self {
        Self {
            source: event.source,
            fingerprint: event.fingerprint,
            status: event.status,
            title: event.title,
            labels: args(event.labels),
            annotations: args(event.annotations),
            started_ms: event.started_at,
            ended_ms: event.ended_at,
            url: event.url,
        }
    }
}

impl From<wire::Deploy> for Deploy {
    fn from(event: wire::Deploy) -> Self {
        Self {
            service: event.service,
            version: event.version,
            previous: event.previous,
            commit: event.commit,
            schema: event.schema,
            migrations: event.migrations,
            by: event.by,
            at_ms: event.at,
        }
    }
}

impl From<wire::Timer> for Timer {
    fn from(event: wire::Timer) -> Self {
        Self { name: event.name, payload: event.payload, due_ms: event.due_at, late_ms: event.late_ms }
    }
}

impl From<wire::Job> for Job {
    fn from(event: wire::Job) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            status: event.status,
            detail: event.detail,
            incident: incident(event.incident),
            at_ms: event.at,
        }
    }
}

impl From<wire::Approval> for Approval {
    fn from(event: wire::Approval) -> Self {
        Self {
            id: event.id,
            status: event.status,
            subject: event.subject,
            by: event.by.into_iter().map(Into::into).collect(),
            at_ms: event.at,
        }
    }
}

impl From<wire::Reaction> for Reaction {
    fn from(event: wire::Reaction) -> Self {
        Self {
            message: event.message.into(),
            emoji: event.emoji,
            text: event.text,
            by: event.by.into(),
            conversation: event.conversation.into(),
            incident: incident(event.incident),
            at_ms: event.at,
        }
    }
}

impl From<wire::Query> for Query {
    fn from(query: wire::Query) -> Self {
        Self {
            command: query.command,
            subcommand: query.subcommand,
            argument: query.argument,
            prefix: query.prefix,
            by: query.by.into(),
            conversation: query.conversation.into(),
        }
    }
}

/// A status this SDK does not know cannot be shown honestly, so the call fails and says which it was.
impl TryFrom<wire_incidents::Incident> for Incident {
    type Error = HostError;

    fn try_from(incident: wire_incidents::Incident) -> error::HostResult<Self> {
        let status = Status::parse(&incident.status).ok_or_else(|| {
            HostError::Unavailable(format!("{} is `{}`, a status newer than this plugin", incident.id, incident.status))
        })?;
        Ok(Self {
            id: incident.id.into(),
            title: incident.title,
            severity: incident.severity,
            status,
            service: incident.service,
            conversation: incident.conversation.into(),
            declared_by: incident.declared_by,
            declared_ms: incident.declared_at,
            resolved_ms: incident.resolved_at,
            latest: incident.latest,
            card: incident.card.map(Into::into),
        })
    }
}

impl From<wire_places::Home> for Home {
    fn from(home: wire_places::Home) -> Self {
        Self {
            place: match home.place {
                wire_places::Place::Here => Place::Here,
                wire_places::Place::Channel => Place::Channel,
                wire_places::Place::Thread => Place::Thread,
            },
            invite: home.invite,
            archive_after: std::time::Duration::from_millis(home.archive_after_ms),
        }
    }
}

impl From<wire_approvals::Approval> for Asked {
    fn from(approval: wire_approvals::Approval) -> Self {
        Self {
            id: approval.id.into(),
            title: approval.title,
            subject: approval.subject,
            status: approval.status,
            needed: approval.needed,
            role: approval.role,
            by: approval.by.into_iter().map(Into::into).collect(),
            expires_ms: approval.expires_at,
        }
    }
}

impl From<wire_jobs::JobInfo> for JobInfo {
    fn from(job: wire_jobs::JobInfo) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            title: job.title,
            state: job.state,
            conversation: job.conversation.into(),
            incident: incident(job.incident),
            created_ms: job.created_at,
            started_ms: job.started_at,
            ended_ms: job.ended_at,
            stage: job.stage,
            done: job.done,
            total: job.total,
            detail: job.detail,
        }
    }
}

impl From<wire_incidents::Entry> for Entry {
    fn from(entry: wire_incidents::Entry) -> Self {
        Self { id: entry.id, at_ms: entry.at, kind: entry.kind, author: entry.author, text: entry.text }
    }
}

impl From<wire_status::Rule> for PublicRule {
    fn from(rule: wire_status::Rule) -> Self {
        match rule {
            wire_status::Rule::Never => Self::Never,
            wire_status::Rule::Ask => Self::Ask,
            wire_status::Rule::Propose => Self::Propose,
        }
    }
}

impl From<wire_incidents::Severity> for Severity {
    fn from(severity: wire_incidents::Severity) -> Self {
        Self { name: severity.name, title: severity.title, description: severity.description }
    }
}

impl From<PageAction> for wire_effects::PageAction {
    fn from(action: PageAction) -> Self {
        match action {
            PageAction::Trigger => Self::Trigger,
            PageAction::Acknowledge => Self::Acknowledge,
            PageAction::Resolve => Self::Resolve,
        }
    }
}

impl From<wire_ladders::Contact> for Contact {
    fn from(contact: wire_ladders::Contact) -> Self {
        Self { who: contact.who, title: contact.title, left_out: contact.left_out }
    }
}

impl From<wire_ladders::Step> for Step {
    fn from(step: wire_ladders::Step) -> Self {
        Self { after_ms: step.after_ms, level: step.level, round: step.round }
    }
}

impl From<Format> for wire_incidents::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown,
            Format::Json => Self::Json,
        }
    }
}

impl From<OnLost> for wire_jobs::OnLost {
    fn from(on_lost: OnLost) -> Self {
        match on_lost {
            OnLost::Repeat => Self::Repeat,
            OnLost::Verify => Self::Verify,
            OnLost::Ask => Self::Ask,
        }
    }
}

impl From<wire_schedules::Entry> for Scheduled {
    fn from(entry: wire_schedules::Entry) -> Self {
        Self {
            name: entry.name,
            expression: entry.expression,
            zone: entry.zone,
            next_ms: entry.next,
            last_due_ms: entry.last_due,
            last_outcome: entry.last_outcome,
        }
    }
}

//! Deliveries and commits for store tests, with as little in them as possible.

use super::database::NEW_YEAR_MS;
use drillbell::audit::AuditRecord;
use drillbell::model::changes::{Cell, KvKey};
use drillbell::model::effect::Effect;
use drillbell::model::event::{CommandReceived, Delivery, Event, Person};
use drillbell::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId};
use drillbell::model::incident::{Incident, Status, TimelineEntry};
use drillbell::model::job::{NewJob, OnLost};
use drillbell::model::view::View;
use drillbell::store::{Commit, EventResult, OutcomeStatus};

/// Ana.
pub fn ana() -> Person {
    Person { id: PersonId::from("ana"), name: "Ana".to_owned() }
}

/// A command delivery.
pub fn delivery(id: &str) -> Delivery {
    Delivery {
        id: DeliveryId::from(id),
        root: DeliveryId::from(id),
        conversation: ConversationId::from("console:#incidents"),
        received_ms: NEW_YEAR_MS,
        plugin: None,
        approval: None,
        event: Event::CommandReceived(CommandReceived { text: "/sev list".to_owned(), by: ana(), asserted_by: None }),
    }
}

/// A commit of that delivery that writes nothing but its answer and its audit record.
pub fn commit(id: &str) -> Commit {
    let said = EventResult::said(OutcomeStatus::Ok, format!("did {id}"));
    let audit = AuditRecord::new(NEW_YEAR_MS, "command");
    Commit::plain(id.into(), id.into(), "console:#incidents".into(), "test".into(), NEW_YEAR_MS, said, audit)
}

/// A key of the test's plugin.
pub fn key(name: &str) -> KvKey {
    KvKey { plugin: "test".into(), key: name.to_owned() }
}

/// A commit of that delivery that writes one key, having seen it at that revision.
pub fn writing(id: &str, name: &str, seen: i64) -> Commit {
    let mut commit = commit(id);
    commit.reads.cells.insert(Cell::Kv(key(name)), seen);
    commit.kv.insert(key(name), Some(format!("by {id}")));
    commit
}

/// A message to a conversation.
pub fn post(message: &str, to: &str, text: &str) -> Effect {
    Effect::PostMessage {
        message: MessageRef::from(message),
        to: ConversationId::from(to),
        view: View::text(text),
        private_to: None,
        reply: true,
    }
}

/// An incident as it is about to be declared: based on revision 0.
pub fn incident(number: i64) -> Incident {
    Incident {
        id: IncidentId::numbered(number),
        title: "checkout is down".to_owned(),
        severity: "sev1".to_owned(),
        status: Status::Investigating,
        conversation: ConversationId::from("console:#incidents"),
        service: None,
        declared_by: PersonId::from("ana"),
        declared_ms: NEW_YEAR_MS,
        resolved_ms: None,
        card: None,
        latest: String::new(),
        facts: Default::default(),
        revision: 0,
    }
}

/// A line of a timeline.
pub fn line(incident: i64, id: &str, text: &str) -> TimelineEntry {
    TimelineEntry {
        id: id.to_owned(),
        incident: IncidentId::numbered(incident),
        at_ms: NEW_YEAR_MS,
        kind: "note".to_owned(),
        author: PersonId::from("ana"),
        text: text.to_owned(),
    }
}

/// A job to start, which may be run thrice.
pub fn new_job(id: &str) -> NewJob {
    NewJob {
        id: id.to_owned(),
        plugin: "test".into(),
        kind: "steps".to_owned(),
        title: format!("job {id}"),
        spec: "{}".to_owned(),
        on_lost: OnLost::Repeat,
        key: None,
        approval: None,
        max_attempts: 3,
        run_limit_ms: 1_000,
        conversation: None,
        asked_by: "ana".into(),
    }
}

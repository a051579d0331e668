//! The host functions called directly, without a guest.

use super::super::fake::{FakeReads, caller, caller_on, incident as stored};
use super::wit::Host;
use super::*;
use crate::incident::Severity;

/// One call's state, and the requests in it.
struct Call {
    caller: Caller,
    incidents: IncidentsCall,
    effects: EffectsCall,
}

impl Call {
    fn new(caller: Caller) -> Self {
        Self::in_lane(caller, NumberLane::default())
    }

    fn in_lane(caller: Caller, lane: NumberLane) -> Self {
        let severity = |name: &str| Severity { name: name.into(), title: name.to_uppercase(), ..Severity::default() };
        let table = SeverityTable::new(vec![severity("sev1"), severity("sev2")]);
        Self { caller, incidents: IncidentsCall::new(Arc::new(table), None, lane), effects: EffectsCall::default() }
    }

    fn host(&mut self) -> IncidentsHost<'_> {
        IncidentsHost { caller: &mut self.caller, incidents: &mut self.incidents, effects: &self.effects }
    }

    async fn declare(&mut self, title: &str, conversation: &str) -> Result<wit::Incident, HostError> {
        self.host().declare(title.into(), "sev1".into(), conversation.into(), None).await.unwrap()
    }

    async fn status(&mut self, id: &str, status: &str) -> Result<wit::Incident, HostError> {
        self.host().set_status(id.into(), status.into(), String::new()).await.unwrap()
    }

    async fn listing(&mut self, open_only: bool, limit: u32) -> Vec<String> {
        let all = self.host().listing(open_only, limit).await.unwrap().unwrap();
        all.into_iter().map(|incident| incident.id).collect()
    }

    fn changes(self) -> Changes {
        let mut changes = Changes::default();
        self.incidents.into_changes(&mut changes);
        changes
    }
}

fn is_denied<T>(answer: wasmtime::Result<Result<T, HostError>>) -> bool {
    matches!(answer.unwrap(), Err(HostError::Denied(_)))
}

#[tokio::test]
async fn denies_every_change_to_a_reader_and_every_read_to_nobody() {
    let reads = || FakeReads::default().with_incident(stored(1, "console:#ops"));
    let mut call = Call::new(caller_on(&["incidents:read"], reads()));
    let id = || "INC-1".to_owned();
    assert!(is_denied(call.host().declare("t".into(), "sev1".into(), "console:#ops".into(), None).await));
    assert!(is_denied(call.host().set_severity(id(), "sev1".into(), "".into()).await));
    assert!(is_denied(call.host().set_status(id(), "nonsense".into(), "".into()).await));
    assert!(is_denied(call.host().reopen(id(), "".into()).await));
    assert!(is_denied(call.host().update(id(), "x".into()).await));
    assert!(is_denied(call.host().set_title(id(), "x".into()).await));
    assert!(is_denied(call.host().set_card(id(), "x".into()).await));
    assert!(is_denied(call.host().note(id(), "note".into(), "x".into()).await));
    assert!(is_denied(call.host().acknowledge(id()).await));
    assert!(is_denied(call.host().take_role(id(), "scribe".into()).await));
    assert!(is_denied(call.host().give_role(id(), "scribe".into(), "ben".into(), "".into()).await));
    assert!(is_denied(call.host().release_role(id(), "scribe".into(), "".into()).await));
    assert!(is_denied(call.host().add_task(id(), "x".into(), None, None).await));
    assert!(is_denied(call.host().finish_task(id(), 1).await));
    assert!(is_denied(call.host().merge(id(), id()).await));
    assert!(is_denied(call.host().put_off_update(id(), 9_000).await));
    assert!(call.host().facts_of(id()).await.unwrap().is_ok());
    assert_eq!(call.host().history(0, 10).await.unwrap().unwrap().len(), 1);
    assert!(call.host().get(id()).await.unwrap().is_ok());
    assert!(!call.host().severities().unwrap().is_empty());

    let mut call = Call::new(caller_on(&["kv"], reads()));
    assert!(is_denied(call.host().get(id()).await));
    assert!(is_denied(call.host().listing(false, 1).await));
    assert!(is_denied(call.host().timeline(id(), 1).await));
    assert!(is_denied(call.host().facts_of(id()).await));
    assert!(is_denied(call.host().history(0, 10).await));
    assert_eq!(call.changes(), Changes::default());
}

#[tokio::test]
async fn denies_declaring_into_a_conversation_that_the_plugin_may_not_post_to() {
    let mut call = Call::new(caller(&["incidents:write"]));
    assert!(
        matches!(call.declare("t", "console:#general").await, Err(HostError::Denied(text)) if text.contains("post:"))
    );
    assert!(call.incidents.guard.is_none());
    call.declare("t", "console:#ops").await.unwrap();
}

#[tokio::test]
async fn declares_with_the_next_number_and_sees_its_own_incidents() {
    let reads = FakeReads::default().with_incident(stored(4, "console:#ops"));
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    let first = call.declare("checkout is down", "console:#ops").await.unwrap();
    let second = call.declare("and search", "console:#ops").await.unwrap();
    assert_eq!((first.id.as_str(), second.id.as_str(), first.status.as_str()), ("INC-5", "INC-6", "investigating"));
    assert_eq!(call.listing(true, 10).await, ["INC-6", "INC-5", "INC-4"]);
    assert_eq!(call.host().get("INC-5".into()).await.unwrap().unwrap().title, "checkout is down");
    let changes = call.changes();
    assert_eq!(changes.reads.cells.get(&Cell::Incident(IncidentId::numbered(5))), Some(&0));
    assert_eq!(changes.incidents.len(), 2);
    assert_eq!(changes.timeline.iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(), ["declared", "declared"]);
}

#[tokio::test]
async fn a_declaration_keeps_the_lane_until_its_guard_is_dropped() {
    let lane = NumberLane::default();
    let mut call = Call::in_lane(caller(&["incidents:write"]), lane.clone());
    call.declare("first", "console:#ops").await.unwrap();
    let guard = call.incidents.into_changes(&mut Changes::default());
    assert!(guard.is_some());
    let mut next = Call::in_lane(caller(&["incidents:write"]), lane);
    let mut waiting = Box::pin(next.declare("second", "console:#ops"));
    assert!(futures::poll!(&mut waiting).is_pending());
    drop(guard);
    assert!(waiting.await.is_ok());
}

#[tokio::test]
async fn a_refused_declaration_gives_the_lane_back() {
    let mut call = Call::new(caller(&["incidents:write"]));
    assert!(matches!(call.declare("", "console:#ops").await, Err(HostError::Invalid(_))));
    assert!(call.incidents.guard.is_none());
}

#[tokio::test]
async fn changes_keep_the_revision_they_were_based_on() {
    let reads = FakeReads::default().with_incident(stored(1, "console:#ops"));
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    call.host().set_severity("inc-1".into(), "sev1".into(), "worse".into()).await.unwrap().unwrap();
    let resolved = call.status("1", "resolved").await.unwrap();
    assert_eq!((resolved.severity.as_str(), resolved.resolved_at), ("sev1", Some(1_000)));
    let changes = call.changes();
    let id = IncidentId::numbered(1);
    assert_eq!((changes.incidents[&id].revision, changes.reads.cells[&Cell::Incident(id)]), (3, 3));
    assert_eq!(changes.timeline.iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(), ["severity", "status"]);
}

#[tokio::test]
async fn an_incident_resolved_in_this_call_leaves_the_open_list() {
    let reads = (1..=3).fold(FakeReads::default(), |reads, n| reads.with_incident(stored(n, "console:#ops")));
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    call.status("INC-3", "resolved").await.unwrap();
    assert_eq!(call.listing(true, 2).await, ["INC-2", "INC-1"]);
    assert_eq!(call.listing(false, 2).await, ["INC-3", "INC-2"]);
    let list = &call.incidents.lists[0];
    assert_eq!(list.query, ListQuery::Incidents { open_only: true, limit: 3 });
    assert_eq!(list.seen[0], ("INC-3".to_owned(), 3), "the rows as the store has them");
}

#[tokio::test]
async fn a_note_needs_the_incident_but_does_not_contend_for_it() {
    let reads = FakeReads::default().with_incident(stored(1, "console:#ops"));
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    call.host().note("INC-1".into(), "note".into(), "looking".into()).await.unwrap().unwrap();
    let refused = call.host().note("INC-9".into(), "note".into(), "x".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::NotFound(_))));
    let changes = call.changes();
    assert_eq!((changes.timeline.len(), changes.reads.cells.len(), changes.incidents.len()), (1, 0, 0));
}

#[tokio::test]
async fn a_timeline_ends_with_this_calls_own_lines() {
    let line = |n: i64| TimelineEntry {
        id: format!("l{n}"),
        incident: IncidentId::numbered(1),
        at_ms: n,
        kind: "note".into(),
        author: "ana".into(),
        text: format!("line {n}"),
    };
    let mut reads = FakeReads::default().with_incident(stored(1, "console:#ops"));
    reads.timeline = (1..=3).map(line).collect();
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    call.host().note("INC-1".into(), "note".into(), "mine".into()).await.unwrap().unwrap();
    let lines = call.host().timeline("INC-1".into(), 2).await.unwrap().unwrap();
    assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["line 3", "mine"]);
    assert_eq!(call.incidents.lists[0].seen, [("l2".to_owned(), 0), ("l3".to_owned(), 0)]);
}

#[tokio::test]
async fn a_card_must_be_a_message_of_this_plugin() {
    let reads = FakeReads::default().with_incident(stored(1, "console:#ops"));
    let reads = reads.with_message("mine", "probe", "console:#ops").with_message("theirs", "other", "console:#ops");
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    let refused = call.host().set_card("INC-1".into(), "theirs".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::NotFound(_))));
    call.host().set_card("INC-1".into(), "mine".into()).await.unwrap().unwrap();
    assert_eq!(call.incidents.changed[&IncidentId::numbered(1)].card, Some("mine".into()));
}

#[tokio::test]
async fn refuses_ids_and_words_that_mean_nothing() {
    let mut call = Call::new(caller(&["incidents:write"]));
    for id in ["", "INC-", "INC-99", "'; drop table incidents", "\0"] {
        assert!(matches!(call.host().get(id.into()).await.unwrap(), Err(HostError::NotFound(_))), "{id:?}");
    }
    assert!(
        matches!(call.status("INC-1", "done").await, Err(HostError::Invalid(text)) if text.contains("investigating"))
    );
}

#[tokio::test]
async fn a_call_sees_the_roles_and_tasks_it_has_just_given() {
    let reads = FakeReads::default().with_incident(stored(1, "console:#ops"));
    let mut call = Call::new(caller_on(&["incidents:write"], reads));
    let id = || "INC-1".to_owned();
    call.host().take_role(id(), "commander".into()).await.unwrap().unwrap();
    let task = call.host().add_task(id(), "restart it".into(), Some("ben".into()), Some(5_000)).await.unwrap().unwrap();
    assert_eq!((task.number, task.owner.as_deref(), task.due), (1, Some("ben"), Some(5_000)));
    let task = call.host().finish_task(id(), 1).await.unwrap().unwrap();
    assert_eq!(task.done.map(|deed| deed.by).as_deref(), Some("ana"));
    let facts = call.host().acknowledge(id()).await.unwrap().unwrap();
    assert_eq!((facts.roles[0].person.as_str(), facts.spans.len(), facts.tasks.len()), ("ana", 1, 1));
    let changes = call.changes();
    let kinds: Vec<_> = changes.timeline.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["role", "task", "task", "acknowledged"]);
    assert_eq!(changes.reads.cells[&Cell::Incident(IncidentId::numbered(1))], 3, "checked at the commit");
}

#[tokio::test]
async fn nobody_takes_no_role_and_a_merge_checks_both() {
    let reads = || (1..=2).fold(FakeReads::default(), |reads, n| reads.with_incident(stored(n, "console:#ops")));
    let mut call = Call::new(caller_on(&["incidents:write"], reads()));
    call.caller.by = None;
    let refused = call.host().take_role("INC-1".into(), "commander".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::Invalid(text)) if text.contains("nobody caused")));
    let gone = call.host().merge("INC-2".into(), "INC-1".into()).await.unwrap().unwrap();
    assert_eq!(gone.status, "resolved");
    let changes = call.changes();
    assert_eq!((changes.incidents.len(), changes.reads.cells.len(), changes.timeline.len()), (2, 2, 2));
}

#[tokio::test]
async fn history_is_a_glance_and_goes_back_as_far_as_asked() {
    let reads = (1..=3).fold(FakeReads::default(), |reads, n| reads.with_incident(stored(n, "console:#ops")));
    let mut call = Call::new(caller_on(&["incidents:read"], reads));
    let past = call.host().history(2, u32::MAX).await.unwrap().unwrap();
    assert_eq!(past.iter().map(|past| past.id.as_str()).collect::<Vec<_>>(), ["INC-3", "INC-2"]);
    assert_eq!(past[0].spans.len(), 1, "one from before there were facts was open once");
    assert_eq!(call.changes(), Changes::default());
}

#[tokio::test]
async fn what_is_configured_needs_no_grant() {
    let mut call = Call::new(caller(&[]));
    assert_eq!(call.host().clocks_of("sev1".into()).unwrap().update_every, None);
    assert_eq!(call.host().words_of("sev1".into()).unwrap(), ["s1", "p0", "critical"]);
    assert!(call.host().words_of("'; drop".into()).unwrap().is_empty());
    assert_eq!(call.host().digest().unwrap(), None);
}

//! Roles, tasks, acknowledgement, merging and the next update, tested as sentences.

use super::super::rules::{Declaration, declare, reopen, set_severity, set_status, update};
use super::super::severity::{Clocks, Severity, SeverityTable};
use super::*;
use crate::model::ids::{ConversationId, IncidentId};
use proptest::prelude::*;

const T0: i64 = 1_772_359_320_000; // 2026-03-01T10:02:00Z
const MINUTE: i64 = 60_000;

fn stamp(by: &str, at_ms: i64) -> Stamp {
    Stamp { author: PersonId::from(by), at_ms, entry: format!("entry-{at_ms}") }
}

/// Updates are due every 30 minutes for sev1, every hour for sev2, never for sev3.
fn table() -> SeverityTable {
    let severity = |name: &str, every: Option<i64>| Severity {
        name: name.to_owned(),
        clocks: Clocks { update_every_ms: every, ..Clocks::default() },
        ..Severity::default()
    };
    SeverityTable::new(vec![
        severity("sev1", Some(30 * MINUTE)),
        severity("sev2", Some(60 * MINUTE)),
        severity("sev3", None),
    ])
}

fn opened(number: i64) -> Incident {
    let said = Declaration {
        title: format!("trouble {number}"),
        severity: "sev1".to_owned(),
        conversation: ConversationId::from("console:#incidents"),
        service: None,
    };
    declare(IncidentId::numbered(number), said, &table(), stamp("ana", T0)).expect("it is valid").0
}

fn ended(incident: &Incident, at_ms: i64) -> Incident {
    set_status(incident, Status::Resolved, "", stamp("ana", at_ms)).expect("it is open").0
}

fn merged() -> Incident {
    let [(ended, _), _] = merge(&opened(2), &opened(1), stamp("ana", T0 + MINUTE), "e2".into()).expect("it may");
    ended
}

#[test]
fn the_first_to_acknowledge_is_on_record_and_the_second_is_told() {
    let (mine, line) = acknowledge(&opened(1), stamp("ben", T0 + 3 * MINUTE)).expect("it may");
    assert_eq!((line.kind.as_str(), line.text.as_str()), ("acknowledged", "taken up after 3 min"));
    assert_eq!(mine.facts.acknowledged(), Some(&Deed { by: "ben".into(), at_ms: T0 + 3 * MINUTE }));
    let late = acknowledge(&mine, stamp("ana", T0 + 4 * MINUTE)).expect_err("ben has it");
    insta::assert_snapshot!(late, @"INC-1 is already acknowledged, by ben on 2026-03-01 10:05 UTC.");
    let over = acknowledge(&ended(&opened(1), T0), stamp("ana", T0)).expect_err("it is over");
    insta::assert_snapshot!(over, @"INC-1 is resolved; reopen it first: /sev reopen INC-1");
    let (early, _) = acknowledge(&opened(1), stamp("ben", T0 - MINUTE)).expect("a clock set back is no mistake");
    assert_eq!(early.facts.acknowledged().map(|deed| deed.at_ms), Some(T0));
}

#[test]
fn a_reopened_incident_begins_anew_and_keeps_what_was() {
    let (mine, _) = acknowledge(&opened(1), stamp("ben", T0 + MINUTE)).expect("it may");
    let (watched, _) = set_status(&mine, Status::Monitoring, "", stamp("ben", T0 + 2 * MINUTE)).expect("it may");
    let over = ended(&watched, T0 + 9 * MINUTE);
    assert_eq!(over.facts.next_update_ms, None);
    let (again, _) = reopen(&over, "", &table(), stamp("ana", T0 + 20 * MINUTE)).expect("it is over");
    let first = Span {
        opened_ms: T0,
        acknowledged: Some(Deed { by: "ben".into(), at_ms: T0 + MINUTE }),
        decided_ms: Some(T0 + 2 * MINUTE),
        restored_ms: Some(T0 + 2 * MINUTE),
        resolved_ms: Some(T0 + 9 * MINUTE),
    };
    assert_eq!(again.facts.spans, [first, first_span(T0 + 20 * MINUTE)]);
    assert_eq!(again.facts.acknowledged(), None);
    assert_eq!(again.facts.next_update_ms, Some(T0 + 50 * MINUTE));
    let (before, _) = reopen(&over, "", &table(), stamp("ana", T0 - MINUTE)).expect("a clock set back is no mistake");
    assert_eq!(before.facts.spans[1].opened_ms, T0 + 9 * MINUTE, "it begins again no earlier than it ended");
}

#[test]
fn an_incident_from_before_there_were_facts_has_been_open_once() {
    let old = Incident { facts: Facts::default(), ..opened(1) };
    let over = ended(&old, T0 + MINUTE);
    assert_eq!(over.facts.spans.len(), 1);
    assert_eq!((over.facts.spans[0].opened_ms, over.facts.spans[0].resolved_ms), (T0, Some(T0 + MINUTE)));
    let old = Incident { facts: Facts::default(), ..over };
    let (again, _) = reopen(&old, "", &table(), stamp("ana", T0 + 2 * MINUTE)).expect("it is over");
    assert_eq!(again.facts.spans.len(), 2);
}

#[test]
fn a_role_is_taken_once_handed_over_and_given_up() {
    let (mine, line) = take_role(&opened(1), "commander", stamp("ana", T0)).expect("nobody has it");
    assert_eq!((line.kind.as_str(), line.text.as_str()), ("role", "commander: ana"));
    let late = take_role(&mine, "commander", stamp("ben", T0)).expect_err("ana has it");
    insta::assert_snapshot!(late, @"ana is commander of INC-1, since 2026-03-01 10:02 UTC. To take over, name yourself: /sev role commander @YOU --note WHY");
    let twice = take_role(&mine, "commander", stamp("ana", T0)).expect_err("she has it");
    insta::assert_snapshot!(twice, @"ana is already commander of INC-1, since 2026-03-01 10:02 UTC.");
    let (his, line) = give_role(&mine, "commander", &"ben".into(), "step 3", stamp("ana", T0 + 1)).expect("it may");
    assert_eq!(line.text, "commander: ana → ben: step 3");
    assert_eq!(his.facts.roles, [Holder { role: "commander".into(), person: "ben".into(), since_ms: T0 + 1 }]);
    let (none, line) = release_role(&his, "commander", "", stamp("ben", T0 + 2)).expect("he has it");
    assert_eq!((none.facts.roles.len(), line.text.as_str()), (0, "commander: ben → nobody"));
    let nobody = release_role(&none, "commander", "", stamp("ben", T0 + 3)).expect_err("nobody has it");
    insta::assert_snapshot!(nobody, @"Nobody is commander of INC-1.");
}

#[test]
fn refuses_roles_and_people_that_are_none() {
    for role in ["", "Commander", "two words", "-x", "é", &"r".repeat(33)] {
        assert!(take_role(&opened(1), role, stamp("ana", T0)).is_err(), "{role}");
    }
    for person in ["", " ", "a b", "x\u{1b}", &"p".repeat(201), " ana"] {
        assert!(give_role(&opened(1), "scribe", &person.into(), "", stamp("ana", T0)).is_err(), "{person}");
    }
    let mut crowded = opened(1);
    for n in 0..MAX_ROLES {
        crowded = take_role(&crowded, &format!("role-{n}"), stamp("ana", T0)).expect("there is room").0;
    }
    assert!(matches!(take_role(&crowded, "one-more", stamp("ana", T0)), Err(Refusal::TooLarge(_))));
}

#[test]
fn tasks_count_from_one_and_are_done_once() {
    let (one, line) =
        add_task(&opened(1), " restart\n it ", Some(&"ben".into()), Some(T0), stamp("ana", T0)).expect("ok");
    assert_eq!(line.text, "1 added, ben, due 2026-03-01 10:02 UTC: restart it");
    let (two, _) = add_task(&one, "tell support", None, None, stamp("ana", T0)).expect("ok");
    assert_eq!(two.facts.tasks.iter().map(|task| task.number).collect::<Vec<_>>(), [1, 2]);
    let (done, line) = finish_task(&two, 1, stamp("ben", T0 + MINUTE)).expect("it is open");
    assert_eq!((line.kind.as_str(), line.text.as_str()), ("task", "1 done: restart it"));
    let twice = finish_task(&done, 1, stamp("ana", T0)).expect_err("it is done");
    insta::assert_snapshot!(twice, @"Task 1 of INC-1 is already done, by ben on 2026-03-01 10:03 UTC.");
    let none = finish_task(&done, 3, stamp("ana", T0)).expect_err("there is none");
    insta::assert_snapshot!(none, @"INC-1 has no task 3; /sev task list shows them.");
    assert!(add_task(&ended(&done, T0), "prevent it", None, None, stamp("ana", T0)).is_ok(), "much is left to do then");
    for text in ["", "  ", "\u{7}", &"x".repeat(201)] {
        assert!(add_task(&done, text, None, None, stamp("ana", T0)).is_err(), "{text}");
    }
    let mut busy = opened(1);
    for _ in 0..MAX_TASKS {
        busy = add_task(&busy, "x", None, None, stamp("ana", T0)).expect("there is room").0;
    }
    assert!(matches!(add_task(&busy, "x", None, None, stamp("ana", T0)), Err(Refusal::TooLarge(_))));
}

#[test]
fn a_merged_incident_ends_for_good_and_says_where_to_go() {
    let [(gone, line), (into, there)] =
        merge(&opened(2), &opened(1), stamp("ana", T0 + MINUTE), "e2".into()).expect("it may");
    assert_eq!((gone.status, gone.resolved_ms), (Status::Resolved, Some(T0 + MINUTE)));
    assert_eq!((gone.facts.merged_into.clone(), gone.facts.next_update_ms), (Some(IncidentId::numbered(1)), None));
    assert_eq!((line.incident.as_str(), line.text.as_str()), ("INC-2", "merged into INC-1: trouble 1"));
    assert_eq!((there.incident.as_str(), there.text.as_str()), ("INC-1", "took in INC-2: trouble 2"));
    assert_eq!((into, there.id.as_str()), (opened(1), "e2"));
    let stamp = || stamp("ana", T0 + 2 * MINUTE);
    let says = "INC-2 was merged into INC-1; go on there: add --incident INC-1";
    for refused in [
        set_severity(&gone, "sev2", "", &table(), stamp()),
        set_status(&gone, Status::Monitoring, "", stamp()),
        reopen(&gone, "", &table(), stamp()),
        update(&gone, "hm", &table(), stamp()),
        acknowledge(&gone, stamp()),
        take_role(&gone, "scribe", stamp()),
        give_role(&gone, "scribe", &"ben".into(), "", stamp()),
        release_role(&gone, "scribe", "", stamp()),
        add_task(&gone, "hm", None, None, stamp()),
        finish_task(&gone, 1, stamp()),
        put_off_update(&gone, T0 + 3 * MINUTE, stamp()),
    ] {
        assert_eq!(refused.expect_err("it is gone").to_string(), says);
    }
}

#[test]
fn what_cannot_be_merged_stays_as_it_is() {
    let join = |one: &Incident, other: &Incident| {
        merge(one, other, stamp("ana", T0 + MINUTE), "e2".into()).expect_err("it may not").to_string()
    };
    insta::assert_snapshot!(join(&opened(1), &opened(1)), @"INC-1 cannot be merged into itself; name another: --into INC-…");
    insta::assert_snapshot!(join(&merged(), &opened(1)), @"INC-2 was already merged into INC-1.");
    insta::assert_snapshot!(join(&merged(), &opened(3)), @"INC-2 was merged into INC-1; go on there: add --incident INC-1");
    insta::assert_snapshot!(join(&opened(3), &merged()), @"INC-2 was merged into INC-1; go on there: add --incident INC-1");
    insta::assert_snapshot!(join(&opened(3), &ended(&opened(1), T0)), @"INC-1 is resolved; reopen it first: /sev reopen INC-1");
    let earlier = ended(&opened(2), T0 + 5);
    let [(gone, _), _] = merge(&earlier, &opened(1), stamp("ana", T0 + MINUTE), "e2".into()).expect("it may");
    assert_eq!(gone.resolved_ms, Some(T0 + 5), "it ended when it ended");
}

#[test]
fn the_next_update_is_due_as_the_severity_says_and_can_be_put_off() {
    let fresh = opened(1);
    assert_eq!(fresh.facts.next_update_ms, Some(T0 + 30 * MINUTE));
    let (told, _) = update(&fresh, "on it", &table(), stamp("ana", T0 + 10 * MINUTE)).expect("ok");
    assert_eq!(told.facts.next_update_ms, Some(T0 + 40 * MINUTE));
    let (milder, _) = set_severity(&told, "sev2", "", &table(), stamp("ana", T0 + 11 * MINUTE)).expect("ok");
    assert_eq!(milder.facts.next_update_ms, Some(T0 + 71 * MINUTE));
    let (quiet, _) = set_severity(&told, "sev3", "", &table(), stamp("ana", T0)).expect("ok");
    assert_eq!(quiet.facts.next_update_ms, None);
    let (later, line) = put_off_update(&told, T0 + 90 * MINUTE, stamp("ana", T0 + 40 * MINUTE)).expect("ok");
    assert_eq!(later.facts.next_update_ms, Some(T0 + 90 * MINUTE));
    assert_eq!(
        (line.kind.as_str(), line.text.as_str()),
        ("update-due", "next update put off until 2026-03-01 11:32 UTC")
    );
    assert!(put_off_update(&told, T0, stamp("ana", T0)).is_err(), "later than now");
    let over = ended(&told, T0 + MINUTE);
    let (judged, _) = set_severity(&over, "sev2", "", &table(), stamp("ana", T0)).expect("ok");
    assert_eq!(judged.facts.next_update_ms, None, "nobody expects one of what is over");
}

proptest! {
    /// Whatever happens in whatever order: the times it was open follow each other, only the last may have no end, it has
    /// none exactly while the incident is open, and a merged one is never open again.
    #[test]
    fn the_times_it_was_open_follow_each_other(steps in prop::collection::vec((0u8..9, -100_000i64..3_600_000), 0..40)) {
        let (mut incident, mut at, table) = (opened(2), T0, table());
        for (step, pause) in steps {
            at += pause;
            let stamp = stamp("ana", at);
            let changed = match step {
                0 => acknowledge(&incident, stamp),
                1..=4 => set_status(&incident, Status::ALL[usize::from(step - 1)], "", stamp),
                5 => reopen(&incident, "", &table, stamp),
                6 => update(&incident, "hm", &table, stamp),
                7 => put_off_update(&incident, at + 1, stamp),
                _ if pause % 50 == 0 => merge(&incident, &opened(1), stamp, "e2".into()).map(|[gone, _]| gone),
                _ => set_severity(&incident, "sev2", "", &table, stamp),
            };
            let was_merged = incident.facts.merged_into.is_some();
            if let Ok((after, _)) = changed {
                prop_assert!(!was_merged);
                incident = after;
            }
            let spans = &incident.facts.spans;
            let is_open = incident.status != Status::Resolved;
            prop_assert_eq!(spans.last().expect("at least one").resolved_ms.is_none(), is_open);
            prop_assert!(is_open || incident.facts.next_update_ms.is_none());
            for span in spans {
                let ends = [span.acknowledged.as_ref().map(|deed| deed.at_ms), span.decided_ms, span.restored_ms];
                prop_assert!(ends.into_iter().chain([span.resolved_ms]).flatten().all(|ms| ms >= span.opened_ms));
            }
            for pair in spans.windows(2) {
                prop_assert!(pair[0].resolved_ms.expect("it ended") <= pair[1].opened_ms);
            }
        }
    }
}

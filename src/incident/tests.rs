//! The rules of incidents, tested as sentences.

use super::*;
use proptest::prelude::*;

const T0: i64 = 1_772_359_320_000; // 2026-03-01T10:02:00Z

fn stamp(at_ms: i64) -> Stamp {
    Stamp { author: PersonId::from("ana"), at_ms, entry: format!("entry-{at_ms}") }
}

fn said(title: &str, severity: &str) -> Declaration {
    Declaration {
        title: title.to_owned(),
        severity: severity.to_owned(),
        conversation: ConversationId::from("console:#incidents"),
        service: Some("shop".to_owned()),
    }
}

fn opened() -> Incident {
    let table = SeverityTable::default();
    declare(IncidentId::numbered(3), said("checkout is down", "P0"), &table, stamp(T0)).expect("it is valid").0
}

fn resolved() -> Incident {
    set_status(&opened(), Status::Resolved, "", stamp(T0 + 60_000)).expect("it is open").0
}

fn refusal(result: Result<Changed, Refusal>) -> Refusal {
    result.expect_err("it should have been refused")
}

#[test]
fn declaring_opens_an_investigation_under_the_configured_severity() {
    let table = SeverityTable::default();
    let (incident, entry) =
        declare(IncidentId::numbered(3), said(" checkout\n is  down ", "SEV-1"), &table, stamp(T0)).expect("valid");
    assert_eq!((incident.status, incident.severity.as_str()), (Status::Investigating, "sev1"));
    assert_eq!((incident.title.as_str(), incident.revision), ("checkout is down", 0));
    assert_eq!((incident.declared_by.as_str(), incident.declared_ms), ("ana", T0));
    assert_eq!((entry.kind.as_str(), entry.text.as_str()), ("declared", "sev1: checkout is down (shop)"));
    assert_eq!((entry.incident.as_str(), entry.id.as_str()), ("INC-3", "entry-1772359320000"));
}

#[test]
fn refuses_a_declaration_that_makes_no_sense_with_a_sentence() {
    let table = SeverityTable::default();
    let declared = |title: &str, severity: &str| {
        refusal(declare(IncidentId::numbered(1), said(title, severity), &table, stamp(T0)))
    };
    insta::assert_snapshot!(declared("x", "critcal"), @"There is no severity of that name; did you mean sev1?");
    insta::assert_snapshot!(declared("x", "nonsense"), @"There is no severity of that name; choose sev1, sev2, sev3 or sev4.");
    insta::assert_snapshot!(declared(" \n ", "sev1"), @"The title is empty.");
    insta::assert_snapshot!(declared("a\u{1b}[31m", "sev1"), @"The title contains a control character (U+001B); take it out.");
    insta::assert_snapshot!(declared(&"é".repeat(201), "sev1"), @"The title has 201 characters; the limit is 200.");
    assert!(matches!(declared(&"x".repeat(1_000_000), "sev1"), Refusal::TooLarge(_)));
    let longest = said(&"é".repeat(200), "sev1");
    assert!(declare(IncidentId::numbered(1), longest, &table, stamp(T0)).is_ok());
}

#[test]
fn the_three_open_statuses_follow_each_other_in_any_order() {
    let open = [Status::Investigating, Status::Identified, Status::Monitoring];
    for from in open {
        for to in open.into_iter().chain([Status::Resolved]).filter(|to| *to != from) {
            let incident = Incident { status: from, ..opened() };
            let (after, entry) = set_status(&incident, to, "found it", stamp(T0 + 1)).expect("it may");
            assert_eq!(after.status, to);
            assert_eq!(after.resolved_ms, (to == Status::Resolved).then_some(T0 + 1));
            assert_eq!(entry.text, format!("{} → {}: found it", from.as_str(), to.as_str()));
        }
    }
}

#[test]
fn a_resolved_incident_only_reopens() {
    for to in [Status::Investigating, Status::Identified, Status::Monitoring] {
        let refused = refusal(set_status(&resolved(), to, "", stamp(T0)));
        assert_eq!(refused.to_string(), "INC-3 is resolved; reopen it first: /sev reopen INC-3");
    }
    let refused = refusal(update(&resolved(), "still looking", &SeverityTable::default(), stamp(T0)));
    assert_eq!(refused.to_string(), "INC-3 is resolved; reopen it first: /sev reopen INC-3");

    let (again, entry) =
        reopen(&resolved(), "it is back", &SeverityTable::default(), stamp(T0 + 90_000)).expect("it is resolved");
    assert_eq!((again.status, again.resolved_ms), (Status::Investigating, None));
    assert_eq!(entry.text, "reopened: resolved → investigating: it is back");
}

#[test]
fn doing_it_twice_is_answered_with_what_already_is() {
    let twice = refusal(set_status(&resolved(), Status::Resolved, "", stamp(T0 + 120_000)));
    assert_eq!(twice, Refusal::Already("INC-3 is already resolved, since 2026-03-01 10:03 UTC.".to_owned()));
    insta::assert_snapshot!(refusal(set_status(&opened(), Status::Investigating, "", stamp(T0))), @"INC-3 is already investigating.");
    insta::assert_snapshot!(refusal(reopen(&opened(), "", &SeverityTable::default(), stamp(T0))), @"INC-3 is open already, as investigating.");
    insta::assert_snapshot!(refusal(set_title(&opened(), "checkout is down", stamp(T0))), @"INC-3 already has that title.");
    let same = set_severity(&opened(), "critical", "", &SeverityTable::default(), stamp(T0));
    insta::assert_snapshot!(refusal(same), @"INC-3 is already sev1.");
}

#[test]
fn severity_title_and_notes_may_change_after_the_end() {
    let table = SeverityTable::default();
    let (after, entry) = set_severity(&resolved(), "P1", "fewer users", &table, stamp(T0)).expect("it may");
    assert_eq!((after.severity.as_str(), entry.text.as_str()), ("sev2", "sev1 → sev2: fewer users"));
    let (after, entry) = set_title(&resolved(), "payments failed", stamp(T0)).expect("it may");
    assert_eq!((after.title.as_str(), entry.text.as_str()), ("payments failed", "checkout is down → payments failed"));
    let (after, entry) = note(&resolved(), "note", "line one\r\nline two", stamp(T0)).expect("it may");
    assert_eq!((after, entry.text.as_str()), (resolved(), "line one\nline two"));
}

#[test]
fn an_update_becomes_the_latest_words() {
    let (after, entry) = update(&opened(), " rolling back ", &SeverityTable::default(), stamp(T0 + 5)).expect("it may");
    assert_eq!((after.latest.as_str(), after.revision), ("rolling back", 0));
    assert_eq!((entry.kind.as_str(), entry.at_ms, entry.author.as_str()), ("update", T0 + 5, "ana"));
    assert_eq!(
        refusal(update(&opened(), "", &SeverityTable::default(), stamp(T0))),
        Refusal::Invalid("The text is empty.".to_owned())
    );
    assert!(matches!(
        refusal(update(&opened(), &"x".repeat(4001), &SeverityTable::default(), stamp(T0))),
        Refusal::TooLarge(_)
    ));
}

#[test]
fn a_note_cannot_pose_as_a_change() {
    for kind in ["status", "severity", "declared", "title", "update", "", "Note", "two words", "-x", &"k".repeat(33)] {
        assert!(matches!(note(&opened(), kind, "text", stamp(T0)), Err(Refusal::Invalid(_))), "{kind}");
    }
    assert!(note(&opened(), "deploy-9", "text", stamp(T0)).is_ok());
}

#[test]
fn a_clock_set_back_does_not_end_an_incident_before_it_began() {
    let (after, entry) = set_status(&opened(), Status::Resolved, "", stamp(T0 - 5_000)).expect("it may");
    assert_eq!((after.resolved_ms, entry.at_ms), (Some(T0), T0 - 5_000));
}

proptest! {
    /// Whatever happens in whatever order, `resolved_ms` stands exactly while the status is `resolved`.
    #[test]
    fn resolved_time_and_resolved_status_go_together(steps in prop::collection::vec((0u8..7, ".{0,20}"), 0..30)) {
        let table = SeverityTable::default();
        let mut incident = opened();
        for (at, (step, text)) in (T0..).zip(steps) {
            let result = match step {
                0..=3 => set_status(&incident, Status::ALL[usize::from(step)], &text, stamp(at)),
                4 => reopen(&incident, &text, &SeverityTable::default(), stamp(at)),
                5 => set_severity(&incident, &text, "", &table, stamp(at)),
                _ => update(&incident, &text, &SeverityTable::default(), stamp(at)),
            };
            match result {
                Ok((after, entry)) => {
                    prop_assert_eq!((&after.id, after.revision), (&incident.id, incident.revision));
                    prop_assert!(!entry.text.is_empty());
                    incident = after;
                }
                Err(refused) => prop_assert!(!refused.to_string().is_empty()),
            }
            prop_assert_eq!(incident.resolved_ms.is_some(), incident.status == Status::Resolved);
        }
    }
}

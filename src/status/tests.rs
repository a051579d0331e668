//! The rules of the public page, and what they add up to.

mod looks;
mod shapes;
mod stale;

use super::*;
use crate::config::status::{Component, Source, StatusPage};
use crate::model::ids::IncidentId;
use crate::model::incident::Status;
use ComponentState::{DegradedPerformance, MajorOutage, Operational, PartialOutage, UnderMaintenance, Unknown};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// 2026-01-10T12:00:00Z.
const NOON: i64 = 1_768_046_400_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn component(name: &str, group: Option<&str>) -> Component {
    Component {
        name: name.to_owned(),
        title: format!("The {name}"),
        group: group.map(str::to_owned),
        description: String::new(),
        from: Source::Manual,
        position: 1,
    }
}

fn frame() -> Frame {
    let components =
        vec![component("checkout", Some("Shop")), component("api", None), component("search", Some("Shop"))];
    Frame {
        page: StatusPage {
            title: "Shop status".to_owned(),
            description: "How the shop is doing".to_owned(),
            path: "/status".to_owned(),
            cache: crate::config::status::CACHE,
            history: crate::config::status::HISTORY,
            export: None,
            work: words(),
            components,
            on_page: Default::default(),
        },
        base: "https://bot.example.org".to_owned(),
    }
}

fn words() -> WorkWords {
    WorkWords { title: "Maintenance".to_owned(), text: "We are making a change.".to_owned() }
}

fn about(status: Status, text: &str, components: &[(&str, ComponentState)]) -> AboutIncident {
    AboutIncident {
        incident: IncidentId::numbered(7),
        title: "Slow checkout".to_owned(),
        status,
        text: text.to_owned(),
        components: components.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect(),
        written: Written::default(),
    }
}

fn window(starts_ms: i64, ends_ms: i64) -> AboutMaintenance {
    AboutMaintenance {
        name: "db".to_owned(),
        title: "New database".to_owned(),
        status: MaintenanceStatus::Scheduled,
        text: "Orders wait meanwhile.".to_owned(),
        components: BTreeSet::from(["api".to_owned()]),
        starts_ms,
        ends_ms,
        ends_itself: false,
        written: Written::default(),
    }
}

/// What is public of the one incident and the one maintenance there are.
fn public_of(snapshot: &Snapshot) -> Public {
    let (incident, maintenance) = (snapshot.incidents.first().cloned(), snapshot.maintenances.first().cloned());
    Public { revision: snapshot.revision, incident, maintenance }
}

/// A page on which this was published, in order, as the store would have it.
fn published(publications: &[(i64, Publication)]) -> Snapshot {
    let mut snapshot = Snapshot { page: "019b76da-a800-7000-8000-000000000001".to_owned(), ..Snapshot::default() };
    let mut next = 0;
    for (at_ms, publication) in publications {
        let ids = || {
            next += 1;
            format!("019b76da-a800-7000-8000-{next:012}")
        };
        let now = snapshot.said.iter().map(|said| (said.component.clone(), said.state)).collect();
        let public = public_of(&snapshot);
        let (incident, maintenance) = (public.incident.clone(), public.maintenance.clone());
        let change = apply(publication, public, &now, *at_ms, ids);
        snapshot.incidents = change.incident.or(incident).into_iter().collect();
        snapshot.maintenances = change.maintenance.or(maintenance).into_iter().collect();
        snapshot.said.extend(change.said.into_iter().map(|(said, _)| said));
        snapshot.revision += 1;
        snapshot.changed_ms = *at_ms;
    }
    snapshot
}

fn states(snapshot: &Snapshot, now_ms: i64) -> Vec<ComponentState> {
    let page = frame().page;
    standings(&page.components, snapshot, &BTreeMap::new(), now_ms).into_iter().map(|it| it.state).collect()
}

fn whole(snapshot: &Snapshot, now_ms: i64) -> (&'static str, &'static str) {
    let page = frame().page;
    let overall = overall(&standings(&page.components, snapshot, &BTreeMap::new(), now_ms), snapshot);
    (overall.indicator.as_str(), overall.description)
}

fn all(state: ComponentState) -> Publication {
    let components = ["api", "checkout", "search"].map(|name| (name.to_owned(), state));
    Publication::Components(AboutComponents {
        reason: "looked".to_owned(),
        components: components.into(),
        written_ms: 0,
    })
}

#[test]
fn what_nobody_said_is_unknown_and_the_page_does_not_call_it_well() {
    let nothing = Snapshot::default();
    assert_eq!(states(&nothing, NOON), [Unknown; 3]);
    assert_eq!(whole(&nothing, NOON), ("minor", "State of Some Systems Unknown"));
    assert_eq!(overall(&[], &nothing).description, "No Incident Reported", "without components nothing is claimed");
    assert_eq!(Unknown.for_clients(), "degraded_performance");
}

#[test]
fn the_page_is_as_bad_as_its_worst_component_and_never_well_while_an_incident_is_open() {
    for (state, expected) in [
        (Operational, ("none", "All Systems Operational")),
        (UnderMaintenance, ("maintenance", "Service Under Maintenance")),
        (DegradedPerformance, ("minor", "Partially Degraded Service")),
        (PartialOutage, ("major", "Partial System Outage")),
        (MajorOutage, ("critical", "Major Service Outage")),
    ] {
        let one = BTreeMap::from([("api".to_owned(), state)]);
        let one =
            Publication::Components(AboutComponents { reason: "seen".to_owned(), components: one, written_ms: 0 });
        assert_eq!(whole(&published(&[(NOON, all(Operational)), (NOON, one)]), NOON), expected);
    }
    let open = Publication::Incident(about(Status::Investigating, "We look into it.", &[]));
    let snapshot = published(&[(NOON, all(Operational)), (NOON, open)]);
    assert_eq!(whole(&snapshot, NOON), ("minor", "Incident Under Investigation"));
}

#[test]
fn a_component_that_is_measured_is_never_better_than_what_was_measured() {
    let mut page = frame().page;
    page.components[1].from = Source::Probe("api".to_owned());
    let seen = |measured: Option<ComponentState>, snapshot: &Snapshot| {
        let measured = measured.map(|state| ("probe:api".to_owned(), state)).into_iter().collect();
        standings(&page.components, snapshot, &measured, NOON)[1].state
    };
    let (nothing, well, down) =
        (Snapshot::default(), published(&[(NOON, all(Operational))]), published(&[(NOON, all(MajorOutage))]));
    assert_eq!(seen(Some(Operational), &nothing), Operational);
    assert_eq!(seen(Some(PartialOutage), &well), PartialOutage);
    assert_eq!(seen(None, &well), Unknown, "what people said does not replace a measurement");
    assert_eq!(
        seen(Some(Operational), &down),
        MajorOutage,
        "what people said was bad stays so until they take it back"
    );
}

#[test]
fn a_maintenance_begins_on_time_and_ends_when_somebody_says_so() {
    let plan = Publication::Maintenance(window(NOON, NOON + HOUR));
    let mut snapshot = published(&[(NOON - DAY, all(Operational)), (NOON - DAY, plan.clone())]);
    let at = |snapshot: &Snapshot, ms: i64| snapshot.maintenances[0].status_at(ms).as_str();
    assert_eq!((at(&snapshot, NOON - 1), states(&snapshot, NOON - 1)[1]), ("scheduled", Operational));
    assert_eq!((at(&snapshot, NOON), states(&snapshot, NOON)[1]), ("in_progress", UnderMaintenance));
    assert_eq!(at(&snapshot, NOON + 5 * HOUR), "in_progress", "nobody knows that it is over");
    snapshot.maintenances[0].ends_itself = true;
    assert_eq!((at(&snapshot, NOON + HOUR), states(&snapshot, NOON + HOUR)[1]), ("completed", Operational));
    let over = AboutMaintenance { status: MaintenanceStatus::Completed, ..window(NOON, NOON + HOUR) };
    let done = published(&[(NOON - DAY, plan), (NOON + HOUR / 2, Publication::Maintenance(over))]);
    assert_eq!(at(&done, NOON + HOUR / 2), "completed");
    assert_eq!(done.maintenances[0].lasted(NOON + DAY), Some((NOON, NOON + HOUR / 2)));
}

#[test]
fn a_component_that_is_down_is_not_excused_by_a_maintenance() {
    let plan = Publication::Maintenance(window(NOON, NOON + HOUR));
    assert_eq!(states(&published(&[(NOON, all(MajorOutage)), (NOON, plan.clone())]), NOON)[1], MajorOutage);
    assert_eq!(states(&published(&[(NOON, plan)]), NOON)[1], UnderMaintenance);
}

#[test]
fn an_incident_keeps_its_worst_impact_its_moments_and_what_each_update_moved() {
    let snapshot = published(&[
        (NOON, Publication::Incident(about(Status::Investigating, "It is slow.", &[("checkout", PartialOutage)]))),
        (NOON + HOUR, Publication::Incident(about(Status::Monitoring, "Mended.", &[("checkout", Operational)]))),
        (NOON + 2 * HOUR, Publication::Incident(about(Status::Resolved, "Over.", &[]))),
    ]);
    let incident = &snapshot.incidents[0];
    assert_eq!((incident.impact.as_str(), incident.updates.len()), ("major", 3));
    assert_eq!((incident.monitoring_ms, incident.resolved_ms), (Some(NOON + HOUR), Some(NOON + 2 * HOUR)));
    let moved: Vec<_> = incident.updates.iter().flat_map(|it| &it.components).map(|it| (it.from, it.to)).collect();
    assert_eq!(moved, [(Unknown, PartialOutage), (PartialOutage, Operational)]);
    let again = published(&[
        (NOON, Publication::Incident(about(Status::Resolved, "Over.", &[]))),
        (NOON - HOUR, Publication::Incident(about(Status::Investigating, "It is back.", &[]))),
    ]);
    assert_eq!(again.incidents[0].resolved_ms, None);
    assert!(again.incidents[0].updates.is_sorted_by_key(|it| it.at_ms), "a clock that was set back reorders nothing");
}

#[test]
fn a_day_shows_the_worst_that_was_known_of_it() {
    let snapshot = published(&[
        (NOON - 3 * DAY, all(Operational)),
        (NOON - 2 * DAY, Publication::Incident(about(Status::Identified, "Down.", &[("api", MajorOutage)]))),
        (NOON - 2 * DAY + HOUR, Publication::Incident(about(Status::Resolved, "Up.", &[("api", Operational)]))),
        (NOON - DAY, Publication::Maintenance(window(NOON - DAY, NOON - DAY + HOUR))),
    ]);
    let days = days_of("api", &snapshot, NOON, 5);
    assert_eq!(days.iter().map(|day| day.begins_ms % DAY).max(), Some(0), "days begin at midnight, UTC");
    let worst: Vec<_> = days.into_iter().map(|day| day.worst).collect();
    assert_eq!(worst, [Unknown, Operational, MajorOutage, UnderMaintenance, UnderMaintenance], "still at work today");
    assert_eq!(days_of("search", &snapshot, NOON, 3).last().map(|day| day.worst), Some(Operational));
}

#[test]
fn what_cannot_be_published_is_refused_with_a_sentence() {
    let known = ["api", "checkout"];
    let said = |publication: Publication| check(publication, &known).unwrap_err().to_string();
    let words = |title: &str, text: &str| {
        Publication::Incident(AboutIncident { title: title.to_owned(), ..about(Status::Identified, text, &[]) })
    };
    let sentences = [
        said(words(" ", "text")),
        said(words("a\nb", "text")),
        said(words(&"x".repeat(201), "text")),
        said(words("title", "")),
        said(words("title", "pay \u{202e}ereh")),
        said(words("title", "bell \u{7}")),
        said(words("title", &"x".repeat(2001))),
        said(Publication::Incident(about(Status::Identified, "text", &[("chekout", Operational)]))),
        said(Publication::Maintenance(window(NOON, NOON))),
        said(Publication::Maintenance(window(NOON, NOON + 31 * DAY))),
        said(Publication::Components(AboutComponents {
            reason: "x".to_owned(),
            components: BTreeMap::new(),
            written_ms: 0,
        })),
        check(all(Operational), &[]).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(sentences.join("\n"), @r"
    The public title has 1 to 200 characters.
    The public title is one line of visible characters.
    The public title has 1 to 200 characters.
    The public text has 1 to 2000 characters.
    The public text holds U+202E, which cannot be seen; take it out.
    The public text holds U+0007, which cannot be seen; take it out.
    The public text has 1 to 2000 characters.
    There is no component `chekout`; there are: api, checkout.
    A maintenance ends after it begins.
    A maintenance lasts at most 30 days; announce what is longer in parts.
    Name at least one component and its state.
    There are no components: the configuration has no [status.components.NAME].
    ");
}

#[test]
fn an_incident_that_is_told_for_ever_is_told_no_more() {
    let mut incident =
        published(&[(NOON, Publication::Incident(about(Status::Identified, "x", &[])))]).incidents.remove(0);
    let first = incident.updates[0].clone();
    incident.updates.resize(crate::config::limits::STATUS_UPDATES, first);
    let more = Publication::Incident(about(Status::Identified, "once more", &[]));
    let public = Public { incident: Some(incident), ..Public::default() };
    let refused = fits(&more, &public, NOON).unwrap_err();
    assert_eq!(refused.to_string(), "there are 200 public updates of it already");
}

#[test]
fn whoever_approves_reads_every_word_that_will_be_public() {
    let components = frame().page.components;
    let proposal_text = |publication: &Publication| proposal_text(publication, &components);
    let texts = [
        proposal_text(&Publication::Incident(about(Status::Identified, "A <b>cause</b>.", &[("api", PartialOutage)]))),
        proposal_text(&Publication::Maintenance(window(NOON, NOON + HOUR))),
        proposal_text(&all(Operational)),
    ];
    insta::assert_snapshot!(texts.join("\n--\n"), @r"
    Slow checkout
    Identified: A <b>cause</b>.
    The api: Partial outage
    --
    New database
    Scheduled: Orders wait meanwhile.
    Jan 10, 2026 12:00 UTC to Jan 10, 2026 13:00 UTC, ends when somebody says so
    The api: Under maintenance meanwhile
    --
    The api: Operational
    The checkout: Operational
    The search: Operational
    ");
}

proptest! {
    #[test]
    fn every_word_for_a_state_is_read_back(state in 0_usize..6, dash in any::<bool>()) {
        let state = ComponentState::ALL[state];
        let word = if dash { state.as_str().replace('_', "-").to_uppercase() } else { state.as_str().to_owned() };
        prop_assert_eq!(ComponentState::parse(&word), Some(state));
    }

    #[test]
    fn a_page_never_ends_before_it_has_begun(at in -DAY..3 * DAY, lasts in 1..DAY, itself in any::<bool>()) {
        let plan = AboutMaintenance { ends_itself: itself, ..window(NOON, NOON + lasts) };
        let snapshot = published(&[(NOON - DAY, Publication::Maintenance(plan))]);
        let status = snapshot.maintenances[0].status_at(NOON + at);
        prop_assert_eq!(status == MaintenanceStatus::Scheduled, at < 0);
        prop_assert_eq!(status == MaintenanceStatus::Completed, itself && at >= lasts);
        let turn = snapshot.next_turn_ms(NOON + at);
        prop_assert!(turn > NOON + at && turn <= NOON + at + DAY);
        let states = |ms: i64| (snapshot.maintenances[0].status_at(ms), states(&snapshot, ms));
        prop_assert_eq!(states(NOON + at), states(turn - 1), "until its next turn nothing changes by itself");
    }
}

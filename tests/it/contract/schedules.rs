//! Schedules: set, moved on together with their events, ended. Each step once, whoever takes it.

use crate::support::commits::{commit, delivery};
use crate::support::database::{NEW_YEAR_MS, on_both};
use drillbell::model::changes::{ScheduleChange, ScheduleSet};
use drillbell::model::event::Delivery;
use drillbell::store::{Accepted, CommitOutcome, ScheduleRow, ScheduleStep, Store};

const HOUR: i64 = 3_600_000;

fn daily(next_ms: i64) -> ScheduleSet {
    ScheduleSet {
        expression: "0 1 * * *".to_owned(),
        zone: "UTC".to_owned(),
        payload: "{\"a\":1}".to_owned(),
        start_by_ms: Some(HOUR),
        run_limit_ms: None,
        next_ms: Some(next_ms),
    }
}

async fn change(store: &Store, id: &str, name: &str, set: Option<ScheduleSet>) {
    store.accept(delivery(id)).await.unwrap();
    let mut commit = commit(id);
    commit.schedules = vec![ScheduleChange { plugin: "test".into(), name: name.to_owned(), set }];
    assert!(matches!(store.commit(commit).await.unwrap(), CommitOutcome::Committed(_)));
}

async fn only(store: &Store) -> ScheduleRow {
    let mut rows = store.schedules(Some(&"test".into())).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

async fn step(store: &Store, id: &str, row: &ScheduleRow, step: ScheduleStep) -> bool {
    let delivery = Delivery { root: id.into(), ..delivery(id) };
    store.accept_step(delivery, row.clone(), step).await.unwrap() == Accepted::New
}

fn start(due: i64, next: i64) -> ScheduleStep {
    ScheduleStep::Start { due_ms: NEW_YEAR_MS + due * HOUR, next_ms: Some(NEW_YEAR_MS + next * HOUR) }
}

#[test]
fn a_schedule_set_again_as_it_is_keeps_its_place_and_a_changed_one_begins_anew() {
    on_both(async |store, _| {
        change(&store, "d1", "nightly", Some(daily(NEW_YEAR_MS + HOUR))).await;
        let row = only(&store).await;
        assert_eq!((row.next_ms, row.start_by_ms, row.run_limit_ms), (Some(NEW_YEAR_MS + HOUR), Some(HOUR), None));
        assert_eq!((row.set_by.as_str(), row.running, row.last_outcome), ("d1", None, None));

        let again =
            ScheduleSet { payload: "other".to_owned(), run_limit_ms: Some(5), ..daily(NEW_YEAR_MS + 25 * HOUR) };
        change(&store, "d2", "nightly", Some(again)).await;
        let row = only(&store).await;
        assert_eq!(row.next_ms, Some(NEW_YEAR_MS + HOUR), "what is due is not put off by saying the same again");
        assert_eq!((row.payload.as_str(), row.run_limit_ms, row.set_by.as_str()), ("other", Some(5), "d2"));

        let other = ScheduleSet { zone: "Europe/Lisbon".to_owned(), ..daily(NEW_YEAR_MS + 9 * HOUR) };
        change(&store, "d3", "nightly", Some(other)).await;
        assert_eq!(only(&store).await.next_ms, Some(NEW_YEAR_MS + 9 * HOUR));
        change(&store, "d4", "nightly", None).await;
        change(&store, "d5", "never was", None).await;
        assert_eq!(store.schedules(None).await.unwrap(), []);
    });
}

#[test]
fn an_occurrence_starts_once_whoever_is_first_and_only_if_the_schedule_is_as_it_was() {
    on_both(async |store, clock| {
        change(&store, "d1", "nightly", Some(daily(NEW_YEAR_MS + HOUR))).await;
        assert_eq!(store.schedules_to_look_at(clock.now_ms()).await.unwrap(), []);
        clock.advance(HOUR);
        let due = store.schedules_to_look_at(clock.now_ms()).await.unwrap();
        let row = due[0].clone();
        let (one, two) = tokio::join!(step(&store, "s1", &row, start(1, 25)), step(&store, "s1", &row, start(1, 25)));
        assert!(one != two, "one of two");
        assert!(!step(&store, "s2", &row, start(1, 25)).await, "the schedule has moved on");
        let now = only(&store).await;
        assert_eq!((now.next_ms, now.last_due_ms), (Some(NEW_YEAR_MS + 25 * HOUR), Some(NEW_YEAR_MS + HOUR)));
        assert_eq!((now.running.as_ref().unwrap().as_str(), now.since_ms), ("s1", Some(clock.now_ms())));
        assert_eq!((now.last_outcome.as_deref(), store.open_under(&"s1".into()).await.unwrap()), (Some("running"), 1));
        assert_eq!(store.open_under(&"s2".into()).await.unwrap(), 0, "no event without its step");

        // Set anew between looking and starting: what was read is not what is there.
        clock.advance(24 * HOUR);
        let row = only(&store).await;
        change(&store, "d2", "nightly", Some(ScheduleSet { payload: "new".to_owned(), ..daily(0) })).await;
        assert!(!step(&store, "s3", &row, start(25, 49)).await);
        let row = only(&store).await;
        assert!(
            !step(&store, "s3", &ScheduleRow { running: None, ..row.clone() }, start(25, 49)).await,
            "one at a time"
        );
        assert!(step(&store, "s3", &row, start(25, 49)).await);
        change(&store, "d3", "nightly", None).await;
        assert!(!step(&store, "s4", &row, start(25, 49)).await, "cancelled");
    });
}

#[test]
fn a_missed_occurrence_moves_on_an_overrun_is_noted_once_and_an_end_is_that_of_its_own_run() {
    on_both(async |store, clock| {
        change(&store, "d1", "nightly", Some(daily(NEW_YEAR_MS + HOUR))).await;
        clock.advance(HOUR);
        let row = only(&store).await;
        assert!(step(&store, "s1", &row, start(1, 25)).await);
        let row = only(&store).await;
        assert!(step(&store, "o1", &row, ScheduleStep::Overrun).await);
        assert!(!step(&store, "o2", &row, ScheduleStep::Overrun).await, "once");
        let miss = ScheduleStep::Miss { due_ms: NEW_YEAR_MS + 25 * HOUR, next_ms: Some(NEW_YEAR_MS + 49 * HOUR) };
        assert!(step(&store, "m1", &row, miss.clone()).await);
        assert!(!step(&store, "m2", &row, miss).await, "once");
        let row = only(&store).await;
        assert!(row.overran && row.running.is_some(), "the run goes on");
        assert_eq!((row.next_ms, row.last_outcome.as_deref()), (Some(NEW_YEAR_MS + 49 * HOUR), Some("missed")));
        assert_eq!(store.schedules_to_look_at(clock.now_ms()).await.unwrap().len(), 1, "what runs is looked at");

        let settle = async |running: &str, outcome: &str| {
            store.settle_schedule("test".into(), "nightly".into(), running.into(), outcome.into()).await.unwrap();
        };
        settle("another", "failed").await;
        assert!(only(&store).await.running.is_some());
        settle("s1", "ok").await;
        let row = only(&store).await;
        assert_eq!((row.running, row.since_ms, row.last_outcome.as_deref()), (None, None, Some("missed")));
        assert_eq!(store.schedules_to_look_at(clock.now_ms()).await.unwrap(), []);
    });
}

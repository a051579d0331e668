//! Schedules: once each, in time or late, one at a time, whatever the clock and the machine do.

use super::misbehaving;
use crate::support::bot::{Setup, TestBot, with_bot_of, with_database};
use crate::support::commits::commit;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use drillbell::clock::{Clock, rfc3339};
use drillbell::model::event::Delivery;
use drillbell::model::job::{JobChange, JobState, NewJob, OnLost};
use drillbell::store::{Accepted, CommitOutcome, ScheduleStep};
use serde_json::Value;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const OPS: &str = "console:#ops";

fn setup() -> Setup {
    let plugin = misbehaving("misbehaving", &["kv", "timers", "schedules", "post:console:#ops"], "time = \"2s\"");
    Setup::of(&format!("[channels]\nops = \"{OPS}\"\n{plugin}"))
}

/// When the clock stands at a moment.
fn at(moment: &str) -> Clock {
    Clock::manual(chrono::DateTime::parse_from_rfc3339(moment).unwrap().timestamp_millis())
}

/// Nothing is due, and whatever began has ended and been written down.
async fn settled(bot: &TestBot) {
    let store = bot.app.store();
    eventually("schedules are looked after", async || {
        let waiting = store.schedules_to_look_at(store.now_ms()).await.unwrap();
        (waiting.is_empty() && store.open_events().await.unwrap() == 0).then_some(())
    })
    .await;
}

/// Moves the clock on in steps, as time does.
async fn pass(bot: &TestBot, hours: i64) {
    for _ in 0..2 * hours {
        bot.clock.advance(HOUR_MS / 2);
        settled(bot).await;
    }
}

/// When the occurrences were due, by the trail.
async fn occurrences(bot: &TestBot) -> Vec<String> {
    let of_schedules = |record: &Value| {
        let due = record["delivery"].as_str()?.strip_prefix("schedule/")?.rsplit('/').next()?.parse().ok()?;
        Some(rfc3339(due).replace(":00.000Z", "Z"))
    };
    bot.trail().await.iter().filter_map(of_schedules).collect()
}

async fn last(bot: &TestBot, name: &str) -> Value {
    let cell = bot.app.store().kv_get(&"misbehaving".into(), &format!("seen:timer:{name}")).await.unwrap();
    serde_json::from_str(&cell.value.expect("it ran")).unwrap()
}

/// What the operators were told.
async fn told(bot: &TestBot) -> Vec<String> {
    let seen = bot.app.store().stream_after(0, Some(&OPS.into()), &"ana".into(), 1000).await.unwrap();
    let titles = seen.iter().filter_map(|item| item.payload["title"].as_str().map(str::to_owned));
    titles.filter(|title| !title.is_empty() && title != "Audit checkpoint").collect()
}

async fn schedule(bot: &TestBot, line: &str) {
    let answer = bot.ana(&format!("/misbehave set-schedule {line}")).await;
    assert_eq!(answer.status.as_str(), "ok", "{answer:?}");
}

#[test]
fn a_schedule_runs_again_and_again_and_stands_in_the_status() {
    with_bot_of(setup, async |bot| {
        schedule(&bot, "nightly \"30 2 * * *\" --zone Europe/Lisbon").await;
        settled(&bot).await;
        assert!(occurrences(&bot).await.is_empty(), "not before its time");
        pass(&bot, 50).await;
        assert_eq!(occurrences(&bot).await, ["2026-01-01T02:30Z", "2026-01-02T02:30Z"]);
        let seen = last(&bot, "nightly").await;
        assert_eq!((&seen["payload"], &seen["late_ms"]), (&"payload of nightly".into(), &0.into()));
        let status = bot.ana("/drillbell status").await;
        let schedule = &status.data.as_ref().unwrap()["schedules"][0];
        let expected = serde_json::json!({
            "plugin": "misbehaving", "name": "nightly", "expression": "30 2 * * *", "zone": "Europe/Lisbon",
            "next": "2026-01-03T02:30:00.000Z", "running_since": null, "overran": false,
            "last_due": "2026-01-02T02:30:00.000Z", "last_outcome": "ok",
        });
        assert_eq!(*schedule, expected);
        assert!(
            status.text.contains("schedule nightly of misbehaving: 30 2 * * * Europe/Lisbon; next 2026-01-03T02:30"),
            "{}",
            status.text
        );
        bot.ana("/misbehave cancel-schedule nightly").await;
        pass(&bot, 24).await;
        assert_eq!(occurrences(&bot).await.len(), 2);
    });
}

#[test]
fn what_is_not_understood_is_refused_with_the_field() {
    with_bot_of(setup, async |bot| {
        let answer = bot.ana("/misbehave set-schedule x \"0 25 * * *\"").await;
        assert!(answer.text.contains("hour: \"25\" is not one"), "{answer:?}");
        assert!(bot.app.store().schedules(None).await.unwrap().is_empty());
    });
}

#[test]
fn missed_while_the_bot_was_down_it_runs_once_late_and_says_how_late() {
    with_database(async |database| {
        let first = setup();
        let (folder, clock, config) = (first.folder.clone(), first.clock.clone(), first.config.clone());
        let bot = TestBot::start(database, first).await;
        schedule(&bot, "often \"0 * * * *\"").await;
        schedule(&bot, "strict \"0 6 * * *\" --start-by 10m").await;
        bot.app.stop().await;
        clock.advance(50 * HOUR_MS + 20 * MINUTE_MS);
        let bot = TestBot::start(database, Setup { config, folder, clock, ..setup() }).await;
        settled(&bot).await;
        assert_eq!(occurrences(&bot).await, ["2026-01-03T02:00Z"], "fifty came due, one ran");
        assert_eq!(last(&bot, "often").await["late_ms"], 20 * MINUTE_MS);
        assert_eq!(told(&bot).await, ["Missed: strict of misbehaving"], "its time was over");
        let record = bot.trail().await.into_iter().find(|record| record["outcome"] == "missed").unwrap();
        assert_eq!((&record["plugin"], &record["detail"]["schedule"]), (&"misbehaving".into(), &"strict".into()));
        bot.finish().await;
    });
}

#[test]
fn clocks_that_go_forward_or_back_change_nothing_that_is_named_by_the_hour() {
    for (from, expected) in [
        ("2026-03-28T12:00:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]),
        ("2026-10-24T12:00:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]),
    ] {
        with_bot_of(
            || Setup { clock: at(from), ..setup() },
            async |bot| {
                schedule(&bot, "nightly \"30 2 * * *\" --zone Europe/Berlin").await;
                pass(&bot, 38).await;
                assert_eq!(occurrences(&bot).await, expected);
            },
        );
    }
}

#[test]
fn a_clock_that_is_set_back_an_hour_runs_nothing_twice_and_one_set_forward_a_day_runs_it_once() {
    with_bot_of(setup, async |bot| {
        schedule(&bot, "often \"*/30 * * * *\"").await;
        pass(&bot, 2).await;
        assert_eq!(occurrences(&bot).await.len(), 4);
        bot.clock.advance(-HOUR_MS);
        settled(&bot).await;
        pass(&bot, 1).await;
        assert_eq!(occurrences(&bot).await.len(), 4, "the hour was there before");
        bot.clock.advance(24 * HOUR_MS);
        settled(&bot).await;
        let all = occurrences(&bot).await;
        assert_eq!((all.len(), all.last().unwrap().as_str()), (5, "2026-01-02T02:00Z"), "once, for the last of them");
        pass(&bot, 1).await;
        let mut all = occurrences(&bot).await;
        assert_eq!(all.len(), 7);
        all.dedup();
        assert_eq!(all.len(), 7, "none twice: {all:?}");
    });
}

/// A job that waits for an approval, started by something under a root.
async fn job_under(bot: &TestBot, root: &str) -> String {
    let store = bot.app.store();
    let child = Delivery { root: root.into(), ..crate::support::commits::delivery("child") };
    store.accept(child).await.unwrap();
    let id = drillbell::model::ids::fresh();
    let job = NewJob {
        id: id.clone(),
        plugin: "misbehaving".into(),
        kind: "scripted".to_owned(),
        title: "slow work".to_owned(),
        spec: "{}".to_owned(),
        on_lost: OnLost::Ask,
        key: None,
        approval: Some("nobody's".to_owned()),
        max_attempts: 1,
        run_limit_ms: HOUR_MS,
        conversation: None,
        asked_by: "ana".into(),
    };
    let mut commit = commit("child");
    commit.root = root.into();
    commit.jobs = vec![JobChange::Start(Box::new(job))];
    assert!(matches!(store.commit(commit).await.unwrap(), CommitOutcome::Committed(_)));
    id
}

#[test]
fn the_next_waits_while_one_runs_and_what_takes_too_long_is_said() {
    with_bot_of(setup, async |bot| {
        schedule(&bot, "often \"0 * * * *\" --start-by 10m --run-limit 90m").await;
        let store = bot.app.store();
        // An occurrence that takes its time: its event is in nobody's hands but ours.
        let row = store.schedules(None).await.unwrap().remove(0);
        let next_ms = row.next_ms.unwrap();
        bot.clock.advance(-MINUTE_MS);
        let own = Delivery { root: "slow".into(), ..crate::support::commits::delivery("slow") };
        let start = ScheduleStep::Start { due_ms: store.now_ms(), next_ms: Some(next_ms) };
        assert_eq!(store.accept_step(own, row, start).await.unwrap(), Accepted::New);

        let job = job_under(&bot, "slow").await;
        bot.clock.advance(HOUR_MS + 6 * MINUTE_MS);
        bot.ana("/misbehave ok").await;
        assert!(occurrences(&bot).await.is_empty() && told(&bot).await.is_empty(), "it waits");
        bot.clock.advance(10 * MINUTE_MS);
        eventually("the occurrence is missed", async || {
            (told(&bot).await == ["Missed: often of misbehaving"]).then_some(())
        })
        .await;
        bot.clock.advance(20 * MINUTE_MS);
        eventually("the long run is said", async || {
            (told(&bot).await.last().is_some_and(|last| last == "Running too long: often of misbehaving")).then_some(())
        })
        .await;
        eventually("its job is cancelled", async || {
            (store.job(&job).await.unwrap().unwrap().state == JobState::Cancelled).then_some(())
        })
        .await;
        store.commit(commit("slow")).await.unwrap();
        settled(&bot).await;
        bot.clock.advance(30 * MINUTE_MS);
        settled(&bot).await;
        assert_eq!(occurrences(&bot).await, ["2026-01-01T02:00Z"], "and the next one runs");
        assert_eq!(told(&bot).await.len(), 2, "each was said once");
    });
}

#[test]
fn of_two_bots_on_one_database_one_runs_each_occurrence() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let first = setup();
        let clock = first.clock.clone();
        let left = TestBot::start(&database, first).await;
        let right = TestBot::start(&database, Setup { clock, ..setup() }).await;
        for n in 0..5 {
            schedule(&left, &format!("s{n} \"{} * * * *\"", n * 10)).await;
        }
        for _ in 0..12 {
            left.clock.advance(10 * MINUTE_MS);
            settled(&right).await;
        }
        let mut all: Vec<String> =
            left.trail().await.iter().filter_map(|r| Some(r["delivery"].as_str()?.to_owned())).collect();
        all.retain(|delivery| delivery.starts_with("schedule/"));
        assert_eq!(all.len(), 10, "{all:?}");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 10);
        // Whose the duty was goes on when the one that had it has stopped.
        left.finish().await;
        right.clock.advance(HOUR_MS);
        settled(&right).await;
        assert_eq!(occurrences(&right).await.len(), 15);
        right.finish().await;
    });
}

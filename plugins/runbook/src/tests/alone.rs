//! What begins by itself: it goes on alone while it only looks, tells the operators how it was beside earlier runs, and asks before it
//! changes anything.

use super::*;
use drillbell_sdk::{Conversation, OnTimer, Schedule, Timer};

/// A runbook that counts and says, by its schedule.
fn daily() -> Value {
    json!({
        "name": "daily", "title": "Every day", "owner": "Ana", "review": "2026-02-27", "risk": "read-only",
        "schedule": "0 2 * * *", "zone": "Europe/Lisbon", "takes_ms": 60_000, "digest": "d2",
        "steps": [
            {"name": "Carts", "section": "Symptoms", "kind": "sql", "risk": "read-only", "takes_ms": 10_000, "go_on": true,
             "does": {"sql": {"database": "shop", "query": "select count(*) from carts", "expect": {"value": "> 0"}}}},
            {"name": "It answers", "section": "Diagnosis", "kind": "http", "risk": "read-only", "takes_ms": 5_000, "go_on": true,
             "does": {"http": {"url": "https://shop.example/readyz"}}},
            {"name": "People know", "section": "Post-incident actions", "kind": "chat", "risk": "read-only", "takes_ms": 60_000,
             "does": {"say": "Another day.", "channel": "ops"}},
        ],
    })
}

fn ops(book: Value) -> FakeBot {
    let mut bot = bot();
    bot.with_runbook(book, &[]);
    bot.channels.insert("ops".to_owned(), Conversation::from("console:#ops"));
    bot
}

fn time_has_come(bot: &mut FakeBot, name: &str) {
    let timer = Timer { name: name.to_owned(), payload: String::new(), due_ms: 0, late_ms: 0 };
    bot.run(|bot| Runbook::on_timer(bot, timer)).expect("it is heard");
}

/// The first two steps end so.
fn ends_with(bot: &mut FakeBot, value: &str) {
    end(bot, "done", &result("pass", "was answered with 1 row", json!({"value": value})));
    end(bot, "failed", &failed("fail", "was not answered as expected: the status is 503", json!({})));
}

#[test]
fn being_woken_sets_the_schedules_and_cancels_those_that_are_gone() {
    let mut bot = ops(daily());
    bot.schedules.insert("run/gone".to_owned(), Schedule::new("0 1 * * *"));
    bot.schedules.insert("run/db-down".to_owned(), Schedule::new("0 1 * * *"));
    time_has_come(&mut bot, "start");
    assert_eq!(bot.schedules.keys().collect::<Vec<_>>(), ["review", "run/daily"]);
    let daily = &bot.schedules["run/daily"];
    assert_eq!((daily.expression.as_str(), daily.zone.as_str()), ("0 2 * * *", "Europe/Lisbon"));
    let (before, said) = (bot.schedules.clone(), bot.said.len());
    time_has_come(&mut bot, "start");
    assert_eq!((&bot.schedules, bot.said.len()), (&before, said), "twice is once");
    // One that may not set schedules is a bot all the same.
    bot.deny("schedules");
    time_has_come(&mut bot, "start");
}

#[test]
fn what_only_looks_runs_alone_and_tells_the_operators_beside_earlier_runs() {
    let mut bot = ops(daily());
    for value in ["100", "110"] {
        time_has_come(&mut bot, "run/daily");
        ends_with(&mut bot, value);
    }
    bot.transcript();
    time_has_come(&mut bot, "run/daily");
    ends_with(&mut bot, "150");
    let told = bot.transcript();
    let report = told.rsplit("post ").next().expect("something was posted");
    insta::assert_snapshot!(report, @r"
    m15 to console:#ops
    R-3 Every day: 2 passed, 1 failed (critical)
    Began: 2026-03-01T10:02:00.000Z
    Ended: 2026-03-01T10:02:00.000Z
    Took: 0 s
    ✓ 1 Carts: was answered with 1 row; the value is 150 (the schedule)
    ✗ 2 It answers: was not answered as expected: the status is 503 (the schedule)
    ✓ 3 People know: said in console:#ops (the schedule)
    ```
             now    change  before                       step
             150     +43 %  100 110                      Carts
    ```
    ~ More than a tenth from the mean of the runs before: Carts.
    ");
    assert_eq!(bot.jobs.len(), 6, "nobody typed anything");
}

#[test]
fn before_it_changes_anything_it_asks_and_is_not_begun_a_second_time() {
    let mut book = daily();
    book["risk"] = json!("change");
    book["steps"][2] = json!({"name": "Pack", "section": "Mitigation", "kind": "command", "risk": "change", "takes_ms": 5_000,
                              "does": {"command": "vacuum"}});
    let mut bot = ops(book);
    time_has_come(&mut bot, "run/daily");
    ends_with(&mut bot, "100");
    assert_eq!((kept(&bot).at, bot.jobs.len()), (2, 2));
    let told = bot.transcript();
    assert!(
        told.contains("R-1 Every day waits for somebody (warning)\nAt step 3 of 3, \"Pack\", it changes something."),
        "{told}"
    );
    time_has_come(&mut bot, "run/daily");
    let told = bot.transcript();
    assert!(told.contains("daily was due and did not begin") && told.contains("R-1 still waits at \"Pack\""), "{told}");
    run(&mut bot, command("runbook run").arg("run", "R-1"));
    end(&mut bot, "done", &result("pass", "exited with 0", json!({})));
    assert!(kept(&bot).has_ended());
    assert!(bot.transcript().contains("post m"), "the operators read how it ended");
    time_has_come(&mut bot, "run/daily");
    assert_eq!(bot.jobs.len(), 4, "the next one begins");
}

#[test]
fn what_is_not_ready_or_was_ended_by_somebody_does_not_go_on() {
    let mut book = daily();
    book["unready"] = json!(["runbooks.values.url is missing: the address"]);
    let mut bot = ops(book);
    time_has_come(&mut bot, "run/daily");
    let told = bot.transcript();
    assert!(bot.jobs.is_empty() && told.contains("daily is not ready:\n- runbooks.values.url is missing"), "{told}");
    let mut bot = ops(daily());
    time_has_come(&mut bot, "run/daily");
    run(&mut bot, command("runbook abort").arg("reason", "not today").arg("run", "R-1"));
    assert!(kept(&bot).has_ended() && bot.jobs.len() == 1);
    time_has_come(&mut bot, "run/daily");
    run(&mut bot, command("runbook handover").arg("to", "Bo").arg("run", "R-2"));
    end(&mut bot, "done", &result("pass", "was answered with 1 row", json!({"value": "3"})));
    assert_eq!(bot.jobs.len(), 2, "whoever took it goes on with it");
}

#[test]
fn owners_are_told_once_a_week_what_is_to_be_read_again() {
    let mut bot = ops(daily());
    time_has_come(&mut bot, "review");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#ops
    1 runbook is to be read again (warning)
    Ana: daily since 2026-02-27
    ~ Read it, mend it, and set its `review` to when it is to be read next.
    ");
    let mut fresh = daily();
    fresh["review"] = json!("2026-03-01");
    let mut bot = ops(fresh);
    time_has_come(&mut bot, "review");
    assert_eq!(bot.transcript(), "", "its day has not passed");
}

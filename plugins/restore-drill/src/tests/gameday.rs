//! Game days: what people read, what becomes of one when two are at it, and that nothing but exercises is ever asked for.

mod limits;

use super::run;
use crate::RestoreDrill;
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::{Value, json};
use std::time::Duration;

fn book() -> Value {
    json!({
        "name": "db-down", "title": "Database down", "owner": "platform", "review": "2027-03-01", "risk": "dangerous",
        "about": "The application cannot reach its database.", "takes_ms": 600_000, "digest": "d1",
        "inputs": {"ticket": {"about": "the provider's ticket"}},
        "gamedays": {"practice": "the practice shop"},
        "steps": [
            {"name": "It answers", "section": "Symptoms", "text": "Look first.", "kind": "http", "risk": "read-only", "takes_ms": 5_000, "go_on": true,
             "does": {"http": {"url": "https://shop.example/readyz"}, "capture": {"name": "state", "json": "/s"}}},
            {"name": "Start it again", "section": "Mitigation", "kind": "command", "risk": "dangerous", "takes_ms": 120_000,
             "does": {"command": "restart-db", "args": {"name": "{state}"}}, "places": ["state"]},
            {"name": "A copy", "section": "Mitigation", "kind": "backup", "risk": "change", "takes_ms": 60_000,
             "does": {"do": "take", "target": "shop"}},
            {"name": "People know", "section": "Post-incident actions", "kind": "chat", "risk": "read-only", "takes_ms": 60_000,
             "does": {"say": "It is back, see {ticket}.", "channel": "ops"}, "places": ["ticket"]},
        ],
    })
}

fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    bot.with_runbook(book(), &[]);
    bot.channels.insert("ops".to_owned(), "console:#ops".into());
    bot
}

fn game(what: &str) -> drillbell_sdk::testing::CommandBuilder {
    command("drill gameday").arg("what", what)
}

fn begun() -> FakeBot {
    let mut bot = bot();
    run(&mut bot, game("start").arg("text", "db-down ticket=A-17"));
    bot
}

fn kept(bot: &FakeBot, id: u64) -> Value {
    serde_json::from_str(&bot.kv[&format!("game/{id:08}")]).expect("it is kept")
}

fn ends(bot: &mut FakeBot, status: &str, detail: &Value) {
    let id = bot.jobs.last().expect("a job").1.id.clone();
    bot.end_job::<RestoreDrill>(&id, status, &detail.to_string()).expect("it is handled");
}

fn passed() -> Value {
    json!({"steps": [{"status": "pass", "sentence": "was answered with 200."}], "captured": {"state": "main"}})
}

/// The host does not do the last job: it was production's.
fn withheld(bot: &mut FakeBot) {
    ends(bot, "failed", &json!({"error": "it was withheld: nothing stands in for the copies of `shop`"}));
}

#[test]
fn an_exercise_from_its_start_to_its_report() {
    let mut bot = begun();
    bot.advance(Duration::from_secs(3));
    run(&mut bot, game("run"));
    assert_eq!(bot.jobs[0].0.title, "EXERCISE G-1 db-down: It answers");
    insta::assert_snapshot!(bot.jobs[0].0.spec, @r#"{"on":"practice","steps":[{"capture":{"json":"/s","name":"state"},"http":{"url":"https://shop.example/readyz"},"name":"EXERCISE It answers"}]}"#);
    bot.advance(Duration::from_secs(4));
    ends(&mut bot, "done", &passed());
    run(&mut bot, game("run"));
    assert!(bot.jobs[1].0.spec.contains(r#""name":"main""#), "what was captured is given: {}", bot.jobs[1].0.spec);
    bot.advance(Duration::from_secs(150));
    let failed = json!({"steps": [{"status": "fail", "sentence": "exited with 1"}]});
    ends(&mut bot, "failed", &json!({"error": "step 1", "detail": failed}));
    assert_eq!(kept(&bot, 1)["steps"][1]["state"], "fail");
    run(&mut bot, game("done").arg("text", "started by hand"));
    run(&mut bot, game("run"));
    insta::assert_snapshot!(bot.jobs[2].0.spec, @r#"{"on":"practice","steps":[{"backup":{"do":"take","target":"shop"},"name":"EXERCISE A copy"}]}"#);
    withheld(&mut bot);
    assert_eq!(kept(&bot, 1)["steps"][2]["state"], "withheld");
    run(&mut bot, game("run"));
    let told = bot.changes();
    assert!(!told.contains("to console:#ops"), "what is said for others is said to nobody else: {told}");
    assert!(bot.jobs.iter().all(|(job, _)| job.kind == "exercise"), "nothing else is ever asked for");
    insta::assert_snapshot!(told, @r"
    post m1 to console:#incidents
    EXERCISE G-1 Database down (neutral)
    Ana practises it below, on the practice shop (`practice`). Nothing of production is touched, nobody is paged, and nothing becomes public.

    console:#exercise-g-1-db-down open under m1

    post m2 to console:#exercise-g-1-db-down
    EXERCISE G-1 Database down (info)
    Steps: 0 of 4
    ----
    Step 1 of 4, Symptoms: It answers
    Look first.
    ```
    GET https://shop.example/readyz
    ```
    ~ should take 5 s, Ana leads, on `practice`
    Its turn since: 2026-03-01T10:02:00.000Z
    [Run] game-run G-1 1, primary
    [Done] game-done G-1 1
    [Skip] game-skip G-1 1 opens (Skip: text!)
    [Fail] game-fail G-1 1 opens (Fail: text!)

    edit m2
    - [Run] game-run G-1 1, primary
    - [Done] game-done G-1 1
    - [Skip] game-skip G-1 1 opens (Skip: text!)
    - [Fail] game-fail G-1 1 opens (Fail: text!)
    + It is being done.

    reply m3
    EXERCISE G-1: step 1 of 4, It answers: running.

    edit m2
    - Steps: 0 of 4
    + Steps: 1 of 4
    + ~ ✓ 1 It answers: was answered with 200, 7.0 s
    - Step 1 of 4, Symptoms: It answers
    - Look first.
    + Step 2 of 4, Mitigation: Start it again
    - GET https://shop.example/readyz
    + restart-db name=main
    - ~ should take 5 s, Ana leads, on `practice`
    - Its turn since: 2026-03-01T10:02:00.000Z
    - It is being done.
    + ~ should take 2 min, Ana leads, on `practice`
    + Its turn since: 2026-03-01T10:02:07.000Z
    + [Run] game-run G-1 3, primary
    + [Done] game-done G-1 3
    + [Skip] game-skip G-1 3 opens (Skip: text!)
    + [Fail] game-fail G-1 3 opens (Fail: text!)

    edit m2
    - [Run] game-run G-1 3, primary
    - [Done] game-done G-1 3
    - [Skip] game-skip G-1 3 opens (Skip: text!)
    - [Fail] game-fail G-1 3 opens (Fail: text!)
    + It is being done.

    reply m4
    EXERCISE G-1: step 2 of 4, Start it again: running.

    edit m2
    - EXERCISE G-1 Database down (info)
    + EXERCISE G-1 Database down (critical)
    - It is being done.
    + fail: exited with 1
    + [Run again] game-run G-1 5, primary
    + [Done] game-done G-1 5
    + [Skip] game-skip G-1 5 opens (Skip: text!)
    + [Fail] game-fail G-1 5 opens (Fail: text!)

    edit m2
    - EXERCISE G-1 Database down (critical)
    - Steps: 1 of 4
    + EXERCISE G-1 Database down (info)
    + Steps: 2 of 4
    + ~ ✓ 2 Start it again: started by hand (before: fail, exited with 1), 2 min 30 s
    - Step 2 of 4, Mitigation: Start it again
    + Step 3 of 4, Mitigation: A copy
    - restart-db name=main
    + take shop
    - ~ should take 2 min, Ana leads, on `practice`
    - Its turn since: 2026-03-01T10:02:07.000Z
    - fail: exited with 1
    - [Run again] game-run G-1 5, primary
    - [Done] game-done G-1 5
    - [Skip] game-skip G-1 5 opens (Skip: text!)
    - [Fail] game-fail G-1 5 opens (Fail: text!)
    + ~ should take 1 min, Ana leads, on `practice`
    + Its turn since: 2026-03-01T10:04:37.000Z
    + [Run] game-run G-1 6, primary
    + [Done] game-done G-1 6
    + [Skip] game-skip G-1 6 opens (Skip: text!)
    + [Fail] game-fail G-1 6 opens (Fail: text!)

    reply m5
    EXERCISE G-1: step 3 of 4, A copy: open.

    edit m2
    - [Run] game-run G-1 6, primary
    - [Done] game-done G-1 6
    - [Skip] game-skip G-1 6 opens (Skip: text!)
    - [Fail] game-fail G-1 6 opens (Fail: text!)
    + It is being done.

    reply m6
    EXERCISE G-1: step 3 of 4, A copy: running.

    edit m2
    - Steps: 2 of 4
    + Steps: 3 of 4
    + ~ ⊘ 3 A copy: nothing stands in for the copies of `shop`, 0 ms
    - Step 3 of 4, Mitigation: A copy
    + Step 4 of 4, Post-incident actions: People know
    - take shop
    + It is back, see A-17.
    - It is being done.
    + [Run] game-run G-1 8, primary
    + [Done] game-done G-1 8
    + [Skip] game-skip G-1 8 opens (Skip: text!)
    + [Fail] game-fail G-1 8 opens (Fail: text!)

    post m7 to console:#exercise-g-1-db-down
    EXERCISE G-1, for ops: It is back, see A-17.

    edit m2
    - EXERCISE G-1 Database down (info)
    - Steps: 3 of 4
    - ~ ✓ 1 It answers: was answered with 200, 7.0 s
    - ~ ✓ 2 Start it again: started by hand (before: fail, exited with 1), 2 min 30 s
    - ~ ⊘ 3 A copy: nothing stands in for the copies of `shop`, 0 ms
    - ----
    - Step 4 of 4, Post-incident actions: People know
    + EXERCISE G-1 Database down: 3 passed, 1 withheld (good)
    + Practised on: practice
    + Began: 2026-03-01T10:02:00.000Z
    + Took: 2 min 37 s
    + ✓ 1 It answers: was answered with 200 (Ana)
    + ✓ 2 Start it again: started by hand (before: fail, exited with 1) (Ana)
    + ⊘ 3 A copy: nothing stands in for the copies of `shop` (Ana)
    + ✓ 4 People know: said in this thread instead of ops (Ana)
    - It is back, see A-17.
    +         took   should  before                               step
    +        7.0 s      5 s! first time                           It answers
    +   2 min 30 s    2 min! first time                           Start it again
    +         0 ms    1 min  first time                           A copy
    +         0 ms    1 min  first time                           People know
    - ~ should take 1 min, Ana leads, on `practice`
    - Its turn since: 2026-03-01T10:04:37.000Z
    - [Run] game-run G-1 8, primary
    - [Done] game-done G-1 8
    - [Skip] game-skip G-1 8 opens (Skip: text!)
    - [Fail] game-fail G-1 8 opens (Fail: text!)

    post m8 to console:#incidents
    EXERCISE G-1 Database down: 3 passed, 1 withheld (good)
    Practised on: practice
    Began: 2026-03-01T10:02:00.000Z
    Took: 2 min 37 s
    ✓ 1 It answers: was answered with 200 (Ana)
    ✓ 2 Start it again: started by hand (before: fail, exited with 1) (Ana)
    ⊘ 3 A copy: nothing stands in for the copies of `shop` (Ana)
    ✓ 4 People know: said in this thread instead of ops (Ana)
    ```
            took   should  before                               step
           7.0 s      5 s! first time                           It answers
      2 min 30 s    2 min! first time                           Start it again
            0 ms    1 min  first time                           A copy
            0 ms    1 min  first time                           People know
    ```

    reply m9
    EXERCISE G-1: 3 passed, 1 withheld.
    ");
}

#[test]
fn the_next_one_is_held_against_those_before_and_all_are_listed() {
    let mut bot = begun();
    for seconds in [1, 30, 2, 1] {
        bot.advance(Duration::from_secs(seconds));
        run(&mut bot, game("done").arg("text", "by hand"));
    }
    run(&mut bot, game("start").arg("text", "db-down ticket=A-18").arg("on", "practice"));
    for _ in 0..4 {
        bot.advance(Duration::from_secs(90));
        run(&mut bot, game("skip").arg("text", "no time"));
    }
    run(&mut bot, game("start").arg("text", "db-down ticket=A-19"));
    run(&mut bot, game("end").arg("text", "lunch"));
    bot.transcript();
    run(&mut bot, game("report").arg("text", "G-2"));
    let data = bot.data.clone().expect("the report has data");
    assert_eq!((&data["exercise"], &data["steps"][1]["took_ms"]), (&json!(true), &json!(90_000)));
    run(&mut bot, game("list"));
    assert_eq!(bot.data.as_ref().map(|data| data["games"].as_array().map(Vec::len)), Some(Some(3)));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m19
    EXERCISE G-2 Database down: 4 skipped (good)
    Practised on: practice
    Began: 2026-03-01T10:02:34.000Z
    Took: 6 min 0 s
    chart How long it took (milliseconds), db-down of 2 points
    – 1 It answers: no time (Ana)
    – 2 Start it again: no time (Ana)
    – 3 A copy: no time (Ana)
    – 4 People know: no time (Ana)
    ```
            took   should  before                               step
      1 min 30 s      5 s! 1.0 s                                It answers
      1 min 30 s    2 min  30 s                                 Start it again
      1 min 30 s    1 min! 2.0 s                                A copy
      1 min 30 s    1 min! 1.0 s                                People know
    ```

    reply m20
    3 game days (neutral)
    ```
    G-3   1 Mar 10:08   db-down  practice       ended early  4 not done
    G-2   1 Mar 10:02   db-down  practice         6 min 0 s  4 skipped
    G-1   1 Mar 10:02   db-down  practice              34 s  4 passed
    ```
    ~ /drill gameday report G-1 tells one.
    ");
}

#[test]
fn before_the_first_one_the_list_says_how_to_begin_it() {
    let mut bot = bot();
    run(&mut bot, game("list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    There was no game day yet (warning)
    Begin one with `/drill gameday start RUNBOOK --on PLACE`; docs/gamedays.md tells how.
    ");
}

//! What people read of a run, and what becomes of it when two are at it, when it fails, and when the bot is started again.

mod alone;
mod refusals;
mod restarts;
mod suggestions;

use crate::Runbook;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, click, command, person};
use drillbell_sdk::{ApprovalId, Error, MessageRef};
use serde_json::{Value, json};

/// A runbook as the host tells it: it looks, asks, restarts and says.
fn book() -> Value {
    json!({
        "name": "db-down", "title": "Database down", "owner": "platform", "review": "2027-03-01", "risk": "dangerous",
        "about": "The application cannot reach its database.", "takes_ms": 600_000, "digest": "d1",
        "inputs": {"ticket": {"about": "the provider's ticket"}},
        "sections": [{"heading": "Symptoms", "text": "Requests fail."}],
        "steps": [
            {"name": "It answers", "section": "Symptoms", "text": "Look first.", "kind": "http", "risk": "read-only", "takes_ms": 5_000, "go_on": true,
             "does": {"http": {"url": "https://shop.example/readyz?t={ticket}", "expect": {"status": 200}}, "capture": {"name": "state", "json": "/s"}}, "places": ["ticket"]},
            {"name": "The disk is not full", "section": "Diagnosis", "kind": "chat", "risk": "read-only", "takes_ms": 60_000, "go_on": true,
             "does": {"ask": "Is there room on {state}?"}, "places": ["state"]},
            {"name": "Start it again", "section": "Mitigation", "kind": "command", "risk": "dangerous", "takes_ms": 120_000,
             "does": {"command": "restart-db", "args": {"name": "{state}"}}, "places": ["state"]},
            {"name": "Rows come back", "section": "Mitigation", "kind": "sql", "risk": "read-only", "takes_ms": 10_000, "previous": "not-lower",
             "does": {"sql": {"database": "shop", "query": "select count(*) from carts", "expect": {"value": "> 0"}}}},
            {"name": "People know", "section": "Post-incident actions", "kind": "chat", "risk": "read-only", "takes_ms": 60_000,
             "does": {"say": "It is back, see {ticket}.", "channel": "ops"}, "places": ["ticket"]},
        ],
    })
}

fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    bot.with_runbook(book(), &[("service", "shop"), ("check", "readyz")]);
    bot
}

fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<Runbook>(command).expect("the command succeeds");
}

fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<Runbook>(command) {
        Err(Error::User(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// A bot on which R-1 has begun.
fn begun() -> FakeBot {
    let mut bot = bot();
    run(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=A-17"));
    bot
}

/// What a job of one step says at its end.
fn result(status: &str, sentence: &str, more: Value) -> String {
    let mut step = json!({"status": status, "sentence": sentence, "output": "what it said"});
    for (key, value) in more.as_object().into_iter().flatten() {
        step[key] = value.clone();
    }
    json!({"status": status, "sentence": sentence, "steps": [step], "captured": {"state": "main"}}).to_string()
}

fn failed(status: &str, sentence: &str, more: Value) -> String {
    let detail: Value = serde_json::from_str(&result(status, sentence, more)).expect("it is JSON");
    json!({"error": format!("step 1 of 1 {sentence}"), "detail": detail}).to_string()
}

fn end(bot: &mut FakeBot, status: &str, detail: &str) {
    let id = bot.jobs.last().expect("a job was started").1.id.clone();
    bot.end_job::<Runbook>(&id, status, detail).expect("its end is heard");
}

fn kept(bot: &FakeBot) -> crate::run::Run {
    serde_json::from_str(&bot.kv["run/R-1"]).expect("the run is kept")
}

fn card(bot: &FakeBot) -> MessageRef {
    kept(bot).card.expect("there is a card")
}

#[test]
fn a_run_from_its_start_to_its_report() {
    let mut bot = begun();
    run(&mut bot, command("runbook run"));
    assert_eq!(bot.jobs[0].0.key.as_deref(), Some("R-1/0"));
    insta::assert_snapshot!(bot.jobs[0].0.spec, @r#"{"steps":[{"capture":{"json":"/s","name":"state"},"http":{"args":{"ticket":"A-17"},"expect":{"status":200},"url":"https://shop.example/readyz?t={ticket}"},"name":"It answers"}]}"#);
    end(
        &mut bot,
        "failed",
        &failed("fail", "was not answered as expected: the status is 503, expected 200", json!({})),
    );
    run(&mut bot, command("runbook done").arg("note", "40 GB free"));
    run(&mut bot, command("runbook run"));
    assert_eq!(bot.jobs.len(), 1, "a dangerous step is approved first");
    let approval = ApprovalId::from("A-00000001");
    bot.decide::<Runbook>(&approval, "approved", vec![person("bo", "Bo")]).expect("it begins");
    let asked: Value = serde_json::from_str(&bot.approvals[0].subject).expect("it is JSON");
    assert_eq!(asked["spec"].to_string(), bot.jobs[1].0.spec, "what runs is what was approved");
    end(&mut bot, "done", &result("pass", "exited with 0", json!({"exit": 0})));
    run(&mut bot, command("runbook run"));
    end(&mut bot, "done", &result("pass", "was answered with 1 row", json!({"value": "12"})));
    run(&mut bot, command("runbook run"));
    insta::assert_snapshot!(bot.changes(), @r#"
    post m1 to console:#incidents
    R-1 Database down (neutral)
    Ana runs it, step by step, below.

    console:#r-1-db-down open under m1

    post m2 to console:#r-1-db-down
    R-1 Database down (info)
    Steps: 0 of 5
    ----
    Step 1 of 5, Symptoms: It answers
    Look first.
    ```
    GET https://shop.example/readyz?t=A-17
    ```
    ~ Expects {"status":200}
    ~ read-only, should take 5 s, Ana runs it
    [Run] run R-1 1, primary
    [Done] done R-1 1
    [Skip] skip R-1 1 opens (Skip: text!)
    [Fail] fail R-1 1 opens (Fail: text!)
    [Hand over to me] take R-1 1

    edit m2
    - [Run] run R-1 1, primary
    - [Done] done R-1 1
    - [Skip] skip R-1 1 opens (Skip: text!)
    - [Fail] fail R-1 1 opens (Fail: text!)
    - [Hand over to me] take R-1 1
    + Running since: 2026-03-01T10:02:00.000Z
    + [Stop] stop R-1 2

    reply m3
    R-1: step 1 of 5, It answers: running.

    edit m2
    - Steps: 0 of 5
    + Steps: 1 of 5
    + ~ ✗ 1 It answers: was not answered as expected: the status is 503, expected 200
    - Step 1 of 5, Symptoms: It answers
    - Look first.
    + Step 2 of 5, Diagnosis: The disk is not full
    - GET https://shop.example/readyz?t=A-17
    + Is there room on main?
    - ~ Expects {"status":200}
    - ~ read-only, should take 5 s, Ana runs it
    - Running since: 2026-03-01T10:02:00.000Z
    - [Stop] stop R-1 2
    + ~ read-only, should take 1 min, Ana runs it
    + [Done] done R-1 3
    + [Skip] skip R-1 3 opens (Skip: text!)
    + [Fail] fail R-1 3 opens (Fail: text!)
    + [Hand over to me] take R-1 3

    edit m2
    - Steps: 1 of 5
    + Steps: 2 of 5
    + ~ ✓ 2 The disk is not full: 40 GB free
    - Step 2 of 5, Diagnosis: The disk is not full
    + Step 3 of 5, Mitigation: Start it again
    - Is there room on main?
    + restart-db name=main
    - ~ read-only, should take 1 min, Ana runs it
    - [Done] done R-1 3
    - [Skip] skip R-1 3 opens (Skip: text!)
    - [Fail] fail R-1 3 opens (Fail: text!)
    - [Hand over to me] take R-1 3
    + ~ dangerous, should take 2 min, Ana runs it
    + [Run] run R-1 4, danger
    + [Done] done R-1 4
    + [Skip] skip R-1 4 opens (Skip: text!)
    + [Fail] fail R-1 4 opens (Fail: text!)
    + [Hand over to me] take R-1 4

    reply m4
    R-1: step 3 of 5, Start it again: open.

    edit m2
    - [Run] run R-1 4, danger
    - [Done] done R-1 4
    - [Skip] skip R-1 4 opens (Skip: text!)
    - [Fail] fail R-1 4 opens (Fail: text!)
    - [Hand over to me] take R-1 4
    + It waits for an approval.
    + [Stop] stop R-1 5

    reply m5
    R-1: step 3 of 5, Start it again: running.

    edit m2
    - It waits for an approval.
    - [Stop] stop R-1 5
    + Running since: 2026-03-01T10:02:00.000Z
    + [Stop] stop R-1 6

    edit m2
    - Steps: 2 of 5
    + Steps: 3 of 5
    + ~ ✓ 3 Start it again: exited with 0
    - Step 3 of 5, Mitigation: Start it again
    + Step 4 of 5, Mitigation: Rows come back
    - restart-db name=main
    + shop: select count(*) from carts
    - ~ dangerous, should take 2 min, Ana runs it
    - Running since: 2026-03-01T10:02:00.000Z
    - [Stop] stop R-1 6
    + ~ Expects {"value":"> 0"}, not-lower compared with the run before
    + ~ read-only, should take 10 s, Ana runs it
    + [Run] run R-1 7, primary
    + [Done] done R-1 7
    + [Skip] skip R-1 7 opens (Skip: text!)
    + [Fail] fail R-1 7 opens (Fail: text!)
    + [Hand over to me] take R-1 7

    edit m2
    - [Run] run R-1 7, primary
    - [Done] done R-1 7
    - [Skip] skip R-1 7 opens (Skip: text!)
    - [Fail] fail R-1 7 opens (Fail: text!)
    - [Hand over to me] take R-1 7
    + Running since: 2026-03-01T10:02:00.000Z
    + [Stop] stop R-1 8

    reply m6
    R-1: step 4 of 5, Rows come back: running.

    edit m2
    - Steps: 3 of 5
    + Steps: 4 of 5
    + ~ ✓ 4 Rows come back: was answered with 1 row; the value is 12, and there is no earlier run to compare with
    - Step 4 of 5, Mitigation: Rows come back
    + Step 5 of 5, Post-incident actions: People know
    - shop: select count(*) from carts
    + It is back, see A-17.
    - ~ Expects {"value":"> 0"}, not-lower compared with the run before
    - ~ read-only, should take 10 s, Ana runs it
    - Running since: 2026-03-01T10:02:00.000Z
    - [Stop] stop R-1 8
    + ~ read-only, should take 1 min, Ana runs it
    + [Run] run R-1 9, primary
    + [Done] done R-1 9
    + [Skip] skip R-1 9 opens (Skip: text!)
    + [Fail] fail R-1 9 opens (Fail: text!)
    + [Hand over to me] take R-1 9

    post m7 to console:#ops
    It is back, see A-17.
    ~ R-1 Database down, said for Ana

    edit m2
    - R-1 Database down (info)
    - Steps: 4 of 5
    - ~ ✗ 1 It answers: was not answered as expected: the status is 503, expected 200
    - ~ ✓ 2 The disk is not full: 40 GB free
    - ~ ✓ 3 Start it again: exited with 0
    - ~ ✓ 4 Rows come back: was answered with 1 row; the value is 12, and there is no earlier run to compare with
    - ----
    - Step 5 of 5, Post-incident actions: People know
    - ```
    - It is back, see A-17.
    - ```
    - ~ read-only, should take 1 min, Ana runs it
    - [Run] run R-1 9, primary
    - [Done] done R-1 9
    - [Skip] skip R-1 9 opens (Skip: text!)
    - [Fail] fail R-1 9 opens (Fail: text!)
    - [Hand over to me] take R-1 9
    + R-1 Database down: 4 passed, 1 failed (critical)
    + Began: 2026-03-01T10:02:00.000Z
    + Ended: 2026-03-01T10:02:00.000Z
    + Took: 0 s
    + ✗ 1 It answers: was not answered as expected: the status is 503, expected 200 (Ana)
    + ✓ 2 The disk is not full: 40 GB free (Ana)
    + ✓ 3 Start it again: exited with 0 (Ana)
    + ✓ 4 Rows come back: was answered with 1 row; the value is 12, and there is no earlier run to compare with (Ana)
    + ✓ 5 People know: said in console:#ops (Ana)

    post m8 to console:#r-1-db-down
    R-1 Database down: 4 passed, 1 failed (critical)
    Began: 2026-03-01T10:02:00.000Z
    Ended: 2026-03-01T10:02:00.000Z
    Took: 0 s
    ✗ 1 It answers: was not answered as expected: the status is 503, expected 200 (Ana)
    ✓ 2 The disk is not full: 40 GB free (Ana)
    ✓ 3 Start it again: exited with 0 (Ana)
    ✓ 4 Rows come back: was answered with 1 row; the value is 12, and there is no earlier run to compare with (Ana)
    ✓ 5 People know: said in console:#ops (Ana)

    reply m9
    R-1: 4 passed, 1 failed.
    "#);
}

#[test]
fn what_could_not_be_looked_at_is_unknown_and_is_done_again() {
    let mut bot = begun();
    run(&mut bot, command("runbook run"));
    end(&mut bot, "failed", &failed("fail", "got no answer: connection refused", json!({"unseen": true})));
    let run_1 = kept(&bot);
    assert_eq!((run_1.steps[0].state.word(), run_1.at), ("unknown", 1));
    let mut bot = begun();
    run(&mut bot, command("runbook skip").arg("reason", "known"));
    run(&mut bot, command("runbook done"));
    run(&mut bot, command("runbook skip").arg("reason", "not needed"));
    run(&mut bot, command("runbook run"));
    end(&mut bot, "failed", &failed("fail", "got no answer: no connection", json!({"unseen": true})));
    assert_eq!((kept(&bot).at, kept(&bot).steps[3].state.word()), (3, "unknown"), "it stays for somebody to decide");
    run(&mut bot, command("runbook run"));
    end(
        &mut bot,
        "failed",
        &failed("fail", "came out other than expected: the value is 0, expected > 0", json!({"value": "0"})),
    );
    assert_eq!((kept(&bot).at, kept(&bot).steps[3].state.word()), (3, "fail"));
    run(&mut bot, command("runbook run"));
    end(&mut bot, "done", &result("pass", "was answered with 1 row", json!({"value": "3"})));
    assert_eq!((kept(&bot).at, kept(&bot).steps[3].state.word()), (4, "pass"));
}

#[test]
fn a_value_is_compared_with_the_run_before() {
    let mut bot = bot();
    for (value, state) in [("12", "pass"), ("11", "fail"), ("11", "pass")] {
        run(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=A-17"));
        for _ in 0..3 {
            run(&mut bot, command("runbook skip").arg("reason", "not now"));
        }
        run(&mut bot, command("runbook run"));
        end(&mut bot, "done", &result("pass", "was answered with 1 row", json!({"value": value})));
        run(&mut bot, command("runbook report"));
        let data = bot.data.clone().expect("there is data");
        assert_eq!(data["steps"][3]["state"], state, "{value}: {data}");
    }
}

#[test]
fn of_two_who_click_one_is_heard() {
    let mut bot = begun();
    let (card, value) = (card(&bot), format!("R-1 {}", kept(&bot).revision));
    let clicked = |who: &str| click("run", &value).card(&card).by(who, who);
    bot.action::<Runbook>(clicked("ana")).expect("the first is heard");
    let second = bot.action::<Runbook>(clicked("bo"));
    assert!(matches!(&second, Err(Error::User(text)) if text.starts_with("Somebody was quicker: R-1")), "{second:?}");
    assert_eq!(bot.jobs.len(), 1);
    assert_eq!(refused(&mut bot, command("runbook run")), "\"It answers\" is being done already.");
    assert_eq!(
        refused(&mut bot, command("runbook skip").arg("reason", "why")),
        "The step goes on: stop it first, or wait for its end."
    );
}

//! What should not happen: ends that are told twice, jobs nobody knows, services that vanished, answers nobody understands.

use super::*;
use drillbell_sdk::{Job, OnJob};

fn job_of(bot: &FakeBot, status: &str, detail: &Value) -> Job {
    let info = &bot.jobs.last().expect("a job").1;
    Job {
        id: info.id.clone(),
        kind: info.kind.clone(),
        status: status.to_owned(),
        detail: detail.to_string(),
        incident: None,
        at_ms: bot.now_ms,
    }
}

#[test]
fn an_end_that_is_told_twice_counts_once() {
    let mut bot = bot();
    run(&mut bot, on("run"));
    let mut broke = done();
    broke["status"] = json!("fail");
    let event = job_of(&bot, "failed", &json!({ "error": "no", "detail": broke }));
    ends(&mut bot, "rollback", "failed", &json!({ "error": "no", "detail": broke }));
    bot.transcript();
    bot.run(|bot| Rollback::on_job(bot, event)).expect("it is heard");
    assert_eq!((case(&bot).failed(), bot.transcript()), (1, String::new()));
}

#[test]
fn what_was_refused_before_anything_was_done_is_no_attempt_that_failed() {
    let never = json!({ "error": "v2 brought 0042, which is risky", "detail": { "status": "fail", "stages": [] } });
    let unheard = json!({ "error": "The configuration changed.", "detail": null });
    let checked = json!({ "error": "no releases/v1", "detail": { "status": "fail", "stages": [
        { "name": "check", "status": "fail", "sentence": "no releases/v1" }, { "name": "switch", "status": "skipped" }] } });
    for (status, begun, detail) in [
        ("failed", true, &never),
        ("failed", true, &checked),
        ("failed", false, &unheard),
        ("denied", false, &json!({})),
        ("expired", false, &json!({})),
        ("cancelled", false, &json!({})),
    ] {
        let mut bot = bot();
        run(&mut bot, on("run"));
        bot.jobs[0].1.started_ms = begun.then_some(bot.now_ms);
        bot.transcript();
        ends(&mut bot, "rollback", status, detail);
        let known = case(&bot);
        assert_eq!((known.failed(), known.attempts[0].state.words()), (0, "not done"), "{status}");
        assert!(bot.transcript().contains("Nothing was changed."), "{status}");
        assert!(!bot.kv.contains_key("ran/shop"));
    }
}

#[test]
fn a_job_that_ran_and_says_nothing_of_its_stages_may_have_changed_anything() {
    let limit = json!({ "error": "It ran into its limit.", "detail": { "limit_ms": 60_000 } });
    let marked = json!({ "error": "Bo marked it failed.", "detail": null });
    let bare = json!({ "error": "no", "detail": { "status": "fail" } });
    let checked =
        json!({ "error": "no", "detail": { "status": "unknown", "stages": [{ "name": "check", "status": "pass" }] } });
    for (status, detail) in [
        ("failed", &limit),
        ("failed", &marked),
        ("failed", &bare),
        ("failed", &checked),
        ("cancelled", &marked),
        ("cancelled", &json!({})),
    ] {
        let mut bot = bot();
        run(&mut bot, on("run"));
        bot.jobs[0].1.started_ms = Some(bot.now_ms);
        bot.transcript();
        ends(&mut bot, "rollback", status, detail);
        assert_eq!(case(&bot).attempts[0].state.words(), "unknown", "{status} {detail}");
        let told = bot.transcript();
        assert!(!told.contains("Nothing was changed.") && told.contains("[Verify now]"), "{told}");
        assert!(!bot.kv.contains_key("ran/shop"));
    }
    let mut bot = bot();
    run(&mut bot, on("run"));
    bot.jobs[0].1.started_ms = Some(bot.now_ms);
    bot.transcript();
    ends(&mut bot, "rollback", "failed", &marked);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#incidents
    Nobody can tell what shop runs (critical)
    Bo marked it failed.
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    What was done is not known, and neither is which version runs. Look at shop before anything is tried again; `/rollback verify shop` decides whether it is well.
    [Verify now] verify shop, primary
    [It did not help] broken shop|1|1772359320000, danger, once
    ");
    run(&mut bot, on("verify"));
    bot.transcript();
    ends(&mut bot, "assess", "done", &verified("pass"));
    let told = bot.transcript();
    assert!(told.contains("shop is well, and nobody can tell whether v1 runs (good)"), "{told}");
    assert!(!bot.kv.contains_key("ran/shop"));
}

#[test]
fn what_a_person_marks_done_is_believed_to_run_once_it_is_verified() {
    let mut bot = bot();
    run(&mut bot, on("run"));
    bot.jobs[0].1.started_ms = Some(bot.now_ms);
    ends(&mut bot, "rollback", "done", &Value::Null);
    assert_eq!(case(&bot).attempts[0].state.words(), "unknown");
    assert!(!bot.kv.contains_key("ran/shop"), "nobody saw it");
    clicks(press(&bot, "verify", "Verify now"), &mut bot);
    ends(&mut bot, "assess", "done", &verified("pass"));
    assert_eq!(case(&bot).attempts[0].state.words(), "verified");
    assert!(bot.kv["ran/shop"].contains(r#""version":"v1""#), "{}", bot.kv["ran/shop"]);
}

#[test]
fn what_nobody_knows_the_end_of_is_unknown_and_asks() {
    for (status, detail) in [("lost", json!({})), ("done", json!({ "what": "?" })), ("done", json!([]))] {
        let mut bot = bot();
        run(&mut bot, on("run"));
        bot.transcript();
        ends(&mut bot, "rollback", status, &detail);
        assert_eq!(case(&bot).attempts[0].state.words(), "unknown", "{status} {detail}");
        let told = bot.transcript();
        assert!(told.contains("Nobody can tell what shop runs") && told.contains("[It did not help]"), "{told}");
    }
}

#[test]
fn a_service_that_vanished_is_told_and_breaks_nothing() {
    let mut bot = bot();
    run(&mut bot, on("check"));
    run(&mut bot, on("run"));
    deployed(&mut bot, "v3");
    bot.transcript();
    bot.services.clear();
    ends(&mut bot, "assess", "done", &assessed("pass", &[]));
    ends(&mut bot, "rollback", "done", &done());
    bot.now_ms += MINUTE_MS;
    bot.fire_timer::<Rollback>("watch/shop").expect("it is handled");
    assert!(bot.timers.is_empty());
    insta::assert_snapshot!(bot.transcript(), @r"
    post m4 to console:#incidents
    (warning)
    shop is not configured any more: what was found about it is dropped.

    post m5 to console:#incidents
    shop is back on v1, and is being verified (info)
    shop runs v1.
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    ```
    ok   check            12 ms  releases/v1 is there
    ok   switch            3 ms  current points at v1
    ok   restart          4.2 s  exited with 0
    ```
    Took: 4.3 s

    post m6 to console:#incidents
    (warning)
    shop is not configured any more, so that nobody can tell whether it helped.
    ");
    assert_eq!(case(&bot).attempts[0].state.words(), "unknown", "nobody will verify it");
    let gone = refused(&mut bot, on("plan"));
    assert_eq!(gone, "`shop` is no service; no [services.NAME] is configured.");
}

#[test]
fn a_job_nobody_knows_is_logged() {
    let mut bot = bot();
    let event = Job {
        id: "job-9".to_owned(),
        kind: "rollback".to_owned(),
        status: "done".to_owned(),
        detail: "what?".to_owned(),
        incident: None,
        at_ms: 0,
    };
    bot.run(|bot| Rollback::on_job(bot, event)).expect("it is heard");
    assert!(bot.log[0].1.contains("job-9") && bot.said.is_empty());
}

//! Rollbacks are begun once, by a command or the plan's button, after those agreed who have to; and abort.

use super::*;
use drillbell_sdk::testing::click;

#[test]
fn a_rollback_of_code_begins_at_once_with_what_the_plan_said() {
    let mut bot = bot();
    run(&mut bot, on("plan"));
    let spec = bot.data.as_ref().expect("data")["spec"].clone();
    let button = press(&bot, "run", "Roll back");
    clicks(button.clone(), &mut bot);
    let (job, _) = &bot.jobs[0];
    assert_eq!((job.kind.as_str(), job.key.as_deref(), &job.approval), ("rollback", Some("rollback/shop"), &None));
    assert_eq!(serde_json::from_str::<Value>(&job.spec).expect("JSON"), spec, "what runs is what was shown");
    assert_eq!(job.title, "roll shop back from v2 to v1 by release");
    let twice = click_refused(button.by("bo", "Bo"), &mut bot);
    let typed = refused(&mut bot, on("run"));
    assert_eq!(twice, typed, "whoever asks, one rollback of a service is under way");
    insta::assert_snapshot!(typed, @"shop is being rolled back already: job job-1 (roll shop back from v2 to v1 by release), ready. `/rollback abort shop` stops it as far as that goes.");
    ends(&mut bot, "rollback", "done", &done());
    bot.transcript();
    verification(&mut bot, "pass");
    assert_eq!(case(&bot).attempts.len(), 1);
}

#[test]
fn a_plan_that_is_not_so_any_more_is_not_carried_out() {
    let mut bot = bot();
    run(&mut bot, on("plan"));
    let press_old = press(&bot, "run", "Roll back");
    bot.deploys[0].commit = "d4d4d4".to_owned();
    let moved = click_refused(press_old.clone(), &mut bot);
    later(&mut bot, 1);
    run(&mut bot, on("plan"));
    let newer = click_refused(press_old, &mut bot);
    let never = click_refused(click("run", "shop|17"), &mut bot);
    assert_eq!(newer, never);
    insta::assert_snapshot!([moved, newer].join("\n"), @r"
    What the plan was made for is not so any more. `/rollback plan shop` makes one for what is so now.
    There is a newer plan for shop; this one is over. `/rollback plan shop` makes one.
    ");
    assert!(bot.jobs.is_empty());
}

#[test]
fn what_touches_data_waits_for_others_and_is_then_exactly_what_they_saw() {
    let mut bot = contracted();
    bot.copies[0].proven_ms = None;
    run(&mut bot, on("run").arg("strategy", "full"));
    assert!(bot.jobs.is_empty());
    let asked = bot.approvals[0].clone();
    assert_eq!((asked.needed, asked.title.as_str()), (3, "roll shop back from v2 to v1 by full"));
    let subject: Value = serde_json::from_str(&asked.subject).expect("JSON");
    assert_eq!((&subject["kind"], &subject["spec"]["strategy"]), (&json!("rollback"), &json!("full")));
    assert_eq!(bot.data.as_ref().expect("data")["approval"], json!(asked.id));
    let waits = refused(&mut bot, on("run"));
    insta::assert_snapshot!(waits, @"A rollback of shop waits for approvals already: A-00000001. `/rollback abort shop` takes it back.");
    bot.transcript();
    approve(&mut bot, &[("bo", "Bo"), ("cy", "Cy"), ("di", "Di")]);
    let (job, _) = &bot.jobs[0];
    assert_eq!(serde_json::from_str::<Value>(&job.spec).expect("JSON"), subject["spec"]);
    assert_eq!(job.approval.as_deref(), Some(asked.id.as_str()));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#incidents
    shop is being rolled back (warning)
    Attempt 1, by full from v2 to v1: approved by Bo, Cy, Di, job job-1.
    ");
    let approvers = &evidence(&bot, 2)["more"]["by"];
    assert_eq!(approvers.as_array().map(Vec::len), Some(3), "{approvers}");
}

#[test]
fn who_is_asked_may_say_no_and_then_nothing_was_done() {
    for (status, said) in
        [("denied", "Bo said no"), ("expired", "not enough have agreed in time"), ("void", "it was taken back")]
    {
        let mut bot = contracted();
        run(&mut bot, on("run"));
        bot.transcript();
        let id = bot.approvals[0].id.clone();
        decide(&mut bot, &id, status, &[("bo", "Bo")]);
        let told = bot.transcript();
        assert!(told.contains(said) && told.contains("Nothing was done."), "{told}");
        assert!(bot.jobs.is_empty());
        assert_eq!((case(&bot).failed(), case(&bot).attempts[0].state.words()), (0, "not done"));
        run(&mut bot, on("run"));
        assert_eq!(bot.approvals.len(), 2, "it may be asked again");
    }
}

#[test]
fn abort_takes_back_what_has_not_begun_and_says_what_may_be_half_done() {
    let mut bot = contracted();
    run(&mut bot, on("run"));
    run(&mut bot, command("rollback abort"));
    assert_eq!(bot.approvals[0].status, "void");
    let mut bot = super::bot();
    run(&mut bot, on("run"));
    bot.jobs[0].1.state = "running".to_owned();
    bot.jobs[0].1.stage = "switch".to_owned();
    bot.transcript();
    run(&mut bot, on("abort"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    shop: attempt 1, by release from v2 to v1 (warning)
    It is asked to stop, and does so where it can; it is at: switch. What was done before stays done. Its end says what is half done; `/rollback status shop` follows it.
    ");
    assert_eq!(bot.jobs[0].1.state, "cancelled");
    // The fake host ends what it cancels without telling; the real one tells what was done.
    bot.jobs[0].1.state = "running".to_owned();
    let mut half = done();
    half["stages"][2] = json!({ "name": "restart", "status": "unknown", "sentence": "it was stopped", "took_ms": 100 });
    half["sentence"] = json!("Somebody stopped it in the middle of restart.");
    ends(&mut bot, "rollback", "cancelled", &json!({ "error": "Somebody stopped it.", "detail": half }));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m3 to console:#incidents
    Nobody can tell what shop runs (critical)
    Somebody stopped it in the middle of restart.
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    ```
    ok   check            12 ms  releases/v1 is there
    ok   switch            3 ms  current points at v1
    ?    restart         100 ms  it was stopped
    ```
    Took: 4.3 s
    Done: check, switch; in doubt: restart. Look before anything is tried again.
    [Verify now] verify shop, primary
    [It did not help] broken shop|1|1772359320000, danger, once
    ");
    assert_eq!(refused(&mut bot, command("rollback abort")), "No rollback is under way.");
    assert_eq!(refused(&mut bot, on("abort")), "No rollback of shop is under way.");
    assert_eq!(
        (case(&bot).failed(), case(&bot).attempts[0].state.words()),
        (0, "unknown"),
        "nobody knows, so nobody counts"
    );
}

#[test]
fn what_is_being_verified_is_not_rolled_back_beside_it_and_what_was_refused_changes_nothing() {
    let mut bot = bot();
    rolled_back(&mut bot);
    let early = refused(&mut bot, on("run"));
    insta::assert_snapshot!(early, @"shop was rolled back just now, and is being verified. `/rollback verify shop` looks now, `/rollback abort shop` waits no longer.");
    verification(&mut bot, "fail");
    run(&mut bot, on("run"));
    ends(&mut bot, "rollback", "denied", &json!({ "error": "Bo said no" }));
    run(&mut bot, on("run"));
    let known = case(&bot);
    let (last, count) = (known.last().expect("an attempt"), known.failed());
    assert_eq!((last.number, last.from.as_str(), last.to.as_str(), count), (3, "v2", "v1", 1));
}

#[test]
fn a_rollback_that_records_itself_is_where_the_next_plan_begins_and_a_failed_one_is_tried_again_from_where_it_began() {
    let mut bot = bot();
    rolled_back(&mut bot);
    let at_ms = bot.now_ms;
    let back = bot.with_deploy("shop", "v1", at_ms);
    (back.previous, back.by) = ("v2".to_owned(), "rollback (job 0badcafe)".to_owned());
    let said = bot.said.len();
    let deploy = Deploy {
        service: "shop".to_owned(),
        version: "v1".to_owned(),
        previous: "v2".to_owned(),
        commit: String::new(),
        schema: "none".to_owned(),
        migrations: Vec::new(),
        by: "rollback (job 0badcafe)".to_owned(),
        at_ms,
    };
    bot.run(|bot| Rollback::on_deploy(bot, deploy)).expect("it is heard");
    assert_eq!(bot.said.len(), said, "it is verified already, and watched by nobody besides");
    verification(&mut bot, "fail");
    let plan = |bot: &mut FakeBot, strategy: &str| {
        run(bot, on("plan").arg("strategy", strategy));
        bot.data.clone().expect("data")["spec"].clone()
    };
    let spec = plan(&mut bot, "git");
    assert_eq!((&spec["from"], &spec["to"], &spec["again"]), (&json!("v2"), &json!("v1"), &Value::Null));
    assert_eq!(plan(&mut bot, "release")["again"], json!(true), "what is back already is no reason to refuse");
    run(&mut bot, on("run").arg("strategy", "git"));
    ends(&mut bot, "rollback", "done", &done());
    verification(&mut bot, "pass");
    run(&mut bot, on("deploys"));
    assert_eq!(bot.data.clone().expect("data")["runs"], "v1");
    let told = bot.transcript();
    assert!(told.contains("back from v2"), "{told}");
}

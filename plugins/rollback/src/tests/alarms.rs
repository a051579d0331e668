//! After the first attempt that failed the next is proposed; after the second there is one P0 and nothing more by itself (S3-21).

use super::notices::{TAKEN_DOWN, notices};
use super::*;
use drillbell_sdk::Contact;

fn ladder(bot: &mut FakeBot) {
    let lead =
        [Contact::new("lead", "Lea (lead)"), Contact::new("cto", "Tom (CTO)").left_out("only in business hours")];
    bot.with_ladder("sev1", "default", &[(0, &[Contact::new("ana", "Ana")]), (900_000, &lead)]);
    bot.notifiers.insert("provider".to_owned());
    bot.components.insert("web".to_owned());
    bot.settings.insert("components".to_owned(), json!({ "shop": ["web"] }));
}

#[test]
fn after_the_first_failure_the_next_way_is_proposed() {
    let mut bot = bot();
    run(&mut bot, on("run"));
    let mut broke = done();
    (broke["status"], broke["sentence"]) = (json!("fail"), json!("restart exited with 1."));
    broke["stages"][2]["status"] = json!("fail");
    bot.transcript();
    ends(&mut bot, "rollback", "failed", &json!({ "error": "restart exited with 1", "detail": broke }));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#incidents
    Rolling shop back from v2 to v1 failed (critical)
    restart exited with 1.
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    ```
    ok   check            12 ms  releases/v1 is there
    ok   switch            3 ms  current points at v1
    BAD  restart          4.2 s  exited with 0
    ```
    Took: 4.3 s
    Done: check, switch; failed: restart. Look before anything is tried again.
    Attempts that failed: 1

    post m3 to console:#incidents
    Roll shop back from v2 to v1 (warning)
    By: git (git, low risk)
    No migration lies between the two versions: code alone goes back.
    ```
    1. check: look whether git can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 10 min; nobody has measured it yet
    Lost: no data
    ~ Not release: it was tried and failed: restart exited with 1.
    ~ Not schema: no migration lies between the two versions: there is nothing to migrate back.
    ~ Not full: it does more than is needed.
    [Roll back to v1] run shop|1772359320000, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.
    ");
    assert!(bot.incidents.is_empty());
    clicks(drillbell_sdk::testing::click("plan", "shop"), &mut bot);
    assert_eq!(bot.jobs.len(), 1, "nothing begins by itself");
}

#[test]
fn the_second_failure_declares_one_p0_and_nothing_is_tried_a_third_time() {
    let mut bot = bot();
    ladder(&mut bot);
    attempt(&mut bot, "release", "fail");
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "fail");
    assert_eq!(case(&bot).attempts.iter().map(|one| one.strategy.as_str()).collect::<Vec<_>>(), ["release", "git"]);
    assert_eq!(bot.incidents.len(), 1);
    assert_eq!((bot.incidents[0].severity.as_str(), bot.incidents[0].service.as_deref()), ("sev1", Some("shop")));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m7 to console:#incidents
    shop is back on v1, and that did not help (critical)
    1 of 2 does not hold.
    ```
    BAD errors        7.5 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    ok  health        200 by GET /readyz at 10:02 UTC
    ```
    ~ Attempt 2, by git from v2 to v1, asked for by Ana.

    page lead trigger INC-1
    shop could not be rolled back (critical)
    Versions: from v2, which is bad, to v1
    Attempts that failed: 2
    ```
    10:02 UTC  attempt 1, by release from v2 to v1: failed. 1 of 2 does not hold.
    10:07 UTC  attempt 2, by git from v2 to v1: failed. 1 of 2 does not hold.
    ```
    State: v1 runs, and shop is not well

    page provider trigger INC-1
    shop could not be rolled back (critical)
    Versions: from v2, which is bad, to v1
    Attempts that failed: 2
    ```
    10:02 UTC  attempt 1, by release from v2 to v1: failed. 1 of 2 does not hold.
    10:07 UTC  attempt 2, by git from v2 to v1: failed. 1 of 2 does not hold.
    ```
    State: v1 runs, and shop is not well

    post m8 to console:#incidents
    shop could not be rolled back (critical)
    Versions: from v2, which is bad, to v1
    Attempts that failed: 2
    ```
    10:02 UTC  attempt 1, by release from v2 to v1: failed. 1 of 2 does not hold.
    10:07 UTC  attempt 2, by git from v2 to v1: failed. 1 of 2 does not hold.
    ```
    State: v1 runs, and shop is not well
    Maintenance: is being turned on: job job-15
    [End maintenance] maintenance shop|maintenance|off
    Paged: Lea (lead); Tom (CTO) not: only in business hours; provider
    Status page: A-P0000001 waits for somebody's approval
    Postmortem: due 6 Mar 10:12 UTC, a task of INC-1
    ~ Nothing is tried a third time by itself. Once somebody knows why: `/rollback run shop --again REASON`.

    post m9 to console:#ops
    shop could not be rolled back (critical)
    Versions: from v2, which is bad, to v1
    Attempts that failed: 2
    ```
    10:02 UTC  attempt 1, by release from v2 to v1: failed. 1 of 2 does not hold.
    10:07 UTC  attempt 2, by git from v2 to v1: failed. 1 of 2 does not hold.
    ```
    State: v1 runs, and shop is not well
    Maintenance: is being turned on: job job-15
    Paged: Lea (lead); Tom (CTO) not: only in business hours; provider
    Status page: A-P0000001 waits for somebody's approval
    Postmortem: due 6 Mar 10:12 UTC, a task of INC-1
    ~ Nothing is tried a third time by itself. Once somebody knows why: `/rollback run shop --again REASON`.
    ");
    let turned = bot.jobs.iter().find(|(job, _)| job.kind == "maintenance").expect("maintenance is turned on");
    assert_eq!(turned.0.spec, r#"{"mode":"maintenance","on":true,"service":"shop"}"#);
    assert_eq!((bot.public_updates.len(), bot.public_updates[0].components[0].0.as_str()), (1, "web"));
    let tasks = &bot.facts[&bot.incidents[0].id].tasks;
    assert_eq!(
        tasks.iter().map(|task| task.text.as_str()).collect::<Vec<_>>(),
        ["Write the postmortem: shop could not be rolled back"]
    );
    let jobs = bot.jobs.len();
    let no = refused(&mut bot, on("run"));
    insta::assert_snapshot!(no, @"2 attempts to roll shop back have failed (INC-1), and nothing is tried a third time by itself. Find out why first; then `/rollback run shop --again REASON`, which one more has to agree to.");
    assert_eq!(bot.jobs.len(), jobs, "nothing was begun");
}

#[test]
fn a_person_says_why_it_is_tried_again_and_another_agrees() {
    let mut bot = bot();
    ladder(&mut bot);
    attempt(&mut bot, "release", "fail");
    attempt(&mut bot, "git", "fail");
    let third = || on("run").arg("strategy", "release").arg("again", "the disk was full");
    run(&mut bot, third());
    assert_eq!((bot.approvals.last().expect("asked").needed, case(&bot).attempts.len()), (1, 3));
    assert_eq!(case(&bot).attempts[2].again.as_deref(), Some("the disk was full"));
    approve(&mut bot, &[("bo", "Bo")]);
    ends(&mut bot, "rollback", "done", &done());
    bot.transcript();
    verification(&mut bot, "fail");
    assert_eq!((bot.incidents.len(), case(&bot).failed()), (1, 3), "there is one P0");
    let pages = bot.said.iter().filter(|said| matches!(said, Said::Page { .. })).count();
    assert_eq!(pages, 0, "who was paged was paged");
    let told = bot.transcript();
    assert!(told.contains("Another attempt has failed, 3 in all."), "{told}");
    let no = refused(&mut bot, on("run").arg("strategy", "release"));
    assert!(no.contains("3 attempts") && no.contains("INC-1"), "{no}");
    // Once it is verified the count begins anew.
    run(&mut bot, third());
    approve(&mut bot, &[("bo", "Bo")]);
    ends(&mut bot, "rollback", "done", &done());
    verification(&mut bot, "pass");
    assert!(case(&bot).is_over());
}

#[test]
fn the_incident_that_there_is_is_raised() {
    let mut bot = bot();
    let open = bot
        .run(|bot| Ok(bot.declare("shop is slow", "sev3", &"console:#incidents".into(), Some("shop"))?))
        .expect("declared");
    attempt(&mut bot, "release", "fail");
    attempt(&mut bot, "git", "fail");
    assert_eq!((bot.incidents.len(), bot.incidents[0].severity.as_str()), (1, "sev1"));
    assert_eq!(case(&bot).p0, Some(open.id));
}

#[test]
fn what_is_not_granted_or_configured_does_not_keep_people_from_hearing() {
    let mut bot = bot();
    for grant in ["incidents:write", "incidents:read", "escalation", "status", "jobs:maintenance"] {
        bot.deny(grant);
    }
    attempt(&mut bot, "release", "fail");
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "fail");
    insta::assert_snapshot!(bot.transcript(), @r"
        post m7 to console:#incidents
        shop is back on v1, and that did not help (critical)
        1 of 2 does not hold.
        ```
        BAD errors        7.5 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
        ok  health        200 by GET /readyz at 10:02 UTC
        ```
        ~ Attempt 2, by git from v2 to v1, asked for by Ana.

        post m8 to console:#incidents
        shop could not be rolled back (critical)
        Versions: from v2, which is bad, to v1
        Attempts that failed: 2
        ```
        10:02 UTC  attempt 1, by release from v2 to v1: failed. 1 of 2 does not hold.
        10:07 UTC  attempt 2, by git from v2 to v1: failed. 1 of 2 does not hold.
        ```
        State: v1 runs, and shop is not well
        Maintenance: could not be turned on; the operator's log says why
        ~ Nothing is tried a third time by itself. Once somebody knows why: `/rollback run shop --again REASON`.
        ");
    let known = case(&bot);
    assert_eq!((&known.p0, known.alarmed, known.failed()), (&None, true, 2));
    assert!(refused(&mut bot, on("run")).contains("2 attempts"));
}

#[test]
fn a_newer_deploy_begins_anew_and_one_that_records_the_rollback_does_not() {
    let mut bot = bot();
    attempt(&mut bot, "release", "fail");
    attempt(&mut bot, "git", "fail");
    later(&mut bot, 1);
    deployed(&mut bot, "v1");
    assert_eq!(case(&bot).failed(), 2, "the rollback wrote down what it did");
    later(&mut bot, 1);
    bot.transcript();
    deployed(&mut bot, "v3");
    assert!(!bot.kv.contains_key("case/shop"));
    let told = bot.transcript();
    assert!(told.contains("The attempts to roll back from v2 are over; they count no longer."), "{told}");
    run(&mut bot, on("run").arg("to", "v1"));
}

#[test]
fn words_that_the_configuration_has_are_public_at_once_and_taken_down_with_the_maintenance() {
    let mut bot = bot();
    ladder(&mut bot);
    let mut told = shop();
    (told["notice"], told["maintenance"]) = (json!(true), json!(false));
    bot.with_service(told);
    attempt(&mut bot, "release", "fail");
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "fail");
    let said = bot.transcript();
    assert!(said.contains("Status page: tells of it, in the words of the configuration: job"), "{said}");
    assert!(bot.public_updates.is_empty(), "nobody is asked about words that were approved before");
    assert_eq!(notices(&bot), [r#"{"on":true,"service":"shop"}"#]);
    ends(&mut bot, "notice", "done", &json!({ "status": "pass", "sentence": "" }));
    clicks(press(&bot, "maintenance", "Turn it off"), &mut bot);
    assert_eq!(notices(&bot).last().map(String::as_str), Some(TAKEN_DOWN));
    bot.transcript();
    ends(&mut bot, "notice", "done", &json!({ "status": "pass", "sentence": "" }));
    let said = bot.transcript();
    assert!(said.contains("shop: the public notice is off"), "{said}");
}

#[test]
fn words_that_may_not_be_shown_by_themselves_are_proposed() {
    let mut bot = bot();
    ladder(&mut bot);
    let mut told = shop();
    told["notice"] = json!(true);
    bot.with_service(told);
    bot.deny("jobs:notice");
    attempt(&mut bot, "release", "fail");
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "fail");
    let said = bot.transcript();
    assert!(said.contains("Status page: the notice could not be turned on; the operator's log says why"), "{said}");
    assert_eq!(bot.public_updates.len(), 1, "{said}");
}

/// The first attempt fails, after something has become of the shop meanwhile.
fn failed_after(meanwhile: impl FnOnce(&mut FakeBot)) -> String {
    let mut bot = bot();
    run(&mut bot, on("run").arg("strategy", "release"));
    bot.transcript();
    meanwhile(&mut bot);
    let mut broke = done();
    (broke["status"], broke["sentence"]) = (json!("fail"), json!("restart exited with 1."));
    broke["stages"][2]["status"] = json!("fail");
    ends(&mut bot, "rollback", "failed", &json!({ "error": "restart exited with 1", "detail": broke }));
    bot.transcript().split("\n\n").last().unwrap_or_default().to_owned()
}

#[test]
fn where_no_other_way_back_is_known_that_is_said() {
    let told = failed_after(|bot| {
        let mut shop = shop();
        let all = shop["rollback"]["strategies"].as_array_mut().expect("a list");
        all.truncate(1);
        bot.with_service(shop);
    });
    insta::assert_snapshot!(told, @r"
    post m3 to console:#incidents
    shop: no other way back by itself (warning)
    No strategy of shop may be used by itself. release: it was tried and failed: restart exited with 1. Fix it forward, or name one that failed with --strategy.
    ");
    let told = failed_after(|bot| bot.services.clear());
    insta::assert_snapshot!(told, @r"
    post m3 to console:#incidents
    (warning)
    shop is not configured any more: no other way back is known.
    ");
}

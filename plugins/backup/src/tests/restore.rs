//! Restores: the plan that is shown, what is refused, the job that a click starts, and what is told of its end.

use super::{HOUR_MS, bot, end, refused, run, with_copies};
use crate::Backup;
use drillbell_sdk::Block;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, click, command};
use drillbell_sdk::time::rfc3339;
use serde_json::{Value, json};

pub(super) fn restore(copy: &str) -> CommandBuilder {
    command("backup restore").arg("copy", copy).arg("into", "shop")
}

/// The shop has a service, and its copies know what is in them.
pub(super) fn served() -> FakeBot {
    let mut bot = with_copies();
    bot.targets[0].service = "checkout".to_owned();
    configures(&mut bot, &json!({ "stop": true, "start": true, "migrate": true, "health": true }));
    bot.targets[0].rto_ms = Some(4 * HOUR_MS);
    let manifest = json!({ "contents": { "tables": [
        { "schema": "public", "table": "orders", "rows": 3 }, { "schema": "public", "table": "users", "rows": 1 },
    ] } });
    for copy in bot.copies.clone() {
        bot.manifests.insert(copy.object, manifest.clone());
    }
    bot
}

/// The section of the shop's service has these keys.
fn configures(bot: &mut FakeBot, service: &Value) {
    let mut policy: Value = serde_json::from_str(&bot.targets[0].policy).expect("a policy");
    policy["service"] = service.clone();
    bot.targets[0].policy = policy.to_string();
}

/// Clicks the button of the last message.
fn clicks(bot: &mut FakeBot) {
    let said = bot.said.last().expect("something was said");
    let (card, view) = (said.message().cloned().expect("a message"), said.view().cloned().expect("a view"));
    let value = view.blocks.iter().find_map(|block| match block {
        Block::Button(button) => Some(button.value.clone()),
        _ => None,
    });
    bot.action::<Backup>(click("restore", &value.expect("a button")).card(&card)).expect("it is handled");
}

#[test]
fn the_plan_says_step_by_step_what_is_done_what_is_lost_and_what_is_missing() {
    let mut bot = with_copies();
    let now = bot.now_ms;
    let encrypted = bot.with_copy("shop", "00000009", now - HOUR_MS);
    encrypted.object.push_str(".age");
    run(&mut bot, restore("00000009").flag("clean"));
    insta::assert_snapshot!(bot.transcript(), @r#"
    reply m1
    Restore 00000009 of shop into shop (warning)
    State of: 2026-03-01T09:02:00.000Z
    Lost: 1 h of changes (60 min)
    Copy: 1.0 MB, unverified
    ```
    1. fetch          fetch 00000009 (1.0 MB) from the store
    2. check          decrypt it with [artifacts] identity, unpack it, and compare it with its manifest
    3. safety         take a safety copy of shop as it is then
    4. restore        restore all of it into shop; what is in the way is dropped first
    5. counts         count what is there and compare it with the manifest
    ```
    Missing: nothing is configured to stop what writes to it, to migrate, to start it again or to ask how it is, since [targets.shop] names no `service`: do that by hand, and stop it before you click.
    Missing: nobody has read this copy back; `/backup verify 00000009` does.
    Missing: the manifest counts no tables, so that nothing can be compared afterwards.
    Missing: [targets.shop] has no `rto`, so that nobody said how long it may take.
    Expected to take: nobody has measured it: no restore into this target has been done yet
    [Restore into shop] restore {"object":"backups/shop/1772355720000-00000009.dump.zst.age","target":"shop","data_only":false,"clean":true,"safety":true}, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to approve it, and announces it, before it begins.
    "#);
    let mut bot = served();
    run(&mut bot, restore("0badcafe").arg("tables", "public.orders, users").flag("data-only"));
    insta::assert_snapshot!(bot.transcript(), @r#"
    reply m1
    Restore 0badcafe of shop into shop (warning)
    State of: 2026-02-28T08:02:00.000Z
    Lost: 1 d 2 h of changes (1560 min)
    Copy: 1.0 MB, proven
    ```
    1. fetch          fetch 0badcafe (1.0 MB) from the store
    2. check          unpack it, and compare it with its manifest
    3. stop-writers   stop what writes to it, by `stop` of [services.checkout]
    4. safety         take a safety copy of shop as it is then
    5. restore        restore the rows of public.orders, users into shop; rows that are in the way make it fail (--clean deletes them first)
    6. counts         count what is there and compare it with the manifest
    7. migrate        migrate, by `migrate` of [services.checkout]
    8. start-writers  start what writes to it, by `start` of [services.checkout]
    9. health         ask `health` of [services.checkout]
    ```
    Expected to take: nobody has measured it: no restore into this target has been done yet
    [Restore into shop] restore {"object":"backups/shop/1772265720000-0badcafe.dump.zst","target":"shop","tables":["public.orders","users"],"data_only":true,"clean":false,"safety":true}, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to approve it, and announces it, before it begins.
    "#);
    let data = bot.data.clone().expect("data");
    assert_eq!((data["minutes_lost"].as_u64(), data["missing"].as_array().map(Vec::len)), (Some(26 * 60), Some(0)));
    assert_eq!(data["spec"]["tables"], json!(["public.orders", "users"]));
    assert!(bot.jobs.is_empty(), "nothing is done yet");
}

/// What a plan says of who sees to what, line by line.
fn seen_to(bot: &mut FakeBot) -> String {
    let told = bot.transcript();
    let about = ["stop", "start", "migrate", "health", "safety", "Without"];
    let lines = told.lines().filter(|line| !line.starts_with('[') && about.iter().any(|word| line.contains(word)));
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_plan_promises_nothing_that_is_not_configured_and_says_so() {
    let mut bot = served();
    configures(&mut bot, &json!({ "stop": false, "start": false, "migrate": true, "health": false }));
    run(&mut bot, restore("0badcafe"));
    insta::assert_snapshot!(seen_to(&mut bot), @r"
    3. safety         take a safety copy of shop as it is then
    6. migrate        migrate, by `migrate` of [services.checkout]
    Missing: nothing is configured to stop what writes to it: [services.checkout] has no `stop`; stop it by hand before you click, or what is written meanwhile is lost.
    Missing: nothing is configured to start what writes to it again: [services.checkout] has no `start`.
    Missing: nothing is configured to ask how it is: [services.checkout] has no `health`.
    ");
    configures(&mut bot, &Value::Null);
    run(&mut bot, restore("0badcafe"));
    insta::assert_snapshot!(seen_to(&mut bot), @r"
    3. safety         take a safety copy of shop as it is then
    Missing: nothing is configured to stop what writes to it, to migrate, to start it again or to ask how it is, since there is no [services.checkout]: do that by hand, and stop it before you click.
    ");
    let steps = bot.data.clone().expect("data")["steps"].clone();
    let stages: Vec<_> = steps.as_array().expect("steps").iter().map(|step| step["stage"].clone()).collect();
    assert_eq!(stages, ["fetch", "check", "safety", "restore", "counts"]);
}

#[test]
fn a_restore_without_a_safety_copy_says_what_is_lost_to_whoever_clicks_and_whoever_approves() {
    let mut bot = served();
    run(&mut bot, restore("0badcafe").flag("clean").flag("no-safety"));
    insta::assert_snapshot!(seen_to(&mut bot), @r"
    Without a safety copy: what is in shop now is gone for good once this begins, and nothing can undo this restore.
    3. stop-writers   stop what writes to it, by `stop` of [services.checkout]
    6. migrate        migrate, by `migrate` of [services.checkout]
    7. start-writers  start what writes to it, by `start` of [services.checkout]
    8. health         ask `health` of [services.checkout]
    ");
    run(&mut bot, restore("0badcafe").flag("clean").flag("no-safety"));
    clicks(&mut bot);
    let (job, _) = &bot.jobs[0];
    assert_eq!(job.title, "restore without a safety copy: 0badcafe of shop into shop");
    let spec: Value = serde_json::from_str(&job.spec).expect("JSON");
    assert_eq!(spec["safety"], json!(false));
    let told = bot.transcript();
    assert!(told.contains("It takes no safety copy: what is in shop now is gone for good."), "{told}");
}

#[test]
fn what_cannot_go_well_is_refused_with_what_to_do_instead() {
    let mut bot = served();
    bot.with_target("media", "files", None, &json!({}));
    let now = bot.now_ms;
    bot.with_copy("media", "00000001", now);
    let into_media = || command("backup restore").arg("copy", "00000001").arg("into", "media");
    let many = vec!["a"; 51].join(",");
    let refusals = [
        refused(&mut bot, command("backup restore").arg("into", "shop")),
        refused(&mut bot, restore("0badcafe").arg("before", &rfc3339(now))),
        refused(&mut bot, command("backup restore").arg("copy", "0badcafe").arg("into", "nowhere")),
        refused(&mut bot, restore("0badbeef")),
        refused(&mut bot, restore("00000001")),
        refused(&mut bot, into_media().arg("tables", "orders")),
        refused(&mut bot, into_media().flag("data-only")),
        refused(&mut bot, restore("0badcafe").arg("paths", "a.jpg")),
        refused(&mut bot, restore("0badcafe").arg("tables", "ordrs")),
        refused(&mut bot, restore("0badcafe").arg("tables", " , ")),
        refused(&mut bot, into_media().arg("paths", &many)),
        refused(&mut bot, into_media().arg("paths", "a\u{7}b")),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r"
    Which copy? `/backup list shop` names those there are; --before TIME means the newest taken by then.
    Name a copy, or a moment by --before, not both.
    `nowhere` is no target; there are: media, shop.
    0badbeef is broken (its SHA-256 is not the one in its manifest). `/backup restore --before TIME` finds the newest copy that is not.
    00000001 is a copy of a files target, and shop is postgres: it cannot go there.
    Files have no tables: `--paths` names those to restore.
    Files have no tables: `--paths` names those to restore.
    A database has no paths: `--tables` names what to restore.
    The copy has no table `ordrs`; it has: public.orders, public.users.
    1 to 50 names with commas between are expected, such as `--tables public.orders,public.users`.
    1 to 50 names with commas between are expected, such as `--paths 2026/a.jpg,2025`.
    1 to 50 names with commas between are expected, such as `--paths 2026/a.jpg,2025`.
    ");
}

#[test]
fn a_click_starts_the_job_that_was_shown_once_and_not_again_by_itself() {
    let mut bot = served();
    run(&mut bot, restore("0badcafe").flag("clean"));
    clicks(&mut bot);
    insta::assert_snapshot!(bot.transcript().lines().rev().take(5).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"), @r"

    edit m1
    Restore of 0badcafe into shop asked for (info)
    Ana wants it: job job-1.
    ~ There is a newer copy that is not known to be broken: `0badf00d` of 1 Mar 09:32, 1.0 MB.
    ");
    let (job, _) = &bot.jobs[0];
    let spec: Value = serde_json::from_str(&job.spec).expect("JSON");
    let object = bot.copies.iter().find(|copy| copy.short == "0badcafe").expect("a copy").object.clone();
    let asked = json!({ "object": object, "target": "shop", "data_only": false, "clean": true, "safety": true });
    assert_eq!((job.kind.as_str(), job.attempts, spec), ("restore", Some(1), asked));
    assert_eq!(job.on_lost, drillbell_sdk::OnLost::Ask);
    // The copy breaks before somebody else clicks.
    run(&mut bot, restore("0badf00d"));
    bot.copies[0].verdict = "broken".to_owned();
    let value =
        json!({ "object": bot.copies[0].object, "target": "shop", "data_only": false, "clean": false, "safety": true });
    let refused = bot.action::<Backup>(click("restore", &value.to_string())).expect_err("it is broken");
    assert!(refused.text().contains("is broken"), "{refused}");
}

fn result(status: &str) -> Value {
    json!({
        "object": "backups/shop/1772265720000-0badcafe.dump.zst", "target": "shop", "kind": "postgres", "status": status,
        "sentence": "Every table has as many rows as its manifest says.", "writers": "running",
        "safety": "backups/shop/1772359320000-5afe5afe.dump.zst", "minutes_lost": 1560, "seconds": 754.2,
        "stages": [
            { "name": "fetch", "status": "pass", "sentence": "3.2 MB", "took_ms": 4200 },
            { "name": "stop-writers", "status": "pass", "sentence": "", "took_ms": 900 },
            { "name": "restore", "status": "pass", "sentence": "by pg_restore", "took_ms": 720_000 },
            { "name": "migrate", "status": "skipped", "sentence": "no command is named", "took_ms": 0 },
        ],
        "tables": [
            { "name": "public.users", "rows": 1, "expected": 1, "status": "pass" },
            { "name": "public.orders", "rows": 3, "expected": 3, "status": "pass" },
        ],
    })
}

#[test]
fn how_a_restore_went_is_told_stage_by_stage_and_measured_for_the_next_plan() {
    let mut bot = served();
    run(&mut bot, restore("0badcafe"));
    clicks(&mut bot);
    bot.transcript();
    end(&mut bot, "done", &result("pass"));
    let told = bot.transcript();
    assert!(told.contains("console:#backups") && told.contains("console:#incidents"), "{told}");
    insta::assert_snapshot!(told.split("\n\n").next().expect("a message"), @r"
    post m2 to console:#backups
    shop is restored from 0badcafe (good)
    Every table has as many rows as its manifest says.
    Writers: running
    Lost: 1560 min of changes
    Took: 12 min of the 4 h allowed
    As it was before: copy `backups/shop/1772359320000-5afe5afe.dump.zst`
    ```
    ok   fetch            4.2 s  3.2 MB
    ok   stop-writers    900 ms
    ok   restore         12 min  by pg_restore
    -    migrate           0 ms  no command is named
    ```
    ~ Rows that are there, of those that the manifest counts:
    ```
    ok              1 of            1  public.users
    ok              3 of            3  public.orders
    ```
    ");
    bot.advance(std::time::Duration::from_secs(86_400));
    run(&mut bot, restore("0badcafe"));
    let plan = bot.transcript();
    assert!(plan.contains("restore        restore all of it into shop; refused if something is in the way (--clean drops it first)  (12 min last time)"), "{plan}");
    assert!(
        plan.contains(
            "Expected to take: 12 min of the 4 h allowed; 3 of 9 steps were measured, by the last restore, 1 d ago"
        ),
        "{plan}"
    );
}

#[test]
fn a_stage_that_failed_is_loud_and_says_where_writers_and_the_safety_copy_stand() {
    let mut bot = served();
    run(&mut bot, restore("0badcafe"));
    clicks(&mut bot);
    bot.transcript();
    let mut failed = result("fail");
    failed["writers"] = json!("stopped");
    failed["sentence"] = json!("pg_restore: relation \"orders\" exists already. Writers are stopped and stay so.");
    failed["tables"][1] = json!({ "name": "public.orders", "rows": 2, "expected": 3, "status": "fail" });
    failed["stages"][2]["status"] = json!("fail");
    // As the host says it: the sentence is the error, and all that is known stands beside it.
    let detail = json!({ "error": failed["sentence"], "detail": failed });
    end(&mut bot, "failed", &detail);
    insta::assert_snapshot!(bot.transcript().split("\n\npost").next().expect("a message"), @r#"
    post m2 to console:#backups
    The restore of 0badcafe into shop failed (critical)
    pg_restore: relation "orders" exists already. Writers are stopped and stay so.
    Writers: stopped, and they stay so until somebody starts them
    Lost: 1560 min of changes
    Took: 12 min of the 4 h allowed
    As it was before: copy `backups/shop/1772359320000-5afe5afe.dump.zst`
    ```
    ok   fetch            4.2 s  3.2 MB
    ok   stop-writers    900 ms
    BAD  restore         12 min  by pg_restore
    -    migrate           0 ms  no command is named
    ```
    ~ Rows that are there, of those that the manifest counts:
    ```
    BAD             2 of            3  public.orders
    ok              1 of            1  public.users
    ```
    Owner: the shop team
    ~ What was there before is in the safety copy; `/backup restore backups/shop/1772359320000-5afe5afe.dump.zst --into shop --clean` brings it back.
    "#);
    assert!(!bot.kv.contains_key("measured/shop"), "what failed measures nothing");
}

#[test]
fn a_restore_that_nobody_approved_is_told_to_who_asked_and_one_that_broke_off_to_all() {
    for (status, channels) in [("denied", 1), ("expired", 1), ("cancelled", 2), ("failed", 2), ("lost", 2)] {
        let mut bot = served();
        run(&mut bot, restore("0badcafe"));
        clicks(&mut bot);
        bot.transcript();
        end(&mut bot, status, &json!({}));
        let told = bot.transcript();
        assert_eq!(told.matches("post m").count(), channels, "{status}: {told}");
        assert_eq!(told.contains("whether what writes to it runs"), channels == 2, "{status}: {told}");
        assert!(!bot.kv.contains_key("failed/shop"), "it has nothing to do with retention");
    }
    let mut bot = bot();
    bot.deny("jobs:restore");
    let now = bot.now_ms;
    bot.with_copy("shop", "00000001", now);
    run(&mut bot, restore("00000001"));
    let value = bot.data.clone().expect("data")["spec"].to_string();
    let denied = bot.action::<Backup>(click("restore", &value)).expect_err("it is not granted");
    assert!(denied.text().contains("jobs:restore"), "{denied}");
}

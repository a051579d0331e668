//! The gate, maintenance, deploys, evidence and status.

use super::*;

#[test]
fn the_gate_passes_only_what_is_known_to_pass() {
    let mut bot = bot();
    let mut told = Vec::new();
    for (status, results) in [
        ("pass", vec![("backup", "pass", "12 min old"), ("path", "pass", "v1")]),
        ("fail", vec![("backup", "pass", "12 min old"), ("window", "fail", "closed")]),
        ("unknown", vec![("backup", "unknown", "")]),
        ("pass", vec![("window", "fail", "closed")]),
        ("", Vec::new()),
    ] {
        run(&mut bot, on("gate"));
        ends(&mut bot, "assess", "done", &assessed(status, &results));
        told.push(bot.said.last().and_then(Said::view).expect("a card").title.clone());
    }
    run(&mut bot, on("gate"));
    ends(&mut bot, "assess", "failed", &json!({ "error": "no network" }));
    told.push(bot.said.last().and_then(Said::view).expect("a card").title.clone());
    let asked = |bot: &FakeBot| serde_json::from_str::<Value>(&bot.jobs.last().expect("a job").0.spec).expect("JSON");
    let nothing = json!({ "version": "", "schema": "", "migrations": [], "ci": {} });
    assert_eq!(asked(&bot), json!({ "service": "shop", "what": "gate", "deploy": nothing }));
    let told_of = on("gate").arg("version", "v3").arg("schema", "expand").arg("ci", "tests=pass, lint=fail");
    run(&mut bot, told_of.arg("migrations", "shop/0043_tax=safe"));
    let deploy = json!({
        "version": "v3", "schema": "expand", "migrations": [{ "name": "shop/0043_tax", "risk": "safe" }],
        "ci": { "tests": "pass", "lint": "fail" },
    });
    assert_eq!(asked(&bot)["deploy"], deploy);
    ends(&mut bot, "assess", "done", &assessed("pass", &[("path", "pass", "v1")]));
    for (option, word) in [("ci", "tests"), ("ci", "=pass"), ("migrations", "0043=harmless")] {
        let no = refused(&mut bot, on("gate").arg(option, word));
        assert!(no.contains(word), "{no}");
    }
    for (option, words) in [("ci", "tests=fail,lint=pass, tests=pass"), ("migrations", "tests=risky,tests=safe")] {
        let no = refused(&mut bot, on("gate").arg(option, words));
        assert_eq!(no, format!("`--{option}` names `tests` more than once."));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    shop may be deployed
    shop must not be deployed now
    Nobody can tell whether shop may be deployed: do not
    Nobody can tell whether shop may be deployed: do not
    Nobody can tell whether shop may be deployed: do not
    Nobody can tell whether shop may be deployed: do not
    ");
}

#[test]
fn maintenance_and_read_only_are_two_modes() {
    let mut bot = bot();
    let only = refused(&mut bot, on("maintenance").arg("state", "on").arg("mode", "read-only"));
    insta::assert_snapshot!(only, @"shop has no such mode: [services.shop] `read_only` names the commands that turn it on and off. It has full maintenance, which is another thing: leave --mode out.");
    run(&mut bot, on("maintenance").arg("state", "on").arg("mode", "maintenance"));
    ends(&mut bot, "maintenance", "done", &json!({ "status": "pass", "sentence": "on" }));
    clicks(press(&bot, "maintenance", "Turn it off"), &mut bot);
    assert_eq!(bot.jobs[1].0.spec, r#"{"mode":"maintenance","on":false,"service":"shop"}"#);
    ends(&mut bot, "maintenance", "failed", &json!({ "error": "maintenance-off exited with 1" }));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Turning on maintenance of shop.

    post m2 to console:#incidents
    shop: maintenance is on (warning)
    [Turn it off] maintenance shop|maintenance|off

    reply m3
    Turning off maintenance of shop.

    post m4 to console:#incidents
    shop: maintenance was not turned off (critical)
    maintenance-off exited with 1
    ~ Do it by hand if it is urgent.
    [Try again] maintenance shop|maintenance|off
    ");
}

#[test]
fn deploys_are_listed_with_what_stands_in_the_way_back() {
    let mut bot = contracted();
    bot.deploys[0].disagrees = "It is said to add, and 0042_drop_email drops a column.".to_owned();
    run(&mut bot, on("deploys"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Deploys of shop (neutral)
    Runs now: v2
    ```
    1 Mar 09:52  v2          after v1  commit b2b2b2b2b2  schema contract: 0042_drop_email (risky)
    26 Feb 10:02  v1          commit a1a1a1a1a1  schema expand: 0041_add_tax (safe)
    ```
    v2: It is said to add, and 0042_drop_email drops a column.
    ");
    bot.deploys.clear();
    run(&mut bot, on("deploys"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    No deploy of shop is recorded (warning)
    Whoever deploys it says so: `drillbell deploy record shop --version V --previous P`.
    ");
}

#[test]
fn evidence_is_shown_whole_and_the_oldest_goes() {
    let mut bot = bot();
    assert!(refused(&mut bot, on("evidence")).contains("Nothing was decided"));
    for _ in 0..52 {
        run(&mut bot, on("gate"));
        ends(&mut bot, "assess", "done", &assessed("pass", &[("backup", "pass", "12 min old")]));
    }
    run(&mut bot, on("evidence"));
    let newest = bot.data.clone().expect("data");
    assert_eq!((&newest["number"], &newest["decision"]), (&json!(52), &json!("gate before a deploy: pass")));
    let gone = refused(&mut bot, on("evidence").arg("number", "2"));
    assert_eq!(gone, "There is no evidence 2 of shop; there is 3 to 52.");
    run(&mut bot, on("evidence").arg("number", "3"));
}

#[test]
fn status_tells_what_is_under_way() {
    let mut bot = bot();
    run(&mut bot, command("rollback status"));
    run(&mut bot, on("run"));
    bot.jobs[0].1.state = "running".to_owned();
    bot.jobs[0].1.stage = "restart".to_owned();
    bot.transcript();
    run(&mut bot, on("status"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    shop: is being rolled back (neutral)
    Runs: v2
    ```
    1 Mar 10:02  attempt 1, by release from v2 to v1: under way.
    ```
    Job: job-1: running, restart
    ");
    assert_eq!(bot.data.as_ref().expect("data")["services"][0]["stands"], "is being rolled back");
    bot.services.clear();
    run(&mut bot, command("rollback status"));
    assert!(bot.transcript().contains("There is nothing to roll back"));
}

#[test]
fn a_flag_stays_open_until_it_is_undone() {
    let mut bot = bot();
    let none = refused(&mut bot, on("flags"));
    assert_eq!(none, "shop has no flags: [services.shop.rollback] `undo_flags` names pairs of commands, off and on.");
    let mut flagged = shop();
    flagged["rollback"]["undo_flags"] = json!([{ "off": "search-off", "on": "search-on" }]);
    bot.with_service(flagged);
    run(&mut bot, on("flags"));
    let off = press(&bot, "flag", "Off");
    clicks(off.clone(), &mut bot);
    assert_eq!(bot.jobs[0].0.spec, r#"{"steps":[{"command":"search-off"}]}"#);
    ends(&mut bot, "steps", "done", &json!({ "status": "pass" }));
    let twice = click_refused(off.by("bo", "Bo"), &mut bot);
    assert_eq!(twice, "That was done already. `/rollback flags shop` shows how they stand.");
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Flags of shop (neutral)
    [Off: search-off] flag-0 shop|0|off

    reply m2
    search-off of shop: job job-1.

    post m3 to console:#incidents
    shop: search-off is done, and stays open until it is undone (info)
    search-off: off since 1 Mar 10:02, by Ana
    [On again: search-on] flag-0 shop|0|on, primary
    ");
    deployed(&mut bot, "v3");
    bot.transcript();
    later(&mut bot, 30);
    bot.fire_timer::<Rollback>("watch/shop").expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("shop: 1 flag is still off") && told.contains("The oldest is off for 30 min."), "{told}");
    bot.when_due::<Rollback>("flags/shop").expect("it is handled");
    let on = press(&bot, "flag", "On again");
    clicks(on.clone(), &mut bot);
    ends(&mut bot, "steps", "failed", &json!({ "error": "search-on exited with 1" }));
    assert!(bot.timers.contains_key("flags/shop"), "what failed is not undone");
    clicks(on, &mut bot);
    ends(&mut bot, "steps", "done", &json!({ "status": "pass" }));
    assert_eq!((bot.kv["flags/shop"].as_str(), bot.timers.len()), ("{}", 0));
}

#[test]
fn whoever_begins_a_rollback_has_decided_and_what_waits_for_people_is_not_said_to_be_done() {
    let mut bot = bot();
    run(&mut bot, on("check"));
    ends(&mut bot, "assess", "done", &assessed("pass", &[("errors", "met", "7.5 %"), ("p95", "not_met", "0.3 s")]));
    clicks(press(&bot, "severe", "P0 or P1"), &mut bot);
    assert!(bot.timers.contains_key("clock/shop"), "the clock runs");
    run(&mut bot, on("run"));
    assert!(!bot.timers.contains_key("clock/shop"), "it was decided");
    let job = bot.jobs.iter_mut().find(|(job, _)| job.kind == "rollback").expect("it is asked for");
    job.1.state = "held".to_owned();
    bot.transcript();
    run(&mut bot, on("status"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m4
    shop: waits for approvals (neutral)
    Runs: v2
    ```
    1 Mar 10:02  attempt 1, by release from v2 to v1: waits for approvals.
    ```
    Job: job-2: waits for an approval; `/drillbell approve` lists it
    ");
}

#[test]
fn what_was_rolled_back_is_watched_no_more() {
    let mut bot = bot();
    deployed(&mut bot, "v3");
    assert!(bot.timers.contains_key("watch/shop"));
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "pass");
    assert!(!bot.timers.contains_key("watch/shop"));
    assert!(bot.transcript().contains("It was rolled back, and is watched no more."));
}

#[test]
fn evidence_is_written_as_files_when_somebody_asks() {
    let mut bot = bot();
    run(&mut bot, on("run"));
    run(&mut bot, on("evidence").arg("file", "true"));
    let spec = bot.jobs.last().map(|(job, _)| (job.kind.clone(), job.spec.clone())).expect("a job");
    assert_eq!(spec, ("evidence".to_owned(), r#"{"key":"evidence/shop/00000001"}"#.to_owned()));
    bot.transcript();
    ends(
        &mut bot,
        "evidence",
        "done",
        &json!({ "objects": ["evidence/shop/00000001.json", "evidence/shop/00000001.md"] }),
    );
    insta::assert_snapshot!(bot.transcript(), @r"
    post m3 to console:#incidents
    shop: the evidence is written (good)
    Files: evidence/shop/00000001.json, evidence/shop/00000001.md
    ");
    run(&mut bot, on("evidence").arg("number", "1").arg("file", "true"));
    ends(&mut bot, "evidence", "failed", &json!({ "error": "the store is full" }));
    let told = bot.transcript();
    assert!(told.contains("the evidence was not written") && told.contains("the store is full"), "{told}");
    bot.deny("jobs:evidence");
    let no = refused(&mut bot, on("evidence").arg("file", "true"));
    assert!(no.contains("Cannot write evidence 1 of shop as files"), "{no}");
}

#[test]
fn a_maintenance_that_is_over_is_said_to_be() {
    let mut bot = bot();
    run(&mut bot, on("maintenance").arg("state", "off"));
    ends(&mut bot, "maintenance", "done", &json!({ "status": "pass", "sentence": "off" }));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Turning off maintenance of shop.

    post m2 to console:#incidents
    shop: maintenance is off (good)
    ");
}

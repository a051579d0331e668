//! What the rules of a target bring about: the last drill and the next in the status, limits that it raises, safety copies in retention.

use super::chosen::safety_copy;
use super::{HOUR_MS, run, with_copies};
use crate::retention::{self, Rules};
use drillbell_sdk::Pinned;
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::{Value, json};

const DAY_MS: u64 = 24 * HOUR_MS;

/// The shop's policy says this of its drills and backups too.
fn with(bot: &mut FakeBot, section: &str, keys: &Value) {
    let mut policy: Value = serde_json::from_str(&bot.targets[0].policy).expect("a policy");
    let into = policy[section].as_object_mut().expect("a section");
    into.extend(keys.as_object().expect("keys").clone());
    bot.targets[0].policy = policy.to_string();
}

#[test]
fn a_drill_that_failed_is_the_last_one_and_the_next_is_due_by_the_schedule() {
    let mut bot = with_copies();
    let now = bot.now_ms;
    let last = json!({ "at_ms": now - 3 * HOUR_MS, "status": "fail", "sentence": "2 rows are missing." });
    with(&mut bot, "drill", &json!({ "schedule": "0 5 1 * *", "next_ms": now + 19 * HOUR_MS, "last": last }));
    run(&mut bot, command("backup status").arg("target", "shop"));
    let told = bot.transcript();
    let line = told.lines().find(|line| line.contains("in a drill")).map(str::trim);
    insta::assert_snapshot!(line.unwrap_or_default(), @"monthly    copy restored in a drill  failed 3 h ago        next 2 Mar 05:02");
    let row = bot.data.clone().expect("data")["targets"][0]["checks"][4].clone();
    assert_eq!((&row["last"]["state"], &row["last"]["said"]), (&json!("failed"), &json!("2 rows are missing.")));
    assert_eq!((&row["last"]["at_ms"], &row["next_ms"]), (&json!(now - 3 * HOUR_MS), &json!(now + 19 * HOUR_MS)));
    // The copy was proven after that, by a drill that another bot's database remembers.
    bot.copies.iter_mut().for_each(|copy| copy.proven_ms = copy.proven_ms.map(|_| now - HOUR_MS));
    run(&mut bot, command("backup status").arg("target", "shop"));
    assert!(bot.transcript().contains("proven 1 h ago"));
}

#[test]
fn a_copy_may_take_as_long_to_read_back_as_its_target_says() {
    let mut bot = with_copies();
    let limit = |bot: &FakeBot| bot.jobs.last().and_then(|(job, _)| job.run_limit).map(|limit| limit.as_secs());
    run(&mut bot, command("backup verify").arg("what", "0badcafe"));
    assert_eq!(limit(&bot), Some(30 * 60));
    bot.jobs.clear();
    with(&mut bot, "backup", &json!({ "verify_limit_ms": 3 * HOUR_MS }));
    run(&mut bot, command("backup verify").arg("what", "0badcafe"));
    assert_eq!(limit(&bot), Some(3 * 3600));
    bot.jobs.clear();
    bot.targets.clear();
    run(&mut bot, command("backup verify").arg("what", "0badcafe"));
    assert_eq!(limit(&bot), Some(30 * 60), "of a target that is configured no longer");
}

#[test]
fn a_safety_copy_takes_no_place_in_a_tier_and_goes_a_week_after_nobody_pins_it() {
    let mut bot = with_copies();
    let now = bot.now_ms;
    let object = safety_copy(&mut bot, now - 60_000);
    let rules = Rules { own: "backups/shop/", ..Rules::default() };
    let why = |bot: &FakeBot, at_ms: u64| {
        let plan = retention::plan(&bot.copies, &rules, at_ms);
        let all =
            plan.kept.into_iter().chain(plan.gone.into_iter().map(|(object, why)| (object, format!("goes: {why}"))));
        all.collect::<std::collections::BTreeMap<_, _>>()
    };
    let newest = bot.copies.iter().find(|copy| copy.short == "0badf00d").expect("a copy").object.clone();
    let planned = why(&bot, now);
    assert_eq!(planned[&newest], "hourly 1 of 24", "the safety copy of the same hour stands for nothing");
    assert_eq!(planned[&object], "a safety copy; it stays for 7 days");
    assert_eq!(why(&bot, now + 8 * DAY_MS)[&object], "goes: a safety copy that nobody has pinned");
    let pin = Pinned { by: "ana".to_owned(), at_ms: now, reason: "what was there before restore 0badcafe".to_owned() };
    bot.copies.iter_mut().filter(|copy| copy.object == object).for_each(|copy| copy.pinned = Some(pin.clone()));
    assert!(why(&bot, now + 8 * DAY_MS)[&object].starts_with("pinned by"));
}

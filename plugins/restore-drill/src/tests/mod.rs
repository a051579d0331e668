//! Every message of the plugin, as people read it.

mod due;
mod gameday;
mod owners;
mod shown;
mod time;
mod verdicts;

use crate::RestoreDrill;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, command};
use drillbell_sdk::{Error, OnTimer, Timer};
use serde_json::{Value, json};
use std::time::Duration;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How long after the start of a test the next drill is scheduled.
const AHEAD_MS: u64 = 2 * DAY_MS;

/// A bot that drills the database of a shop every month, the next time in two days.
fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    let policy = json!({ "drill": { "schedule": "0 5 1 * *", "zone": "UTC", "into": true, "checks": 1, "smoke": 0 } });
    let shop = bot.with_target("shop", "postgres", Some(HOUR_MS), &policy);
    shop.owner = "the shop team".to_owned();
    shop.rto_ms = Some(4 * HOUR_MS);
    let now = bot.now_ms;
    bot.with_copy("shop", "0badcafe", now - HOUR_MS / 2);
    bot.dues.insert("drill/shop".to_owned(), (Some(now + AHEAD_MS), None));
    starts(&mut bot);
    bot
}

fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<RestoreDrill>(command).expect("the command succeeds");
}

fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<RestoreDrill>(command) {
        Err(Error::User(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn hears(bot: &mut FakeBot, name: &str, payload: String) {
    let timer = Timer { name: name.to_owned(), payload, due_ms: bot.now_ms, late_ms: 0 };
    bot.run(|bot| RestoreDrill::on_timer(bot, timer)).expect("it is handled");
}

/// The host wakes the plugin.
fn starts(bot: &mut FakeBot) {
    hears(bot, "start", String::new());
    while bot.timers.contains_key("rest") {
        bot.fire_timer::<RestoreDrill>("rest").expect("it is handled");
    }
}

/// A schedule is due; the next time is a month later.
fn scheduled(bot: &mut FakeBot) {
    let now = bot.now_ms;
    bot.dues.insert("drill/shop".to_owned(), (Some(now + 31 * DAY_MS), Some(now)));
    let payload = bot.schedules["drill/shop"].payload.clone();
    hears(bot, "drill/shop", payload);
}

/// The bot is down so long: timers come due, and fire late.
fn is_down(bot: &mut FakeBot, ms: u64) {
    bot.advance(Duration::from_millis(ms));
    bot.pass::<RestoreDrill>(0);
}

/// The drill that is under way ends.
fn ends(bot: &mut FakeBot, status: &str, detail: &Value) {
    let id = bot.jobs.iter().find(|(_, job)| !job.has_ended()).map(|(_, job)| job.id.clone()).expect("a job");
    bot.end_job::<RestoreDrill>(&id, status, &detail.to_string()).expect("it is handled");
}

/// What a drill says that passed.
fn passed(bot: &FakeBot) -> Value {
    let copy = &bot.copies[0];
    json!({
        "target": "shop", "object": copy.object, "taken_ms": copy.taken_ms, "status": "pass", "cause": null,
        "sentence": "All of 3 checks passed.", "rto_ms": 754_000, "age_ms": bot.now_ms - copy.taken_ms,
        "checks": [
            { "name": "restore", "status": "pass", "cause": null, "sentence": "2 tables", "took_ms": 720_000 },
            { "name": "counts", "status": "pass", "cause": null, "sentence": "as its manifest says", "took_ms": 4_200 },
            { "name": "query 1", "status": "pass", "cause": null, "sentence": "true", "took_ms": 12 },
        ],
        "stages": [{ "name": "fetch+restore", "took_ms": 720_000 }, { "name": "check", "took_ms": 34_000 }, { "name": "drop", "took_ms": 900 }],
        "tables": [{ "name": "public.orders", "rows": 3, "expected": 3, "status": "pass" }],
        "scratch": "drill_shop_1", "dropped": true, "evidence": "drills/shop/20260301T100200Z-0badcafe.json",
    })
}

#[test]
fn a_drill_is_begun_where_it_was_asked_for_and_not_twice() {
    let mut bot = bot();
    run(&mut bot, command("drill run").arg("target", "shop"));
    let (job, _) = &bot.jobs[0];
    assert_eq!((job.kind.as_str(), job.spec.as_str()), ("drill", r#"{"target":"shop"}"#));
    assert_eq!((job.run_limit.map(|limit| limit.as_secs()), job.key.as_deref()), (Some(7_200), Some("drill/shop")));
    assert_eq!(bot.data, Some(json!({ "target": "shop", "object": null, "job": "job-1" })));
    let again = refused(&mut bot, command("drill run").arg("target", "shop"));
    ends(&mut bot, "cancelled", &json!({}));
    bot.transcript();
    run(&mut bot, command("drill run").arg("target", "shop").arg("backup", "0badcafe"));
    assert!(bot.jobs[1].0.spec.contains("-0badcafe.dump.zst"), "{}", bot.jobs[1].0.spec);
    ends(&mut bot, "cancelled", &json!({}));
    bot.copies[0].verdict = "broken".to_owned();
    let refusals = [
        again,
        refused(&mut bot, command("drill run").arg("target", "shop")),
        refused(&mut bot, command("drill run").arg("target", "stop")),
        refused(&mut bot, command("drill run").arg("target", "shop").arg("backup", "ffffffff")),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r"
    That is being done already: job job-1 (drill the newest copy of shop).
    There is no copy of shop to drill that is not broken. Take one with `/backup run shop`.
    `stop` is no target; there are: shop.
    There is no copy `ffffffff` of shop. `/backup list shop` shows those there are.
    ");
    bot.deny("jobs:drill");
    let denied = bot.command::<RestoreDrill>(command("drill run").arg("target", "shop").arg("backup", "0badcafe"));
    assert!(denied.expect_err("it is not granted").text().contains("jobs:drill"));
}

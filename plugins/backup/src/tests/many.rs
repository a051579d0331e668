//! More targets than one call may do something about, and more copies than one question tells of.

use super::{HOUR_MS, bot, due, end, policy, run, starts};
use crate::catalogue;
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::json;
use std::collections::BTreeSet;

/// A bot with so many targets, each with one copy.
fn many(count: u64) -> FakeBot {
    let mut bot = FakeBot::new();
    let now = bot.now_ms;
    for n in 0..count {
        let name = format!("shop-{n:03}");
        bot.with_target(&name, "sqlite", None, &json!({}));
        bot.with_copy(&name, &format!("{n:08x}"), now - HOUR_MS);
    }
    bot
}

#[test]
fn every_target_gets_its_turn_however_many_there_are() {
    for count in [1, 50, 51, 130] {
        let mut bot = many(count);
        starts(&mut bot);
        due(&mut bot, "verify");
        let read: BTreeSet<_> = bot.jobs.iter().map(|(job, _)| job.title.clone()).collect();
        assert_eq!((read.len(), bot.jobs.len()), (count as usize, count as usize));
        assert!(bot.timers.is_empty());
    }
}

#[test]
fn the_trouble_of_one_target_is_not_anothers() {
    let mut bot = many(3);
    bot.with_target("shop-001", "sqlite", None, &json!({ "backup": { "keep": "all" } }));
    starts(&mut bot);
    let payload = bot.schedules["retention"].payload.clone();
    bot.run(|bot| {
        let timer = drillbell_sdk::Timer { name: "retention".to_owned(), payload, due_ms: 0, late_ms: 0 };
        <crate::Backup as drillbell_sdk::OnTimer>::on_timer(bot, timer)
    })
    .expect("it gives turns");
    let turns: Vec<_> = bot.timers.keys().cloned().collect();
    assert_eq!(turns, ["turn/retention/shop-000", "turn/retention/shop-001", "turn/retention/shop-002"]);
    let went: Vec<_> = turns.iter().map(|name| bot.fire_timer::<crate::Backup>(name).is_ok()).collect();
    assert_eq!(went, [true, false, true]);
}

#[test]
fn whoever_asks_for_all_gets_as_many_as_one_call_may_and_the_rest_by_asking_again() {
    let mut bot = many(45);
    let mut left = Vec::new();
    for _ in 0..3 {
        run(&mut bot, command("backup verify"));
        left.push(bot.data.clone().expect("data")["left"].clone());
    }
    assert_eq!((left, bot.jobs.len()), (vec![json!(25), json!(5), json!(0)], 45));
    assert!(bot.transcript().contains("25 targets more; type `/backup verify` again for them."));
    for _ in 0..45 {
        end(&mut bot, "done", &json!({ "verdict": "verified", "checks": [] }));
    }
    bot.transcript();
    run(&mut bot, command("backup status"));
    let told = bot.transcript();
    assert_eq!(told.matches("reply").count(), 1, "one message: {told}");
    assert!(told.contains("45 targets") && told.contains("shop-044"), "{told}");
    assert_eq!(bot.data.expect("data")["targets"].as_array().map(Vec::len), Some(45));
}

#[test]
fn all_copies_are_known_even_where_a_page_ends_amid_copies_of_one_moment() {
    let mut bot = bot();
    let now = bot.now_ms;
    for n in 0..1_300_u64 {
        // Seven of each moment.
        bot.with_copy("shop", &format!("{n:08x}"), now - (n / 7 + 1) * 1_000);
    }
    let all = bot.run(|bot| catalogue::all(bot, Some("shop"))).expect("they are read");
    let objects: BTreeSet<_> = all.iter().map(|copy| copy.object.as_str()).collect();
    assert_eq!((all.len(), objects.len()), (1_300, 1_300));
    assert!(all.is_sorted_by(|a, b| a.taken_ms >= b.taken_ms), "newest first");
    run(&mut bot, command("backup list").arg("target", "shop"));
    assert!(bot.transcript().contains("1300 copies of shop"));
}

#[test]
fn retention_sees_the_oldest_of_many_copies() {
    let mut bot = bot();
    bot.with_target("shop", "postgres", None, &policy(json!({ "hourly": 600, "daily": 0, "weekly": 0, "monthly": 0 })));
    let now = bot.now_ms;
    for hour in 0..620 {
        bot.with_copy("shop", &format!("{hour:08x}"), now - hour * HOUR_MS).verdict = "verified".to_owned();
    }
    run(&mut bot, command("backup prune").arg("target", "shop"));
    let data = bot.data.clone().expect("data");
    assert_eq!(
        (data["kept"].as_array().map(Vec::len), data["deletes"].as_array().map(Vec::len)),
        (Some(600), Some(20))
    );
    starts(&mut bot);
    due(&mut bot, "retention");
    assert_eq!(bot.jobs[0].0.spec.matches("backups/shop").count(), 20);
}

#[test]
fn where_there_is_no_copy_it_is_said_how_there_will_be_one() {
    let mut bot = bot();
    run(&mut bot, command("backup prune").arg("target", "shop"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    There is no copy of shop (good)
    ~ Take one with `/backup run shop`; if copies lie in the store, `/backup rebuild shop` enters them.
    ");
}

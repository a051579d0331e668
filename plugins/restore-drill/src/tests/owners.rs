//! Who is told besides the channel: an owner in `[people]`, by a direct message.

use super::{DAY_MS, HOUR_MS, bot, scheduled, starts};
use crate::RestoreDrill;
use drillbell_sdk::testing::FakeBot;
use serde_json::{Value, json};

/// The shop is Ana's, whom a direct message reaches.
fn owned() -> FakeBot {
    let mut bot = bot();
    let mut policy: Value = serde_json::from_str(&bot.targets[0].policy).expect("a policy");
    policy["owner"] = json!({ "person": "ana", "name": "Ana", "chat": "slack:@U01ANA" });
    (bot.targets[0].policy, bot.targets[0].owner) = (policy.to_string(), "ana".to_owned());
    starts(&mut bot);
    bot.transcript();
    bot
}

/// To whom something was posted, in order.
fn posted(told: &str) -> Vec<&str> {
    told.lines().filter_map(|line| line.strip_prefix("post ")?.split_once(" to ")).map(|(_, to)| to).collect()
}

#[test]
fn the_owner_is_reminded_too_once_each() {
    let mut bot = owned();
    bot.pass::<RestoreDrill>(24 * HOUR_MS);
    let told = bot.transcript();
    assert_eq!(posted(&told), ["console:#backups", "slack:@U01ANA"], "{told}");
    assert_eq!(told.matches("Owner: Ana").count(), 2, "{told}");
    assert_eq!(told.matches("[Put off]").count(), 2, "{told}");
    starts(&mut bot);
    bot.pass::<RestoreDrill>(HOUR_MS);
    assert_eq!(bot.transcript(), "", "once, however often it starts");
    bot.pass::<RestoreDrill>(22 * HOUR_MS);
    assert_eq!(posted(&bot.transcript()), ["console:#backups", "slack:@U01ANA"]);
}

#[test]
fn an_owner_who_is_nobody_of_ours_stays_a_word() {
    let mut bot = bot();
    bot.pass::<RestoreDrill>(24 * HOUR_MS);
    let told = bot.transcript();
    assert_eq!(posted(&told), ["console:#backups"], "{told}");
    assert!(told.contains("Owner: the shop team"), "{told}");
}

#[test]
fn the_owner_hears_of_a_drill_that_is_overdue_and_of_one_that_cannot_begin() {
    let mut bot = owned();
    bot.copies[0].proven_ms = Some(bot.now_ms - 31 * DAY_MS);
    bot.dues.insert("drill/shop".to_owned(), (None, None));
    starts(&mut bot);
    bot.pass::<RestoreDrill>(3 * HOUR_MS);
    assert_eq!(posted(&bot.transcript()), ["console:#backups", "slack:@U01ANA"]);
    bot.copies.clear();
    scheduled(&mut bot);
    let told = bot.transcript();
    assert_eq!(posted(&told), ["console:#backups", "slack:@U01ANA"], "{told}");
    assert!(told.contains("did not begin"), "{told}");
}

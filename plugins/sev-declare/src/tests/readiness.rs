//! The line of a card about backups: there with what the card is about, current with every refresh, and left out where nobody may know.

use super::{later, run};
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::json;

const HOUR_MS: u64 = 3_600_000;

/// A shop that is backed up, with a copy that was proven and a newer one.
fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    let now_ms = bot.now_ms;
    let policy = json!({ "measured": { "at_ms": now_ms - HOUR_MS, "rto_ms": 300_000 } });
    let shop = bot.with_target("orders", "postgres", Some(HOUR_MS), &policy);
    (shop.service, shop.rto_ms) = ("shop".to_owned(), Some(4 * HOUR_MS));
    bot.with_target("elsewhere", "files", None, &json!({})).service = "blog".to_owned();
    let old = bot.with_copy("orders", "0badcafe", now_ms - 26 * HOUR_MS);
    (old.verdict, old.proven_ms) = ("proven".to_owned(), Some(now_ms - 20 * HOUR_MS));
    bot.with_copy("orders", "0badf00d", now_ms - HOUR_MS / 2);
    bot
}

fn declare(bot: &mut FakeBot, service: &str) {
    run(bot, command("sev declare").arg("level", "sev1").arg("title", "checkout is down").arg("service", service));
}

fn shown(bot: &mut FakeBot) -> Option<String> {
    bot.transcript()
        .lines()
        .find_map(|line| line.trim_start_matches(['+', ' ']).strip_prefix("Restore: ").map(str::to_owned))
}

#[test]
fn a_card_says_what_was_proven_how_long_it_takes_and_what_is_at_risk() {
    let mut bot = bot();
    declare(&mut bot, "shop");
    insta::assert_snapshot!(shown(&mut bot).expect("the line"), @"orders: last proven 20 h ago (`0badcafe`); a restore took 5 min; at risk now: 30 min");
    // As the card is made current, so is what is at risk.
    later(&mut bot, 90);
    run(&mut bot, command("sev update").arg("text", "the disk is full"));
    insta::assert_snapshot!(shown(&mut bot).expect("the line"), @"orders: last proven 21 h 30 min ago (`0badcafe`); a restore took 5 min; at risk now: 2 h, and only 1 h may be");
    // By the target's own name, and with nothing known of it.
    bot.copies.clear();
    declare(&mut bot, "elsewhere");
    insta::assert_snapshot!(shown(&mut bot).expect("the line"), @"elsewhere: never proven; how long a restore takes was never measured; at risk now: everything, there is no copy that is not broken");
}

#[test]
fn it_is_left_out_where_it_says_nothing_or_nobody_may_know() {
    let mut bot = bot();
    declare(&mut bot, "mail");
    assert_eq!(shown(&mut bot), None);
    bot.deny("backups");
    declare(&mut bot, "shop");
    assert_eq!(shown(&mut bot), None, "the grant is the operator's to give");
    let mut bot = self::bot();
    declare(&mut bot, "shop");
    bot.transcript();
    run(&mut bot, command("sev resolve"));
    assert_eq!(shown(&mut bot), None, "it is over");
}

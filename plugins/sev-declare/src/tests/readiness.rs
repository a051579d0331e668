//! The line of a card about backups: there with what the card is about, current with every refresh, and left out where nobody may know.

use super::{fire, later, run};
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

/// The lines of the card about time, as it was shown last.
fn clocks(bot: &mut FakeBot) -> String {
    let card = bot.message(&super::card_of(bot, 1)).expect("posted").to_string();
    let about = ["Back by (RTO)", "RTO", "Data at risk", "RPO", "~ Left"];
    card.lines().filter(|line| about.iter().any(|word| line.starts_with(word))).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_data_was_promised_is_a_clock_until_the_service_is_back() {
    let mut bot = bot();
    declare(&mut bot, "shop");
    insta::assert_snapshot!(clocks(&mut bot), @r"
    Back by (RTO): 2026-03-01T14:02:00.000Z
    Data at risk since: 2026-03-01T09:32:00.000Z
    RPO until: 2026-03-01T10:32:00.000Z
    ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 4 h to the RTO, 30 min to the RPO, 30 min to the next update.
    ");
    // The card says by itself when more than may be lost would be.
    run(&mut bot, command("sev ack"));
    run(&mut bot, command("sev update").arg("text", "we roll back").arg("status", "identified"));
    later(&mut bot, 20);
    fire(&mut bot, "clock INC-1");
    assert_eq!(bot.timers["clock INC-1"].0, bot.now_ms + 10 * 60_000 + 1_000, "the RPO is next");
    later(&mut bot, 25);
    fire(&mut bot, "clock INC-1");
    let late = clocks(&mut bot);
    assert!(
        late.contains("RPO until: missed by 15 min, it was due at 10:32 UTC: no newer copy of orders is whole"),
        "{late}"
    );
    // A copy is taken: the clock begins anew.
    let now_ms = bot.now_ms;
    bot.with_copy("orders", "0badcafd", now_ms);
    run(&mut bot, command("sev note").arg("text", "a copy was taken"));
    assert!(clocks(&mut bot).contains("RPO until: 2026-03-01T11:47:00.000Z"), "{}", clocks(&mut bot));
    run(&mut bot, command("sev update").arg("text", "it serves again").arg("status", "monitoring"));
    insta::assert_snapshot!(clocks(&mut bot), @r"
    RTO: after 45 min, in time
    ~ Left at 10:47 UTC: 30 min to the next update.
    ");
}

#[test]
fn of_several_targets_the_strictest_promise_counts_and_without_one_there_is_no_clock() {
    let mut bot = bot();
    let now_ms = bot.now_ms;
    let more = bot.with_target("mail", "files", Some(HOUR_MS / 4), &json!({}));
    (more.service, more.rto_ms) = ("shop".to_owned(), Some(HOUR_MS));
    bot.with_copy("mail", "0badf00e", now_ms - HOUR_MS / 5);
    declare(&mut bot, "shop");
    let shown = clocks(&mut bot);
    assert!(shown.contains("Back by (RTO): 2026-03-01T11:02:00.000Z") && shown.contains("3 min to the RPO"), "{shown}");
    let mut bot = self::bot();
    bot.with_copy("elsewhere", "0badf00f", now_ms);
    declare(&mut bot, "elsewhere");
    insta::assert_snapshot!(clocks(&mut bot), @r"
    Data at risk since: 2026-03-01T10:02:00.000Z
    ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    ");
}

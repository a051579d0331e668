//! What happens by itself: schedules, reminders, what was put off, alarms.

use super::{AHEAD_MS, DAY_MS, HOUR_MS, bot, ends, is_down, passed, refused, run, scheduled, starts};
use crate::RestoreDrill;
use drillbell_sdk::testing::{FakeBot, click, command};
use drillbell_sdk::time::rfc3339;
use drillbell_sdk::{Action, Args, MessageRef};
use serde_json::json;

/// The names of the timers and when they are due, in hours from now.
fn timers(bot: &FakeBot) -> Vec<(String, u64)> {
    let in_hours = |at_ms: &u64| at_ms.saturating_sub(bot.now_ms) / HOUR_MS;
    bot.timers.iter().map(|(name, (at_ms, _))| (name.clone(), in_hours(at_ms))).collect()
}

#[test]
fn being_woken_sets_schedules_reminders_and_the_alarm_and_again_changes_nothing() {
    let mut bot = bot();
    let (schedules, set) = (bot.schedules.clone(), timers(&bot));
    assert_eq!(schedules.keys().collect::<Vec<_>>(), ["drill/shop"]);
    assert_eq!(
        (schedules["drill/shop"].expression.as_str(), schedules["drill/shop"].start_by_ms),
        ("0 5 1 * *", Some(12 * HOUR_MS))
    );
    let expected = [("overdue/shop", 31 * 24 + 3), ("remind/shop/3600000", 47), ("remind/shop/86400000", 24)];
    assert_eq!(set, expected.map(|(name, hours)| (name.to_owned(), hours)));
    starts(&mut bot);
    assert_eq!((bot.schedules.clone(), timers(&bot)), (schedules, set));
    bot.with_target("shop", "postgres", None, &json!({ "drill": {} }));
    bot.timers.clear();
    starts(&mut bot);
    assert!(bot.schedules.is_empty() && bot.timers.is_empty(), "nobody said when");
    assert_eq!(bot.transcript(), "");
}

#[test]
fn many_targets_are_arranged_in_portions_and_one_that_cannot_be_stops_no_other() {
    let mut bot = FakeBot::new();
    for n in 0..90 {
        let (name, policy) = (format!("shop-{n:03}"), json!({ "drill": { "schedule": "0 5 1 * *" } }));
        bot.with_target(&name, "sqlite", None, &policy);
        let now = bot.now_ms;
        bot.dues.insert(format!("drill/{name}"), (Some(now + AHEAD_MS), None));
    }
    bot.with_target("shop-007", "sqlite", None, &json!({ "drill": { "schedule": 7 } }));
    bot.with_target("shop-008", "sqlite", None, &json!({ "drill": { "schedule": "monthly" } }));
    starts(&mut bot);
    assert_eq!(
        (bot.schedules.len(), bot.timers.len()),
        (88, 88 * 3 + 1),
        "the alarm of the one of which nobody knows when"
    );
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    Not every drill is scheduled as it was written (critical)
    ```
    the policy of the target shop-007 reads wrong: invalid type: integer `7`, expected a string at line 1 column 22
    the schedule `drill/shop-008` is not understood: `monthly` has no five fields
    ```
    ~ Mend it in the configuration and start the bot again; all the others are scheduled.
    ");
}

#[test]
fn people_are_reminded_a_day_and_an_hour_before_once_each() {
    let mut bot = bot();
    bot.pass::<RestoreDrill>(DAY_MS);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    shop is drilled in 1 d (info)
    It begins: 2026-03-03T10:02:00.000Z
    Last proven: never
    Time to restore: never measured
    At risk now: 1 d: 23 h 30 min more than the 1 h allowed
    Owner: the shop team
    ~ The newest copy is restored into a scratch place, checked there and dropped; nothing else is touched.
    [Run it now] run shop, primary, once
    [Put off] postpone shop, once opens (Put off the drill of shop: reason!, days)
    ");
    starts(&mut bot);
    bot.pass::<RestoreDrill>(22 * HOUR_MS);
    assert_eq!(bot.transcript(), "", "it was told");
    bot.pass::<RestoreDrill>(2 * HOUR_MS - 1);
    let told = bot.transcript();
    assert!(told.contains("shop is drilled in 1 h") && told.matches("post m").count() == 1, "{told}");
    bot.pass::<RestoreDrill>(1);
    scheduled(&mut bot);
    assert_eq!((bot.transcript(), bot.jobs.len()), (String::new(), 1), "it begins without a word");
    assert_eq!(bot.jobs[0].0.conversation, None);
}

#[test]
fn reminders_that_a_bot_slept_through_are_told_as_one() {
    let mut bot = bot();
    is_down(&mut bot, AHEAD_MS - HOUR_MS / 2);
    let told = bot.transcript();
    assert!(told.contains("shop is drilled in 30 min") && told.matches("post m").count() == 1, "{told}");
    let mut late = super::bot();
    is_down(&mut late, AHEAD_MS + HOUR_MS);
    assert_eq!(late.transcript(), "", "a reminder of what has begun is none");
}

#[test]
fn the_operator_says_how_long_before_people_are_reminded() {
    let mut bot = bot();
    let policy = json!({ "drill": { "schedule": "0 5 1 * *", "remind": [7_200_000, 7_200_000, 0] } });
    bot.with_target("shop", "postgres", None, &policy);
    bot.timers.clear();
    starts(&mut bot);
    let names: Vec<_> = bot.timers.keys().map(String::as_str).collect();
    assert_eq!(names, ["overdue/shop", "remind/shop/7200000"]);
}

#[test]
fn a_drill_that_was_put_off_waits_for_its_moment_whatever_the_schedule_says() {
    let mut bot = bot();
    run(&mut bot, command("drill postpone").arg("target", "shop").arg("reason", "the sale"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    The drill of shop is put off (info)
    Ana put it off: the sale
    It begins: 2026-03-04T10:02:00.000Z
    Owner: the shop team
    [Run it now] run shop, once

    post m2 to console:#backups
    The drill of shop is put off (info)
    Ana put it off: the sale
    It begins: 2026-03-04T10:02:00.000Z
    Owner: the shop team
    [Run it now] run shop, once
    ");
    let until_ms = bot.now_ms + AHEAD_MS + DAY_MS;
    assert_eq!(bot.data, Some(json!({ "target": "shop", "until_ms": until_ms })));
    bot.pass::<RestoreDrill>(AHEAD_MS);
    let told = bot.transcript();
    assert!(told.contains("shop is drilled in 1 d") && told.contains("Ana put it off until then: the sale"), "{told}");
    scheduled(&mut bot);
    assert!(bot.jobs.is_empty(), "the schedule does not overrule people");
    bot.pass::<RestoreDrill>(DAY_MS);
    assert_eq!(bot.jobs.len(), 1, "its moment has come");
    assert!(!bot.kv.contains_key("put-off/shop"));
    let again = refused(&mut bot, command("drill postpone").arg("target", "shop").arg("reason", "late"));
    assert!(again.starts_with("It is under way already"), "{again}");
}

#[test]
fn a_drill_that_passed_makes_what_was_put_off_needless() {
    let mut bot = bot();
    run(&mut bot, command("drill postpone").arg("target", "shop").arg("reason", "the sale"));
    run(&mut bot, command("drill run").arg("target", "shop"));
    let result = passed(&bot);
    ends(&mut bot, "done", &result);
    assert!(!bot.kv.contains_key("put-off/shop") && !bot.timers.contains_key("put-off/shop"));
}

#[test]
fn the_form_on_a_reminder_puts_it_off_by_days() {
    let mut bot = bot();
    bot.pass::<RestoreDrill>(DAY_MS);
    let card: MessageRef = bot.said.last().and_then(|said| said.message()).cloned().expect("a reminder");
    bot.transcript();
    let mut action: Action = click("postpone", "shop").card(&card).into();
    action.fields = Args::from_iter([("reason", "Ben is away"), ("days", "3")]);
    bot.action::<RestoreDrill>(action).expect("it is handled");
    insta::assert_snapshot!(bot.transcript(), @r"
    edit m1
    The drill of shop is put off (info)
    Ana put it off: Ben is away
    It begins: 2026-03-06T10:02:00.000Z
    Owner: the shop team
    [Run it now] run shop, once
    ");
    bot.action::<RestoreDrill>(click("run", "shop")).expect("it begins");
    assert_eq!(bot.jobs.len(), 1);
}

#[test]
fn what_cannot_be_put_off_is_refused() {
    let mut bot = bot();
    let now = bot.now_ms;
    bot.with_target("media", "files", None, &json!({}));
    let shop = |reason: &str| command("drill postpone").arg("target", "shop").arg("reason", reason);
    let refusals = [
        refused(&mut bot, command("drill postpone").arg("target", "media").arg("reason", "why")),
        refused(&mut bot, shop("why").arg("until", &rfc3339(now))),
        refused(&mut bot, shop("why").arg("until", &rfc3339(now + 32 * DAY_MS))),
        refused(&mut bot, shop(&"x".repeat(201))),
        refused(&mut bot, shop("  ")),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r"
    No drill of media is planned, so that there is none to put off.
    A drill can be put off by at most 31 days, and to a moment that is to come.
    A drill can be put off by at most 31 days, and to a moment that is to come.
    Say why, in one line of 1 to 200 characters.
    Say why, in one line of 1 to 200 characters.
    ");
    let proven = now - 25 * DAY_MS;
    bot.copies[0].proven_ms = Some(proven);
    run(&mut bot, shop("why").arg("until", &rfc3339(now + 10 * DAY_MS)));
    assert!(bot.transcript().contains("By then no copy will have been proven for too long"), "but it may be too late");
}

#[test]
fn a_drill_that_is_overdue_is_cried_out_every_day_until_one_passes() {
    let mut bot = bot();
    bot.copies[0].proven_ms = Some(bot.now_ms - 31 * DAY_MS);
    bot.dues.insert("drill/shop".to_owned(), (None, None));
    starts(&mut bot);
    bot.pass::<RestoreDrill>(2 * HOUR_MS);
    assert_eq!(bot.transcript(), "", "it may be under way");
    bot.pass::<RestoreDrill>(HOUR_MS);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    The drill of shop is overdue by 3 h (critical)
    A copy is to be proven by a restore within 31 days; until one is, nobody knows whether any is of use.
    Last proven: `0badcafe`, 31 d 3 h ago
    Time to restore: never measured
    At risk now: 3 h 30 min: 2 h 30 min more than the 1 h allowed
    Owner: the shop team
    [Run it now] run shop, primary, once
    [Put off] postpone shop, once opens (Put off the drill of shop: reason!, days)
    ");
    starts(&mut bot);
    bot.pass::<RestoreDrill>(2 * DAY_MS);
    assert_eq!(bot.transcript().matches("is overdue by").count(), 2);
    run(&mut bot, command("drill run").arg("target", "shop"));
    bot.transcript();
    bot.pass::<RestoreDrill>(DAY_MS);
    assert_eq!(bot.transcript(), "", "one is under way");
    ends(&mut bot, "failed", &json!({ "error": "the scratch server does not answer" }));
    bot.transcript();
    bot.pass::<RestoreDrill>(DAY_MS);
    let told = bot.transcript();
    assert!(told.contains("overdue") && told.contains("the scratch server does not answer"), "{told}");
    run(&mut bot, command("drill run").arg("target", "shop"));
    let result = passed(&bot);
    ends(&mut bot, "done", &result);
    bot.transcript();
    bot.pass::<RestoreDrill>(31 * DAY_MS);
    assert_eq!(bot.transcript(), "", "a month of peace");
    bot.pass::<RestoreDrill>(DAY_MS);
    assert!(bot.transcript().contains("is overdue"));
}

#[test]
fn a_scheduled_drill_that_cannot_begin_is_told() {
    let mut bot = bot();
    bot.copies.clear();
    scheduled(&mut bot);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    The drill of shop did not begin (critical)
    There is no copy of shop to drill that is not broken. Take one with `/backup run shop`.
    Owner: the shop team
    ~ Once that is mended: `/drill run shop`.
    ");
    let mut bot = super::bot();
    scheduled(&mut bot);
    scheduled(&mut bot);
    assert_eq!((bot.jobs.len(), bot.transcript()), (1, String::new()), "it is being done already");
    bot.targets.clear();
    let payload = bot.schedules["drill/shop"].payload.clone();
    super::hears(&mut bot, "drill/shop", payload);
    super::hears(&mut bot, "drill/shop", "what?".to_owned());
    assert_eq!((bot.jobs.len(), bot.transcript()), (1, String::new()), "it is no target any more");
}

//! A drill that stays overdue: one incident, and its owner is paged.

use super::{HOUR_MS, bot, due, starts};
use drillbell_sdk::Contact;
use drillbell_sdk::testing::FakeBot;
use serde_json::{Value, json};
use std::time::Duration;

const DAY_MS: u64 = 24 * HOUR_MS;

/// The shop is to be drilled every month; its last copy was proven 31 days ago.
fn overdue(owner: &str) -> FakeBot {
    let mut bot = bot();
    let mut policy: Value = serde_json::from_str(&bot.targets[0].policy).expect("a policy");
    policy["drill"]["schedule"] = json!("0 5 1 * *");
    (bot.targets[0].policy, bot.targets[0].owner) = (policy.to_string(), owner.to_owned());
    bot.with_ladder(
        "sev1",
        "calm",
        &[(0, &[Contact::new("ana", "Ana"), Contact::new("ben", "Ben").left_out("on leave")])],
    );
    let now = bot.now_ms;
    bot.with_copy("shop", "0badcafe", now - 40 * DAY_MS).proven_ms = Some(now - 31 * DAY_MS);
    starts(&mut bot);
    bot.transcript();
    bot
}

/// So much later it is time for the daily work.
fn later(bot: &mut FakeBot, ms: u64) -> String {
    bot.advance(Duration::from_millis(ms));
    due(bot, "verify");
    bot.jobs.clear();
    bot.transcript()
}

/// The lines of its timeline.
fn timeline(bot: &FakeBot) -> String {
    bot.entries.iter().map(|(id, line)| format!("{id} {}: {}", line.kind, line.text)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_drill_that_stays_overdue_becomes_one_incident_and_its_owner_is_paged() {
    let mut bot = overdue("ana");
    later(&mut bot, 23 * HOUR_MS);
    assert!(bot.incidents.is_empty(), "the first day is the channel's");
    let told = later(&mut bot, HOUR_MS);
    let page = told.split("\n\n").find(|one| one.starts_with("page")).unwrap_or_default();
    insta::assert_snapshot!(page, @r"
    page ana trigger INC-1
    No copy of shop is known to be of use: its drill is overdue by 1 d (critical)
    You are named as its owner. `/drill run shop` begins one now.
    ");
    let incident = bot.incidents.first().expect("an incident").clone();
    assert_eq!((incident.severity.as_str(), incident.conversation.as_str()), ("sev4", "console:#backups"));
    starts(&mut bot);
    let told = later(&mut bot, DAY_MS);
    assert_eq!((bot.incidents.len(), told.contains("page")), (1, false), "once: {told}");
    bot.copies[0].proven_ms = Some(bot.now_ms);
    later(&mut bot, DAY_MS);
    insta::assert_snapshot!(timeline(&bot), @r"
    INC-1 declared: sev4: No copy of shop is known to be of use: its drill is overdue by 1 d
    INC-1 drill: the drill of shop stays overdue, by 1 d; the owner: Ana is paged
    INC-1 drill: a drill has passed: shop is proven by 0badcafe
    ");
    later(&mut bot, DAY_MS);
    assert_eq!(bot.entries.len(), 3);
    // The next time is another matter.
    later(&mut bot, 32 * DAY_MS);
    assert_eq!(bot.incidents.len(), 2);
}

#[test]
fn an_owner_who_cannot_be_paged_keeps_nobody_from_being_told() {
    let said = |owner: &str| {
        let mut bot = overdue(owner);
        let told = later(&mut bot, 2 * DAY_MS);
        assert!(!told.contains("page "), "{told}");
        timeline(&bot)
            .lines()
            .filter_map(|line| line.split_once("the owner: "))
            .map(|(_, said)| said.to_owned())
            .collect::<String>()
    };
    insta::assert_snapshot!([said("the shop team"), said("ben"), said("")].join("\n"), @r"
    the shop team, whom only people know how to reach
    Ben is not paged: on leave
    nobody is named
    ");
}

#[test]
fn without_the_right_to_it_nobody_is_escalated_to_and_the_work_goes_on() {
    let mut bot = overdue("ana");
    bot.deny("incidents:write");
    bot.advance(Duration::from_millis(2 * DAY_MS));
    due(&mut bot, "verify");
    assert!(bot.incidents.is_empty() && bot.jobs.len() == 1, "the copy is read back all the same");
    assert!(bot.log.iter().any(|(_, line)| line.contains("nobody is paged for it")), "{:?}", bot.log);
    let mut bot = overdue("ana");
    bot.deny("escalation");
    later(&mut bot, 2 * DAY_MS);
    assert_eq!(bot.incidents.len(), 1);
    let mut bot = overdue("ana");
    bot.settings.insert("drill_escalate_hours".to_owned(), json!(0));
    later(&mut bot, 9 * DAY_MS);
    assert!(bot.incidents.is_empty(), "0 is never");
    let mut bot = overdue("ana");
    bot.settings.insert("drill_severity".to_owned(), json!("sev2"));
    later(&mut bot, 2 * DAY_MS);
    assert_eq!(bot.incidents[0].severity, "sev2");
}

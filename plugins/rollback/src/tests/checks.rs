//! `/rollback check`: verdicts, attestations, the tree with its clock, and the evidence.

use super::*;
use drillbell_sdk::testing::click;

fn checked(bot: &mut FakeBot, errors: &str, p95: &str) {
    run(bot, on("check"));
    let shown = |status: &str, met: &'static str, not: &'static str| match status {
        "met" => met,
        "unknown" => "",
        _ => not,
    };
    let results = [("errors", errors, shown(errors, "5.1 %", "4.9 %")), ("p95", p95, shown(p95, "2.4 s", "0.3 s"))];
    ends(bot, "assess", "done", &assessed("pass", &results));
}

#[test]
fn a_check_answers_at_once_and_then_shows_every_verdict() {
    let mut bot = bot();
    checked(&mut bot, "met", "unknown");
    let (job, _) = &bot.jobs[0];
    assert_eq!((job.kind.as_str(), job.spec.as_str()), ("assess", r#"{"service":"shop","what":"criteria"}"#));
    assert_eq!(job.key.as_deref(), Some("check/shop"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Looking at 2 criteria of shop.

    post m2 to console:#incidents
    shop: roll back (critical)
    1 of 2 criteria is met; of 1 nobody can tell, and unknown never counts as healthy.
    ```
    MET errors        5.1 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    ?   p95           (> 2 s) over 5 min by probe shop-p95 (promql) at 10:02 UTC
    ```
    [A critical feature is fully broken] ask-0 shop|1772359320000|ask|0
    [Data were lost] ask-1 shop|1772359320000|ask|1
    [Only one tenant is affected] against-0 shop|1772359320000|against|0
    ----
    Is it P0 or P1?
    [P0 or P1] severe shop|1772359320000|severe
    [Less than that] lesser shop|1772359320000|lesser
    ");
}

#[test]
fn what_nobody_can_tell_holds_and_what_all_was_seen_of_does_not() {
    let mut bot = bot();
    checked(&mut bot, "not_met", "unknown");
    checked(&mut bot, "not_met", "not_met");
    run(&mut bot, on("check"));
    let again = refused(&mut bot, on("check"));
    ends(&mut bot, "assess", "failed", &json!({ "error": "the bot is stopping" }));
    let titles: Vec<_> = bot.said.iter().filter_map(Said::view).map(|view| view.title.clone()).collect();
    assert_eq!(
        titles.iter().filter(|title| !title.is_empty()).collect::<Vec<_>>(),
        ["shop: hold, nobody can tell", "shop: no reason to roll back", "shop: hold, nobody can tell",]
    );
    assert_eq!(again, "That is being looked at already: job job-3 (look at the criteria of shop).");
}

#[test]
fn people_attest_by_name_and_take_it_back() {
    let mut bot = bot();
    bot.transcript();
    checked(&mut bot, "not_met", "not_met");
    bot.transcript();
    clicks(press_kept(&bot, "ask|0"), &mut bot);
    clicks(press_kept(&bot, "against|0").by("bo", "Bo"), &mut bot);
    clicks(press_kept(&bot, "ask|0").by("bo", "Bo"), &mut bot);
    insta::assert_snapshot!(bot.changes(), @r"
    edit m2
    - shop: no reason to roll back (good)
    - 0 of 2 criteria are met.
    + shop: roll back (critical)
    + 0 of 2 criteria are met; 1 attested for a rollback.
    - [A critical feature is fully broken] ask-0 shop|1772359320000|ask|0
    + For it: A critical feature is fully broken (Ana, 10:02 UTC)
    + [Take back: A critical feature is fully broken] ask-0 shop|1772359320000|ask|0

    edit m2
    - shop: roll back (critical)
    - 0 of 2 criteria are met; 1 attested for a rollback.
    + shop: weigh it, the criteria and people disagree (warning)
    + 0 of 2 criteria are met; 1 attested for a rollback; 1 attested against one.
    + Against it: Only one tenant is affected (Bo, 10:02 UTC)
    - [Only one tenant is affected] against-0 shop|1772359320000|against|0
    + [Take back: Only one tenant is affected] against-0 shop|1772359320000|against|0

    edit m2
    - shop: weigh it, the criteria and people disagree (warning)
    - 0 of 2 criteria are met; 1 attested for a rollback; 1 attested against one.
    + shop: no reason to roll back (good)
    + 0 of 2 criteria are met; 1 attested against one.
    - For it: A critical feature is fully broken (Ana, 10:02 UTC)
    - [Take back: A critical feature is fully broken] ask-0 shop|1772359320000|ask|0
    + [A critical feature is fully broken] ask-0 shop|1772359320000|ask|0
    ");
    let gone = click_refused(press_kept(&bot, "ask|7"), &mut bot);
    let old = click_refused(click("ask-0", "shop|1|ask|0"), &mut bot);
    assert_eq!(
        [gone, old],
        [
            "The configuration has changed since, and nobody is asked that any more. Check again.",
            "There is a newer check of shop; this one is over. `/rollback check shop` looks again.",
        ]
    );
}

/// A click on the card of the last check.
fn press_kept(bot: &FakeBot, word: &str) -> ActionBuilder {
    let check: crate::check::Check = serde_json::from_str(&bot.kv["check/shop"]).expect("it is kept");
    click(&word.replace('|', "-"), &format!("shop|{}|{word}", check.id)).card(&check.card.expect("it has a card"))
}

#[test]
fn the_tree_is_clicked_through_while_the_incidents_clock_runs() {
    let mut bot = bot();
    let incident = bot
        .run(|bot| Ok(bot.declare("shop is slow", "sev2", &"console:#incidents".into(), Some("shop"))?))
        .expect("declared");
    checked(&mut bot, "met", "not_met");
    bot.transcript();
    later(&mut bot, 12);
    bot.fire_timer::<Rollback>("clock/shop").expect("it ticks");
    insta::assert_snapshot!(bot.changes(), @r"
        edit m2
        - Clock: 30 min of the 30 min of sev2 are left
        + Clock: 18 min of the 30 min of sev2 are left
        ");
    clicks(press_kept(&bot, "slow"), &mut bot);
    let twice = click_refused(press_kept(&bot, "quick").by("bo", "Bo"), &mut bot);
    assert_eq!(twice, "That is decided already. `Decide anew` on the card begins again.");
    assert!(!bot.timers.contains_key("clock/shop"), "the clock stops");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m2
    - Clock: 18 min of the 30 min of sev2 are left
    - Roll back by: 2026-03-01T10:32:00.000Z
    - Can it be fixed in under 10 minutes?
    - [Yes: fix forward] quick shop|1772359320000|quick
    - [No: roll back] slow shop|1772359320000|slow, danger
    + Decided: roll back, by Ana at 10:14 UTC
    + [Decide anew] anew shop|1772359320000|anew
    + [Plan the rollback] plan shop, primary
    ");
    let frozen = evidence(&bot, 1);
    assert_eq!((frozen["decision"].as_str(), frozen["by"].as_str()), (Some("roll back"), Some("Ana")));
    assert_eq!(frozen["check"]["results"][0]["shown"], "5.1 %");
    assert_eq!(frozen["copies"][0]["verdict"], "proven");
    assert_eq!((&frozen["deploys"][0]["version"], &frozen["more"]["advice"]), (&json!("v2"), &json!("roll_back")));
    let lines: Vec<_> =
        bot.entries.iter().filter(|(id, _)| *id == incident.id).map(|(_, line)| line.text.clone()).collect();
    assert!(lines.last().expect("a line").starts_with("shop: roll back, by Ana. Evidence 1"), "{lines:?}");
    // What is found later does not change what was frozen.
    checked(&mut bot, "not_met", "not_met");
    assert_eq!(evidence(&bot, 1), frozen);
}

#[test]
fn a_clock_that_runs_out_is_told_once() {
    let mut bot = bot();
    checked(&mut bot, "met", "met");
    assert!(!bot.timers.contains_key("clock/shop"), "nobody has said how bad it is");
    clicks(press_kept(&bot, "severe"), &mut bot);
    bot.transcript();
    while bot.timers.contains_key("clock/shop") {
        bot.when_due::<Rollback>("clock/shop").expect("it ticks");
    }
    let posts: Vec<_> =
        bot.said.iter().filter(|said| matches!(said, Said::Post { .. })).map(ToString::to_string).collect();
    insta::assert_snapshot!(posts.join("\n\n"), @r"
            post m3 to console:#incidents
            shop: the time to decide is over (critical)
            shop was to be rolled back or repaired by 10:17 UTC, and nobody has decided.
            ~ Answer on the card above, or `/rollback plan shop`.
            [Plan the rollback] plan shop, primary
            ");
}

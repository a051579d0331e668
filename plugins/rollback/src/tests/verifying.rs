//! Whether a rollback helped: over the window, by people, before and after.

use super::*;

#[test]
fn a_rollback_is_told_verified_and_compared_with_what_was_before() {
    let mut bot = bot();
    run(&mut bot, on("check"));
    ends(&mut bot, "assess", "done", &assessed("pass", &[("errors", "met", "7.5 %"), ("p95", "not_met", "0.3 s")]));
    bot.transcript();
    rolled_back(&mut bot);
    insta::assert_snapshot!(bot.transcript(), @r"
    edit m2
    shop: roll back (critical)
    1 of 2 criteria is met.
    ```
    MET errors        7.5 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    no  p95           0.3 s (> 2 s) over 5 min by probe shop-p95 (promql) at 10:02 UTC
    ```
    [A critical feature is fully broken] ask-0 shop|1772359320000|ask|0
    [Data were lost] ask-1 shop|1772359320000|ask|1
    [Only one tenant is affected] against-0 shop|1772359320000|against|0
    ----
    Decided: roll back, by Ana at 10:02 UTC
    [Decide anew] anew shop|1772359320000|anew
    [Plan the rollback] plan shop, primary

    reply m3
    Roll shop back from v2 to v1 (warning)
    By: release (release, low risk)
    No migration lies between the two versions: code alone goes back.
    ```
    1. check: look whether release can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 5 min; nobody has measured it yet
    Lost: no data
    ~ Not git: it stands later in `order`.
    ~ Not schema: no migration lies between the two versions: there is nothing to migrate back.
    ~ Not full: it does more than is needed.
    Asked for: by Ana; job job-2

    post m4 to console:#incidents
    shop is back on v1, and is being verified (info)
    shop runs v1.
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    ```
    ok   check            12 ms  releases/v1 is there
    ok   switch            3 ms  current points at v1
    ok   restart          4.2 s  exited with 0
    ```
    Took: 4.3 s
    ");
    ends(&mut bot, "assess", "done", &verified("pass"));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m5 to console:#incidents
    shop is back on v1 and well (good)
    All of 2 hold.
    ```
    ok  errors        0.2 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    ok  health        200 by GET /readyz at 10:02 UTC
    ```
    ~ Before the rollback and after it:
    ```
    errors        7.5 % -> 0.2 %
    ```
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    ~ What now: see that shop stays well, and tell people. If it does not, there is a button for that.
    Tried out by hand: 0 of 2
    [Log in and out] item-0 shop|1|1772359320000|0
    [Order something] item-1 shop|1|1772359320000|1
    [Verify again] verify shop
    [It did not help] broken shop|1|1772359320000, danger
    ");
    run(&mut bot, command("rollback status"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m6
    shop: rolled back, and well (good)
    Runs: v1
    ```
    1 Mar 10:02  attempt 1, by release from v2 to v1: verified. All of 2 hold.
    ```
    ");
}

#[test]
fn what_measures_over_a_window_gets_its_window_before_it_counts() {
    let mut bot = bot();
    rolled_back(&mut bot);
    bot.transcript();
    ends(&mut bot, "assess", "done", &verified("fail"));
    assert_eq!(bot.transcript(), "", "what it measured was before the rollback");
    let mut looks = 1;
    while bot.timers.contains_key("verify/shop") {
        bot.when_due::<Rollback>("verify/shop").expect("it is handled");
        looks += 1;
        let found = if looks < 4 { "fail" } else { "pass" };
        ends(&mut bot, "assess", "done", &verified(found));
    }
    assert_eq!((looks, case(&bot).attempts[0].state.words()), (4, "verified"));
    let mut bot = super::bot();
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "fail");
    assert_eq!(case(&bot).failed(), 1, "after the window it counts");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m3 to console:#incidents
    shop is back on v1, and that did not help (critical)
    1 of 2 does not hold.
    ```
    BAD errors        7.5 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    ok  health        200 by GET /readyz at 10:02 UTC
    ```
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.

    post m4 to console:#incidents
    Roll shop back from v2 to v1 (warning)
    By: git (git, low risk)
    No migration lies between the two versions: code alone goes back.
    ```
    1. check: look whether git can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 10 min; nobody has measured it yet
    Lost: no data
    ~ Not release: it was tried and failed: 1 of 2 does not hold.
    ~ Not schema: no migration lies between the two versions: there is nothing to migrate back.
    ~ Not full: it does more than is needed.
    [Roll back to v1] run shop|1772359620000, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.
    ");
}

#[test]
fn what_has_no_window_counts_at_once() {
    let mut bot = bot();
    rolled_back(&mut bot);
    let mut said = verified("pass");
    said["results"][1]["status"] = json!("fail");
    ends(&mut bot, "assess", "done", &said);
    assert_eq!((case(&bot).failed(), bot.timers.len()), (1, 0));
}

#[test]
fn what_nobody_can_tell_is_neither_well_nor_an_attempt_that_failed() {
    let mut bot = bot();
    rolled_back(&mut bot);
    bot.transcript();
    verification(&mut bot, "unknown");
    let known = case(&bot);
    assert_eq!((known.failed(), known.attempts[0].state.words(), known.is_over()), (0, "unknown", false));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m3 to console:#incidents
    shop is back on v1, and nobody can tell whether that helped (warning)
    1 of 2 does not hold.
    ```
    ?   errors        7.5 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC – no samples
    ok  health        200 by GET /readyz at 10:02 UTC
    ```
    ~ Attempt 1, by release from v2 to v1, asked for by Ana.
    Tried out by hand: 0 of 2
    [Log in and out] item-0 shop|1|1772359320000|0
    [Order something] item-1 shop|1|1772359320000|1
    [Verify again] verify shop
    [It did not help] broken shop|1|1772359320000, danger
    ");
    run(&mut bot, on("verify"));
    ends(&mut bot, "assess", "failed", &json!({ "error": "the bot is stopping" }));
    assert_eq!(case(&bot).attempts[0].state.words(), "unknown", "nobody looked");
    run(&mut bot, on("verify"));
    ends(&mut bot, "assess", "done", &verified("pass"));
    assert_eq!(case(&bot).attempts[0].state.words(), "verified");
}

#[test]
fn people_try_it_out_and_may_say_that_it_did_not_help() {
    let mut bot = bot();
    attempt(&mut bot, "release", "pass");
    clicks(press(&bot, "item", "Log in"), &mut bot);
    clicks(press(&bot, "item", "Order").by("bo", "Bo"), &mut bot);
    clicks(press(&bot, "item", "Take back: Log in"), &mut bot);
    clicks(press(&bot, "item", "Log in").by("cy", "Cy"), &mut bot);
    let tried = case(&bot).attempts[0].tried.clone();
    assert_eq!(tried.values().map(|who| who.by.as_str()).collect::<Vec<_>>(), ["Cy", "Bo"]);
    bot.transcript();
    let press_broken = press_last(&bot);
    clicks(press_broken.clone(), &mut bot);
    let twice = click_refused(press_broken.by("bo", "Bo"), &mut bot);
    assert_eq!((twice.as_str(), case(&bot).failed()), ("That it did not help is known already.", 1));
    insta::assert_snapshot!(bot.transcript(), @r"
    edit m3
    shop: the rollback did not help (critical)
    Attempt 1, by release from v2 to v1: Ana says so.

    post m4 to console:#incidents
    Roll shop back from v2 to v1 (warning)
    By: git (git, low risk)
    No migration lies between the two versions: code alone goes back.
    ```
    1. check: look whether git can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 10 min; nobody has measured it yet
    Lost: no data
    ~ Not release: it was tried and failed: Ana says that it did not help.
    ~ Not schema: no migration lies between the two versions: there is nothing to migrate back.
    ~ Not full: it does more than is needed.
    [Roll back to v1] run shop|1772359320000, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.
    ");
}

fn press_last(bot: &FakeBot) -> ActionBuilder {
    drillbell_sdk::testing::click("broken", &case(bot).attempts[0].on_card("shop"))
        .card(&case(bot).card.expect("a card"))
}

#[test]
fn a_look_that_somebody_asks_for_without_a_rollback_is_only_told() {
    let mut bot = bot();
    run(&mut bot, on("verify"));
    ends(&mut bot, "assess", "done", &verified("fail"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Verifying shop.

    post m2 to console:#incidents
    shop is not as it should be (critical)
    1 of 2 does not hold.
    ```
    BAD errors        7.5 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    ok  health        200 by GET /readyz at 10:02 UTC
    ```
    ");
    assert!(!bot.kv.contains_key("case/shop"));
}

#[test]
fn what_was_seen_before_and_after_is_drawn_with_the_moment_of_the_rollback() {
    let mut bot = bot();
    let look = |bot: &mut FakeBot, what: &str, value: Option<f64>| {
        let status = match (what, value) {
            (_, None) => "unknown",
            ("check", Some(_)) => "met",
            (_, Some(_)) => "pass",
        };
        let mut said = assessed("pass", &[("errors", status, "")]);
        (said["results"][0]["value"], said["results"][0]["unit"]) = (json!(value), json!("ratio"));
        said["results"][0]["at"] = json!(drillbell_sdk::time::rfc3339(bot.now_ms));
        ends(bot, "assess", "done", &said);
    };
    for value in [Some(0.075), None] {
        run(&mut bot, on("check"));
        look(&mut bot, "check", value);
        later(&mut bot, 1);
    }
    rolled_back(&mut bot);
    look(&mut bot, "verify", Some(0.002));
    let card = bot.message(&case(&bot).card.expect("a card")).expect("it was said");
    let chart = card.blocks.iter().find_map(|block| match block {
        drillbell_sdk::Block::Chart(chart) => Some(chart),
        _ => None,
    });
    let chart = chart.expect("a chart");
    let values: Vec<_> = chart.series[0].1.iter().map(|(_, value)| value.map(f64::round)).collect();
    assert_eq!(values, [Some(8.0), None, Some(0.0)], "what nobody could tell is a gap");
    insta::assert_snapshot!(chart.to_string(), @"chart shop: before and after (percent), errors of 3 points, back to v1 on 2026-03-01T10:04:00.000Z");
}

#[test]
fn that_nobody_can_look_is_told_and_asks() {
    let mut bot = bot();
    run(&mut bot, on("run"));
    bot.transcript();
    bot.deny("jobs:assess");
    ends(&mut bot, "rollback", "done", &done());
    let told = bot.transcript();
    assert!(
        told.contains("shop cannot be verified") && told.contains("[It did not help] broken shop|1|1772359320000"),
        "{told}"
    );
    assert_eq!((case(&bot).failed(), case(&bot).attempts[0].state.words()), (0, "unknown"));
}

#[test]
fn a_look_that_is_under_way_already_does_not_leave_an_attempt_open_for_ever() {
    let mut bot = bot();
    run(&mut bot, on("verify"));
    rolled_back(&mut bot);
    assert_eq!(bot.timers["verify/shop"].0, bot.now_ms + MINUTE_MS);
    bot.when_due::<Rollback>("verify/shop").expect("it is handled");
    assert!(bot.timers.contains_key("verify/shop"), "that look goes on still");
    ends(&mut bot, "assess", "done", &verified("pass"));
    assert_eq!(case(&bot).attempts[0].state.words(), "done, being verified", "it began before the rollback");
    bot.when_due::<Rollback>("verify/shop").expect("it is handled");
    ends(&mut bot, "assess", "done", &verified("pass"));
    assert_eq!((case(&bot).attempts[0].state.words(), bot.timers.len()), ("verified", 0));
}

#[test]
fn an_attempt_of_a_service_that_vanished_is_unknown_and_not_being_verified() {
    for by_timer in [true, false] {
        let mut bot = bot();
        rolled_back(&mut bot);
        if by_timer {
            ends(&mut bot, "assess", "done", &verified("fail"));
        }
        bot.transcript();
        bot.services.clear();
        if by_timer {
            bot.when_due::<Rollback>("verify/shop").expect("it is handled");
        } else {
            ends(&mut bot, "assess", "done", &verified("pass"));
        }
        assert_eq!((case(&bot).attempts[0].state.words(), bot.timers.len()), ("unknown", 0));
        let told = bot.transcript();
        assert!(told.contains("nobody can tell whether the rollback helped"), "{told}");
    }
}

#[test]
fn the_buttons_of_an_older_case_do_not_hit_a_newer_one() {
    let mut bot = bot();
    attempt(&mut bot, "release", "pass");
    let (tried, broken) = (press(&bot, "item", "Log in"), press(&bot, "broken", "It did not help"));
    later(&mut bot, 1);
    deployed(&mut bot, "v3");
    let gone = click_refused(broken.clone(), &mut bot);
    later(&mut bot, 1);
    attempt(&mut bot, "release", "pass");
    assert_eq!(case(&bot).attempts[0].number, 1, "numbers begin anew");
    assert_eq!(click_refused(broken, &mut bot), gone);
    let over = click_refused(tried, &mut bot);
    insta::assert_snapshot!([gone, over].join("\n"), @r"
    That attempt to roll shop back is over: this card counts no longer.
    That attempt to roll shop back is over, or the checklist has changed: this card counts no longer.
    ");
    assert_eq!((case(&bot).failed(), case(&bot).attempts[0].tried.len()), (0, 0));
}

//! The watch after a deploy: one card, and a word only when a criterion moves (S1-23).

use super::*;

fn look(bot: &mut FakeBot, errors: &str) {
    bot.when_due::<Rollback>("watch/shop").expect("it is handled");
    let shown = if errors == "met" { "5.1 %" } else { "0.2 %" };
    let shown = if errors == "unknown" { "" } else { shown };
    ends(bot, "assess", "done", &assessed("pass", &[("errors", errors, shown), ("p95", "not_met", "0.3 s")]));
}

#[test]
fn a_deploy_that_goes_well_is_one_card() {
    let mut bot = bot();
    deployed(&mut bot, "v3");
    let v3 = bot.transcript();
    insta::assert_snapshot!(v3, @r"
    post m1 to console:#deployments
    shop v3 was deployed (info)
    At: 2026-03-01T10:02:00.000Z
    Before: v2
    Commit: c3c3c3
    By: ci
    Schema: none
    Watched for 15 min.
    [Check now] check shop
    ");
    let mut looks = 0;
    while bot.timers.contains_key("watch/shop") {
        look(&mut bot, "not_met");
        looks += 1;
    }
    assert_eq!(looks, 15, "every minute of the window");
    assert!(bot.said.iter().all(|said| matches!(said, Said::Edit { .. })), "nobody is told anew");
    let card = bot.said.last().expect("an edit").to_string();
    insta::assert_snapshot!(card, @r"
    edit m1
    shop v3 was deployed (good)
    At: 2026-03-01T10:02:00.000Z
    Before: v2
    Commit: c3c3c3
    By: ci
    Schema: none
    Watched for 15 min: nothing moved.
    ```
    no  errors        0.2 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC
    no  p95           0.3 s (> 2 s) over 5 min by probe shop-p95 (promql) at 10:02 UTC
    ```
    [Check now] check shop
    ");
    assert!(bot.jobs.iter().all(|(job, _)| job.conversation.is_none()), "looks leave no cards");
}

#[test]
fn a_criterion_that_moves_is_told_each_time_and_only_then() {
    let mut bot = bot();
    deployed(&mut bot, "v3");
    bot.transcript();
    for errors in ["unknown", "not_met", "met", "met", "unknown", "not_met", "not_met"] {
        look(&mut bot, errors);
    }
    let posts: Vec<_> =
        bot.said.iter().filter(|said| matches!(said, Said::Post { .. })).map(ToString::to_string).collect();
    insta::assert_snapshot!(posts.join("\n\n"), @r"
    post m2 to console:#deployments
    shop v3: what was unknown is seen again, and not met (good)
    ```
    no  errors        0.2 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC; unknown before
    ```

    post m3 to console:#deployments
    shop v3: a criterion for a rollback is met (critical)
    ```
    MET errors        5.1 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC; not met before
    ```
    [Check and decide] check shop, primary

    post m4 to console:#deployments
    shop v3: nobody can tell any more (warning)
    ```
    ?   errors        (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC – no samples; met before
    ```

    post m5 to console:#deployments
    shop v3: what was unknown is seen again, and not met (good)
    ```
    no  errors        0.2 % (> 5 %) over 5 min by probe shop-errors (promql) at 10:02 UTC; unknown before
    ```
    ");
    clicks(press(&bot, "check", "Check and decide"), &mut bot);
}

#[test]
fn a_deploy_that_is_told_twice_or_late_has_one_card() {
    let mut bot = bot();
    deployed(&mut bot, "v3");
    let at_ms = bot.now_ms;
    bot.transcript();
    hears(&mut bot, "v3", "v2", at_ms);
    hears(&mut bot, "v1", "v0", at_ms - DAY_MS);
    assert_eq!((bot.transcript(), bot.timers.len()), (String::new(), 1));
    later(&mut bot, 2);
    deployed(&mut bot, "v4");
    let payload = bot.timers["watch/shop"].1.clone();
    assert_eq!(payload, bot.now_ms.to_string(), "the newest is watched");
}

#[test]
fn a_deploy_says_what_it_did_to_the_schema_and_what_disagrees() {
    let mut bot = bot();
    let at_ms = bot.now_ms;
    let v3 = bot.with_deploy("shop", "v3", at_ms);
    (v3.schema, v3.migrations) = ("none".to_owned(), vec![migration("0043_drop_email", "risky")]);
    v3.disagrees = "It is said to change nothing, and 0043_drop_email drops a column.".to_owned();
    hears(&mut bot, "v3", "v2", at_ms);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#deployments
    shop v3 was deployed (info)
    At: 2026-03-01T10:02:00.000Z
    Before: v2
    Commit: c3c3c3
    By: ci
    Schema: none: 0043_drop_email (risky)
    0043_drop_email: line 1 drops the column email of users
    Disagrees: It is said to change nothing, and 0043_drop_email drops a column.
    Watched for 15 min.
    [Check now] check shop
    ");
}

#[test]
fn what_cannot_be_watched_is_said() {
    let mut bot = bot();
    let mut bare = shop();
    bare["criteria"] = json!([]);
    bot.with_service(bare);
    deployed(&mut bot, "v3");
    assert!(bot.timers.is_empty());
    let told = bot.transcript();
    assert!(told.contains("It is not watched: [services.shop] has no criteria, or `watch` is 0."), "{told}");
    bot.services.clear();
    later(&mut bot, 1);
    deployed(&mut bot, "v4");
    assert_eq!(bot.transcript(), "", "nobody configured it");
    bot.with_service(shop());
    bot.channels.clear();
    later(&mut bot, 1);
    deployed(&mut bot, "v5");
    assert!(
        bot.said.is_empty() && bot.timers.contains_key("watch/shop"),
        "without a channel it is watched all the same"
    );
}

#[test]
fn a_bot_that_was_down_ends_the_watch_without_a_word() {
    let mut bot = bot();
    deployed(&mut bot, "v3");
    bot.transcript();
    later(&mut bot, 60);
    bot.fire_timer::<Rollback>("watch/shop").expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("It was not watched: the window had passed before anybody could look."), "{told}");
    assert!(bot.jobs.is_empty() && bot.timers.is_empty());
}

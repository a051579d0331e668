//! What happens by itself.

use super::{HOUR_MS, bot, due, end, policy, run, starts};
use drillbell_sdk::testing::command;
use serde_json::json;
use std::time::Duration;

#[test]
fn being_woken_sets_the_schedules_of_the_configuration_and_cancels_what_it_no_longer_says() {
    let mut bot = bot();
    bot.with_target(
        "media",
        "files",
        None,
        &json!({ "backup": { "schedule": "30 2 * * *", "zone": "Europe/Lisbon" } }),
    );
    bot.with_target("notes", "sqlite", None, &json!({}));
    starts(&mut bot);
    let set: Vec<_> = bot
        .schedules
        .iter()
        .map(|(name, of)| format!("{name}: {} {} {:?} {:?}", of.expression, of.zone, of.start_by_ms, of.run_limit_ms))
        .collect();
    insta::assert_snapshot!(set.join("\n"), @r"
    backup/media: 30 2 * * * Europe/Lisbon None None
    backup/shop: 0 * * * * UTC Some(1800000) Some(3300000)
    retention: 0 3 * * *  Some(43200000) None
    verify: 0 4 * * *  Some(43200000) None
    verify-old: 0 5 * * sun  Some(43200000) None
    ");
    bot.targets.retain(|target| target.name == "shop");
    bot.settings.insert("verify_old_at".to_owned(), json!(""));
    bot.settings.insert("verify_at".to_owned(), json!("15 6 * * *"));
    starts(&mut bot);
    let names: Vec<_> = bot.schedules.keys().map(String::as_str).collect();
    assert_eq!(names, ["backup/shop", "retention", "verify"]);
    assert_eq!(bot.schedules["verify"].expression, "15 6 * * *");
    bot.targets.clear();
    starts(&mut bot);
    assert!(bot.schedules.is_empty());
}

#[test]
fn a_backup_that_is_due_is_started_once_with_the_limits_of_its_policy() {
    let mut bot = bot();
    starts(&mut bot);
    due(&mut bot, "backup/shop");
    due(&mut bot, "backup/shop");
    assert_eq!(bot.jobs.len(), 1, "the first has not ended");
    let (job, _) = &bot.jobs[0];
    assert_eq!((job.kind.as_str(), job.spec.as_str()), ("backup", r#"{"reason":"scheduled","target":"shop"}"#));
    assert_eq!((job.run_limit.map(|limit| limit.as_secs()), job.key.as_deref()), (Some(3_300), Some("backup/shop")));
    assert_eq!(job.conversation, None, "nobody watches");
    bot.targets.clear();
    due(&mut bot, "backup/shop");
    assert_eq!(bot.jobs.len(), 1, "it is no target any more");
}

#[test]
fn the_newest_copy_is_read_back_daily_and_weekly_the_one_that_was_looked_at_longest_ago() {
    let mut bot = bot();
    starts(&mut bot);
    due(&mut bot, "verify");
    assert!(bot.jobs.is_empty(), "there is none");
    let now = bot.now_ms;
    bot.with_copy("shop", "00000001", now - 3 * HOUR_MS).checked_ms = Some(now - HOUR_MS);
    bot.with_copy("shop", "00000002", now - 2 * HOUR_MS).checked_ms = Some(now - 2 * HOUR_MS);
    bot.with_copy("shop", "00000003", now - HOUR_MS);
    due(&mut bot, "verify");
    due(&mut bot, "verify-old");
    let specs: Vec<_> = bot.jobs.iter().map(|(job, _)| job.title.as_str()).collect();
    assert_eq!(specs, ["verify 00000003 of shop", "verify 00000002 of shop"]);
}

#[test]
fn retention_deletes_what_no_tier_keeps_and_says_why_it_does_not() {
    let mut bot = bot();
    let policy = policy(json!({ "hourly": 2, "daily": 0, "weekly": 0, "monthly": 0 }));
    bot.with_target("shop", "postgres", Some(HOUR_MS), &policy);
    starts(&mut bot);
    let now = bot.now_ms;
    for hour in 1..=4 {
        bot.with_copy("shop", &format!("0000000{hour}"), now - hour * HOUR_MS).verdict = "verified".to_owned();
    }
    due(&mut bot, "retention");
    let (job, _) = &bot.jobs[0];
    assert_eq!(job.kind, "backup-prune");
    assert!(
        !job.spec.contains("00000002") && job.spec.contains("00000003") && job.spec.contains("00000004"),
        "{}",
        job.spec
    );
    bot.copies.retain(|copy| matches!(copy.short.as_str(), "00000003" | "00000004"));
    for copy in &mut bot.copies {
        copy.taken_ms -= 9 * HOUR_MS;
    }
    bot.with_copy("shop", "00000005", now - 11 * HOUR_MS).verdict = "verified".to_owned();
    due(&mut bot, "retention");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    No copy of shop was deleted (warning)
    The newest copy, 00000005, is 11 h old: take one first.
    ~ `/backup prune shop` shows what would go once it is well again.
    ");
    assert_eq!(bot.jobs.len(), 1);
}

#[test]
fn retention_that_was_due_and_has_not_run_is_told_by_its_own_schedule() {
    let mut bot = bot();
    // Once a week is often enough, if that is what was asked for.
    bot.settings.insert("retention_at".to_owned(), json!("0 3 * * mon"));
    starts(&mut bot);
    due(&mut bot, "retention");
    let ran_ms = bot.now_ms;
    bot.dues.insert("retention".to_owned(), (Some(ran_ms + 7 * 24 * HOUR_MS), Some(ran_ms)));
    bot.advance(Duration::from_millis(6 * 24 * HOUR_MS));
    due(&mut bot, "verify");
    assert_eq!(bot.transcript(), "", "six days are no week");
    bot.advance(Duration::from_millis(25 * HOUR_MS));
    due(&mut bot, "verify");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    Retention of shop has not run (warning)
    It was due 1 h ago, and it last ran 7 d 1 h ago: copies pile up.
    ~ `/drillbell status` lists the schedules and what became of the last of each.
    ");
    run(&mut bot, command("backup status"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    shop: there is no good copy (critical)
    At risk now: everything: there is no good copy
    Newest copy: never
    Last verified: never
    Last proven: never
    Copies: 0, 0 B
    Owner: the shop team
    Overdue: retention, due 1 h ago; the last was 7 d 1 h ago.
    ```
    hourly     copy taken                never                 not scheduled
    daily      newest copy read back     never                 not scheduled
    weekly     older copy read back      never                 not scheduled
    weekly     retention                 ok 7 d 1 h ago        next 8 Mar 10:02
    by hand    copy restored in a drill  never                 `/drill status`
    ```
    ");
}

#[test]
fn retention_that_never_ran_is_overdue_once_there_was_a_copy() {
    let mut bot = bot();
    starts(&mut bot);
    let now = bot.now_ms;
    bot.dues.insert("retention".to_owned(), (Some(now + 23 * HOUR_MS), Some(now - HOUR_MS)));
    due(&mut bot, "verify");
    assert_eq!(bot.transcript(), "", "there is nothing to clear away");
    bot.with_copy("shop", "00000001", now - 2 * HOUR_MS);
    due(&mut bot, "verify");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    Retention of shop has not run (warning)
    It was due 1 h ago, and it never ran: copies pile up.
    ~ `/drillbell status` lists the schedules and what became of the last of each.
    ");
}

#[test]
fn one_setting_that_does_not_read_stops_no_other_and_is_told_once() {
    let mut bot = bot();
    bot.with_target("media", "files", None, &json!({ "backup": { "schedule": "every day" } }));
    bot.with_target("notes", "sqlite", None, &json!({ "backup": { "schedule": 5 } }));
    bot.settings.insert("verify_at".to_owned(), json!("at four"));
    bot.settings.insert("verify_old_at".to_owned(), json!(["sunday"]));
    starts(&mut bot);
    let set: Vec<_> = bot.schedules.iter().map(|(name, of)| format!("{name}: {}", of.expression)).collect();
    assert_eq!(set, ["backup/shop: 0 * * * *", "retention: 0 3 * * *", "verify: 0 4 * * *", "verify-old: 0 5 * * sun"]);
    insta::assert_snapshot!(bot.transcript(), @r#"
    post m1 to console:#backups
    Not every backup is scheduled as it was written (critical)
    ```
    the policy of the target notes reads wrong: invalid type: integer `5`, expected a string at line 1 column 23
    setting `verify_old_at` is ["sunday"]: invalid type: sequence, expected a string at line 1 column 0; until it is mended it is `0 5 * * sun`
    the schedule `backup/media` is not understood: `every day` has no five fields
    the schedule `verify` is not understood: `at four` has no five fields; until then it is `0 4 * * *`
    ```
    ~ Mend it in the configuration and start the bot again; all the others are scheduled.
    "#);
    starts(&mut bot);
    assert_eq!(bot.transcript(), "", "it was told");
    bot.settings.clear();
    bot.targets.retain(|target| target.name == "shop");
    starts(&mut bot);
    assert_eq!(bot.transcript(), "", "it is mended");
    bot.settings.insert("verify_at".to_owned(), json!("at four"));
    starts(&mut bot);
    assert!(bot.transcript().contains("at four"), "and was broken anew");
}

#[test]
fn an_old_copy_that_never_gives_an_answer_does_not_keep_the_others_from_being_read() {
    let mut bot = bot();
    starts(&mut bot);
    let now = bot.now_ms;
    for n in 1..=4 {
        bot.with_copy("shop", &format!("0000000{n}"), now - (5 - n) * HOUR_MS);
    }
    let mut read = Vec::new();
    for _ in 0..4 {
        due(&mut bot, "verify-old");
        read.push(bot.jobs.last().expect("a job").0.title.clone());
        end(&mut bot, "failed", &json!({ "error": "the store does not answer" }));
        bot.advance(Duration::from_millis(7 * 24 * HOUR_MS));
    }
    let expected = [1, 2, 3, 1].map(|n| format!("verify 0000000{n} of shop"));
    assert_eq!(read, expected);
    bot.copies.truncate(1);
    due(&mut bot, "verify-old");
    assert_eq!(bot.jobs.len(), 4, "the newest is read every day");
    assert_eq!(bot.kv["tried/shop"].matches("backups/shop").count(), 3, "nothing was tried, so nothing was written");
}

#[test]
fn the_weekly_look_at_an_old_copy_has_a_row_and_a_count_of_failures_of_its_own() {
    let mut bot = bot();
    starts(&mut bot);
    let now = bot.now_ms;
    bot.with_copy("shop", "00000001", now - 2 * HOUR_MS);
    bot.with_copy("shop", "00000002", now - HOUR_MS);
    due(&mut bot, "verify-old");
    due(&mut bot, "verify");
    assert_eq!(bot.jobs.len(), 2, "both at once");
    let bad = json!({ "verdict": "broken", "checks": [{ "name": "there", "ok": false, "sentence": "it is gone" }] });
    end(&mut bot, "done", &bad);
    end(&mut bot, "done", &json!({ "verdict": "verified", "checks": [] }));
    assert!(bot.transcript().contains("The copy 00000001 of shop is broken"));
    run(&mut bot, command("backup status"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    shop: backed up, but no copy was ever read back (warning)
    At risk now: 1 h of the 1 h allowed
    Newest copy: `00000002` of 1 Mar 09:02, 1.0 MB, 1 h ago
    Last verified: never
    Last proven: never
    Copies: 2, 2.0 MB
    Owner: the shop team
    ```
    hourly     copy taken                never                 not scheduled
    daily      newest copy read back     ok 0 s ago            not scheduled
    weekly     older copy read back      broken 0 s ago        not scheduled
    daily      retention                 never                 not scheduled
    by hand    copy restored in a drill  never                 `/drill status`
    ```
    ");
}

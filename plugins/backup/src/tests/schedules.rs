//! What happens by itself.

use super::{HOUR_MS, bot, due, policy, starts};
use serde_json::json;

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
fn retention_that_has_not_run_for_a_day_is_told() {
    let mut bot = bot();
    starts(&mut bot);
    due(&mut bot, "retention");
    bot.advance(std::time::Duration::from_millis(25 * HOUR_MS));
    due(&mut bot, "verify");
    assert_eq!(bot.transcript(), "");
    bot.advance(std::time::Duration::from_millis(48 * HOUR_MS));
    due(&mut bot, "verify");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    Retention of shop has not run (warning)
    It last ran 3 d 1 h ago, and should every day: copies pile up.
    ~ `/drillbell status` lists the schedules and what became of the last of each.
    ");
}

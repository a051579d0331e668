//! What is said when a job has ended.

use super::{HOUR_MS, bot, due, end, run, starts, with_copies};
use crate::Backup;
use drillbell_sdk::testing::{FakeBot, click, command};
use serde_json::json;

/// A copy is there, and its job says so.
fn taken(bot: &mut FakeBot, short: &str) {
    let now = bot.now_ms;
    let object = bot.with_copy("shop", short, now).object.clone();
    let said = json!({
        "object": object, "stored_bytes": 3_249_000, "plain_bytes": 24_000_000, "tables": 12, "rows": 1_204_311,
        "seconds": 4.21, "sha256": "ab",
    });
    end(bot, "done", &said);
}

#[test]
fn a_backup_that_was_asked_for_is_told_where_it_was() {
    let mut bot = bot();
    run(&mut bot, command("backup run").arg("target", "shop"));
    bot.transcript();
    taken(&mut bot, "0badcafe");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#incidents
    shop is backed up (good)
    Copy `0badcafe`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    At risk now: 0 s of the 1 h allowed
    Object: backups/shop/1772359320000-0badcafe.dump.zst
    ~ Read it back with `/backup verify 0badcafe`.
    ");
    assert!(bot.kv.keys().all(|key| !key.starts_with("job/")), "what has ended is forgotten");
}

#[test]
fn what_the_schedule_does_well_is_one_message_a_day_which_is_edited() {
    let mut bot = bot();
    starts(&mut bot);
    for n in 1..=3 {
        due(&mut bot, "backup/shop");
        taken(&mut bot, &format!("0000000{n}"));
        bot.advance(std::time::Duration::from_millis(HOUR_MS));
    }
    bot.advance(std::time::Duration::from_millis(20 * HOUR_MS));
    due(&mut bot, "backup/shop");
    taken(&mut bot, "00000004");
    insta::assert_snapshot!(bot.changes(), @r"
    post m1 to console:#backups
    shop: backed up once today (good)
    Last at 10:02 UTC. Copy `00000001`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    At risk now: 0 s of the 1 h allowed
    Object: backups/shop/1772359320000-00000001.dump.zst

    edit m1
    - shop: backed up once today (good)
    - Last at 10:02 UTC. Copy `00000001`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    + shop: backed up 2 times today (good)
    + Last at 11:02 UTC. Copy `00000002`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    - Object: backups/shop/1772359320000-00000001.dump.zst
    + Object: backups/shop/1772362920000-00000002.dump.zst

    edit m1
    - shop: backed up 2 times today (good)
    - Last at 11:02 UTC. Copy `00000002`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    + shop: backed up 3 times today (good)
    + Last at 12:02 UTC. Copy `00000003`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    - Object: backups/shop/1772362920000-00000002.dump.zst
    + Object: backups/shop/1772366520000-00000003.dump.zst

    post m2 to console:#backups
    shop: backed up once today (good)
    Last at 09:02 UTC. Copy `00000004`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    At risk now: 0 s of the 1 h allowed
    Object: backups/shop/1772442120000-00000004.dump.zst
    ");
}

#[test]
fn failure_is_loud_every_time_and_its_end_is_told() {
    let mut bot = with_copies();
    starts(&mut bot);
    let why = json!({ "error": "pg_dump: connection to server failed: Connection refused", "detail": {} });
    for _ in 0..2 {
        due(&mut bot, "backup/shop");
        end(&mut bot, "failed", &why);
    }
    due(&mut bot, "backup/shop");
    taken(&mut bot, "00000005");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    The backup of shop failed (critical)
    pg_dump: connection to server failed: Connection refused
    Newest copy known to be whole: `0badcafe` of 28 Feb 08:02, 1.0 MB
    At risk now: 30 min of the 1 h allowed
    Owner: the shop team
    ~ Mend the cause and try again: `/backup run shop`. Nothing is deleted today.
    [Back up now] run shop, primary

    post m2 to console:#backups
    The backup of shop failed (critical)
    pg_dump: connection to server failed: Connection refused
    In a row: 2
    Newest copy known to be whole: `0badcafe` of 28 Feb 08:02, 1.0 MB
    At risk now: 30 min of the 1 h allowed
    Owner: the shop team
    ~ Mend the cause and try again: `/backup run shop`. Nothing is deleted today.
    [Back up now] run shop, primary

    post m3 to console:#backups
    shop is backed up again (good)
    It had failed 2 times in a row before.
    Copy `00000005`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.

    post m4 to console:#backups
    shop: backed up once today (good)
    Last at 10:02 UTC. Copy `00000005`: 3.2 MB stored, 24 MB plain, 12 tables, 1 204 311 rows, in 4.2 s.
    At risk now: 0 s of the 1 h allowed
    Object: backups/shop/1772359320000-00000005.dump.zst
    ");
}

#[test]
fn a_failure_of_what_was_asked_for_is_told_in_both_places_and_can_be_repeated_by_a_click() {
    let mut bot = bot();
    run(&mut bot, command("backup run").arg("target", "shop"));
    bot.transcript();
    end(&mut bot, "failed", &json!({ "error": "the artifact store does not answer" }));
    let told = bot.transcript();
    assert!(told.contains("post m2 to console:#backups") && told.contains("post m3 to console:#incidents"), "{told}");
    bot.action::<Backup>(click("run", "shop")).expect("it starts");
    assert_eq!(bot.jobs.len(), 2);
    end(&mut bot, "cancelled", &json!({ "error": "Ana cancelled it" }));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m4 to console:#incidents
    The backup of shop was cancelled (neutral)
    Ana cancelled it
    ");
}

#[test]
fn a_copy_that_is_whole_is_told_only_to_who_asked_and_a_broken_one_to_all() {
    let mut bot = with_copies();
    let checks = json!([
        { "name": "there", "ok": true, "sentence": "the object is there" },
        { "name": "sha256", "ok": true, "sentence": "its SHA-256 is that of its manifest" },
        { "name": "shrunk", "ok": null, "sentence": "there is no earlier copy to compare it with" },
    ]);
    run(&mut bot, command("backup verify").arg("what", "0badcafe"));
    bot.transcript();
    end(&mut bot, "done", &json!({ "verdict": "verified", "checks": checks }));
    starts(&mut bot);
    due(&mut bot, "verify");
    end(&mut bot, "done", &json!({ "verdict": "verified", "checks": checks }));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#incidents
    0badcafe of shop is whole (good)
    2 checks passed.
    ```
    ok   there: the object is there
    ok   sha256: its SHA-256 is that of its manifest
    ?    shrunk: there is no earlier copy to compare it with
    ```
    ");
    due(&mut bot, "verify");
    let broken =
        json!([{ "name": "sha256", "ok": false, "sentence": "its SHA-256 is 12…, and its manifest says ab…" }]);
    end(&mut bot, "done", &json!({ "verdict": "broken", "checks": broken }));
    due(&mut bot, "verify");
    end(
        &mut bot,
        "done",
        &json!({ "verdict": "unknown", "checks": [
        { "name": "decrypted", "ok": null, "sentence": "no identity is configured, so that it cannot be looked into" }] }),
    );
    insta::assert_snapshot!(bot.transcript(), @r"
    post m3 to console:#backups
    The copy 0badf00d of shop is broken (critical)
    Copy `0badf00d` is broken.
    ```
    BAD  sha256: its SHA-256 is 12…, and its manifest says ab…
    ```
    Newest copy known to be whole: `0badcafe` of 28 Feb 08:02, 1.0 MB
    At risk now: 1 d 2 h: 1 d 1 h more than the 1 h allowed
    Owner: the shop team
    ~ Take a fresh copy now, and look at the store: `/backup run shop`. Nothing is deleted today.
    [Back up now] run shop, primary

    post m4 to console:#backups
    Nobody knows whether 0badf00d of shop is whole (warning)
    Copy `0badf00d` is unknown.
    ```
    ?    decrypted: no identity is configured, so that it cannot be looked into
    ```
    In a row: 2
    Newest copy known to be whole: `0badcafe` of 28 Feb 08:02, 1.0 MB
    At risk now: 30 min of the 1 h allowed
    Owner: the shop team
    ~ Mend what is in the way and read it back again; until then a fresh copy does no harm: `/backup run shop`. Nothing is deleted today.
    [Back up now] run shop, primary
    ");
}

#[test]
fn a_failure_holds_retention_back_for_a_day() {
    let mut bot = bot();
    let now = bot.now_ms;
    for hour in 0..40 {
        bot.with_copy("shop", &format!("{hour:08x}"), now - hour * HOUR_MS).verdict = "verified".to_owned();
    }
    starts(&mut bot);
    due(&mut bot, "backup/shop");
    end(&mut bot, "failed", &json!({ "error": "the disk was full" }));
    bot.transcript();
    due(&mut bot, "retention");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#backups
    No copy of shop was deleted (warning)
    Nothing is deleted on a day with failures: the disk was full (0 s ago).
    ~ `/backup prune shop` shows what would go once it is well again.
    ");
    bot.advance(std::time::Duration::from_millis(25 * HOUR_MS));
    let now = bot.now_ms;
    bot.with_copy("shop", "0badcafe", now);
    due(&mut bot, "retention");
    assert_eq!(bot.jobs.last().map(|(job, _)| job.kind.as_str()), Some("backup-prune"));
    end(&mut bot, "done", &json!({ "deleted": ["a", "b"], "refused": [] }));
    assert_eq!(bot.transcript(), "", "what went well is in the status");
    due(&mut bot, "retention");
    end(
        &mut bot,
        "done",
        &json!({ "deleted": [], "refused": [{ "object": "backups/shop/x", "why": "it is pinned" }] }),
    );
    insta::assert_snapshot!(bot.transcript(), @r"
    post m3 to console:#backups
    0 copies of shop deleted, 1 copy refused (warning)
    `backups/shop/x`: it is pinned
    ");
}

#[test]
fn what_cannot_be_posted_or_read_is_in_the_log_and_loses_nothing() {
    let mut bot = bot();
    bot.deny("post:console:#backups");
    starts(&mut bot);
    due(&mut bot, "backup/shop");
    end(&mut bot, "failed", &json!({ "error": "no" }));
    due(&mut bot, "backup/shop");
    end(&mut bot, "done", &json!("what?"));
    bot.backups_channel = None;
    due(&mut bot, "backup/shop");
    end(&mut bot, "failed", &json!({ "error": "no" }));
    let log: Vec<_> =
        bot.log.iter().map(|(level, line)| format!("{level:?} {}", line.lines().next().unwrap_or(""))).collect();
    insta::assert_snapshot!(log.join("\n"), @r#"
    Error `post:console:#backups` is not granted: it must stand in the plugin's capabilities and in the operator's grants. Unsaid: The backup of shop failed (critical)
    Warn the job job-2 says what this plugin does not understand: invalid type: string "what?", expected struct Taken
    Error `post:console:#backups` is not granted: it must stand in the plugin's capabilities and in the operator's grants. Unsaid: shop is backed up again (good)
    Error `post:console:#backups` is not granted: it must stand in the plugin's capabilities and in the operator's grants. Unsaid: shop: backed up once today (good)
    Error shop: The backup of shop failed (critical)
    "#);
    assert_eq!(bot.transcript(), "");
}

#[test]
fn a_rebuilt_catalogue_says_how_many_copies_it_found() {
    let mut bot = bot();
    run(&mut bot, command("backup rebuild"));
    bot.transcript();
    end(
        &mut bot,
        "done",
        &json!({ "entered": 3, "new": 1, "unreadable": { "count": 1, "first": [{ "object": "backups/shop/x", "why": "it is no manifest" }] },
        "without_manifest": { "count": 0, "first": [] } }),
    );
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#incidents
    The catalogue is made anew: 3 copies entered, 1 of them new (warning)
    `backups/shop/x`: it is no manifest
    With a manifest that cannot be used: 1 copy.
    ~ What was verified before is not known to the manifests: `/backup verify` reads copies back.
    ");
}

#[test]
fn copies_that_something_else_made_are_told_with_what_they_are() {
    let mut bot = bot();
    let adopt = || command("backup adopt").arg("target", "shop");
    run(&mut bot, adopt());
    let (job, _) = &bot.jobs[0];
    assert_eq!((job.kind.as_str(), job.spec.as_str()), ("backup-adopt", r#"{"target":"shop"}"#));
    let copies = json!([
        { "object": "old/shop/1.sql.gz", "format": "sql", "compression": "gzip", "encrypted": false, "taken_ms": null },
        { "object": "old/shop/2.dump.enc", "format": "pg_custom", "compression": "none", "encrypted": true, "taken_ms": bot.now_ms },
    ]);
    let refused = json!([{ "object": "old/shop/readme.txt", "why": "it is no dump" }]);
    end(
        &mut bot,
        "done",
        &json!({ "target": "shop", "prefix": "old/shop/", "entered": 2, "known": 1, "refused": refused, "copies": copies }),
    );
    run(&mut bot, adopt());
    end(&mut bot, "done", &json!({ "prefix": "old/shop/", "entered": 0, "known": 3, "refused": [], "copies": [] }));
    run(&mut bot, adopt());
    end(&mut bot, "failed", &json!({ "error": "shop has no `adopt`" }));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Looking for copies of shop that something else made.

    post m2 to console:#incidents
    2 copies of shop adopted from old/shop/ (warning)
    Known before: 1 copy.
    ```
    nobody knows when  sql, gzip                     old/shop/1.sql.gz
    1 Mar 10:02        pg_custom, encrypted          old/shop/2.dump.enc
    ```
    `old/shop/readme.txt`: it is no dump
    ~ Nobody has looked into them: `/backup verify shop` reads the newest back, `/backup list shop` names them all.

    reply m3
    Looking for copies of shop that something else made.

    post m4 to console:#incidents
    Nothing new of shop lies below old/shop/ (warning)
    Known before: 3 copies.

    reply m5
    Looking for copies of shop that something else made.

    post m6 to console:#incidents
    Adopting copies of shop failed (critical)
    shop has no `adopt`
    ");
    assert!(!bot.kv.contains_key("failed/shop"), "it has nothing to do with retention");
}

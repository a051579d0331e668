//! Every message of the plugin, as people read it.

mod chosen;
mod ended;
mod escalate;
mod many;
mod restore;
mod retention;
mod rules;
mod schedules;
mod trouble;

use crate::Backup;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, click, command};
use drillbell_sdk::{Error, OnTimer, Pinned, Query, Suggest, Timer};
use serde_json::{Value, json};

const HOUR_MS: u64 = 3_600_000;

/// A policy as the host tells it, with these tiers.
fn policy(keep: Value) -> Value {
    json!({ "encrypted": true, "backup": {
        "schedule": "0 * * * *", "zone": "UTC", "interval_ms": HOUR_MS, "start_by_ms": HOUR_MS / 2, "run_limit_ms": 3_300_000,
        "keep": keep, "max_age_ms": 2 * HOUR_MS, "checksums": true,
    }, "drill": {} })
}

/// A bot that backs up the database of a shop every hour.
fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    let policy = policy(json!({ "hourly": 24, "daily": 7, "weekly": 4, "monthly": 0 }));
    bot.with_target("shop", "postgres", Some(HOUR_MS), &policy).owner = "the shop team".to_owned();
    bot
}

fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<Backup>(command).expect("the command succeeds");
}

fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<Backup>(command) {
        Err(Error::User(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The host wakes the plugin.
fn starts(bot: &mut FakeBot) {
    let timer = Timer { name: "start".to_owned(), payload: String::new(), due_ms: bot.now_ms, late_ms: 0 };
    bot.run(|bot| Backup::on_timer(bot, timer)).expect("it sets its schedules");
}

/// A schedule is due, and so are the turns it gives.
fn due(bot: &mut FakeBot, name: &str) {
    let payload = bot.schedules[name].payload.clone();
    let timer = Timer { name: name.to_owned(), payload, due_ms: bot.now_ms, late_ms: 0 };
    bot.run(|bot| Backup::on_timer(bot, timer)).expect("it is handled");
    while let Some(name) = bot.timers.keys().next().cloned() {
        bot.fire_timer::<Backup>(&name).expect("it is handled");
    }
}

/// A job in the middle of its work ends.
fn end(bot: &mut FakeBot, status: &str, detail: &Value) {
    let id = bot.jobs.iter().find(|(_, job)| !job.has_ended()).map(|(_, job)| job.id.clone()).expect("a job");
    bot.end_job::<Backup>(&id, status, &detail.to_string()).expect("it is handled");
}

/// A target with three copies: one proven and pinned, one broken, one that nobody looked at.
fn with_copies() -> FakeBot {
    let mut bot = bot();
    let now = bot.now_ms;
    let old = bot.with_copy("shop", "0badcafe", now - 26 * HOUR_MS);
    (old.verdict, old.proven_ms) = ("proven".to_owned(), Some(now - 20 * HOUR_MS));
    (old.verified_ms, old.checked_ms) = (Some(now - 20 * HOUR_MS), Some(now - 20 * HOUR_MS));
    old.pinned = Some(Pinned { by: "ben".to_owned(), at_ms: now - 19 * HOUR_MS, reason: "before the sale".to_owned() });
    let bad = bot.with_copy("shop", "0badbeef", now - 2 * HOUR_MS);
    (bad.verdict, bad.checked_ms) = ("broken".to_owned(), Some(now - HOUR_MS));
    bad.detail = "its SHA-256 is not the one in its manifest".to_owned();
    bot.with_copy("shop", "0badf00d", now - HOUR_MS / 2);
    bot
}

#[test]
fn a_backup_is_started_where_it_was_asked_for_and_not_twice() {
    let mut bot = bot();
    run(&mut bot, command("backup run").arg("target", "shop"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Backing up shop.
    ");
    let (job, _) = &bot.jobs[0];
    assert_eq!((job.spec.as_str(), job.attempts), (r#"{"reason":"manual","target":"shop"}"#, Some(2)));
    assert_eq!(bot.data, Some(json!({ "target": "shop", "job": "job-1" })));
    insta::assert_snapshot!(refused(&mut bot, command("backup run").arg("target", "shop")), @"That is being done already: job job-1 (back up shop).");
    insta::assert_snapshot!(refused(&mut bot, command("backup run").arg("target", "stop")), @"`stop` is no target; there are: shop.");
    bot.deny("jobs:backup");
    bot.jobs.clear();
    assert!(matches!(bot.command::<Backup>(command("backup run").arg("target", "shop")), Err(Error::Internal(_))));
}

#[test]
fn copies_are_listed_and_shown() {
    let mut bot = bot();
    run(&mut bot, command("backup list"));
    let mut bot = with_copies();
    bot.manifests.insert(
        bot.copies[2].object.clone(),
        json!({ "stored_sha256": "ab12", "recipients": ["k1"], "contents": { "tables": [
            { "schema": "public", "table": "orders", "rows": 1_204_311 }, { "schema": "public", "table": "users", "rows": 7 },
        ] } }),
    );
    run(&mut bot, command("backup list").arg("target", "shop").arg("limit", "2"));
    run(&mut bot, command("backup show").arg("copy", "0badcafe"));
    run(&mut bot, command("backup show").arg("copy", "0badbeef"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    3 copies of shop, 3.0 MB (neutral)
    ```
    0badf00d  1 Mar 09:32    1.0 MB  unverified  30 min old  shop
    0badbeef  1 Mar 08:02    1.0 MB  broken      2 h old  shop
    ```
    ~ The newest 2; --limit shows up to 100.

    reply m2
    Copy 0badcafe of shop (good)
    Object: backups/shop/1772265720000-0badcafe.dump.zst
    State of: 2026-02-28T08:02:00.000Z
    Size: 1.0 MB stored, 9.0 MB plain
    Known to be: proven, since 28 Feb 14:02
    Last found whole: 2026-02-28T14:02:00.000Z
    Last restored: 2026-02-28T14:02:00.000Z
    Pinned: by ben, 28 Feb 15:02: before the sale
    SHA-256 of the object: ab12
    Encrypted: yes, to 1 key
    ~ Rows in each table, at the moment of the copy:
    ```
       1 204 311  public.orders
               7  public.users
    ```

    reply m3
    Copy 0badbeef of shop (critical)
    Object: backups/shop/1772352120000-0badbeef.dump.zst
    State of: 2026-03-01T08:02:00.000Z
    Size: 1.0 MB stored, 9.0 MB plain
    Known to be: broken, since 1 Mar 09:02
    its SHA-256 is not the one in its manifest
    ");
    insta::assert_snapshot!(refused(&mut bot, command("backup show").arg("copy", "ffffffff")), @"There is no copy `ffffffff`. `/backup list` shows those there are.");
    assert!(refused(&mut bot, command("backup list").arg("limit", "0")).contains("1 to 100"));
}

#[test]
fn of_two_copies_with_one_short_name_the_person_has_to_say_which() {
    let mut bot = with_copies();
    let now = bot.now_ms;
    bot.with_copy("shop", "0badcafe", now - HOUR_MS);
    insta::assert_snapshot!(refused(&mut bot, command("backup show").arg("copy", "0badcafe")), @"More than one copy is called `0badcafe`. Say which: backups/shop/1772355720000-0badcafe.dump.zst, backups/shop/1772265720000-0badcafe.dump.zst.");
    let object = bot.copies[0].object.clone();
    run(&mut bot, command("backup show").arg("copy", &object));
}

#[test]
fn a_copy_is_pinned_for_a_reason_and_unpinned() {
    let mut bot = with_copies();
    run(&mut bot, command("backup pin").arg("copy", "0badf00d").arg("reason", "the audit"));
    let pin = bot.copies[0].pinned.clone().expect("pinned");
    assert_eq!((pin.by.as_str(), pin.reason.as_str()), ("ana", "the audit"));
    run(&mut bot, command("backup unpin").arg("copy", "0badf00d"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    (good)
    Copy `0badf00d` of 1 Mar 09:32, 1.0 MB of shop stays until somebody unpins it.

    reply m2
    Copy `0badf00d` of 1 Mar 09:32, 1.0 MB of shop goes when retention no longer wants it.
    ");
    insta::assert_snapshot!(refused(&mut bot, command("backup unpin").arg("copy", "0badf00d")), @"`backups/shop/1772357520000-0badf00d.dump.zst` is not pinned");
    insta::assert_snapshot!(refused(&mut bot, command("backup pin").arg("copy", "0badcafe").arg("reason", "mine")), @"it is pinned already, by ben: before the sale");
}

#[test]
fn status_says_what_is_at_risk_what_was_checked_and_what_is_due() {
    let mut bot = bot();
    run(&mut bot, command("backup status"));
    let mut bot2 = with_copies();
    starts(&mut bot2);
    run(&mut bot2, command("backup status").arg("target", "shop"));
    bot2.advance(std::time::Duration::from_secs(2 * 3600));
    run(&mut bot2, command("backup status"));
    insta::assert_snapshot!(format!("{}\n\n{}", bot.transcript(), bot2.transcript()), @r"
    reply m1
    shop: there is no good copy (critical)
    At risk now: everything: there is no good copy
    Newest copy: never
    Last verified: never
    Last proven: never
    Copies: 0, 0 B
    Owner: the shop team
    ```
    by hand    copy taken                never                 not scheduled
    by hand    newest copy read back     never                 not scheduled
    by hand    older copy read back      never                 not scheduled
    by hand    retention                 never                 not scheduled
    by hand    copy restored in a drill  never                 `/drill status`
    ```

    reply m1
    shop: safe (good)
    At risk now: 30 min of the 1 h allowed
    Newest copy: `0badf00d` of 1 Mar 09:32, 1.0 MB, 30 min ago
    Last verified: `0badcafe` of 28 Feb 08:02, 1.0 MB, 20 h ago
    Last proven: `0badcafe` of 28 Feb 08:02, 1.0 MB, 20 h ago
    Copies: 3, 1 broken, 3.0 MB
    Owner: the shop team
    ```
    hourly     copy taken                never                 not scheduled
    daily      newest copy read back     never                 not scheduled
    weekly     older copy read back      never                 not scheduled
    daily      retention                 never                 not scheduled
    by hand    copy restored in a drill  proven 20 h ago       `/drill status`
    ```

    reply m2
    shop: the newest copy is too old (warning)
    At risk now: 2 h 30 min: 1 h 30 min more than the 1 h allowed
    Newest copy: `0badf00d` of 1 Mar 09:32, 1.0 MB, 2 h 30 min ago
    Last verified: `0badcafe` of 28 Feb 08:02, 1.0 MB, 22 h ago
    Last proven: `0badcafe` of 28 Feb 08:02, 1.0 MB, 22 h ago
    Copies: 3, 1 broken, 3.0 MB
    Owner: the shop team
    ```
    hourly     copy taken                never                 not scheduled
    daily      newest copy read back     never                 not scheduled
    weekly     older copy read back      never                 not scheduled
    daily      retention                 never                 not scheduled
    by hand    copy restored in a drill  proven 22 h ago       `/drill status`
    ```
    ");
    let data = bot2.data.clone().expect("data");
    assert_eq!(data["targets"][0]["standing"]["state"], "late");
    assert_eq!(data["targets"][0]["standing"]["proven"]["short"], "0badcafe");
    bot2.targets.clear();
    run(&mut bot2, command("backup status"));
    assert!(bot2.transcript().contains("Nothing is backed up"));
}

#[test]
fn a_copy_is_read_back_by_its_name_or_its_target_or_all_of_them() {
    let mut bot = with_copies();
    bot.with_target("media", "files", None, &json!({}));
    let now = bot.now_ms;
    bot.with_copy("media", "00000001", now);
    run(&mut bot, command("backup verify").arg("what", "0badcafe"));
    run(&mut bot, command("backup verify").arg("what", "media"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Reading back 0badcafe of shop.

    reply m2
    Reading back 00000001 of media.
    ");
    let titles: Vec<_> = bot.jobs.iter().map(|(job, _)| job.title.as_str()).collect();
    assert_eq!(titles, ["verify 0badcafe of shop", "verify 00000001 of media"]);
    bot.jobs.clear();
    run(&mut bot, command("backup verify"));
    assert_eq!(bot.jobs.len(), 2);
    bot.copies.clear();
    insta::assert_snapshot!(refused(&mut bot, command("backup verify")), @"There is no copy to verify. Take one with `/backup run TARGET`.");
}

#[test]
fn a_plan_is_shown_first_and_applied_only_as_it_was_shown() {
    let mut bot = with_copies();
    let few = policy(json!({ "hourly": 1, "daily": 0, "weekly": 0, "monthly": 0 }));
    bot.with_target("shop", "postgres", Some(HOUR_MS), &few);
    let now = bot.now_ms;
    bot.with_copy("shop", "00000001", now - 30 * HOUR_MS).verdict = "verified".to_owned();
    run(&mut bot, command("backup prune").arg("target", "shop"));
    insta::assert_snapshot!(bot.transcript(), @r#"
    reply m1
    Retention of shop (neutral)
    3 copies stay, 1 copy would be deleted.
    ```
    backups/shop/1772251320000-00000001.dump.zst  a later copy stands for it
    ```
    ~ Those that stay:
    ```
    backups/shop/1772357520000-0badf00d.dump.zst  hourly 1 of 1
    backups/shop/1772352120000-0badbeef.dump.zst  broken; to be looked at for 7 days
    backups/shop/1772265720000-0badcafe.dump.zst  pinned by ben: before the sale
    ```
    [Delete 1 copy] prune ["shop","5133743fdb21ec3d"], danger, once
    ~ As of 1 Mar 10:02.
    "#);
    let data = bot.data.clone().expect("data");
    assert_eq!((data["deletes"].as_array().map(Vec::len), data["kept"].as_array().map(Vec::len)), (Some(1), Some(3)));
    let value = json!(["shop", "0"]).to_string();
    bot.action::<Backup>(click("prune", &value)).expect("handled");
    assert!(bot.transcript().contains("Things have changed"), "another plan than the one that was shown");
    assert!(bot.jobs.is_empty());

    run(&mut bot, command("backup prune").arg("target", "shop"));
    let shown = bot.said.last().and_then(|said| said.view()).cloned().expect("a plan");
    let button = shown.blocks.iter().find_map(|block| match block {
        drillbell_sdk::Block::Button(button) => Some(button.clone()),
        _ => None,
    });
    let card = bot.said.last().and_then(|said| said.message()).cloned().expect("a message");
    bot.transcript();
    bot.action::<Backup>(click("prune", &button.expect("a button").value).card(&card)).expect("handled");
    insta::assert_snapshot!(bot.transcript(), @r"
    edit m3
    Retention of shop (info)
    Ana lets 1 copy be deleted.
    ```
    backups/shop/1772251320000-00000001.dump.zst  a later copy stands for it
    ```
    ");
    assert_eq!(bot.jobs[0].0.kind, "backup-prune");
    assert!(bot.jobs[0].0.spec.contains("00000001"));
}

#[test]
fn the_catalogue_is_made_anew_on_request() {
    let mut bot = bot();
    run(&mut bot, command("backup rebuild").arg("target", "shop"));
    assert_eq!(bot.jobs[0].0.spec, r#"{"target":"shop"}"#);
    bot.jobs.clear();
    run(&mut bot, command("backup rebuild"));
    assert_eq!(bot.jobs[0].0.spec, "{}");
}

#[test]
fn copies_and_targets_complete() {
    let mut bot = with_copies();
    let mut complete = |subcommand: &str, argument: &str, prefix: &str| {
        let query = Query {
            command: "backup".to_owned(),
            subcommand: subcommand.to_owned(),
            argument: argument.to_owned(),
            prefix: prefix.to_owned(),
            by: drillbell_sdk::testing::person("ana", "Ana"),
            conversation: "console:#ops".into(),
        };
        let found = bot.run(|bot| Backup::suggest(bot, query)).expect("it answers");
        found.into_iter().map(|one| one.value).collect::<Vec<_>>()
    };
    assert_eq!(complete("run", "target", ""), ["shop"]);
    assert_eq!(complete("verify", "what", ""), ["shop", "0badf00d", "0badbeef", "0badcafe"]);
    assert_eq!(complete("show", "copy", "0badc"), ["0badcafe"]);
    assert_eq!(complete("unpin", "copy", ""), ["0badcafe"]);
}

#[test]
fn what_stands_beside_the_copies_is_shown_as_it_was_last_seen_where_something_is_expected() {
    let mut bot = with_copies();
    run(&mut bot, command("backup verify").arg("what", "0badf00d"));
    let presence = json!([
        { "name": "wal_archiving", "status": "pass", "sentence": "the last piece of its log was archived 2m ago" },
        { "name": "versioning", "status": "fail", "sentence": "versioning is off for s3://copies" },
        { "name": "replication", "status": "unknown", "sentence": "whether replication is on could not be asked" },
    ]);
    end(&mut bot, "done", &json!({ "verdict": "verified", "checks": [], "presence": presence }));
    bot.advance(std::time::Duration::from_secs(3600));
    run(&mut bot, command("backup status").arg("target", "shop"));
    let shown = bot.transcript();
    assert!(
        shown.contains("ok   the last piece of its log was archived 2m ago\nBAD  versioning is off for s3://copies"),
        "{shown}"
    );
    assert!(shown.contains("?    whether replication is on could not be asked"), "{shown}");
    assert!(shown.contains("That was looked at 1 h ago."), "{shown}");
    assert_eq!(bot.data.clone().expect("data")["targets"][0]["presence"]["all"][1]["status"], "fail");
    // Where nothing is expected any more, nothing is shown.
    run(&mut bot, command("backup verify").arg("what", "0badf00d"));
    end(&mut bot, "done", &json!({ "verdict": "verified", "checks": [] }));
    run(&mut bot, command("backup status").arg("target", "shop"));
    assert_eq!(bot.data.expect("data")["targets"][0]["presence"], Value::Null);
}

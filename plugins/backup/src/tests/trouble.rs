//! What is said when a job did not do its work, by its cause; what there is to fall back on; and how its end is told.

use super::{HOUR_MS, bot, due, end, run, starts, with_copies};
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::{Value, json};

fn taken(short: &str) -> Value {
    json!({ "object": format!("backups/shop/{short}"), "stored_bytes": 1, "plain_bytes": 2, "seconds": 1.0 })
}

#[test]
fn what_the_schedule_could_not_do_is_told_by_its_cause() {
    let mut told = Vec::new();
    for status in ["failed", "lost", "cancelled", "denied", "expired", "odd"] {
        let mut bot = bot();
        starts(&mut bot);
        due(&mut bot, "backup/shop");
        end(&mut bot, status, &json!({}));
        let words = bot.transcript();
        let lines: Vec<_> = words.lines().filter(|line| !line.starts_with("post") && !line.starts_with('[')).collect();
        told.push([lines[0], lines[1], lines[lines.len() - 1]].join("\n"));
        let last: Value = serde_json::from_str(&bot.kv["last/backup/shop"]).expect("JSON");
        assert_eq!((last["state"].as_str(), last["failures"].as_u64()), (Some(status), Some(1)));
        assert!(bot.kv.contains_key("failed/shop"), "nothing is deleted on such a day");
    }
    insta::assert_snapshot!(told.join("\n\n"), @r"
    The backup of shop failed (critical)
    It does not say why.
    ~ Mend the cause and try again: `/backup run shop`. Nothing is deleted today.

    The backup of shop was lost (critical)
    The bot died while it ran, and nobody can tell how far it got.
    ~ Find out why it died, then try again: `/backup run shop`. Nothing is deleted today.

    The backup of shop was cancelled (warning)
    Somebody stopped it.
    ~ When nothing stands against it, try again: `/backup run shop`. Nothing is deleted today.

    The backup of shop was not approved (warning)
    Whoever was asked said no.
    ~ Talk to them, then try again: `/backup run shop`. Nothing is deleted today.

    The backup of shop was approved by nobody in time (warning)
    Whoever was asked did not answer.
    ~ Tell them that you will ask, then try again: `/backup run shop`. Nothing is deleted today.

    The backup of shop ended as odd (critical)
    It does not say why.
    ~ Try again: `/backup run shop`. Nothing is deleted today.
    ");
}

#[test]
fn what_somebody_asked_for_and_nobody_approved_is_told_only_to_them() {
    for (status, words) in
        [("cancelled", "was cancelled"), ("denied", "was not approved"), ("expired", "was approved by nobody in time")]
    {
        let mut bot = bot();
        run(&mut bot, command("backup run").arg("target", "shop"));
        bot.transcript();
        end(&mut bot, status, &json!({}));
        let told = bot.transcript();
        assert!(told.contains(words) && told.contains("console:#incidents") && !told.contains("#backups"), "{told}");
        assert!(!bot.kv.contains_key("failed/shop"));
    }
}

#[test]
fn the_end_of_trouble_is_told_where_it_was_and_to_who_asked() {
    let mut bot = with_copies();
    starts(&mut bot);
    for _ in 0..3 {
        due(&mut bot, "backup/shop");
        end(&mut bot, "failed", &json!({ "error": "the disk was full" }));
    }
    bot.transcript();
    run(&mut bot, command("backup run").arg("target", "shop"));
    bot.transcript();
    end(&mut bot, "done", &taken("x"));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m5 to console:#backups
    shop is backed up again (good)
    It had failed 3 times in a row before.
    Copy `backups/shop/x`: 1 B stored, 2 B plain, in 1.0 s.

    post m6 to console:#incidents
    shop is backed up again (good)
    It had failed 3 times in a row before.
    Copy `backups/shop/x`: 1 B stored, 2 B plain, in 1.0 s.
    At risk now: 30 min of the 1 h allowed
    Object: backups/shop/x
    ~ Read it back with `/backup verify backups/shop/x`.
    ");
    for _ in 0..2 {
        due(&mut bot, "verify");
        end(&mut bot, "failed", &json!({ "error": "the store does not answer" }));
    }
    bot.transcript();
    due(&mut bot, "verify");
    end(&mut bot, "done", &json!({ "verdict": "verified", "checks": [] }));
    insta::assert_snapshot!(bot.transcript(), @r"
    post m9 to console:#backups
    A copy of shop was read back and is whole again (good)
    It had failed 2 times in a row before.
    Copy `0badf00d` is whole: 0 checks passed.
    ");
}

#[test]
fn the_end_of_trouble_is_told_once_where_both_are_the_same_place() {
    let mut bot = bot();
    run(&mut bot, command("backup run").arg("target", "shop").at("console:#backups"));
    end(&mut bot, "failed", &json!({ "error": "no" }));
    run(&mut bot, command("backup run").arg("target", "shop").at("console:#backups"));
    bot.transcript();
    end(&mut bot, "done", &taken("x"));
    assert_eq!(bot.transcript().matches("is backed up again").count(), 1);
}

#[test]
fn what_was_not_counted_and_what_was_noticed_is_told_of_every_copy() {
    let odd = json!({
        "object": "backups/shop/x", "stored_bytes": 1, "plain_bytes": 2, "seconds": 1.0,
        "not_counted": "counts not taken: the dump has a table twice", "notes": ["1 file changed while it was read: a.jpg"],
    });
    let mut bot = bot();
    starts(&mut bot);
    due(&mut bot, "backup/shop");
    end(&mut bot, "done", &odd);
    run(&mut bot, command("backup run").arg("target", "shop"));
    end(&mut bot, "done", &odd);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#backups
    shop: backed up once today (good)
    Last at 10:02 UTC. Copy `backups/shop/x`: 1 B stored, 2 B plain, in 1.0 s.
    At risk now: everything: there is no good copy
    Object: backups/shop/x
    ~ Counts not taken: the dump has a table twice.
    ~ 1 file changed while it was read: a.jpg

    reply m2
    Backing up shop.

    post m3 to console:#incidents
    shop is backed up (good)
    Copy `backups/shop/x`: 1 B stored, 2 B plain, in 1.0 s.
    At risk now: everything: there is no good copy
    Object: backups/shop/x
    ~ Counts not taken: the dump has a table twice.
    ~ 1 file changed while it was read: a.jpg
    ~ Read it back with `/backup verify backups/shop/x`.
    ");
}

/// What a message says that there is to fall back on, and what is at risk.
fn fall_back(bot: &mut FakeBot) -> String {
    let told = bot.transcript();
    let wanted = told.lines().filter(|line| line.starts_with("Newest copy known") || line.starts_with("At risk"));
    wanted.collect::<Vec<_>>().join("; ")
}

#[test]
fn what_there_is_to_fall_back_on_is_whole_and_the_copy_just_found_broken_is_not_it() {
    let mut bot = bot();
    starts(&mut bot);
    let now = bot.now_ms;
    for (short, hours, verdict) in [
        ("00000001", 9, "verified"),
        ("00000002", 8, "unknown"),
        ("00000003", 7, "unverified"),
        ("00000004", 6, "broken"),
        ("00000005", 5, "verified"),
    ] {
        bot.with_copy("shop", short, now - hours * HOUR_MS).verdict = verdict.to_owned();
    }
    due(&mut bot, "verify");
    assert_eq!(bot.jobs[0].0.title, "verify 00000005 of shop");
    // The catalogue still calls it verified.
    end(&mut bot, "done", &json!({ "verdict": "broken", "sentence": "it is gone", "checks": [] }));
    assert_eq!(
        fall_back(&mut bot),
        "Newest copy known to be whole: `00000001` of 1 Mar 01:02, 1.0 MB; At risk now: 7 h: 6 h more than the 1 h allowed"
    );
    bot.copies[0].verdict = "broken".to_owned();
    due(&mut bot, "verify");
    assert_eq!(bot.jobs[1].0.title, "verify 00000003 of shop", "what is known to be broken needs no look");
    end(&mut bot, "failed", &json!({ "error": "the store does not answer" }));
    assert_eq!(
        fall_back(&mut bot),
        "Newest copy known to be whole: `00000001` of 1 Mar 01:02, 1.0 MB; At risk now: 7 h: 6 h more than the 1 h allowed"
    );
}

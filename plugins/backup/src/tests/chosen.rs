//! Which copy a restore takes: the newest by a moment, and what is passed over for it.

use super::restore::{restore, served};
use super::{HOUR_MS, refused, run};
use drillbell_sdk::testing::{FakeBot, command};
use drillbell_sdk::time::rfc3339;
use serde_json::json;

#[test]
fn what_was_there_before_a_restore_is_restored_when_it_is_named_and_never_as_the_newest() {
    let mut bot = served();
    let now = bot.now_ms;
    let safety = safety_copy(&mut bot, now - HOUR_MS / 4);
    run(&mut bot, command("backup restore").arg("into", "shop").arg("before", &rfc3339(now)));
    assert_eq!(bot.data.clone().expect("data")["copy"]["short"], "0badf00d", "not the one of a quarter of an hour ago");
    run(&mut bot, restore("5afe5afe"));
    assert_eq!(bot.data.clone().expect("data")["copy"]["object"], safety.as_str());
    run(&mut bot, command("backup status").arg("target", "shop"));
    let standing = bot.data.clone().expect("data")["targets"][0]["standing"].clone();
    assert_eq!((&standing["newest"]["short"], &standing["at_risk_ms"]), (&json!("0badf00d"), &json!(HOUR_MS / 2)));
    assert_eq!(standing["copies"], 4);
    bot.transcript();
    run(&mut bot, command("backup list").arg("target", "shop").arg("limit", "1"));
    let told = bot.transcript();
    assert!(told.contains("15 min old  shop  safety copy"), "{told}");
    run(&mut bot, command("backup verify").arg("what", "shop"));
    assert!(bot.transcript().contains("Reading back 0badf00d of shop."));
}

/// The shop as it was before a restore.
pub(super) fn safety_copy(bot: &mut FakeBot, taken_ms: u64) -> String {
    let copy = bot.with_copy("shop", "5afe5afe", taken_ms);
    copy.object = copy.object.replace(".dump", ".safety.dump");
    let object = copy.object.clone();
    bot.manifests.insert(object.clone(), json!({ "reason": "safety" }));
    object
}

#[test]
fn the_newest_copy_by_a_moment_is_chosen_and_broken_ones_are_passed_over() {
    let mut bot = served();
    let now = bot.now_ms;
    let by = |hours: u64| command("backup restore").arg("into", "shop").arg("before", &rfc3339(now - hours * HOUR_MS));
    run(&mut bot, by(0));
    assert_eq!(bot.data.clone().expect("data")["copy"]["short"], "0badf00d");
    bot.transcript();
    // The one of two hours ago is broken; at its very moment it would be the one.
    run(&mut bot, by(2));
    let told = bot.transcript();
    assert_eq!(bot.data.clone().expect("data")["copy"]["short"], "0badcafe");
    assert!(told.contains("Passed over because it is broken: `0badbeef`"), "{told}");
    assert!(told.contains("It is the newest copy taken at or before 2026-03-01T08:02:00Z, 1 d before that."), "{told}");
    run(&mut bot, by(26));
    assert_eq!(bot.data.clone().expect("data")["copy"]["short"], "0badcafe", "taken at that very moment");
    insta::assert_snapshot!(refused(&mut bot, by(27)), @"There is no copy of shop from 2026-02-28T07:02:00Z or before that is not broken. `/backup list shop` shows those there are.");
}

#[test]
fn a_copy_that_was_still_being_taken_at_a_moment_is_not_from_before_it() {
    let mut bot = served();
    let (now, newest) = (bot.now_ms, bot.copies[0].clone());
    let by = |at_ms: u64| command("backup restore").arg("into", "shop").arg("before", &rfc3339(at_ms));
    // What came while it was taken may be in it. One that says less was over when it was finished.
    for field in ["snapshot_by", "finished_at"] {
        bot.manifests.insert(newest.object.clone(), json!({ field: rfc3339(newest.taken_ms + 2000) }));
        run(&mut bot, by(newest.taken_ms + 1000));
        let told = bot.transcript();
        assert_ne!(bot.data.clone().expect("data")["copy"]["object"], newest.object.as_str());
        let why = format!("Passed over because it was still being taken then: `{}`", newest.short);
        assert!(told.contains(&why), "{told}");
        run(&mut bot, by(now.max(newest.taken_ms + 2000)));
        assert_eq!(bot.data.clone().expect("data")["copy"]["object"], newest.object.as_str());
        bot.transcript();
    }
}

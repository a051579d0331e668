//! `/drill status`, `/drill report` and completion.

use super::{DAY_MS, HOUR_MS, bot, ends, passed, run, scheduled};
use crate::RestoreDrill;
use drillbell_sdk::testing::{FakeBot, command};
use drillbell_sdk::{Query, Suggest};
use serde_json::json;
use std::time::Duration;

/// A shop with three drills: one passed, one failed, one passed.
fn drilled() -> FakeBot {
    let mut bot = bot();
    for (nth, status) in ["pass", "fail", "pass"].into_iter().enumerate() {
        scheduled(&mut bot);
        let mut result = passed(&bot);
        result["rto_ms"] = json!(600_000 + 60_000 * nth);
        if status == "fail" {
            (result["status"], result["cause"]) = (json!("fail"), json!("check"));
            result["sentence"] = json!("`select 1 = 2` is false");
        }
        ends(&mut bot, "done", &result);
        bot.advance(Duration::from_millis(DAY_MS));
    }
    bot.transcript();
    bot
}

#[test]
fn status_says_when_it_was_proven_what_it_takes_what_is_at_risk_and_when_the_next_is() {
    let mut bot = bot();
    run(&mut bot, command("drill status"));
    let mut later = drilled();
    run(&mut later, command("drill status").arg("target", "shop"));
    insta::assert_snapshot!(format!("{}\n\n{}", bot.transcript(), later.transcript()), @r"
    reply m1
    shop: never proven (warning)
    Last proven: never
    Time to restore: never measured
    At risk now: 30 min of the 1 h allowed
    Next drill: 3 Mar 10:02 UTC
    Owner: the shop team
    [Run a drill now] run shop, once

    reply m4
    shop: proven (good)
    Last proven: `0badcafe`, 1 d ago
    Time to restore: 12 min of the 4 h allowed
    At risk now: 3 d: 2 d 23 h more than the 1 h allowed
    Next drill: 3 Apr 10:02 UTC
    Owner: the shop team
    [Run a drill now] run shop, once
    ");
    let data = later.data.clone().expect("data")["targets"][0].clone();
    assert_eq!((data["rto_ms"].as_u64(), data["proven_by"].as_str()), (Some(720_000), Some("0badcafe")));
    assert_eq!((data["overdue_ms"].as_u64(), data["last"]["status"].as_str()), (None, Some("pass")));
}

#[test]
fn status_tells_the_states_that_matter_apart() {
    let mut bot = drilled();
    let mut words = Vec::new();
    let mut looks = |bot: &mut FakeBot| {
        run(bot, command("drill status"));
        let told = bot.transcript();
        words.push(
            told.lines()
                .skip(1)
                .filter(|line| line.contains("shop:") || line.contains("Next drill") || line.contains("Overdue"))
                .collect::<Vec<_>>()
                .join("; "),
        );
    };
    run(&mut bot, command("drill postpone").arg("target", "shop").arg("reason", "the sale"));
    bot.transcript();
    looks(&mut bot);
    run(&mut bot, command("drill run").arg("target", "shop"));
    bot.transcript();
    looks(&mut bot);
    ends(&mut bot, "failed", &json!({ "error": "no room" }));
    bot.transcript();
    looks(&mut bot);
    scheduled(&mut bot);
    let mut result = passed(&bot);
    (result["status"], result["cause"]) = (json!("fail"), json!("backup"));
    let id = bot.jobs.iter().find(|(_, job)| !job.has_ended()).map(|(_, job)| job.id.clone());
    if id.is_none() {
        run(&mut bot, command("drill run").arg("target", "shop"));
    }
    ends(&mut bot, "done", &result);
    bot.transcript();
    looks(&mut bot);
    bot.kv.retain(|key, _| !key.starts_with("past/"));
    bot.copies[0].proven_ms = Some(bot.now_ms - 40 * DAY_MS);
    looks(&mut bot);
    bot.with_target("shop", "postgres", None, &json!({}));
    bot.schedules.clear();
    bot.kv.clear();
    looks(&mut bot);
    insta::assert_snapshot!(words.join("\n"), @r"
    shop: proven (good); Next drill: 4 Apr 10:02 UTC, put off by Ana: the sale
    shop: proven (good); Next drill: under way: job job-4
    shop: proven, but the last drill gave no answer (warning); Next drill: 4 Apr 10:02 UTC, put off by Ana: the sale
    shop: the last drill failed (critical); Next drill: 4 Apr 10:02 UTC, put off by Ana: the sale
    shop: proven too long ago (critical); Next drill: 4 Apr 10:02 UTC, put off by Ana: the sale; Overdue: 9 d
    shop: proven too long ago (critical); Next drill: by hand: set schedule in [targets.shop.drill]; Overdue: 9 d
    ");
}

#[test]
fn of_many_targets_status_is_a_line_each_and_a_report_wants_one_named() {
    let mut bot = drilled();
    for n in 0..12 {
        bot.with_target(&format!("more-{n:02}"), "sqlite", None, &json!({}));
    }
    run(&mut bot, command("drill status"));
    let told = bot.transcript();
    assert!(
        told.matches("reply").count() == 1 && told.contains("Drills of 13 targets") && told.contains("more-11"),
        "{told}"
    );
    insta::assert_snapshot!(super::refused(&mut bot, command("drill report")), @"There are 13 targets: name one, `/drill report TARGET`.");
    bot.targets.clear();
    run(&mut bot, command("drill status"));
    run(&mut bot, command("drill report"));
    assert_eq!(bot.transcript().matches("There is nothing to drill").count(), 2);
}

#[test]
fn a_report_shows_the_last_drills_and_how_long_a_restore_takes_over_time() {
    let mut bot = drilled();
    bot.with_target("media", "files", None, &json!({}));
    run(&mut bot, command("drill report"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m4
    media was never drilled (warning)
    ~ `/drill run media` restores the newest copy into a scratch place.

    reply m5
    shop: 2 of 3 drills passed (good)
    Time to restore: 10 min to 12 min, in the middle 12 min
    chart Time to restore (milliseconds), measured of 3 points, allowed at 14400000, fail on 2026-03-02T10:02:00.000Z
    ```
    3 Mar 10:02   pass        12 min  0badcafe
    2 Mar 10:02   fail             -  0badcafe  check: `select 1 = 2` is false
    1 Mar 10:02   pass        10 min  0badcafe
    ```
    ~ By stage, the last time: fetch+restore 12 min, check 34 s, drop 900 ms.
    ~ Signed evidence of the last: `drills/shop/20260301T100200Z-0badcafe.json`
    ");
    let data = bot.data.clone().expect("data");
    let drills = data["targets"][1]["drills"].as_array().cloned().expect("drills");
    let told: Vec<_> = drills.iter().map(|drill| (drill["status"].as_str(), drill["rto_ms"].as_u64())).collect();
    assert_eq!(told, [(Some("pass"), Some(720_000)), (Some("fail"), Some(660_000)), (Some("pass"), Some(600_000))]);
    assert_eq!(data["targets"][0]["drills"], json!([]));
}

#[test]
fn copies_complete_unless_they_are_broken() {
    let mut bot = bot();
    let now = bot.now_ms;
    bot.with_copy("shop", "0badbeef", now - 2 * HOUR_MS).verdict = "broken".to_owned();
    let mut complete = |argument: &str, prefix: &str| {
        let query = Query {
            command: "drill".to_owned(),
            subcommand: "run".to_owned(),
            argument: argument.to_owned(),
            prefix: prefix.to_owned(),
            by: drillbell_sdk::testing::person("ana", "Ana"),
            conversation: "console:#ops".into(),
        };
        bot.run(|bot| RestoreDrill::suggest(bot, query))
            .expect("it answers")
            .into_iter()
            .map(|one| one.value)
            .collect::<Vec<_>>()
    };
    assert_eq!(complete("backup", "0bad"), ["0badcafe"]);
    assert!(complete("backup", "ffff").is_empty() && complete("target", "").is_empty());
}

//! How a drill that has ended is told: quietly if it passed, with cause and next step if not.

use super::{DAY_MS, bot, ends, passed, run, scheduled};
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::{Value, json};

/// Runs a drill by the schedule to its end.
fn drills(bot: &mut FakeBot, status: &str, change: impl FnOnce(&mut Value)) {
    scheduled(bot);
    let mut result = passed(bot);
    change(&mut result);
    ends(bot, status, &result);
}

#[test]
fn what_passes_is_one_message_which_is_edited() {
    let mut bot = bot();
    drills(&mut bot, "done", |_| {});
    insta::assert_snapshot!(bot.changes(), @r"
    post m1 to console:#backups
    shop is proven by 0badcafe (good)
    All of 3 checks passed.
    Time to restore: 12 min of the 4 h allowed
    Age of the data: 30 min of the 1 h allowed
    ```
    fetch+restore      12 min
    check                34 s
    drop               900 ms
    ```
    ```
    ok   restore        12 min  2 tables
    ok   counts          4.2 s  as its manifest says
    ok   query 1         12 ms  true
    ```
    ~ Signed evidence: `drills/shop/20260301T100200Z-0badcafe.json`
    ");
    bot.advance(std::time::Duration::from_millis(DAY_MS));
    let now = bot.now_ms;
    bot.with_copy("shop", "00000002", now - 60_000);
    drills(&mut bot, "done", |_| {});
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - shop is proven by 0badcafe (good)
    + shop is proven by 00000002 (good)
    - Age of the data: 30 min of the 1 h allowed
    + Age of the data: 1 min of the 1 h allowed
    ");
}

#[test]
fn who_asked_reads_the_answer_where_they_did_too() {
    let mut bot = bot();
    run(&mut bot, command("drill run").arg("target", "shop"));
    bot.transcript();
    let result = passed(&bot);
    ends(&mut bot, "done", &result);
    let told = bot.transcript();
    assert!(told.contains("console:#backups") && told.contains("console:#incidents"), "{told}");
}

#[test]
fn each_cause_is_told_in_plain_words_with_what_to_do() {
    let mut told = Vec::new();
    for (cause, name, sentence) in [
        ("backup", "counts", "public.orders has 2 rows, and its manifest counts 3"),
        ("environment", "restore", "the scratch server does not answer"),
        ("check", "query 1", "`select count(*) > 10 from orders` is false"),
        ("", "counts", "It was restored, but there is nothing to compare it with."),
    ] {
        let mut bot = bot();
        drills(&mut bot, "done", |result| {
            let status = if cause.is_empty() { "unknown" } else { "fail" };
            let cause = (!cause.is_empty()).then_some(cause);
            (result["status"], result["cause"], result["sentence"]) = (json!(status), json!(cause), json!(sentence));
            result["checks"][1] =
                json!({ "name": name, "status": status, "cause": cause, "sentence": sentence, "took_ms": 5 });
            if cause == Some("backup") {
                result["tables"][0] = json!({ "name": "public.orders", "rows": 2, "expected": 3, "status": "fail" });
            }
        });
        told.push(bot.transcript());
    }
    insta::assert_snapshot!(told.join("\n\n"), @r"
    post m1 to console:#backups
    0badcafe of shop is of no use (critical)
    public.orders has 2 rows, and its manifest counts 3
    Cause: the copy itself: it cannot be restored, or not to what its manifest says
    It took until then: 12 min
    Age of the data: 30 min of the 1 h allowed
    ```
    fetch+restore      12 min
    check                34 s
    drop               900 ms
    ```
    ```
    BAD  counts           5 ms  public.orders has 2 rows, and its manifest counts 3
    ok   restore        12 min  2 tables
    ok   query 1         12 ms  true
    ```
    ~ Rows that were restored, of those that the manifest counts:
    ```
    BAD             2 of            3  public.orders
    ```
    ~ Signed evidence: `drills/shop/20260301T100200Z-0badcafe.json`
    Owner: the shop team
    ~ Take a fresh copy, `/backup run shop`, and drill that: `/drill run shop`. The broken one stays a week to be looked at.
    [Drill again] run shop, once

    post m1 to console:#backups
    The drill of shop says nothing about 0badcafe (critical)
    the scratch server does not answer
    Cause: the place it was restored to, or the way there: nothing is known of the copy that was not before
    It took until then: 12 min
    Age of the data: 30 min of the 1 h allowed
    ```
    fetch+restore      12 min
    check                34 s
    drop               900 ms
    ```
    ```
    BAD  restore          5 ms  the scratch server does not answer
    ok   restore        12 min  2 tables
    ok   query 1         12 ms  true
    ```
    ~ Signed evidence: `drills/shop/20260301T100200Z-0badcafe.json`
    Owner: the shop team
    ~ Mend what was in the way and drill again: `/drill run shop`.
    [Drill again] run shop, once

    post m1 to console:#backups
    0badcafe of shop was restored, but is not as it should be (critical)
    `select count(*) > 10 from orders` is false
    Cause: what is in the copy, or the check that says so: the restore itself went well
    It took until then: 12 min
    Age of the data: 30 min of the 1 h allowed
    ```
    fetch+restore      12 min
    check                34 s
    drop               900 ms
    ```
    ```
    BAD  query 1          5 ms  `select count(*) > 10 from orders` is false
    ok   restore        12 min  2 tables
    ok   query 1         12 ms  true
    ```
    ~ Signed evidence: `drills/shop/20260301T100200Z-0badcafe.json`
    Owner: the shop team
    ~ Look whether the data or the check is wrong, mend that, and drill again: `/drill run shop`.
    [Drill again] run shop, once

    post m1 to console:#backups
    The drill of shop does not prove 0badcafe (warning)
    It was restored, but there is nothing to compare it with.
    Cause: not known: nothing is wrong with the copy that anybody saw, and nothing proves it
    It took until then: 12 min
    Age of the data: 30 min of the 1 h allowed
    ```
    fetch+restore      12 min
    check                34 s
    drop               900 ms
    ```
    ```
    ?    counts           5 ms  It was restored, but there is nothing to compare it with.
    ok   restore        12 min  2 tables
    ok   query 1         12 ms  true
    ```
    ~ Signed evidence: `drills/shop/20260301T100200Z-0badcafe.json`
    Owner: the shop team
    ~ Mend what keeps it from being judged and drill again: `/drill run shop`.
    [Drill again] run shop, once
    ");
}

#[test]
fn a_drill_that_did_not_end_by_itself_is_told_by_how_it_ended() {
    let mut told = Vec::new();
    for status in ["failed", "lost", "cancelled", "denied", "expired", "odd"] {
        let mut bot = bot();
        scheduled(&mut bot);
        ends(&mut bot, status, &json!({}));
        let words = bot.transcript();
        told.push(words.lines().skip(1).take(2).collect::<Vec<_>>().join("\n"));
        assert!(words.contains("nothing is known of the copy that was not before"), "{words}");
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    The drill of shop says nothing about the copy (warning)
    It failed and does not say why.
    The drill of shop was lost (warning)
    The bot died while it ran, and nobody can tell how far it got.
    The drill of shop was cancelled (warning)
    Somebody stopped it.
    The drill of shop was not approved (warning)
    Whoever was asked to approve it said no.
    The drill of shop was approved by nobody in time (warning)
    Nobody approved it in time.
    The drill of shop says nothing about the copy (warning)
    It ended in a way that this plugin does not know.
    ");
}

#[test]
fn what_passed_but_too_slowly_or_with_data_too_old_or_left_behind_is_not_quiet() {
    let mut bot = bot();
    drills(&mut bot, "done", |_| {});
    bot.transcript();
    drills(&mut bot, "done", |result| {
        (result["rto_ms"], result["age_ms"]) = (json!(15_000_000), json!(7_200_000));
    });
    let told = bot.transcript();
    assert!(told.starts_with("post") && told.contains("(warning)"), "{told}");
    assert!(told.contains("Time to restore: 4 h 10 min: 10 min more than the 4 h allowed"), "{told}");
    assert!(told.contains("Age of the data: 2 h: 1 h more than the 1 h allowed"), "{told}");
    drills(&mut bot, "done", |result| result["dropped"] = json!(false));
    let told = bot.transcript();
    assert!(
        told.contains("Left behind: `drill_shop_1`. The next drill drops it; until then it holds real data."),
        "{told}"
    );
}

#[test]
fn what_a_drill_leaves_open_is_not_told_and_keeps_nothing_else_from_being_told() {
    let mut bot = bot();
    drills(&mut bot, "done", |result| {
        for open in ["taken_ms", "age_ms", "evidence", "scratch", "dropped", "tables"] {
            result[open] = Value::Null;
        }
        result["checks"][0]["took_ms"] = Value::Null;
    });
    let told = bot.transcript();
    assert!(told.contains("shop is proven by 0badcafe (good)") && told.contains("Time to restore: 12 min"), "{told}");
    assert!(!told.contains("Age of the data") && !told.contains("evidence") && !told.contains("Left behind"), "{told}");
}

#[test]
fn the_end_of_trouble_is_told_anew() {
    let mut bot = bot();
    drills(&mut bot, "done", |_| {});
    drills(&mut bot, "failed", |_| {});
    bot.transcript();
    drills(&mut bot, "done", |_| {});
    let told = bot.transcript();
    assert!(told.starts_with("post") && told.contains("The drill before this one did not pass."), "{told}");
    drills(&mut bot, "done", |_| {});
    assert!(bot.transcript().starts_with("edit"), "then it is quiet again");
}

#[test]
fn the_newest_hundred_drills_are_remembered() {
    let mut bot = bot();
    for _ in 0..103 {
        drills(&mut bot, "done", |_| {});
        bot.advance(std::time::Duration::from_secs(60));
    }
    let kept: Vec<_> = bot.kv.keys().filter(|key| key.starts_with("past/shop/")).collect();
    assert_eq!(kept.len(), 100);
    assert!(kept[0].ends_with("/job-4"), "{}", kept[0]);
    assert!(bot.kv.keys().all(|key| !key.starts_with("job/")), "what has ended is forgotten");
}

#[test]
fn what_cannot_be_posted_or_read_is_in_the_log_and_loses_nothing() {
    let mut bot = bot();
    bot.deny("post:console:#backups");
    drills(&mut bot, "done", |_| {});
    bot.backups_channel = None;
    drills(&mut bot, "failed", |_| {});
    scheduled(&mut bot);
    ends(&mut bot, "done", &json!("what?"));
    assert_eq!(bot.kv.keys().filter(|key| key.starts_with("past/")).count(), 3);
    let log: Vec<_> =
        bot.log.iter().map(|(level, line)| format!("{level:?} {}", line.lines().next().unwrap_or(""))).collect();
    insta::assert_snapshot!(log.join("\n"), @r#"
    Error `post:console:#backups` is not granted: it must stand in the plugin's capabilities and in the operator's grants. Unsaid: shop is proven by 0badcafe (good)
    Error shop: The drill of shop says nothing about 0badcafe (warning)
    Warn the job job-3 says what this plugin does not understand: invalid type: string "what?", expected struct Said
    Error shop: The drill of shop does not prove the copy (warning)
    "#);
    assert_eq!(bot.transcript(), "");
}

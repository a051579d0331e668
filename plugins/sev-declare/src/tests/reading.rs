//! list, show, timeline.

use super::{data, declare, later, run, told, with_incident};
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::json;

#[test]
fn an_empty_list_says_how_to_declare() {
    let mut bot = FakeBot::new();
    run(&mut bot, command("sev list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    No incident is open.
    ~ If something is wrong: /sev declare sev1 what is wrong (levels: sev1, sev2, sev3, sev4)
    ");
    insta::assert_snapshot!(data(&bot), @r#"
    {
      "incidents": []
    }
    "#);
    run(&mut bot, command("sev list").flag("all"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    There has been no incident yet.
    ~ If something is wrong: /sev declare sev1 what is wrong (levels: sev1, sev2, sev3, sev4)
    ");
}

#[test]
fn the_list_has_open_ones_newest_first_in_the_colour_of_the_worst() {
    let mut bot = with_incident();
    later(&mut bot, 30);
    run(&mut bot, command("sev declare").arg("level", "sev3").arg("title", "search is slow").arg("service", "search"));
    run(&mut bot, command("sev resolve").incident("INC-1"));
    declare(&mut bot, "sev2", "mails are late");
    later(&mut bot, 95);
    run(&mut bot, command("sev list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m5
    2 open incidents (warning)
    INC-3 · sev2: mails are late · investigating, open for 1 h 35 min, declared by ana
    INC-2 · sev3: search is slow (search) · investigating, open for 1 h 35 min, declared by ana
    ~ How one stands and what is next: /sev show INC-3
    ");
    assert_eq!(bot.data.as_ref().expect("data")["incidents"].as_array().expect("a list").len(), 2);
    run(&mut bot, command("sev list").flag("all"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m6
    3 incidents (warning)
    INC-3 · sev2: mails are late · investigating, open for 1 h 35 min, declared by ana
    INC-2 · sev3: search is slow (search) · investigating, open for 1 h 35 min, declared by ana
    INC-1 · sev1: checkout is down · resolved after 30 min, declared by ana
    ~ How one stands and what is next: /sev show INC-3
    ");
}

#[test]
fn a_long_list_says_that_there_is_more_and_how_to_see_it() {
    let mut bot = FakeBot::new();
    for number in 0..51 {
        declare(&mut bot, "sev4", &format!("number {number}"));
    }
    run(&mut bot, command("sev list"));
    let shown = bot.transcript();
    assert!(shown.starts_with("reply m52\nThe newest 8 open incidents"), "{shown}");
    assert!(shown.ends_with("~ There are more: /sev list --limit 50"), "{shown}");
    assert!(shown.contains("INC-44 ") && !shown.contains("INC-43 "), "{shown}");
    run(&mut bot, command("sev list").arg("limit", "50").flag("all"));
    let shown = bot.transcript();
    assert!(shown.starts_with("reply m53\nThe newest 50 incidents"), "{shown}");
    assert!(
        shown.ends_with("~ There are more than one list shows; one of them by its number: /sev show INC-1"),
        "{shown}"
    );
    assert!(shown.contains("INC-2 ") && !shown.contains("INC-1 "), "{shown}");
    run(&mut bot, command("sev list").arg("limit", "1"));
    assert!(bot.transcript().starts_with("reply m54\nThe newest open incident ("), "{}", bot.transcript());
    run(&mut bot, command("sev list").arg("limit", "51"));
    assert_eq!(
        bot.data.as_ref().expect("data")["incidents"].as_array().expect("a list").len(),
        50,
        "no more than that"
    );
}

#[test]
fn show_is_the_card_without_its_buttons() {
    let mut bot = with_incident();
    run(&mut bot, command("sev show"));
    insta::assert_snapshot!(told(&mut bot), @r"
    reply m2
    INC-1 · sev1 · checkout is down (critical)
    No update yet.
    Status: investigating
    Severity: sev1 (Critical, P0): down, data leak or payments broken
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    (its clocks, all from 10:02)
    Last: 10:02 UTC ana declared: sev1: checkout is down
    ~ How it went: /sev timeline INC-1
    ");
    assert_eq!(bot.data.as_ref().expect("data")["incident"]["id"], "INC-1");
    run(&mut bot, command("sev show").at("console:#random"));
    assert!(bot.transcript().contains("Its card is in console:#incidents. How it went"));
}

#[test]
fn the_timeline_tells_what_happened_line_by_line() {
    let mut bot = with_incident();
    later(&mut bot, 3);
    run(&mut bot, command("sev update").arg("text", "5xx from the gateway\nall regions").by("bo", "Bo"));
    later(&mut bot, 9);
    run(&mut bot, command("sev level").arg("level", "sev2").arg("reason", "one region").by("console:guest", "Guest"));
    later(&mut bot, 24 * 60);
    run(&mut bot, command("sev resolve"));
    bot.said.clear();
    run(&mut bot, command("sev timeline").arg("id", "INC-1").arg("limit", "20"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m5
    Timeline of INC-1 · checkout is down (neutral)
    2026-03-01T10:02:00.000Z ana declared: sev1: checkout is down
    2026-03-01T10:05:00.000Z bo update: 5xx from the gateway
    all regions
    2026-03-01T10:14:00.000Z console:guest severity: sev1 → sev2: one region
    2026-03-02T10:14:00.000Z ana status: investigating → resolved
    ~ From the beginning.
    ");
    run(&mut bot, command("sev timeline").arg("id", "INC-1").arg("limit", "2"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m6
    Timeline of INC-1 · checkout is down (neutral)
    2026-03-01T10:14:00.000Z console:guest severity: sev1 → sev2: one region
    2026-03-02T10:14:00.000Z ana status: investigating → resolved
    ~ The last 2 lines. For more: /sev timeline INC-1 --limit 500
    ");
}

#[test]
fn the_timelines_data_has_every_line() {
    let mut bot = with_incident();
    run(&mut bot, command("sev timeline").arg("limit", "1"));
    let entry = json!({
        "id": "e1",
        "at": "2026-03-01T10:02:00.000Z",
        "kind": "declared",
        "author": "ana",
        "text": "sev1: checkout is down",
    });
    let incident = bot.incidents[0].clone();
    assert_eq!(bot.data, Some(json!({ "incident": incident, "entries": [entry] })));
}

#[test]
fn a_limit_beyond_reason_is_brought_within_it() {
    let mut bot = with_incident();
    for limit in ["-1", "0", "9223372036854775807", "-9223372036854775808"] {
        run(&mut bot, command("sev timeline").arg("limit", limit));
        assert!(bot.transcript().contains("From the beginning"), "{limit}");
    }
}

#[test]
fn a_timeline_is_given_as_a_document_where_it_is_asked_for() {
    let mut bot = with_incident();
    run(&mut bot, command("sev timeline").arg("export", "md"));
    let told = bot.transcript();
    assert!(told.starts_with("reply m2\nTimeline of INC-1 as md (neutral)\n```\n"), "{told}");
    assert!(told.ends_with(
        "~ The newest lines, if not all fit. Whole: /api/v1/incidents/INC-1/timeline?format=md on the web."
    ));
    assert!(data(&bot).contains("md"), "{}", data(&bot));
}

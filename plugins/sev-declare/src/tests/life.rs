//! An incident's life after its declaration: update, level, note, resolve, reopen, and the card that follows.

use super::{card_of, data, later, refused, run, with_incident};
use drillbell_sdk::Status;
use drillbell_sdk::testing::{FakeBot, command};

#[test]
fn an_update_is_told_to_everyone_and_kept_on_the_card() {
    let mut bot = with_incident();
    run(&mut bot, command("sev update").arg("text", "5xx from the payment gateway").by("bo", "Bo"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1: 5xx from the payment gateway
    ~ Update by Bo.

    edit m1
    INC-1 · sev1 · checkout is down (critical)
    5xx from the payment gateway
    Status: investigating
    Severity: sev1 (Critical)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ Next: find the cause, then press Identified. /sev update TEXT keeps everyone posted.
    [Identified] identified INC-1, primary
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1
    ");
    insta::assert_snapshot!(data(&bot), @r#"
    {
      "changed": true,
      "incident": {
        "conversation": "console:#incidents",
        "declared_at": "2026-03-01T10:02:00.000Z",
        "declared_by": "ana",
        "id": "INC-1",
        "latest": "5xx from the payment gateway",
        "resolved_at": null,
        "service": null,
        "severity": "sev1",
        "status": "investigating",
        "title": "checkout is down"
      }
    }
    "#);
}

#[test]
fn an_update_may_move_the_status_too() {
    let mut bot = with_incident();
    run(&mut bot, command("sev update").arg("text", "bad deploy").arg("status", "identified"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1: bad deploy
    ~ Update by Ana. Now identified (was investigating).

    edit m1
    INC-1 · sev1 · checkout is down (critical)
    bad deploy
    Status: identified
    Severity: sev1 (Critical)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ Next: fix it, then press Monitoring. /sev update TEXT keeps everyone posted.
    [Monitoring] monitoring INC-1, primary
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1
    ");
    run(&mut bot, command("sev update").arg("text", "rolled back").arg("status", "identified"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    INC-1: rolled back
    ~ Update by Ana.

    edit m1
    INC-1 · sev1 · checkout is down (critical)
    rolled back
    Status: identified
    Severity: sev1 (Critical)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ Next: fix it, then press Monitoring. /sev update TEXT keeps everyone posted.
    [Monitoring] monitoring INC-1, primary
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1
    ");
}

#[test]
fn a_new_level_says_what_it_was() {
    let mut bot = with_incident();
    run(&mut bot, command("sev level").arg("level", "sev2").arg("reason", "only one region").by("bo", "Bo"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1 is now sev2 (was sev1): only one region
    ~ Changed by Bo.

    edit m1
    INC-1 · sev2 · checkout is down (warning)
    No update yet.
    Status: investigating
    Severity: sev2 (Major)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ Next: find the cause, then press Identified. /sev update TEXT keeps everyone posted.
    [Identified] identified INC-1, primary
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1
    ");
    run(&mut bot, command("sev level").arg("level", "sev3"));
    insta::assert_snapshot!(bot.said[0], @r"
    reply m3
    INC-1 is now sev3 (was sev2).
    ~ Changed by Ana.
    ");
}

#[test]
fn the_same_level_again_is_no_mistake() {
    let mut bot = with_incident();
    run(&mut bot, command("sev level").arg("level", "sev1"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1 is already sev1. Nothing changed.
    ");
    assert_eq!(bot.data.as_ref().expect("data")["changed"], false);
}

#[test]
fn a_note_is_told_and_goes_into_the_timeline() {
    let mut bot = with_incident();
    run(&mut bot, command("sev note").arg("text", "called the provider, ticket 4711"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1: called the provider, ticket 4711
    ~ Noted in the timeline by Ana.
    ");
    let (_, entry) = bot.entries.last().expect("a line");
    assert_eq!((entry.kind.as_str(), entry.text.as_str()), ("note", "called the provider, ticket 4711"));
}

#[test]
fn resolving_says_how_long_it_took_and_what_ended_it() {
    let mut bot = with_incident();
    later(&mut bot, 42);
    run(&mut bot, command("sev resolve").arg("text", "rolled back to v41"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    (good)
    INC-1 is resolved after 42 min: rolled back to v41
    ~ Resolved by Ana. If that was too early: /sev reopen INC-1

    edit m1
    INC-1 · sev1 · checkout is down (good)
    rolled back to v41
    Status: resolved
    Severity: sev1 (Critical)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    Resolved: 2026-03-01T10:44:00.000Z
    Lasted: 42 min
    ~ It is over. To add what you learn later: /sev note TEXT --incident INC-1
    [Reopen] reopen INC-1, once
    [Show timeline] timeline INC-1
    ");
    insta::assert_snapshot!(data(&bot), @r#"
    {
      "changed": true,
      "incident": {
        "conversation": "console:#incidents",
        "declared_at": "2026-03-01T10:02:00.000Z",
        "declared_by": "ana",
        "id": "INC-1",
        "latest": "rolled back to v41",
        "resolved_at": "2026-03-01T10:44:00.000Z",
        "service": null,
        "severity": "sev1",
        "status": "resolved",
        "title": "checkout is down"
      }
    }
    "#);
}

#[test]
fn resolving_without_words_is_fine() {
    let mut bot = with_incident();
    later(&mut bot, 125);
    run(&mut bot, command("sev resolve"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    (good)
    INC-1 is resolved after 2 h 5 min.
    ~ Resolved by Ana. If that was too early: /sev reopen INC-1

    edit m1
    INC-1 · sev1 · checkout is down (good)
    Status: resolved
    Severity: sev1 (Critical)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    Resolved: 2026-03-01T12:07:00.000Z
    Lasted: 2 h 5 min
    ~ It is over. To add what you learn later: /sev note TEXT --incident INC-1
    [Reopen] reopen INC-1, once
    [Show timeline] timeline INC-1
    ");
}

#[test]
fn resolving_twice_tells_who_did_it_and_when_and_changes_nothing() {
    let mut bot = with_incident();
    later(&mut bot, 42);
    run(&mut bot, command("sev resolve").by("bo", "Bo"));
    later(&mut bot, 5);
    let (lines, _) = (bot.entries.len(), bot.said.clear());
    run(&mut bot, command("sev resolve").arg("text", "me too").incident("INC-1"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    INC-1 is already resolved: done by bo at 10:44 UTC. Nothing changed.
    ");
    assert_eq!(bot.data.as_ref().expect("data")["changed"], false);
    assert_eq!(bot.entries.len(), lines);
    later(&mut bot, 3 * 24 * 60);
    run(&mut bot, command("sev resolve").incident("INC-1"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m4
    INC-1 is already resolved: done by bo on 1 Mar 10:44 UTC. Nothing changed.
    ");
}

#[test]
fn reopening_posts_a_new_card_and_the_old_one_says_so() {
    let mut bot = with_incident();
    let old = card_of(&bot, 1);
    later(&mut bot, 42);
    run(&mut bot, command("sev resolve"));
    bot.said.clear();
    run(&mut bot, command("sev reopen").arg("id", "INC-1").arg("reason", "it is back").by("bo", "Bo"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    INC-1 is open again (investigating): it is back
    ~ Reopened by Bo.

    post m4 to console:#incidents
    INC-1 · sev1 · checkout is down (critical)
    it is back
    Status: investigating
    Severity: sev1 (Critical)
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ Next: find the cause, then press Identified. /sev update TEXT keeps everyone posted.
    [Identified] identified INC-1, primary
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1

    edit m1
    INC-1 · sev1 · checkout is down (neutral)
    ~ Reopened; its current card is further down.
    ");
    assert_ne!(card_of(&bot, 1), old);
}

#[test]
fn reopening_from_elsewhere_makes_the_old_card_current() {
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    bot.said.clear();
    bot.deny("post:console:#incidents");
    run(&mut bot, command("sev reopen").arg("id", "INC-1").at("console:#random"));
    let shown = bot.transcript();
    assert!(shown.starts_with("reply m3\nINC-1 is open again"), "{shown}");
    assert!(shown.contains("edit m1\nINC-1 · sev1 · checkout is down (critical)"), "{shown}");
}

#[test]
fn reopening_an_open_incident_is_no_mistake() {
    let mut bot = with_incident();
    run(&mut bot, command("sev reopen"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1 is open already (investigating). Nothing changed.
    ");
}

#[test]
fn a_resolved_incident_takes_notes_but_no_updates() {
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    run(&mut bot, command("sev note").arg("text", "root cause: certificate").incident("INC-1"));
    insta::assert_snapshot!(refused(&mut bot, command("sev update").arg("text", "hm").incident("INC-1")), @"INC-1 is resolved; reopen it first: /sev reopen INC-1");
}

#[test]
fn the_card_offers_the_next_sensible_step() {
    let mut bot = with_incident();
    let buttons = |bot: &FakeBot| {
        let card = bot.message(&card_of(bot, 1)).expect("posted").to_string();
        card.lines().filter(|line| line.starts_with(['[', '~'])).collect::<Vec<_>>().join("\n")
    };
    let mut seen = vec![];
    for status in ["identified", "monitoring"] {
        run(&mut bot, command("sev update").arg("text", "on it").arg("status", status));
        seen.push(buttons(&bot));
    }
    run(&mut bot, command("sev resolve"));
    seen.push(buttons(&bot));
    insta::assert_snapshot!(seen.join("\n\n"), @r"
    ~ Next: fix it, then press Monitoring. /sev update TEXT keeps everyone posted.
    [Monitoring] monitoring INC-1, primary
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1

    ~ Next: when it has stayed well for a while, press Resolve.
    [Resolve] resolve INC-1, danger, once
    [Back to identified] identified INC-1
    [Show timeline] timeline INC-1

    ~ It is over. To add what you learn later: /sev note TEXT --incident INC-1
    [Reopen] reopen INC-1, once
    [Show timeline] timeline INC-1
    ");
}

#[test]
fn an_incident_without_a_card_gets_one_with_its_first_change() {
    let mut bot = with_incident();
    bot.incidents[0].card = None;
    run(&mut bot, command("sev update").arg("text", "on it"));
    assert_eq!(card_of(&bot, 1).as_str(), "m3");
}

#[test]
fn a_card_that_is_not_ours_does_not_stop_the_change() {
    let mut bot = with_incident();
    bot.incidents[0].card = Some("another-plugins".into());
    run(&mut bot, command("sev resolve"));
    assert_eq!(bot.incidents[0].status, Status::Resolved);
    insta::assert_snapshot!(bot.log[0].1, @"the card of INC-1 stays as it is: this plugin posted no message `another-plugins`");
}

//! How an incident ends and begins again, and the card that follows.

use super::{answered, card_of, later, refused, run, told, with_incident};
use drillbell_sdk::Status;
use drillbell_sdk::testing::{FakeBot, command};

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
    Severity: sev1 (Critical, P0): down, data leak or payments broken
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    Resolved: 2026-03-01T12:07:00.000Z
    Lasted: 2 h 5 min
    Decided: after 2 h 5 min, 1 h 55 min late
    Restored: after 2 h 5 min, 1 h 50 min late
    Last: 10:02 UTC ana declared: sev1: checkout is down
    12:07 UTC ana status: investigating → resolved
    ~ Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).
    ~ Next: what prevents it? /sev task add TEXT --incident INC-1. What you learn: /sev note TEXT --incident INC-1
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
    answered(&mut bot, "INC-1", false);
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
    insta::assert_snapshot!(told(&mut bot), @r"
    reply m3
    INC-1 is open again (investigating): it is back
    ~ Reopened by Bo. What now: its new card says it.

    post m4 to console:#incidents
    INC-1 · sev1 · checkout is down (critical)
    it is back
    Status: investigating
    Severity: sev1 (Critical, P0): down, data leak or payments broken
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-03-01T10:49:00.000Z
    Decide by: 2026-03-01T10:54:00.000Z
    Roll back by: 2026-03-01T10:59:00.000Z
    Next update by: 2026-03-01T11:14:00.000Z
    ~ Left at 10:44 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    Last: 10:44 UTC ana status: investigating → resolved
    10:44 UTC bo status: reopened: resolved → investigating
    10:44 UTC bo update: it is back
    ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    (its buttons)

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
    ~ Left at 10:02 UTC: 5 min to acknowledge, 15 min to roll back, 30 min to the next update.
    ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] ack INC-1, primary
    [Claim commander] claim-commander INC-1
    [Claim communications] claim-communications INC-1
    [Claim scribe] claim-scribe INC-1
    [Update] update INC-1 opens (Update INC-1: text!, status)
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1

    ~ Left at 10:02 UTC: 5 min to acknowledge, 30 min to the next update.
    ~ Order: 1 restore the service (done), 2 find the cause (now), 3 prevent it.
    ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] ack INC-1, primary
    [Claim commander] claim-commander INC-1
    [Claim communications] claim-communications INC-1
    [Claim scribe] claim-scribe INC-1
    [Update] update INC-1 opens (Update INC-1: text!, status)
    [Resolve] resolve INC-1, danger, once
    [Back to identified] identified INC-1
    [Show timeline] timeline INC-1

    ~ Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).
    ~ Next: what prevents it? /sev task add TEXT --incident INC-1. What you learn: /sev note TEXT --incident INC-1
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

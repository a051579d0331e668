//! An incident's life after its declaration: update, level, note, resolve, and the card that follows.

use super::{answered, data, later, run, with_incident};
use drillbell_sdk::testing::command;

#[test]
fn an_update_is_told_to_everyone_and_kept_on_the_card() {
    let mut bot = with_incident();
    run(&mut bot, command("sev update").arg("text", "5xx from the payment gateway").by("bo", "Bo"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    INC-1: 5xx from the payment gateway
    ~ Update by Bo.
    ~ What now: decide what restores the service, then press Identified.
    Next update by: 2026-03-01T10:32:00.000Z

    edit m1
    - No update yet.
    + 5xx from the payment gateway
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:02 UTC bo update: 5xx from the payment gateway
    ");
    answered(&mut bot, "INC-1", true);
}

#[test]
fn an_update_may_move_the_status_too() {
    let mut bot = with_incident();
    run(&mut bot, command("sev update").arg("text", "bad deploy").arg("status", "identified"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    INC-1: bad deploy
    ~ Update by Ana. Now identified (was investigating).
    ~ What now: restore the service, then press Monitoring.
    Next update by: 2026-03-01T10:32:00.000Z

    edit m1
    - No update yet.
    - Status: investigating
    + bad deploy
    + Status: identified
    - Decide by: 2026-03-01T10:12:00.000Z
    + Decided: after 0 s, in time
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    + ~ Left at 10:02 UTC: 5 min to acknowledge, 15 min to roll back, 30 min to the next update.
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:02 UTC ana update: bad deploy
    + 10:02 UTC ana status: investigating → identified
    - [Identified] identified INC-1
    ");
    run(&mut bot, command("sev update").arg("text", "rolled back").arg("status", "identified"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m3
    INC-1: rolled back
    ~ Update by Ana.
    ~ What now: restore the service, then press Monitoring.
    Next update by: 2026-03-01T10:32:00.000Z

    edit m1
    - bad deploy
    + rolled back
    - Last: 10:02 UTC ana declared: sev1: checkout is down
    - 10:02 UTC ana update: bad deploy
    + Last: 10:02 UTC ana update: bad deploy
    + 10:02 UTC ana update: rolled back
    ");
}

#[test]
fn a_new_level_says_what_it_was() {
    let mut bot = with_incident();
    run(&mut bot, command("sev level").arg("level", "sev2").arg("reason", "only one region").by("bo", "Bo"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    INC-1 is now sev2 (was sev1): only one region
    ~ Changed by Bo. What now: the card says it, with the clocks of sev2.

    edit m1
    - INC-1 · sev1 · checkout is down (critical)
    + INC-1 · sev2 · checkout is down (warning)
    - Severity: sev1 (Critical, P0): down, data leak or payments broken
    + Severity: sev2 (Major, P1): a major feature is degraded
    - Acknowledge by: 2026-03-01T10:07:00.000Z
    + Acknowledge by: 2026-03-01T10:17:00.000Z
    - Roll back by: 2026-03-01T10:17:00.000Z
    - Next update by: 2026-03-01T10:32:00.000Z
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    + Roll back by: 2026-03-01T10:32:00.000Z
    + Next update by: 2026-03-01T11:02:00.000Z
    + ~ Left at 10:02 UTC: 15 min to acknowledge, 10 min to decide, 30 min to roll back, 1 h to the next update.
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:02 UTC bo severity: sev1 → sev2: only one region
    ");
    run(&mut bot, command("sev level").arg("level", "sev3"));
    insta::assert_snapshot!(bot.said[0], @r"
    reply m3
    INC-1 is now sev3 (was sev2).
    ~ Changed by Ana. What now: the card says it, with the clocks of sev3.
    ");
}

#[test]
fn the_same_level_again_is_no_mistake() {
    let mut bot = with_incident();
    run(&mut bot, command("sev level").arg("level", "sev1"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    INC-1 is already sev1. Nothing changed.
    ");
    answered(&mut bot, "INC-1", false);
}

#[test]
fn a_note_is_told_and_goes_into_the_timeline() {
    let mut bot = with_incident();
    run(&mut bot, command("sev note").arg("text", "called the provider, ticket 4711"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    INC-1: called the provider, ticket 4711
    ~ Noted in the timeline by Ana. All of it: /sev timeline INC-1

    edit m1
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:02 UTC ana note: called the provider, ticket 4711
    ");
    let (_, entry) = bot.entries.last().expect("a line");
    assert_eq!((entry.kind.as_str(), entry.text.as_str()), ("note", "called the provider, ticket 4711"));
}

#[test]
fn resolving_says_how_long_it_took_and_what_ended_it() {
    let mut bot = with_incident();
    later(&mut bot, 42);
    run(&mut bot, command("sev resolve").arg("text", "rolled back to v41"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    (good)
    INC-1 is resolved after 42 min: rolled back to v41
    ~ Resolved by Ana. If that was too early: /sev reopen INC-1

    edit m1
    - INC-1 · sev1 · checkout is down (critical)
    - No update yet.
    - Status: investigating
    + INC-1 · sev1 · checkout is down (good)
    + rolled back to v41
    + Status: resolved
    - Roles: nobody is commander, communications, scribe
    - Acknowledge by: 2026-03-01T10:07:00.000Z
    - Decide by: 2026-03-01T10:12:00.000Z
    - Roll back by: 2026-03-01T10:17:00.000Z
    - Next update by: 2026-03-01T10:32:00.000Z
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    - ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    - ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    - [Acknowledge] ack INC-1, primary
    - [Claim commander] claim-commander INC-1
    - [Claim communications] claim-communications INC-1
    - [Claim scribe] claim-scribe INC-1
    - [Update] update INC-1 opens (Update INC-1: text!, status)
    - [Identified] identified INC-1
    - [Monitoring] monitoring INC-1
    - [Resolve] resolve INC-1, danger, once
    + Resolved: 2026-03-01T10:44:00.000Z
    + Lasted: 42 min
    + Decided: after 42 min, 32 min late
    + Restored: after 42 min, 27 min late
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:44 UTC ana update: rolled back to v41
    + 10:44 UTC ana status: investigating → resolved
    + ~ Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).
    + ~ Next: what prevents it? /sev task add TEXT --incident INC-1. What you learn: /sev note TEXT --incident INC-1
    + [Reopen] reopen INC-1, once
    ");
    insta::assert_snapshot!(data(&bot), @r#"
    {
      "changed": true,
      "facts": {
        "merged_into": null,
        "next_update_at": null,
        "roles": [],
        "spans": [
          {
            "acknowledged": null,
            "decided_at": "2026-03-01T10:44:00.000Z",
            "opened_at": "2026-03-01T10:02:00.000Z",
            "resolved_at": "2026-03-01T10:44:00.000Z",
            "restored_at": "2026-03-01T10:44:00.000Z"
          }
        ],
        "tasks": []
      },
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

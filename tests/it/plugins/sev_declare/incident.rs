//! A whole incident read aloud: every word that people see from the first declaration to the second end, and the card as it
//! stands in between.

use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::script::{SameOnBoth, changed, told};
use drillbell::model::ids::IncidentId;

/// Minutes that pass before, who, what.
const INCIDENT: [(i64, &str, &str); 14] = [
    (0, "ana", "/sev list"),
    (1, "ana", "/sev declare sev2 checkout is down --service shop"),
    (2, "ben", "/sev note two of three replicas are gone"),
    (5, "ben", "/sev update traffic moved to the third --status identified"),
    (1, "ana", "/sev level sev1 --reason \"payments fail too\""),
    (0, "ana", "/sev level SEV-1"),
    (0, "ben", "/sev show"),
    (30, "ben", "/sev update replicas are coming back --status monitoring"),
    (20, "ana", "/sev resolve all three replicas serve again"),
    (1, "ben", "/sev update one more thing"),
    (2, "ben", "/sev reopen INC-1 --reason \"the second replica died again\""),
    (90, "ana", "/sev resolve"),
    (0, "ana", "/sev list --all"),
    (1500, "ana", "/sev timeline INC-1"),
];

/// The card of INC-1 as everybody sees it now.
async fn card(bot: &TestBot) -> String {
    let Some(incident) = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap() else {
        return String::new();
    };
    let message = bot.app.store().message(&incident.card.unwrap()).await.unwrap().unwrap();
    let buttons: Vec<_> = message.view.buttons().map(|button| format!("[{}]", button.label)).collect();
    format!("{}\n{}", message.view.to_plain(), buttons.join(" "))
}

#[test]
fn a_whole_incident_reads_well() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let (mut all, mut before) = (Vec::new(), String::new());
            for (minutes, user, line) in INCIDENT {
                bot.clock.advance(minutes * 60_000);
                let answer = bot.types(user, HERE, line).await;
                let now = card(&bot).await;
                let posted = answer.messages.iter().any(|message| now.starts_with(&message.text));
                let edited = now != before && !posted;
                all.push(told(line, &answer).replacen('>', &format!("{user}>"), 1));
                if edited {
                    all.push(format!("~ the card\n{}", changed(&before, &now)));
                }
                before = now;
            }
            seen.saw(all.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r#"
    ana> /sev list
    (console:#incidents, only for you)
    No incident is open.
    If something is wrong: /sev declare sev1 what is wrong (levels: sev1, sev2, sev3, sev4)

    ana> /sev declare sev2 checkout is down --service shop
    (console:#incidents)
    INC-1 · sev2 · checkout is down
    No update yet.
    Status: investigating
    Severity: sev2 (P1, major): A major feature is degraded
    Service: shop
    Declared by: ana
    Declared: 2026-01-01T00:01:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T00:16:00.000Z
    Decide by: 2026-01-01T00:11:00.000Z
    Roll back by: 2026-01-01T00:31:00.000Z
    Next update by: 2026-01-01T01:01:00.000Z
    Left at 00:01 UTC: 15 min to acknowledge, 10 min to decide, 30 min to roll back, 1 h to the next update.
    Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Identified] [Monitoring] [Resolve] [Show timeline]

    ben> /sev note two of three replicas are gone
    (console:#incidents)
    INC-1: two of three replicas are gone
    Noted in the timeline by Ben. All of it: /sev timeline INC-1

    ~ the card
    - Left at 00:01 UTC: 15 min to acknowledge, 10 min to decide, 30 min to roll back, 1 h to the next update.
    + Left at 00:03 UTC: 13 min to acknowledge, 8 min to decide, 28 min to roll back, 58 min to the next update.
    + Last: 00:01 UTC ana declared: sev2: checkout is down (shop)
    + 00:03 UTC ben note: two of three replicas are gone

    ben> /sev update traffic moved to the third --status identified
    (console:#incidents)
    INC-1: traffic moved to the third
    Update by Ben. Now identified (was investigating).
    What now: restore the service, then press Monitoring.
    Next update by: 2026-01-01T01:08:00.000Z

    ~ the card
    - No update yet.
    - Status: investigating
    + traffic moved to the third
    + Status: identified
    - Decide by: 2026-01-01T00:11:00.000Z
    + Decided: after 7 min, in time
    - Next update by: 2026-01-01T01:01:00.000Z
    - Left at 00:03 UTC: 13 min to acknowledge, 8 min to decide, 28 min to roll back, 58 min to the next update.
    - Last: 00:01 UTC ana declared: sev2: checkout is down (shop)
    - 00:03 UTC ben note: two of three replicas are gone
    + Next update by: 2026-01-01T01:08:00.000Z
    + Left at 00:08 UTC: 8 min to acknowledge, 23 min to roll back, 1 h to the next update.
    + Last: 00:03 UTC ben note: two of three replicas are gone
    + 00:08 UTC ben update: traffic moved to the third
    + 00:08 UTC ben status: investigating → identified
    - [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Identified] [Monitoring] [Resolve] [Show timeline]
    + [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Monitoring] [Resolve] [Show timeline]

    ana> /sev level sev1 --reason "payments fail too"
    (console:#incidents)
    INC-1 is now sev1 (was sev2): payments fail too
    Changed by Ana. What now: the card says it, with the clocks of sev1.

    ~ the card
    - INC-1 · sev2 · checkout is down
    + INC-1 · sev1 · checkout is down
    - Severity: sev2 (P1, major): A major feature is degraded
    + Severity: sev1 (P0, critical): Service down, major data leak, or payments broken
    - Acknowledge by: 2026-01-01T00:16:00.000Z
    + Acknowledge by: missed by 3 min, it was due at 00:06 UTC: nobody has it yet
    - Roll back by: 2026-01-01T00:31:00.000Z
    - Next update by: 2026-01-01T01:08:00.000Z
    - Left at 00:08 UTC: 8 min to acknowledge, 23 min to roll back, 1 h to the next update.
    - Last: 00:03 UTC ben note: two of three replicas are gone
    - 00:08 UTC ben update: traffic moved to the third
    + Roll back by: 2026-01-01T00:16:00.000Z
    + Next update by: 2026-01-01T00:39:00.000Z
    + Left at 00:09 UTC: 7 min to roll back, 30 min to the next update.
    + Last: 00:08 UTC ben update: traffic moved to the third
    + 00:09 UTC ana severity: sev2 → sev1: payments fail too

    ana> /sev level SEV-1
    (console:#incidents)
    INC-1 is already sev1. Nothing changed.

    ben> /sev show
    (console:#incidents, only for you)
    INC-1 · sev1 · checkout is down
    traffic moved to the third
    Status: identified
    Severity: sev1 (P0, critical): Service down, major data leak, or payments broken
    Service: shop
    Declared by: ana
    Declared: 2026-01-01T00:01:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: missed by 3 min, it was due at 00:06 UTC: nobody has it yet
    Decided: after 7 min, in time
    Roll back by: 2026-01-01T00:16:00.000Z
    Next update by: 2026-01-01T00:39:00.000Z
    Left at 00:09 UTC: 7 min to roll back, 30 min to the next update.
    Last: 00:08 UTC ben update: traffic moved to the third
    00:08 UTC ben status: investigating → identified
    00:09 UTC ana severity: sev2 → sev1: payments fail too
    How it went: /sev timeline INC-1

    ben> /sev update replicas are coming back --status monitoring
    (console:#incidents)
    INC-1: replicas are coming back
    Update by Ben. Now monitoring (was identified).
    What now: see that it stays well, then press Resolve.
    Next update by: 2026-01-01T01:09:00.000Z

    ~ the card
    - traffic moved to the third
    - Status: identified
    + replicas are coming back
    + Status: monitoring
    - Acknowledge by: missed by 3 min, it was due at 00:06 UTC: nobody has it yet
    + Acknowledge by: missed by 33 min, it was due at 00:06 UTC: nobody has it yet
    - Roll back by: 2026-01-01T00:16:00.000Z
    - Next update by: 2026-01-01T00:39:00.000Z
    - Left at 00:09 UTC: 7 min to roll back, 30 min to the next update.
    - Last: 00:08 UTC ben update: traffic moved to the third
    - 00:08 UTC ben status: investigating → identified
    - 00:09 UTC ana severity: sev2 → sev1: payments fail too
    - Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    + Restored: after 38 min, 23 min late
    + Next update by: 2026-01-01T01:09:00.000Z
    + Left at 00:39 UTC: 30 min to the next update.
    + Last: 00:09 UTC ana severity: sev2 → sev1: payments fail too
    + 00:39 UTC ben update: replicas are coming back
    + 00:39 UTC ben status: identified → monitoring
    + Order: 1 restore the service (done), 2 find the cause (now), 3 prevent it.
    - [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Monitoring] [Resolve] [Show timeline]
    + [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Resolve] [Back to identified] [Show timeline]

    ana> /sev resolve all three replicas serve again
    (console:#incidents)
    INC-1 is resolved after 58 min: all three replicas serve again
    Resolved by Ana. If that was too early: /sev reopen INC-1

    ~ the card
    - replicas are coming back
    - Status: monitoring
    + all three replicas serve again
    + Status: resolved
    - Roles: nobody is commander, communications, scribe
    - Acknowledge by: missed by 33 min, it was due at 00:06 UTC: nobody has it yet
    + Resolved: 2026-01-01T00:59:00.000Z
    + Lasted: 58 min
    - Next update by: 2026-01-01T01:09:00.000Z
    - Left at 00:39 UTC: 30 min to the next update.
    - Last: 00:09 UTC ana severity: sev2 → sev1: payments fail too
    - 00:39 UTC ben update: replicas are coming back
    - 00:39 UTC ben status: identified → monitoring
    - Order: 1 restore the service (done), 2 find the cause (now), 3 prevent it.
    - Next: press Acknowledge, so that everybody knows that somebody is on it.
    - [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Resolve] [Back to identified] [Show timeline]
    + Last: 00:39 UTC ben status: identified → monitoring
    + 00:59 UTC ana update: all three replicas serve again
    + 00:59 UTC ana status: monitoring → resolved
    + Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).
    + Next: what prevents it? /sev task add TEXT --incident INC-1. What you learn: /sev note TEXT --incident INC-1
    + [Reopen] [Show timeline]

    ben> /sev update one more thing
    [refused]
    (console:#incidents, only for you)
    No incident is open. To open one, type /sev declare LEVEL TITLE; to name an earlier one, add --incident INC-1.

    ben> /sev reopen INC-1 --reason "the second replica died again"
    (console:#incidents)
    INC-1 is open again (investigating): the second replica died again
    Reopened by Ben. What now: its new card says it.
    (console:#incidents)
    INC-1 · sev1 · checkout is down
    the second replica died again
    Status: investigating
    Severity: sev1 (P0, critical): Service down, major data leak, or payments broken
    Service: shop
    Declared by: ana
    Declared: 2026-01-01T00:01:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T01:07:00.000Z
    Decide by: 2026-01-01T01:12:00.000Z
    Roll back by: 2026-01-01T01:17:00.000Z
    Next update by: 2026-01-01T01:32:00.000Z
    Left at 01:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    Last: 00:59 UTC ana status: monitoring → resolved
    01:02 UTC ben status: reopened: resolved → investigating
    01:02 UTC ben update: the second replica died again
    Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Identified] [Monitoring] [Resolve] [Show timeline]

    ana> /sev resolve
    (console:#incidents)
    INC-1 is resolved after 2 h 31 min.
    Resolved by Ana. If that was too early: /sev reopen INC-1

    ~ the card
    - Status: investigating
    + Status: resolved
    - Roles: nobody is commander, communications, scribe
    - Acknowledge by: 2026-01-01T01:07:00.000Z
    - Decide by: 2026-01-01T01:12:00.000Z
    - Roll back by: 2026-01-01T01:17:00.000Z
    - Next update by: 2026-01-01T01:32:00.000Z
    - Left at 01:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    - Last: 00:59 UTC ana status: monitoring → resolved
    - 01:02 UTC ben status: reopened: resolved → investigating
    + Resolved: 2026-01-01T02:32:00.000Z
    + Lasted: 2 h 31 min
    + Decided: after 1 h 30 min, 1 h 20 min late
    + Restored: after 1 h 30 min, 1 h 15 min late
    + Last: 01:02 UTC ben status: reopened: resolved → investigating
    - Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    - Next: press Acknowledge, so that everybody knows that somebody is on it.
    - [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Identified] [Monitoring] [Resolve] [Show timeline]
    + 02:32 UTC ana status: investigating → resolved
    + Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).
    + Next: what prevents it? /sev task add TEXT --incident INC-1. What you learn: /sev note TEXT --incident INC-1
    + [Reopen] [Show timeline]

    ana> /sev list --all
    (console:#incidents, only for you)
    1 incident
    INC-1 · sev1: checkout is down (shop) · resolved after 2 h 31 min, declared by ana
    How one stands and what is next: /sev show INC-1

    ana> /sev timeline INC-1
    (console:#incidents, only for you)
    Timeline of INC-1 · checkout is down
    2026-01-01T00:01:00.000Z ana declared: sev2: checkout is down (shop)
    2026-01-01T00:03:00.000Z ben note: two of three replicas are gone
    2026-01-01T00:08:00.000Z ben update: traffic moved to the third
    2026-01-01T00:08:00.000Z ben status: investigating → identified
    2026-01-01T00:09:00.000Z ana severity: sev2 → sev1: payments fail too
    2026-01-01T00:09:00.000Z ana command: /sev level SEV-1
    2026-01-01T00:09:00.000Z ben command: /sev show
    2026-01-01T00:39:00.000Z ben update: replicas are coming back
    2026-01-01T00:39:00.000Z ben status: identified → monitoring
    2026-01-01T00:59:00.000Z ana update: all three replicas serve again
    2026-01-01T00:59:00.000Z ana status: monitoring → resolved
    2026-01-01T01:02:00.000Z ben status: reopened: resolved → investigating
    2026-01-01T01:02:00.000Z ben update: the second replica died again
    2026-01-01T02:32:00.000Z ana status: investigating → resolved
    From the beginning.
    "#);
}

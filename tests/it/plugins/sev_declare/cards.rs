//! The card: one message, kept current, whose buttons do what they say and count as often as they should.

use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::script::{SameOnBoth, told};
use drillbell::model::ids::{IncidentId, MessageRef};
use drillbell::store::OutcomeStatus;

async fn card(bot: &TestBot) -> MessageRef {
    bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap().card.unwrap()
}

async fn buttons(bot: &TestBot, card: &MessageRef) -> Vec<String> {
    let message = bot.app.store().message(card).await.unwrap().unwrap();
    message.view.buttons().map(|button| button.action.clone()).collect()
}

#[test]
fn every_button_does_what_it_says() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let mut all = Vec::new();
            for button in ["timeline", "identified", "monitoring", "identified", "monitoring", "resolve", "reopen"] {
                bot.clock.advance(60_000);
                let card = card(&bot).await;
                let answer = bot.clicks("ben", &card, button).await;
                all.push(told(&format!("[{button}]"), &answer));
            }
            let now = card(&bot).await;
            let fresh = [
                "ack",
                "claim-commander",
                "claim-communications",
                "claim-scribe",
                "identified",
                "monitoring",
                "resolve",
                "timeline",
            ];
            assert_eq!(buttons(&bot, &now).await, fresh, "a fresh card");
            seen.saw(all.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > [timeline]
    (console:#incidents)
    Timeline of INC-1 · checkout is down
    2026-01-01T00:00:00.000Z ana declared: sev1: checkout is down
    From the beginning.

    > [identified]
    (console:#incidents)
    INC-1 is now identified (was investigating).
    Changed by Ben. What now: restore the service, then press Monitoring.

    > [monitoring]
    (console:#incidents)
    INC-1 is now monitoring (was identified).
    Changed by Ben. What now: see that it stays well, then press Resolve.

    > [identified]
    (console:#incidents)
    INC-1 is now identified (was monitoring).
    Changed by Ben. What now: restore the service, then press Monitoring.

    > [monitoring]
    (console:#incidents)
    INC-1 is now monitoring (was identified).
    Changed by Ben. What now: see that it stays well, then press Resolve.

    > [resolve]
    (console:#incidents)
    INC-1 is resolved after 6 min.
    Resolved by Ben. If that was too early: /sev reopen INC-1

    > [reopen]
    (console:#incidents)
    INC-1 is open again (investigating).
    Reopened by Ben. What now: its new card says it.
    (console:#incidents)
    INC-1 · sev1 · checkout is down
    No update yet.
    Status: investigating
    Severity: sev1 (P0, critical): Service down, major data leak, or payments broken
    Declared by: ana
    Declared: 2026-01-01T00:00:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T00:12:00.000Z
    Decide by: 2026-01-01T00:17:00.000Z
    Roll back by: 2026-01-01T00:22:00.000Z
    Next update by: 2026-01-01T00:37:00.000Z
    Left at 00:07 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    Last: 00:05 UTC ben status: identified → monitoring
    00:06 UTC ben status: monitoring → resolved
    00:07 UTC ben status: reopened: resolved → investigating
    Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] [Claim commander] [Claim communications] [Claim scribe] [Identified] [Monitoring] [Resolve] [Show timeline]
    ");
}

#[test]
fn a_card_is_edited_in_place_and_the_stream_shows_it() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let card = card(&bot).await;
            bot.ana("/sev update it is the database --status identified").await;
            bot.ana("/sev resolve").await;
            let view = bot.app.store().message(&card).await.unwrap().unwrap().view;
            assert!(view.to_plain().contains("Status: resolved"), "{}", view.to_plain());
            let stream = bot.app.store().stream_after(0, Some(&HERE.into()), &"ben".into(), 100).await.unwrap();
            let of_card: Vec<_> = stream.iter().filter(|item| item.message == card).collect();
            assert_eq!(of_card.iter().map(|item| item.kind.as_str()).collect::<Vec<_>>(), ["post", "edit", "edit"]);
            assert_eq!(of_card[2].payload, serde_json::to_value(&view).unwrap(), "the row holds what was shown last");
        },
    );
}

#[test]
fn private_answers_are_seen_by_whoever_asked_and_by_nobody_else() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let declared = bot.ana("/sev declare sev1 checkout is down").await;
            assert!(declared.messages.iter().all(|message| !message.private), "{declared:?}");
            for line in ["/sev list", "/sev show", "/sev timeline", "/sev nonsense", "/drillbell whoami"] {
                let before = bot.app.store().stream_seq().await.unwrap();
                let answer = bot.ana(line).await;
                assert!(answer.messages.iter().all(|message| message.private), "{line}: {answer:?}");
                let seen_by =
                    async |who: &str| bot.app.store().stream_after(before, None, &who.into(), 10).await.unwrap().len();
                assert_eq!((seen_by("ana").await, seen_by("ben").await), (2, 0), "{line}: the line and its answer");
            }
            let shown = bot.types("ben", "console:#elsewhere", "/sev show INC-1").await;
            assert!(shown.text.contains("Its card is in console:#incidents."), "{}", shown.text);
        },
    );
}

#[test]
fn resolving_twice_changes_nothing_the_second_time() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let card = card(&bot).await;
            bot.clock.advance(60_000);
            bot.ana("/sev resolve").await;
            bot.clock.advance(60_000);
            let again = bot.types("ben", HERE, "/sev resolve --incident INC-1").await;
            assert_eq!(again.data.as_ref().unwrap()["changed"], false, "{again:?}");
            // The button is gone from the card, but somebody may still look at the old one.
            let late = bot.clicks("ben", &card, "resolve").await;
            assert_eq!(late.status, OutcomeStatus::Refused, "{late:?}");
            let lines = bot.app.store().timeline(&IncidentId::numbered(1), 50).await.unwrap();
            assert_eq!(lines.iter().filter(|line| line.kind == "status").count(), 1, "{lines:?}");
            seen.saw(format!("{}\n\n{}", again.text, late.text));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    INC-1 is already resolved: done by ana at 00:01 UTC. Nothing changed.

    This button belongs to an older version of the message. Look at the message as it is now.
    ");
}

#[test]
fn a_click_on_a_message_that_never_was_is_answered_and_does_nothing() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let card = card(&bot).await;
            for (card, action) in
                [("no-such-message", "resolve"), (card.as_str(), "delete"), (card.as_str(), ""), ("", "")]
            {
                let answer = bot.clicks("ben", &card.into(), action).await;
                assert_eq!(answer.status, OutcomeStatus::Refused, "{card} {action}: {answer:?}");
            }
            assert_eq!(bot.app.store().timeline(&IncidentId::numbered(1), 50).await.unwrap().len(), 1);
        },
    );
}

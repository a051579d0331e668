//! The other ends: denied, taken back, run out, void, and the broken glass. Each says why and what to do.

use super::{COUNTER, approves, asks, card, count, kept, said_in};
use crate::support::approvals::{id_of, plain, ruled};
use crate::support::bot::{HERE, TestBot, with_bot_of};
use crate::support::eventually;
use crate::support::script::SameOnBoth;
use drillbell::model::approval::State;
use drillbell::model::ids::ApprovalId;
use drillbell::store::OutcomeStatus;
use serde_json::json;

/// What stands in the conversation and on the card, and what the one who asked is told by the first delivery.
async fn outcome(bot: &TestBot, id: &ApprovalId) -> String {
    let mut said = said_in(bot, HERE, id).await;
    said.remove(0);
    let root = kept(bot, id).await.root;
    let answer = bot.app.commands().answer(&root).await.unwrap().expect("an answer");
    assert_eq!((answer.status, count(bot).await), (OutcomeStatus::Refused, 0));
    format!("{}\n--\n{}\n--\n{}", said.join("\n--\n"), card(bot, id).await, plain(&answer.text, id))
}

#[test]
fn one_no_ends_it_and_says_why() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let id = asks(&bot).await;
            let denied = bot.types("ben", "console:#ops", &format!("/drillbell deny {id} not during the sale")).await;
            assert_eq!(denied.status, OutcomeStatus::Ok);
            let late = approves(&bot, "carla", &id).await;
            assert_eq!(late.status, OutcomeStatus::Refused);
            seen.saw(format!("{}\n--\n{}\n--\n{}", denied.text, plain(&late.text, &id), outcome(&bot, &id).await));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    Denied: /misbehave kv-counter will not be done. Ana was told.
    --
    A-1 was denied by Ben at 00:00 UTC.
    --
    Denied by Ben at 00:00 UTC: /misbehave kv-counter was not done. Ben says: not during the sale
    --
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    denied by: Ben at 00:00 UTC: not during the sale
    Denied by Ben at 00:00 UTC: /misbehave kv-counter was not done.
    --
    /misbehave kv-counter was not done: Ben said no: not during the sale
    ");
}

#[test]
fn whoever_asked_takes_it_back() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let id = asks(&bot).await;
            let taken = bot.clicks("ana", &kept(&bot, &id).await.card, "approval.deny").await;
            seen.saw(format!("{}\n--\n{}", taken.text, outcome(&bot, &id).await));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    Taken back: /misbehave kv-counter will not be done.
    --
    Void since 00:00 UTC, because Ana took it back: /misbehave kv-counter was not done.
    --
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    taken back by: Ana at 00:00 UTC
    Void since 00:00 UTC, because Ana took it back: /misbehave kv-counter was not done.
    --
    /misbehave kv-counter was not done: Ana took it back.
    ");
}

#[test]
fn what_nobody_decides_in_time_is_not_done() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let id = asks(&bot).await;
            bot.clock.advance(1_000 * 15 * 60);
            let ended = async || (kept(&bot, &id).await.state == State::Expired).then_some(());
            eventually("the approval runs out", ended).await;
            let late = approves(&bot, "ben", &id).await;
            assert_eq!(late.status, OutcomeStatus::Refused);
            seen.saw(format!("{}\n--\n{}", plain(&late.text, &id), outcome(&bot, &id).await));
            assert_ne!(asks(&bot).await, id, "it can be asked anew");
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    A-1 ran out at 00:15 UTC: nobody decided in time. Whoever needs it asks anew.
    --
    Nobody decided by 00:15 UTC: /misbehave kv-counter was not done. Ask anew if it is still needed.
    --
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    Nobody decided by 00:15 UTC: /misbehave kv-counter was not done. Ask anew if it is still needed.
    --
    /misbehave kv-counter was not done: its approval A-1 is expired.
    ");
}

#[test]
fn the_glass_is_broken_by_its_role_and_everybody_is_told() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let id = asks(&bot).await;
            let glass = |reason: &str| format!("/drillbell approve {id} {reason}");
            let refused = bot.types("ben", HERE, &glass("--break-glass now")).await;
            let silent = bot.ana(&glass("--break-glass \" \"")).await;
            assert_eq!((refused.status, silent.status), (OutcomeStatus::Refused, OutcomeStatus::Refused));
            let broken = bot.ana(&glass("--break-glass everybody else sleeps")).await;
            assert_eq!((broken.status, count(&bot).await), (OutcomeStatus::Ok, 1), "{broken:?}");
            let mut told = vec![refused.text, silent.text, broken.text];
            for place in [HERE, "console:#ops"] {
                told.extend(
                    said_in(&bot, place, &id).await.into_iter().filter(|text| text.starts_with("Without approval")),
                );
            }
            told.push(card(&bot, &id).await);
            let lines = bot.app.store().timeline(&"INC-1".into(), 10).await.unwrap();
            told.extend(
                lines
                    .iter()
                    .filter(|line| line.kind == "break-glass")
                    .map(|line| format!("{}: {}", line.author, line.text)),
            );
            let trail = bot.trail().await;
            let record = trail.iter().find(|record| record["detail"]["decided"]["verdict"] == "break_glass").unwrap();
            assert_eq!(record["detail"]["decided"]["reason"], json!("everybody else sleeps"), "{record}");
            seen.saw(told.iter().map(|text| plain(text, &id)).collect::<Vec<_>>().join("\n--\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    Only the role oncall may break the glass here: ask Ana.
    --
    --break-glass is empty.
    /drillbell approve [ID] [REASON…] [--break-glass BREAK-GLASS]
    --
    The glass is broken: /misbehave kv-counter runs now, as Ana asked. Everybody was told, with your reason.
    --
    Without approval: /misbehave kv-counter
    Ana broke the glass. Ana asked for it, and 0 of 1 approvals had been given.
    reason: everybody else sleeps
    A-1 is on record for the postmortem.
    --
    Without approval: /misbehave kv-counter
    Ana broke the glass. Ana asked for it, and 0 of 1 approvals had been given.
    reason: everybody else sleeps
    A-1 is on record for the postmortem.
    --
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    incident: INC-1
    glass broken by: Ana at 00:00 UTC: everybody else sleeps
    Ana broke the glass at 00:00 UTC: /misbehave kv-counter runs now, as Ana asked.
    --
    ana: broke the glass on A-1 for /misbehave kv-counter: everybody else sleeps
    ");
}

#[test]
fn a_vote_after_the_time_puts_the_end_on_record_even_before_the_timer_does() {
    with_bot_of(
        || ruled("[[policy]]\ncommand = \"misbehave kv-counter\"\napprovals = 1\napproval_timeout = \"30s\""),
        async |bot| {
            let asked = bot.ana("/misbehave kv-counter").await;
            let id = id_of(&asked);
            bot.clock.advance(1_000 * 30);
            let late = approves(&bot, "ben", &id).await;
            assert_eq!((late.status, count(&bot).await), (OutcomeStatus::Refused, 0), "{late:?}");
            assert_eq!(kept(&bot, &id).await.state, State::Expired);
            let ends = async || {
                let trail = bot.trail().await;
                trail.iter().filter(|record| record["detail"]["decided"]["state"] == "expired").count()
            };
            assert_eq!(ends().await, 1);
            eventually("its timer is gone", async || {
                bot.app.store().next_timer_ms().await.unwrap().is_none_or(|at| at > bot.clock.now_ms()).then_some(())
            })
            .await;
            assert_eq!(ends().await, 1, "it ended once");
        },
    );
}

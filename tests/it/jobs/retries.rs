//! Runs that fail and may not the next time; and what people see while a job goes on.

use super::{anew, card, card_says, is_in, job, row, told, trail_of};
use crate::support::bot::{HERE, with_bot_of};
use crate::support::eventually;
use crate::support::kinds::ScriptedKind;
use crate::support::script::SameOnBoth;
use drillbell::model::job::JobState;

#[test]
fn a_job_that_may_succeed_the_next_time_is_run_again_after_a_while() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            bot.sends("ana", HERE, &job("call", r#"{"end":"second"}"#, "")).await;
            let text = card_says(&bot, "call", "waits for another try").await;
            assert!(text.contains("The line is busy.") && text.contains("Again in: 5 s"), "{text}");
            bot.clock.advance(4_999);
            let waiting = row(&bot, "call").await;
            assert_eq!((waiting.state, waiting.attempts), (JobState::Ready, 1), "not before its time");
            bot.clock.advance(1);
            let event = told(&bot, &waiting.id).await;
            assert_eq!(event["status"], "done");
            assert!(card(&bot, "call").await.to_plain().contains("Run: 2 of 3"));
            assert_eq!(trail_of(&bot, &waiting.id).await, ["started", "again", "started", "ok"]);
        },
    );
}

#[test]
fn a_job_that_never_succeeds_is_given_up_after_its_runs() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            bot.sends("ana", HERE, &job("call", r#"{"end":"retry"}"#, "--attempts 2")).await;
            card_says(&bot, "call", "waits for another try").await;
            bot.clock.advance(5_000);
            let id = row(&bot, "call").await.id;
            assert_eq!(told(&bot, &id).await["status"], "failed");
            bot.clock.advance(3_600_000);
            assert_eq!(trail_of(&bot, &id).await, ["started", "again", "started", "failed"]);
        },
    );
}

#[test]
fn people_see_how_far_it_is_but_not_every_word() {
    let seen = SameOnBoth::default();
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            kind.hold("copy");
            let spec = r#"{"progress":{"stage":"copying","done":1048576,"total":4194304,"unit":"bytes","note":"shop.orders"},"say":["first line","second [31m line"]}"#;
            bot.sends("ana", HERE, &job("copy", spec, "")).await;
            let text = card_says(&bot, "copy", "Stage: copying").await;
            let id = row(&bot, "copy").await.id;
            seen.saw(text.replace(&id[28..], "IDENTITY"));
            let output = eventually("the output is shown", async || row(&bot, "copy").await.output).await;
            let output = bot.app.store().message(&output).await.unwrap().unwrap().view;
            assert_eq!(output.to_plain(), "Output of copy\nfirst line\nsecond [31m line");
            kind.release("copy");
            is_in(&bot, "copy", JobState::Done).await;
            let stream = bot.app.store().stream_after(0, None, &"ana".into(), 100).await.unwrap();
            let of_card = stream.iter().filter(|item| item.message == row_card(&text, &stream)).count();
            assert!(of_card <= 3, "posted, edited once, ended: {of_card}");
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    copy
    State: running
    Asked by: ana
    Stage: copying
    25/100
    1.0 MiB of 4.0 MiB · shop.orders
    For: less than a second
    first line
    second [31m line
    job IDENTITY · scripted
    ");
}

/// The message of the stream that shows a card.
fn row_card(text: &str, stream: &[drillbell::store::StreamItem]) -> drillbell::model::ids::MessageRef {
    let title = text.lines().next().unwrap_or_default();
    stream.iter().find(|item| item.payload["title"] == title).expect("the card").message.clone()
}

#[test]
fn a_job_that_nobody_asked_for_in_a_chat_has_no_card_unless_it_says_where() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            bot.sends("ana", "timer:misbehaving", &job("quiet", "{}", "")).await;
            let quiet = is_in(&bot, "quiet", JobState::Done).await;
            assert_eq!(quiet.card, None);
            told(&bot, &quiet.id).await;
        },
    );
}

//! In order within a conversation, conversations side by side, and as patiently as the platform asks.

use super::{OPS, says, shown, with_slack};
use crate::support::platform::Answer;
use std::time::Duration;

const WORDS: [&str; 4] = ["one", "two", "three", "four"];

#[test]
fn messages_arrive_in_order_even_when_the_first_must_wait() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Later(None)]);
        says(&bot, OPS, &WORDS).await;
        assert_eq!(slack.has_delivered(OPS, 4).await, shown(OPS, &WORDS));
        let tried = slack.attempts();
        assert_eq!(tried.len(), 5, "{tried:?}");
        assert_eq!(tried[0].id, tried[1].id, "the same row, by which a platform may know it again");
    });
}

#[test]
fn one_conversation_that_must_wait_holds_up_no_other() {
    with_slack(async |bot, slack| {
        slack.hold("slack:#stuck");
        says(&bot, "slack:#stuck", &["late"]).await;
        slack.has_tried("slack:#stuck", 1).await;
        says(&bot, OPS, &WORDS).await;
        assert_eq!(slack.has_delivered(OPS, 4).await, shown(OPS, &WORDS));
        assert!(slack.delivered("slack:#stuck").is_empty());
        slack.release("slack:#stuck");
        slack.has_delivered("slack:#stuck", 1).await;
    });
}

#[test]
fn a_platform_that_asks_for_patience_gets_it() {
    with_slack(async |bot, slack| {
        let asked = Duration::from_millis(1_200);
        slack.answers(OPS, &[Answer::Later(Some(asked))]);
        says(&bot, OPS, &["one"]).await;
        slack.has_delivered(OPS, 1).await;
        let tried = slack.attempts();
        assert!(tried[1].at - tried[0].at >= asked, "not before what it asked for");
    });
}

#[test]
fn what_waits_is_shown_in_the_status() {
    with_slack(async |bot, slack| {
        slack.hold(OPS);
        says(&bot, OPS, &["one", "two"]).await;
        bot.clock.advance(90_000);
        let status = bot.ana("/drillbell status").await;
        assert!(status.text.contains("waiting for slack: 2, the oldest for 90 s"), "{}", status.text);
        slack.release(OPS);
        slack.has_delivered(OPS, 2).await;
    });
}

#[test]
fn a_command_is_answered_when_all_it_posted_is_delivered() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Later(None)]);
        let answer = bot.types("ana", OPS, "/misbehave echo now").await;
        assert_eq!(slack.delivered(OPS).len(), 1, "{answer:?}");
    });
}

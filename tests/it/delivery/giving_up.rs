//! What cannot be delivered is given up with a reason, listed where people look, and takes nothing else with it.

use super::{OPS, says, shown, with_slack};
use crate::support::bot::TestBot;
use crate::support::eventually;
use crate::support::platform::Answer;
use drillbell::store::OutcomeStatus;

async fn given_up(bot: &TestBot) -> String {
    eventually("something was given up", async || {
        let status = bot.ana("/drillbell status").await;
        let mut lines = status.text.lines().filter(|line| line.starts_with("given up to"));
        lines.next().map(str::to_owned)
    })
    .await
}

#[test]
fn what_the_platform_will_never_take_is_given_up_and_the_next_goes_on() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Never]);
        says(&bot, OPS, &["one", "two"]).await;
        assert_eq!(slack.has_delivered(OPS, 1).await, shown(OPS, &["two"]));
        assert_eq!(given_up(&bot).await, "given up to slack:#ops: channel_not_found");
        bot.clock.advance(25 * 3_600_000);
        let status = bot.ana("/drillbell status").await;
        assert!(!status.text.contains("given up"), "yesterday's news: {}", status.text);
    });
}

#[test]
fn a_platform_that_is_not_connected_is_named() {
    with_slack(async |bot, _| {
        let answer = bot.types("ana", "fax:#1", "/misbehave ok").await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "the command itself was carried out");
        assert_eq!(given_up(&bot).await, "given up to fax:#1: no platform `fax` is connected");
    });
}

#[test]
fn what_nobody_could_deliver_for_hours_is_given_up() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Later(None), Answer::Later(None)]);
        slack.hold(OPS);
        says(&bot, OPS, &["one", "two"]).await;
        slack.has_tried(OPS, 1).await;
        bot.clock.advance(7 * 3_600_000);
        slack.release(OPS);
        assert_eq!(given_up(&bot).await, "given up to slack:#ops: given up after 1 try: ratelimited");
    });
}

#[test]
fn a_platform_whose_code_breaks_loses_nothing() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Panic, Answer::Panic]);
        says(&bot, OPS, &["one", "two"]).await;
        assert_eq!(slack.has_delivered(OPS, 2).await, shown(OPS, &["one", "two"]));
    });
}

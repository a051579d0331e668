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
fn what_was_given_up_is_sent_after_all_when_somebody_says_so_unless_something_newer_stands_there() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Never, Answer::Never]);
        says(&bot, OPS, &["one", "two", "three"]).await;
        slack.has_delivered(OPS, 1).await;
        let status = eventually("both are given up", async || {
            let status = bot.ana("/drillbell status").await;
            (status.text.matches("given up to").count() == 2).then_some(status)
        })
        .await;
        let ids: Vec<_> = status.data.unwrap()["given_up"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        let short = &ids[1][ids[1].len() - 8..];
        assert!(
            status.text.contains("`/drillbell status --retry ID` sends one after all") && status.text.contains(short)
        );
        let answer = bot.ana(&format!("/drillbell status --retry {short}")).await;
        assert_eq!(
            answer.text,
            "It is sent again, to slack:#ops. `/drillbell status` says if it is given up once more."
        );
        slack.has_delivered(OPS, 2).await;
        let again = bot.ana(&format!("/drillbell status --retry {short}")).await;
        assert_eq!(again.status, OutcomeStatus::Refused, "{}", again.text);
        let answer = bot.ana("/drillbell status --retry all").await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "{}", answer.text);
        assert_eq!(slack.has_delivered(OPS, 3).await, shown(OPS, &["three", "one", "two"]));
        let status = bot.ana("/drillbell status").await;
        assert!(!status.text.contains("given up"), "{}", status.text);
        let none = bot.ana("/drillbell status --retry all").await;
        assert_eq!(none.text, "Nothing that was given up in the last day can still be sent.");
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

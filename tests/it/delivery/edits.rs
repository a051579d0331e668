//! Edits: by the platform's own id, folded into what still waits, and never lost with it.

use super::{OPS, with_slack};
use crate::support::platform::Answer;

/// Declares an incident and updates it while its card is still being posted.
async fn update_while_the_card_waits(bot: &crate::support::bot::TestBot, slack: &crate::support::platform::Scripted) {
    slack.hold(OPS);
    let declared = bot.sends("ana", OPS, "/sev declare sev1 checkout is down").await;
    slack.has_tried(OPS, 1).await;
    bot.handled(&declared).await;
    for line in ["/sev update it is the database --status identified", "/sev update a replica died"] {
        let id = bot.sends("ana", OPS, line).await;
        bot.handled(&id).await;
    }
    slack.release(OPS);
}

/// The first lines of what was delivered.
fn heads(delivered: &[String]) -> Vec<String> {
    delivered.iter().map(|what| what.lines().take(2).collect::<Vec<_>>().join(" / ")).collect()
}

#[test]
fn an_edit_names_the_message_as_the_platform_does() {
    with_slack(async |bot, slack| {
        bot.types("ana", OPS, "/sev declare sev1 checkout is down").await;
        bot.types("ana", OPS, "/sev update it is the database").await;
        let delivered = slack.has_delivered(OPS, 3).await;
        assert_eq!(
            heads(&delivered),
            [
                "post INC-1 · sev1 · checkout is down / No update yet.",
                "post INC-1: it is the database / Update by Ana.",
                "edit native-0: INC-1 · sev1 · checkout is down / it is the database"
            ]
        );
    });
}

#[test]
fn edits_of_a_message_that_must_wait_are_folded_into_it() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Later(None)]);
        update_while_the_card_waits(&bot, &slack).await;
        let delivered = slack.has_delivered(OPS, 3).await;
        assert_eq!(
            heads(&delivered),
            [
                "post INC-1 · sev1 · checkout is down / a replica died",
                "post INC-1: it is the database / Update by Ana. Now identified (was investigating).",
                "post INC-1: a replica died / Update by Ana."
            ],
            "the card has its last words from the start, and is not edited to what it says already"
        );
        bot.ana("/drillbell status").await;
    });
}

#[test]
fn edits_folded_into_a_message_that_must_wait_again_and_again_are_done_with_it() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Later(None), Answer::Later(None), Answer::Later(None)]);
        update_while_the_card_waits(&bot, &slack).await;
        slack.has_delivered(OPS, 3).await;
        // `finish` looks whether anything was left in the outbox.
    });
}

#[test]
fn an_edit_of_a_message_that_was_given_up_becomes_the_message() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Never]);
        bot.types("ana", OPS, "/sev declare sev1 checkout is down").await;
        bot.types("ana", OPS, "/sev update it is the database").await;
        bot.types("ana", OPS, "/sev update a replica died").await;
        let delivered = slack.has_delivered(OPS, 4).await;
        assert_eq!(
            heads(&delivered),
            [
                "post INC-1: it is the database / Update by Ana.",
                "post INC-1 · sev1 · checkout is down / it is the database",
                "post INC-1: a replica died / Update by Ana.",
                "edit native-2: INC-1 · sev1 · checkout is down / a replica died"
            ]
        );
    });
}

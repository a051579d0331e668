//! How often a button counts is the host's to say, and a click that failed counts for nothing.

use crate::support::bot::{HERE, MISBEHAVING, Setup, TestBot, with_bot_of};
use drillbell::model::ids::MessageRef;
use drillbell::store::OutcomeStatus;
use futures::future::join_all;

async fn card(bot: &TestBot) -> MessageRef {
    bot.ana("/misbehave card").await.messages[0].message.clone()
}

async fn presses(bot: &TestBot, card: &MessageRef, button: &str) -> Vec<String> {
    let mut told = Vec::new();
    for who in ["ana", "ana", "ben"] {
        told.push(bot.clicks(who, card, button).await.text);
    }
    told
}

#[test]
fn each_kind_of_button_counts_as_often_as_it_should() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let card = card(&bot).await;
            let already = |label: &str| format!("{label}: already done by Ana at 00:00 UTC.");
            let once = presses(&bot, &card, "card").await;
            assert_eq!(once, ["Ana pressed card (v1)".to_owned(), already("Once"), already("Once")]);
            let each = presses(&bot, &card, "user").await;
            assert_eq!(
                each,
                ["Ana pressed user (v2)".to_owned(), already("Once each"), "Ben pressed user (v2)".to_owned()]
            );
            let often = presses(&bot, &card, "never").await;
            assert_eq!(often, ["Ana pressed never (v3)", "Ana pressed never (v3)", "Ben pressed never (v3)"]);
        },
    );
}

#[test]
fn a_click_that_failed_does_not_use_the_button_up() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let card = card(&bot).await;
            for told in presses(&bot, &card, "fail").await {
                assert_eq!(told, "that button fails, on purpose");
            }
        },
    );
}

#[test]
fn of_many_clicks_at_once_one_counts() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let card = card(&bot).await;
            let clicks = (0..12).map(|n| bot.clicks(if n % 2 == 0 { "ana" } else { "ben" }, &card, "card"));
            let answers = join_all(clicks).await;
            assert!(answers.iter().all(|answer| answer.status == OutcomeStatus::Ok), "{answers:?}");
            assert_eq!(answers.iter().filter(|answer| answer.text.contains("pressed")).count(), 1, "{answers:?}");
        },
    );
}

#[test]
fn a_button_belongs_to_the_card_it_is_on_and_its_answer_goes_there() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let posted = bot.types("ana", "console:#elsewhere", "/misbehave card").await;
            // The click says it came from HERE; what counts is where the card stands.
            let clicked = bot.clicks("ben", &posted.messages[0].message, "never").await;
            assert_eq!(clicked.messages[0].conversation.as_str(), "console:#elsewhere", "{HERE}: {clicked:?}");
        },
    );
}

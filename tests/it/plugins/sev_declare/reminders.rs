//! Reminders with a clock that only the test moves: asked when it is due, put off, skipped, and silent when it is over.

use crate::support::bot::{HERE, SEV_TIMED, Setup, TestBot, with_bot_of, with_database};
use drillbell::model::ids::MessageRef;
use drillbell::store::StreamItem;
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

async fn later(bot: &TestBot, minutes: i64) {
    bot.clock.advance(minutes * MINUTE_MS);
    bot.timers_handled().await;
}

/// The messages of that title, oldest first.
async fn titled(bot: &TestBot, title: &str) -> Vec<StreamItem> {
    let stream = bot.app.store().stream_after(0, Some(&HERE.into()), &"ana".into(), 1000).await.unwrap();
    stream.into_iter().filter(|item| item.kind == "post" && item.payload["title"] == title).collect()
}

async fn asked(bot: &TestBot) -> Vec<MessageRef> {
    titled(bot, "INC-1: an update is due").await.into_iter().map(|item| item.message).collect()
}

#[test]
fn an_update_is_asked_for_when_it_is_due_put_off_skipped_and_not_after_the_end() {
    with_bot_of(
        || Setup::of(SEV_TIMED),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            bot.ana("/sev role commander").await;
            later(&bot, 29).await;
            assert!(asked(&bot).await.is_empty(), "not before its time");
            later(&bot, 1).await;
            let first = asked(&bot).await;
            assert_eq!(first.len(), 1);
            let answer = bot.clicks("ana", &first[0], "snooze").await;
            assert!(answer.text.contains("the next update is due at 00:40 UTC"), "{}", answer.text);
            later(&bot, 9).await;
            assert_eq!(asked(&bot).await.len(), 1);
            later(&bot, 1).await;
            let second = asked(&bot).await;
            assert_eq!(second.len(), 2);
            bot.clicks("ana", &second[1], "skip").await;
            later(&bot, 29).await;
            assert_eq!(asked(&bot).await.len(), 2);
            later(&bot, 1).await;
            assert_eq!(asked(&bot).await.len(), 3, "unanswered, it asks again");
            later(&bot, 30).await;
            assert_eq!(asked(&bot).await.len(), 4);
            bot.ana("/sev update the index is rebuilt").await;
            later(&bot, 29).await;
            assert_eq!(asked(&bot).await.len(), 4);
            bot.ana("/sev resolve").await;
            later(&bot, 24 * 60).await;
            assert_eq!(asked(&bot).await.len(), 4, "it is over");
            assert_eq!(bot.app.store().next_timer_ms().await.unwrap(), None, "nothing is left to ring");
        },
    );
}

#[test]
fn nobody_leading_is_said_after_a_while_and_the_card_tells_what_was_missed() {
    with_bot_of(
        || Setup::of(&format!("{SEV_TIMED}\nsettings = {{ nudge_minutes = 3 }}")),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            later(&bot, 3).await;
            let nudges = titled(&bot, "INC-1: nobody leads").await;
            assert_eq!(nudges.len(), 1);
            let claimed = bot.clicks("ben", &nudges[0].message, "claim-commander").await;
            assert!(claimed.text.starts_with("Ben is commander of INC-1 now."), "{}", claimed.text);
            later(&bot, 2).await;
            bot.clock.advance(1_000);
            bot.timers_handled().await;
            let card = &titled(&bot, "INC-1 · sev1 · checkout is down").await[0].message;
            let shown = bot.app.store().message(card).await.unwrap().unwrap().view.to_plain();
            assert!(shown.contains("Acknowledge by: missed, it was due at 00:05 UTC"), "{shown}");
            later(&bot, 20).await;
            assert_eq!(titled(&bot, "INC-1: nobody leads").await.len(), 1);
            bot.ana("/sev resolve").await;
        },
    );
}

#[test]
fn a_question_that_came_due_while_the_bot_was_down_is_asked_once_when_it_is_back() {
    with_database(async |database| {
        let setup = Setup::of(SEV_TIMED);
        let (folder, clock, config) = (Arc::clone(&setup.folder), setup.clock.clone(), setup.config.clone());
        let bot = TestBot::start(database, setup).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        bot.ana("/sev role commander").await;
        bot.finish().await;
        clock.advance(45 * MINUTE_MS);
        let again = Setup { folder, clock, config, ..Setup::default() };
        let bot = TestBot::start(database, again).await;
        bot.timers_handled().await;
        assert_eq!(asked(&bot).await.len(), 1);
        bot.ana("/sev resolve").await;
        bot.finish().await;
    });
}

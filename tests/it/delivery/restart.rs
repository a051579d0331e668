//! Stopping and starting: what is committed is delivered before the end if it can be, and after the next start if not.

use super::{OPS, says, shown};
use crate::support::bot::{MISBEHAVING, Setup, TestBot, with_database};
use crate::support::eventually;
use crate::support::platform::Scripted;
use drillbell::audit::read_checkpoints;
use drillbell::store::OutcomeStatus;
use std::sync::Arc;

const WORDS: [&str; 3] = ["one", "two", "three"];

fn setup(slack: &Arc<Scripted>) -> Setup {
    Setup::of(MISBEHAVING).on(slack.clone())
}

/// One that does not wait long for what is stuck.
fn hasty(slack: &Arc<Scripted>) -> Setup {
    Setup::of(&format!("{MISBEHAVING}\n[limits]\nshutdown = \"1s\"")).on(slack.clone())
}

#[test]
fn what_was_committed_is_delivered_before_the_bot_ends() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, setup(&slack)).await;
        slack.hold(OPS);
        says(&bot, OPS, &WORDS).await;
        slack.has_tried(OPS, 1).await;
        let (data_dir, (end, _)) =
            (bot.app.config().server.data_dir.clone(), bot.app.store().audit_head().await.unwrap());
        // The bot signs the end of the trail when it is about to close, which is when its deliverer has been told to end.
        let closing = async {
            eventually("the bot is about to close", async || {
                let signed = read_checkpoints(&data_dir).unwrap().valid;
                signed.last().is_some_and(|last| last.seq >= end).then_some(())
            })
            .await;
            slack.release(OPS);
        };
        tokio::join!(bot.app.stop(), closing);
        assert_eq!(slack.delivered(OPS), shown(OPS, &WORDS));
    });
}

#[test]
fn a_call_in_hand_is_finished_before_the_bot_ends() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let first = setup(&slack);
        let again = Setup { folder: first.folder.clone(), clock: first.clock.clone(), ..setup(&slack) };
        let bot = TestBot::start(database, first).await;
        let ids =
            [bot.sends("ana", OPS, "/misbehave slow-but-fine").await, bot.sends("ana", OPS, "/misbehave ok").await];
        bot.app.stop().await;
        let bot = TestBot::start(database, again).await;
        for id in &ids {
            assert_eq!(bot.handled(id).await.status, OutcomeStatus::Ok);
            bot.record(id.as_str()).await;
        }
        bot.finish().await;
        assert_eq!(slack.delivered(OPS).len(), 2, "{:?}", slack.attempts());
    });
}

#[test]
fn what_could_not_be_delivered_before_the_end_is_delivered_once_after_the_next_start() {
    with_database(async |database| {
        let (stuck, slack) = (Scripted::new("slack"), Scripted::new("slack"));
        let first = hasty(&stuck);
        let again = Setup { folder: first.folder.clone(), clock: first.clock.clone(), ..setup(&slack) };
        let bot = TestBot::start(database, first).await;
        stuck.hold(OPS);
        says(&bot, OPS, &WORDS).await;
        stuck.has_tried(OPS, 1).await;
        bot.app.stop().await;
        let bot = TestBot::start(database, again).await;
        assert_eq!(slack.has_delivered(OPS, 3).await, shown(OPS, &WORDS));
        stuck.release(OPS);
        bot.finish().await;
        assert_eq!((slack.attempts().len(), stuck.delivered(OPS).len()), (3, 0), "each once");
    });
}

#[test]
fn what_was_only_accepted_is_handled_once_after_the_next_start() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let first = hasty(&slack);
        let again = Setup { folder: first.folder.clone(), clock: first.clock.clone(), ..setup(&slack) };
        let bot = TestBot::start(database, first).await;
        // The first command holds its lane, so that the others have only been accepted.
        let mut ids = vec![bot.sends("ana", OPS, "/misbehave loop").await];
        for n in 0..3 {
            ids.push(bot.sends("ana", OPS, &format!("/misbehave echo {n}")).await);
        }
        bot.app.stop().await;
        let bot = TestBot::start(database, again).await;
        for id in &ids {
            bot.handled(id).await;
            bot.record(id.as_str()).await;
        }
        slack.has_delivered(OPS, 4).await;
        bot.finish().await;
        assert_eq!(slack.delivered(OPS).len(), 4, "{:?}", slack.attempts());
    });
}

//! What is leased to a bot that does not know of it: the answer to its commit was lost, or nobody took it up. It is neither lost nor
//! waits for a restart.

use super::{OPS, says, shown, with_slack};
use crate::support::bot::{HERE, MISBEHAVING, Setup, TestBot, with_database};
use crate::support::commits::{ana, commit, delivery, post};
use crate::support::database::{TestDatabase, on_postgres};
use crate::support::eventually;
use crate::support::lost::LosesWords;
use crate::support::platform::Scripted;
use crate::support::proxy::Proxy;
use drillbell::model::effect::Effect;
use drillbell::model::event::{CommandReceived, Delivery, Event};
use drillbell::model::view::View;
use drillbell::store::{Accepted, Commit, CommitOutcome};

#[test]
fn a_command_whose_commit_is_durable_but_never_heard_of_is_answered_once() {
    on_postgres(async |database| {
        let wire = LosesWords::to(&database.url).await;
        let slack = Scripted::new("slack");
        let through = TestDatabase::at(wire.url.clone());
        let bot = TestBot::start(&through, Setup::of(MISBEHAVING).on(slack.clone())).await;
        bot.types("ana", OPS, &format!("/misbehave echo before {OPS}")).await;
        for n in 0..3 {
            wire.lose_next();
            let word = format!("w{n}");
            // Whoever brought it hears what came of it, as of something known.
            bot.types("ana", OPS, &format!("/misbehave echo {word} {OPS}")).await;
            assert_eq!(slack.has_delivered(OPS, n + 2).await.last(), shown(OPS, &[&word]).last());
            assert_eq!(wire.lost(), u64::try_from(n).unwrap() + 1, "the word of one commit was lost");
        }
        let all = ["before", "w0", "w1", "w2"];
        assert_eq!(slack.delivered(OPS), shown(OPS, &all), "each once, in order");
        assert_eq!(bot.trail().await.iter().filter(|record| record["kind"] == "command").count(), all.len());
        bot.finish().await;
    });
}

#[test]
fn what_a_bot_has_lost_sight_of_is_taken_up_without_a_restart() {
    with_slack(async |bot, slack| {
        let store = bot.app.store();
        // A commit whose answer nobody hears: its message is the bot's to deliver.
        store.accept(delivery("d1")).await.unwrap();
        let mut unheard = commit("d1");
        unheard.effects = vec![post("m1", OPS, "hello")];
        assert!(matches!(store.commit(unheard).await.unwrap(), CommitOutcome::Committed(_)));
        // And an event that nobody hands over.
        let command = CommandReceived { text: "/misbehave ok".to_owned(), by: ana(), asserted_by: None };
        let event = Event::CommandReceived(command);
        let unheard = Delivery { conversation: HERE.into(), event, ..delivery("d2") };
        assert_eq!(store.accept(unheard).await.unwrap(), Accepted::New);
        assert_eq!(slack.has_delivered(OPS, 1).await, ["post hello"]);
        eventually("the event is handled", async || store.result(&"d2".into()).await.unwrap()).await;
    });
}

#[test]
fn what_is_in_hand_is_not_delivered_twice_because_its_lease_ran_out() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, Setup::of(MISBEHAVING).on(slack.clone())).await;
        slack.hold(OPS);
        says(&bot, OPS, &["one"]).await;
        slack.has_tried(OPS, 1).await;
        // As if the bot had stood still for longer than a lease.
        let claimed = eventually("its lease has run out", async || {
            database.execute("update outbox set lease_ms = 0").await;
            let claimed = bot.app.store().claim_outbox(10, false).await.unwrap();
            (!claimed.is_empty()).then_some(claimed)
        })
        .await;
        bot.app.house().outbox.take_over(claimed);
        slack.release(OPS);
        slack.has_delivered(OPS, 1).await;
        // Whatever stood in the line before it has been delivered by then.
        says(&bot, OPS, &["two"]).await;
        slack.has_delivered(OPS, 2).await;
        assert_eq!(slack.delivered(OPS), shown(OPS, &["one", "two"]));
        bot.finish().await;
    });
}

#[test]
fn an_edit_that_was_lost_sight_of_does_not_take_the_place_of_a_newer_one() {
    with_slack(async |bot, slack| {
        let store = bot.app.store();
        let committed = async |id: &str, effect: Effect| {
            store.accept(delivery(id)).await.unwrap();
            let commit = Commit { effects: vec![effect], ..commit(id) };
            let CommitOutcome::Committed(committed) = store.commit(commit).await.unwrap() else { panic!("{id}") };
            committed
        };
        let edit = |text: &str| Effect::EditMessage {
            message: "m1".into(),
            to: OPS.into(),
            view: View::text(text),
            private_to: None,
        };
        let outbox = &bot.app.house().outbox;
        outbox.deliver(committed("d1", post("m1", OPS, "first")).await);
        slack.has_delivered(OPS, 1).await;
        // The answer to this one's commit is heard by nobody, and the next is quicker.
        drop(committed("d2", edit("older")).await);
        outbox.deliver(committed("d3", edit("newer")).await);
        let all = slack.has_delivered(OPS, 2).await;
        assert!(all[1].ends_with(": newer"), "{all:?}");
        // It is claimed once its lease has run out, and is done without being said.
        eventually("the older one is done", async || store.outbox_backlog().await.unwrap().is_empty().then_some(()))
            .await;
        assert_eq!(slack.delivered(OPS), all);
    });
}

#[test]
fn what_was_delivered_while_the_database_was_away_is_not_delivered_again() {
    on_postgres(async |database| {
        let (server, wire) = Proxy::before(&database.url).await;
        let slack = Scripted::new("slack");
        let through = TestDatabase::at(server);
        let bot = TestBot::start(&through, Setup::of(MISBEHAVING).on(slack.clone())).await;
        let store = bot.app.store();
        slack.hold(OPS);
        says(&bot, OPS, &["one"]).await;
        slack.has_tried(OPS, 1).await;
        wire.cut();
        slack.release(OPS);
        // Noting it is tried, and fails, before the bot lets go of what it writes next.
        eventually("it is delivered", async || bot.app.house().outbox.in_hand().is_empty().then_some(())).await;
        assert!(store.ensure_status().await.is_err(), "there is no database");
        wire.mend();
        eventually("that is noted", async || store.outbox_backlog().await.is_ok_and(|it| it.is_empty()).then_some(()))
            .await;
        assert_eq!(slack.attempts().len(), 1);
    });
}

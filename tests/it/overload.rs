//! Too much at once, and events that are cut off again and again: the sender is told, the person is told, nothing is lost.

use crate::support::bot::{HERE, MISBEHAVING, Setup, TestBot, with_bot_of, with_database};
use crate::support::commits::{commit, delivery, incident};
use crate::support::eventually;
use drillbell::config::limits::ATTEMPTS_BEFORE_PARKED;
use drillbell::intake::Admission;
use drillbell::model::event::{CommandReceived, Event};
use drillbell::model::ids::{DeliveryId, IncidentId};
use drillbell::store::{Contended, OutcomeStatus, RESERVATION_MS};

async fn offer(bot: &TestBot, id: &str) -> Admission {
    let by = bot.app.person("console", "ana");
    let event =
        Event::CommandReceived(CommandReceived { text: "/misbehave kv-counter".to_owned(), by, asserted_by: None });
    bot.app.house().intake.offer(DeliveryId::from(id), HERE.into(), event).await.unwrap()
}

#[test]
fn beyond_the_backlog_the_sender_is_told_and_nothing_is_stored() {
    with_bot_of(
        || Setup::of(&format!("{MISBEHAVING}\n[limits]\ninbox_backlog = 2")),
        async |bot| {
            let busy = [
                bot.sends("ana", "console:#slow", "/misbehave loop").await,
                bot.sends("ana", "console:#slower", "/misbehave loop").await,
            ];
            assert_eq!(offer(&bot, "late").await, Admission::Busy);
            assert_eq!(bot.app.store().open_events().await.unwrap(), 2, "it was not stored");
            for id in &busy {
                bot.handled(id).await;
            }
            eventually("there is room again", async || (bot.app.house().intake.waiting() < 2).then_some(())).await;
            assert_eq!(offer(&bot, "late").await, Admission::Accepted, "the same delivery, offered again");
            assert_eq!(bot.handled(&"late".into()).await.text, "the counter is 1");
        },
    );
}

#[test]
fn a_timer_that_comes_due_in_the_rush_fires_after_it() {
    with_bot_of(
        || Setup::of(&format!("{MISBEHAVING}\n[limits]\ninbox_backlog = 1")),
        async |bot| {
            bot.ana("/misbehave set-timer rush 1m").await;
            eventually("there is room again", async || (bot.app.house().intake.waiting() == 0).then_some(())).await;
            bot.sends("ana", "console:#slow", "/misbehave loop").await;
            bot.clock.advance(120_000);
            let store = bot.app.store();
            eventually("it fired", async || {
                store.kv_get(&"misbehaving".into(), "seen:timer:rush").await.unwrap().value
            })
            .await;
        },
    );
}

#[test]
fn an_event_that_is_cut_off_again_and_again_is_given_up_and_whoever_asked_is_told() {
    with_database(async |database| {
        let (store, closing, _) = database.open().await;
        store.accept(delivery("cursed")).await.unwrap();
        for _ in 1..ATTEMPTS_BEFORE_PARKED {
            store.claim_events(10, true).await.unwrap();
        }
        drop(store);
        closing.wait().await;
        let bot = TestBot::start(database, Setup::of(MISBEHAVING)).await;
        let given_up = bot.handled(&"cursed".into()).await;
        assert_eq!(given_up.status, OutcomeStatus::Failed);
        assert!(given_up.text.contains("given up after 5 tries"), "{}", given_up.text);
        assert_eq!(bot.record("cursed").await["outcome"], "failed");
        let told = bot.app.store().stream_after(0, None, &"ana".into(), 10).await.unwrap();
        assert!(told.iter().any(|item| item.kind == "post" && item.private_to.is_some()), "{told:?}");
        bot.finish().await;
    });
}

/// A plain answer that adds to a timeline has nothing to lose, and may have to wait all the same.
#[test]
fn an_answer_waits_while_somebody_else_has_the_timeline_to_themselves() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let store = bot.app.store();
            let mut declared = commit("declared");
            declared.incidents = vec![incident(1)];
            store.accept(delivery("declared")).await.unwrap();
            store.commit(declared).await.unwrap();
            let kept = vec![Contended::Timeline(IncidentId::numbered(1))];
            assert!(store.reserve("somebody".into(), kept).await.unwrap());
            let asked = bot.sends("ana", HERE, "/misbehave internal-error").await;
            assert_eq!(store.open_events().await.unwrap(), 1, "it is kept");
            assert!(store.result(&asked).await.unwrap().is_none(), "and waits");
            bot.clock.advance(RESERVATION_MS);
            assert_eq!(bot.handled(&asked).await.status, OutcomeStatus::Failed);
            let lines = store.timeline(&IncidentId::numbered(1), 10).await.unwrap();
            assert_eq!(lines.iter().filter(|line| line.text.ends_with(": failed")).count(), 1, "{lines:?}");
        },
    );
}

//! Forgetting: what is old goes, what is open or promised for good stays, and a repeat is known for as long as it may come.

use crate::support::bot::{HERE, MISBEHAVING, SEV, Setup, TestBot, with_bot_of};
use crate::support::platform::Scripted;
use drillbell::audit::read_checkpoints;
use drillbell::config::retention::Retention;
use drillbell::housekeeping::Housekeeping;
use drillbell::model::ids::{DeliveryId, IncidentId};
use drillbell::store::{Accepted, Forgotten};
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;
/// Not in the order of their length, so that one mistaken for another is noticed.
const SHORT: &str = "[retention]\ninbox = \"2d\"\noutbox = \"4d\"\nreceipts = \"6d\"";

fn setup() -> Setup {
    Setup::of(&format!("{SEV}\n{MISBEHAVING}\n{SHORT}")).on(Scripted::new("slack"))
}

fn housekeeping(bot: &TestBot) -> Housekeeping {
    let config = bot.app.config();
    let (store, clock) = (bot.app.store().clone(), bot.clock.clone());
    Housekeeping::new(store, clock, config.retention.clone(), &config.server.data_dir).unwrap()
}

/// Something of each kind, from one day.
async fn history(bot: &TestBot) {
    bot.delivers("declared", "ana", HERE, "/sev declare sev1 checkout is down").await;
    bot.delivers("noted", "ana", HERE, "/sev note seen").await;
    bot.types("ana", "slack:#ops", "/misbehave ok").await;
    // A key that is deleted, and one that stays.
    bot.types("ana", HERE, "/misbehave ask-kv").await;
    bot.types("ana", HERE, "/misbehave kv-counter").await;
}

/// How many rows each kind of what is forgotten still has.
async fn rows(bot: &TestBot) -> Vec<usize> {
    let mut counts = Vec::new();
    for what in Forgotten::ALL {
        counts.push(bot.app.store().find_forgotten(what, i64::MAX / 2).await.unwrap().len());
    }
    counts
}

#[test]
fn what_is_old_is_forgotten_and_what_is_kept_for_good_is_kept() {
    with_bot_of(setup, async |bot| {
        history(&bot).await;
        let (full, trail) = (rows(&bot).await, bot.app.store().audit_head().await.unwrap().0);
        let keeper = housekeeping(&bot);
        keeper.forget().await.unwrap();
        assert_eq!(rows(&bot).await, full, "nothing is old yet");
        let inbox_outbox_receipts_stream_keys = async || {
            let rows = rows(&bot).await;
            (rows[0] > 0, rows[1] > 0, rows[2] > 0, rows[3] > 0, rows[5] > 0)
        };
        for (days, left) in [
            (2, (false, true, true, true, false)),
            (2, (false, false, true, false, false)),
            (2, (false, false, false, false, false)),
        ] {
            bot.clock.advance(days * DAY_MS + 1);
            keeper.forget().await.unwrap();
            assert_eq!(inbox_outbox_receipts_stream_keys().await, left, "of {full:?} after {days} more days");
        }
        let store = bot.app.store();
        assert_eq!(store.audit_head().await.unwrap().0, trail);
        assert_eq!(store.audit_page(0, 1_000).await.unwrap().len(), usize::try_from(trail).unwrap());
        let incident = store.incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
        assert_eq!(store.timeline(&incident.id, 10).await.unwrap().len(), 5);
        assert!(store.message(&incident.card.unwrap()).await.unwrap().is_some(), "its card can still be edited");
        assert_eq!(store.kv_get(&"misbehaving".into(), "counter").await.unwrap().value.as_deref(), Some("1"));
        assert_eq!(bot.ana("/sev note still here").await.incident, Some(IncidentId::numbered(1)));
    });
}

#[test]
fn a_repeat_is_known_for_as_long_as_the_inbox_is_kept() {
    with_bot_of(setup, async |bot| {
        history(&bot).await;
        let keeper = housekeeping(&bot);
        bot.clock.advance(2 * DAY_MS - 1);
        keeper.forget().await.unwrap();
        bot.delivers("declared", "ana", HERE, "/sev declare sev1 checkout is down").await;
        assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 2, "known");
        bot.clock.advance(2);
        keeper.forget().await.unwrap();
        assert_eq!(bot.app.store().result(&DeliveryId::from("declared")).await.unwrap(), None);
        bot.delivers("declared", "ana", HERE, "/sev declare sev1 checkout is down").await;
        assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 3, "long forgotten, so it is news");
    });
}

#[test]
fn what_is_open_is_never_forgotten() {
    crate::support::database::on_both(async |store, clock| {
        let folder = tempfile::tempdir().unwrap();
        store.accept(crate::support::commits::delivery("open")).await.unwrap();
        let mut posting = crate::support::commits::commit("posting");
        posting.effects = vec![crate::support::commits::post("m1", "slack:C1", "hi")];
        store.accept(crate::support::commits::delivery("posting")).await.unwrap();
        store.commit(posting).await.unwrap();
        clock.advance(3650 * DAY_MS);
        let retention = Retention { inbox: Duration::ZERO, outbox: Duration::ZERO, receipts: Duration::ZERO };
        let keeper = Housekeeping::new(store.clone(), clock.clone(), retention, folder.path()).unwrap();
        keeper.forget().await.unwrap();
        assert_eq!(store.accept(crate::support::commits::delivery("open")).await.unwrap(), Accepted::Duplicate(None));
        assert_eq!(store.outbox_backlog().await.unwrap().len(), 1);
        assert_eq!(
            store.accept(crate::support::commits::delivery("posting")).await.unwrap(),
            Accepted::New,
            "it was done"
        );
    });
}

#[test]
fn a_year_of_use_leaves_no_more_behind_than_a_month() {
    with_bot_of(setup, async |bot| {
        let keeper = housekeeping(&bot);
        let mut sizes = Vec::new();
        for month in 0..4 {
            for _ in 0..3 {
                let card = bot.types("ana", HERE, "/misbehave card").await.messages[0].message.clone();
                for who in ["ana", "ben"] {
                    bot.clicks(who, &card, "user").await;
                }
                bot.types("ana", "slack:#ops", "/misbehave ok").await;
                bot.types("ana", HERE, "/misbehave ask-kv").await;
                bot.types("ana", HERE, &format!("/misbehave set-timer t{month} 1d")).await;
            }
            bot.clock.advance(30 * DAY_MS);
            crate::support::eventually("the timers are gone", async || {
                let left = bot.app.store().next_timer_ms().await.unwrap();
                (left.is_none() && bot.app.store().open_events().await.unwrap() == 0).then_some(())
            })
            .await;
            let busiest = rows(&bot).await;
            bot.clock.advance(7 * DAY_MS);
            keeper.forget().await.unwrap();
            assert!(rows(&bot).await.iter().all(|left| *left == 0), "{:?} of {busiest:?}", rows(&bot).await);
            sizes.push(busiest);
        }
        assert!(sizes.windows(2).all(|two| two[0] == two[1]), "{sizes:?}");
        let own = bot.app.store().kv_list(&"drillbell".into(), "", 100).await.unwrap();
        assert!(own.is_empty(), "{own:?}");
    });
}

#[test]
fn a_card_of_an_incident_keeps_its_buttons_used_up() {
    with_bot_of(setup, async |bot| {
        let card = bot.ana("/sev declare sev1 checkout is down").await.messages[0].message.clone();
        bot.clicks("ana", &card, "resolve").await;
        bot.clock.advance(400 * DAY_MS);
        housekeeping(&bot).forget().await.unwrap();
        let clicks = bot.app.store().kv_list(&"drillbell".into(), "click/", 10).await.unwrap();
        assert_eq!(clicks.len(), 1, "{clicks:?}");
        assert!(bot.clicks("ben", &card, "timeline").await.text.contains("Timeline of INC-1"));
    });
}

#[test]
fn more_than_one_piece_is_forgotten_at_once() {
    crate::support::database::on_both(async |store, clock| {
        let folder = tempfile::tempdir().unwrap();
        let all = (0..1_200).map(|n| {
            let (store, id) = (store.clone(), format!("d{n}"));
            async move {
                store.accept(crate::support::commits::delivery(&id)).await.unwrap();
                store.commit(crate::support::commits::commit(&id)).await.unwrap();
            }
        });
        futures::future::join_all(all).await;
        clock.advance(8 * DAY_MS);
        let keeper = Housekeeping::new(store.clone(), clock.clone(), Retention::default(), folder.path()).unwrap();
        keeper.forget().await.unwrap();
        assert!(store.find_forgotten(Forgotten::Inbox, i64::MAX / 2).await.unwrap().is_empty());
        assert_eq!(store.audit_head().await.unwrap().0, 1_200);
    });
}

#[test]
fn the_end_of_the_trail_is_signed_once_for_each_move() {
    with_bot_of(setup, async |bot| {
        history(&bot).await;
        let data_dir = bot.app.config().server.data_dir.clone();
        let mut keeper = housekeeping(&bot);
        let signed = || read_checkpoints(&data_dir).unwrap().valid.iter().map(|c| c.seq).collect::<Vec<_>>();
        keeper.sign().await.unwrap();
        let after_first = signed();
        assert_eq!(after_first.last(), Some(&bot.app.store().audit_head().await.unwrap().0));
        keeper.sign().await.unwrap();
        assert_eq!(signed(), after_first, "nothing moved");
        bot.ana("/sev note one more").await;
        keeper.sign().await.unwrap();
        let report = drillbell::verification::verify(bot.app.store(), &data_dir).await.unwrap();
        assert!(report.ok && report.unanchored_since.is_none(), "{report:?}");
    });
}

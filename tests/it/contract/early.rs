//! The one door in, towards whoever handles what comes through it: an event may be handled before it is stored, and whoever sent it
//! hears nothing before it is.

use crate::support::bot::with_database;
use crate::support::commits::{ana, commit, delivery};
use crate::support::database::{TestDatabase, on_postgres};
use crate::support::eventually;
use drillbell::intake::{Admission, Intake};
use drillbell::model::event::Event;
use drillbell::store::{Accepted, ClaimedEvent, CommitOutcome, Store};
use drillbell::telemetry::Metrics;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc::UnboundedReceiver;

const ID: &str = "d1";

/// The same on both engines, with a door and what comes out of it.
fn with_door(check: impl AsyncFn(Store, Intake, UnboundedReceiver<ClaimedEvent>)) {
    with_database(async |database| behind_a_door(database, &check).await);
}

/// The same where another replica may hold the head of the trail.
fn with_door_on_postgres(check: impl AsyncFn(Store, Intake, UnboundedReceiver<ClaimedEvent>, &TestDatabase)) {
    on_postgres(async |database| {
        behind_a_door(&database, async |store, intake, events| check(store, intake, events, &database).await).await;
    });
}

async fn behind_a_door(database: &TestDatabase, check: impl AsyncFn(Store, Intake, UnboundedReceiver<ClaimedEvent>)) {
    let (store, closing, clock) = database.open().await;
    let (intake, events) = Intake::new(store.clone(), clock, Metrics::new(), 100);
    check(store.clone(), intake, events).await;
    drop(store);
    closing.wait().await;
}

async fn offer(intake: &Intake) -> Admission {
    let delivery = delivery(ID);
    let Event::CommandReceived(command) = delivery.event else { panic!("a command of {:?}", ana()) };
    intake.offer(ID.into(), delivery.conversation, Event::CommandReceived(command)).await.unwrap()
}

#[test]
fn what_is_handled_at_once_is_stored_with_what_came_of_it() {
    with_door(async |store, intake, mut events| {
        let before = store.counters().transactions.load(Ordering::Relaxed);
        let (admission, ()) = tokio::join!(offer(&intake), async {
            let event = events.recv().await.unwrap();
            let outcome = intake.commit(commit(ID)).await.unwrap();
            assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
            assert_eq!(event.delivery.id.as_str(), ID);
            intake.release(&event.delivery.id);
        });
        assert_eq!(admission, Admission::Accepted);
        assert_eq!(store.counters().transactions.load(Ordering::Relaxed) - before, 1);
        match offer(&intake).await {
            Admission::Duplicate(Some(result)) => assert_eq!(result.text, "did d1"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn what_is_not_handled_soon_is_stored_by_itself_and_finished_later() {
    with_door(async |store, intake, mut events| {
        assert_eq!(
            offer(&intake).await,
            Admission::Accepted,
            "nobody handles it, and its sender knows that it is kept"
        );
        assert_eq!(store.open_events().await.unwrap(), 1);
        let event = events.recv().await.unwrap();
        assert!(intake.durable(&event.delivery.id).await);
        assert!(matches!(intake.commit(commit(ID)).await.unwrap(), CommitOutcome::Committed(_)));
        intake.release(&event.delivery.id);
        assert_eq!(store.open_events().await.unwrap(), 0);
    });
}

#[test]
fn who_needs_it_stored_first_has_it_stored_first() {
    with_door(async |store, intake, mut events| {
        let (admission, ()) = tokio::join!(offer(&intake), async {
            let event = events.recv().await.unwrap();
            assert!(intake.durable(&event.delivery.id).await);
            assert_eq!(store.open_events().await.unwrap(), 1);
        });
        assert_eq!(admission, Admission::Accepted);
    });
}

#[test]
fn a_repeat_while_it_is_in_hand_waits_for_the_first_and_is_handled_by_nobody() {
    with_door(async |store, intake, mut events| {
        let (first, second, ()) = tokio::join!(offer(&intake), offer(&intake), async {
            let event = events.recv().await.unwrap();
            assert!(matches!(intake.commit(commit(ID)).await.unwrap(), CommitOutcome::Committed(_)));
            intake.release(&event.delivery.id);
        });
        let admissions = [first, second];
        assert!(admissions.contains(&Admission::Accepted), "{admissions:?}");
        assert!(admissions.iter().any(|admission| matches!(admission, Admission::Duplicate(_))), "{admissions:?}");
        assert_eq!(store.audit_head().await.unwrap().0, 1);
        assert!(matches!(offer(&intake).await, Admission::Duplicate(Some(_))));
        assert!(events.try_recv().is_err(), "it is handled once");
    });
}

#[test]
fn what_came_of_a_repeat_is_thrown_away() {
    with_door(async |store, intake, mut events| {
        assert_eq!(store.accept(delivery(ID)).await.unwrap(), Accepted::New);
        assert!(matches!(store.commit(commit(ID)).await.unwrap(), CommitOutcome::Committed(_)));
        let (admission, ()) = tokio::join!(offer(&intake), async {
            let event = events.recv().await.unwrap();
            assert_eq!(intake.commit(commit(ID)).await.unwrap(), CommitOutcome::Fenced);
            assert!(!intake.durable(&event.delivery.id).await);
            assert_eq!(intake.commit(commit(ID)).await.unwrap(), CommitOutcome::Fenced, "however often it is tried");
            intake.release(&event.delivery.id);
        });
        assert!(matches!(admission, Admission::Duplicate(Some(_))), "{admission:?}");
        assert_eq!(store.audit_head().await.unwrap().0, 1);
    });
}

#[test]
fn while_the_head_of_the_trail_is_held_the_sender_hears_all_the_same() {
    with_door_on_postgres(async |store, intake, mut events, database| {
        let held = database.hold_head().await;
        let committing = async {
            let event = events.recv().await.unwrap();
            let outcome = intake.commit(commit(ID)).await.unwrap();
            intake.release(&event.delivery.id);
            outcome
        };
        let heard = async {
            assert_eq!(offer(&intake).await, Admission::Accepted);
            eventually("it is kept", async || (store.open_events().await.unwrap() == 1).then_some(())).await;
            held.let_go().await;
        };
        let (outcome, ()) = tokio::join!(committing, heard);
        assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
        assert_eq!(store.open_events().await.unwrap(), 0);
    });
}

#[test]
fn while_the_head_is_held_a_repeat_of_what_another_process_took_in_is_answered_too() {
    with_door_on_postgres(async |store, intake, mut events, database| {
        assert_eq!(store.accept(delivery(ID)).await.unwrap(), Accepted::New);
        let held = database.hold_head().await;
        let (admission, outcome) = tokio::join!(
            async {
                let admission = offer(&intake).await;
                held.let_go().await;
                admission
            },
            async {
                events.recv().await.unwrap();
                intake.commit(commit(ID)).await.unwrap()
            }
        );
        assert!(matches!(admission, Admission::Duplicate(_) | Admission::Accepted), "{admission:?}");
        // Open and ours, so that it may as well be done by this one.
        assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
        assert_eq!((store.open_events().await.unwrap(), store.audit_head().await.unwrap().0), (0, 1));
    });
}

#[test]
fn nobody_waits_until_a_repeat_was_handled_in_vain() {
    with_door(async |store, intake, mut events| {
        assert_eq!(store.accept(delivery(ID)).await.unwrap(), Accepted::New);
        assert!(matches!(store.commit(commit(ID)).await.unwrap(), CommitOutcome::Committed(_)));
        for _ in 0..3 {
            let admission = offer(&intake).await;
            assert!(matches!(admission, Admission::Duplicate(Some(_))), "{admission:?}");
        }
        let event = events.recv().await.unwrap();
        assert!(intake.is_gone(&event.delivery.id), "whoever handles it may as well not begin");
        assert!(events.try_recv().is_err(), "it was handed over once");
    });
}

#[test]
fn what_was_claimed_from_the_table_is_handled_by_one_though_its_sender_repeats_it() {
    with_door(async |store, intake, mut events| {
        assert_eq!(store.accept(delivery(ID)).await.unwrap(), Accepted::New);
        let claimed = store.claim_events(10, true).await.unwrap();
        claimed.into_iter().for_each(|event| intake.take(event));
        let admission = offer(&intake).await;
        assert_eq!(admission, Admission::Duplicate(None));
        let event = events.recv().await.unwrap();
        assert_eq!(event.attempts, 1, "the one that was claimed");
        assert!(intake.durable(&event.delivery.id).await);
        assert!(matches!(intake.commit(commit(ID)).await.unwrap(), CommitOutcome::Committed(_)));
        intake.release(&event.delivery.id);
        assert!(events.try_recv().is_err());
    });
}

#[test]
fn what_is_claimed_while_a_repeat_is_in_hand_waits_for_its_end_and_is_handled_if_it_is_open() {
    with_door(async |store, intake, mut events| {
        assert_eq!(store.accept(delivery(ID)).await.unwrap(), Accepted::New);
        let take_what_is_claimed = async || {
            let claimed = store.claim_events(10, true).await.unwrap();
            assert_eq!(claimed.len(), 1);
            claimed.into_iter().for_each(|event| intake.take(event));
        };
        let (admission, ()) = tokio::join!(offer(&intake), async {
            events.recv().await.unwrap();
            take_what_is_claimed().await;
        });
        // Stored by itself after all; whether it was ours then is a matter of who came first.
        assert!(matches!(admission, Admission::Duplicate(None) | Admission::Accepted), "{admission:?}");
        assert!(events.try_recv().is_err(), "not two of them at once");
        intake.release(&ID.into());
        let again = events.recv().await.unwrap();
        assert_eq!((again.delivery.id.as_str(), again.attempts), (ID, 1));

        // Claimed again while it is handled, as after a stall: it stays with whoever has it, and when that is done comes no more.
        take_what_is_claimed().await;
        assert!(matches!(intake.commit(commit(ID)).await.unwrap(), CommitOutcome::Committed(_)));
        intake.release(&ID.into());
        assert!(matches!(offer(&intake).await, Admission::Duplicate(Some(_))));
        intake.take(ClaimedEvent { delivery: delivery("next"), attempts: 0 });
        assert_eq!(events.recv().await.unwrap().delivery.id.as_str(), "next");
    });
}

#[test]
fn what_a_broken_handler_took_along_is_stored_by_itself() {
    with_door_on_postgres(async |store, intake, mut events, database| {
        let held = database.hold_head().await;
        let (admission, ()) = tokio::join!(offer(&intake), async {
            events.recv().await.unwrap();
            // As if it panicked: nobody hears how its transaction went.
            let broken = tokio::time::timeout(std::time::Duration::ZERO, intake.commit(commit(ID))).await;
            assert!(broken.is_err());
        });
        assert_eq!(admission, Admission::Accepted);
        held.let_go().await;
        assert!(intake.durable(&ID.into()).await, "nobody waits for ever");
        eventually("it is there once", async || {
            let (open, written) = (store.open_events().await.unwrap(), store.audit_head().await.unwrap().0);
            matches!((open, written), (1, 0) | (0, 1)).then_some(())
        })
        .await;
    });
}

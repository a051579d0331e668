//! A delivery that was handled before it was stored: both in one transaction, or the delivery alone, and a repeat changes nothing.

use crate::support::commits::{commit, delivery, line, writing};
use crate::support::database::{on_both, on_postgres};
use crate::support::eventually;
use drillbell::model::ids::IncidentId;
use drillbell::model::route::Route;
use drillbell::store::{Accepted, Commit, CommitOutcome, Contended, Store, StoreError};
use std::sync::atomic::Ordering;

type Both = (Result<CommitOutcome, StoreError>, Result<Accepted, StoreError>);

async fn both(store: &Store, commit: Commit) -> Both {
    store.accept_and_commit(delivery(commit.inbox.as_str()), None, commit).await
}

fn is_done(both: &Both) -> bool {
    matches!(both, (Ok(CommitOutcome::Committed(_)), Ok(Accepted::New)))
}

#[test]
fn a_delivery_and_what_came_of_it_are_one_transaction_and_one_trip() {
    on_both(async |store, _| {
        assert!(is_done(&both(&store, writing("d1", "k", 0)).await));
        let counted =
            || (store.counters().transactions.load(Ordering::Relaxed), store.counters().trips.load(Ordering::Relaxed));
        let before = counted();
        assert!(is_done(&both(&store, writing("d2", "k", 1)).await));
        let after = counted();
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
        assert_eq!(store.open_events().await.unwrap(), 0);
        assert_eq!(store.result(&"d2".into()).await.unwrap().unwrap().text, "did d2");
        assert_eq!(store.kv_get(&"test".into(), "k").await.unwrap().revision, 2);
    });
}

#[test]
fn a_repeat_that_was_handled_again_changes_nothing_and_hears_the_first_answer() {
    on_both(async |store, _| {
        assert!(is_done(&both(&store, writing("d1", "k", 0)).await));
        for _ in 0..2 {
            match both(&store, writing("d1", "other", 0)).await {
                (Ok(CommitOutcome::Fenced), Ok(Accepted::Duplicate(Some(result)))) => assert_eq!(result.text, "did d1"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(store.kv_get(&"test".into(), "other").await.unwrap().value, None);
        assert_eq!(store.audit_head().await.unwrap().0, 1, "one record for one event");
    });
}

#[test]
fn repeats_among_others_harm_none_of_them() {
    on_both(async |store, _| {
        assert!(is_done(&both(&store, commit("known")).await));
        let same = (0..4).map(|_| both(&store, commit("same")));
        let known = (0..2).map(|_| both(&store, commit("known")));
        let ids: Vec<_> = (0..12).map(|n| format!("other-{n}")).collect();
        let others = ids.iter().map(|id| both(&store, writing(id, id, 0)));
        let (same, known, others) = futures::join!(
            futures::future::join_all(same),
            futures::future::join_all(known),
            futures::future::join_all(others)
        );
        let committed = |both: &&Both| matches!(both.0, Ok(CommitOutcome::Committed(_)));
        assert_eq!(same.iter().filter(committed).count(), 1, "{same:?}");
        assert_eq!(same.iter().filter(|(_, accepted)| matches!(accepted, Ok(Accepted::New))).count(), 1, "{same:?}");
        assert!(
            known.iter().all(|both| matches!(both, (Ok(CommitOutcome::Fenced), Ok(Accepted::Duplicate(Some(_)))))),
            "{known:?}"
        );
        assert!(others.iter().all(is_done), "{others:?}");
        assert_eq!((store.open_events().await.unwrap(), store.audit_head().await.unwrap().0), (0, 14));
    });
}

#[test]
fn what_lost_against_another_is_stored_and_can_be_tried_again() {
    on_both(async |store, _| {
        assert!(is_done(&both(&store, writing("d1", "k", 0)).await));
        let (outcome, accepted) = both(&store, writing("d2", "k", 0)).await;
        let lost = CommitOutcome::Conflict(vec![Contended::Kv("test".into(), "k".to_owned())]);
        assert_eq!((outcome.unwrap(), accepted.unwrap()), (lost, Accepted::New));
        assert_eq!(store.open_events().await.unwrap(), 1, "it is ours");
        assert!(matches!(store.commit(writing("d2", "k", 1)).await.unwrap(), CommitOutcome::Committed(_)));
        assert_eq!(store.open_events().await.unwrap(), 0);
    });
}

#[test]
fn what_cannot_be_committed_is_stored_all_the_same() {
    on_both(async |store, _| {
        let mut bad = commit("bad");
        // Two lines of one id cannot both be written.
        bad.timeline = vec![line(1, "twice", "noted"), line(1, "twice", "noted")];
        let ((outcome, accepted), good) = tokio::join!(both(&store, bad), both(&store, commit("good")));
        assert!(outcome.is_err(), "{outcome:?}");
        assert_eq!(accepted.unwrap(), Accepted::New);
        assert!(is_done(&good), "{good:?}");
        assert_eq!(store.timeline(&IncidentId::numbered(1), 10).await.unwrap(), []);
        let open = store.claim_events(10, true).await.unwrap();
        assert_eq!(open.iter().map(|event| event.delivery.id.as_str()).collect::<Vec<_>>(), ["bad"]);
    });
}

#[test]
fn what_follows_from_it_and_what_is_offered_beside_it_are_stored_too() {
    on_both(async |store, _| {
        let mut parent = commit("parent");
        parent.children = vec![delivery("parent/child")];
        let (parent, offered) = tokio::join!(both(&store, parent), store.accept(delivery("offered")));
        assert!(is_done(&parent), "{parent:?}");
        assert_eq!(offered.unwrap(), Accepted::New);
        let open = store.claim_events(10, true).await.unwrap();
        let mut open: Vec<_> = open.iter().map(|event| event.delivery.id.as_str()).collect();
        open.sort_unstable();
        assert_eq!(open, ["offered", "parent/child"]);
    });
}

#[test]
fn a_repeat_beside_the_commit_of_what_was_stored_before_is_a_repeat() {
    on_both(async |store, _| {
        assert!(is_done(&both(&store, writing("warm", "k", 0)).await));
        assert_eq!(store.accept(delivery("d1")).await.unwrap(), Accepted::New);
        let (outcome, again) = tokio::join!(store.commit(writing("d1", "k", 1)), store.accept(delivery("d1")));
        assert!(matches!(outcome, Ok(CommitOutcome::Committed(_))), "{outcome:?}");
        assert!(matches!(again, Ok(Accepted::Duplicate(_))), "{again:?}");
    });
}

#[test]
fn the_way_back_is_kept_with_it_and_a_repeat_does_not_change_it() {
    on_both(async |store, _| {
        let way = |value: &str| Some(Route { value: value.to_owned(), expires_ms: store.now_ms() + 60_000 });
        for value in ["first", "forged"] {
            let (_, accepted) = store.accept_and_commit(delivery("d1"), way(value), commit("d1")).await;
            accepted.unwrap();
            let found = store.route(&"d1".into(), &"d1".into()).await.unwrap().map(|route| route.value);
            assert_eq!(found.as_deref(), Some("first"));
        }
    });
}

#[test]
fn while_somebody_holds_the_head_a_delivery_can_be_stored_by_itself() {
    on_postgres(async |database| {
        let (store, closing, _) = database.open().await;
        assert!(is_done(&both(&store, writing("d1", "k", 0)).await));
        // From memory the head is not asked for; a writer that has to ask waits for it before anything else.
        for (id, name, seen) in [("remembered", "k", 1), ("asked", "new", 0)] {
            let held = database.hold_head().await;
            let waiting = tokio::spawn({
                let store = store.clone();
                async move { both(&store, writing(id, name, seen)).await }
            });
            let watch = sqlx::AnyPool::connect(&database.url).await.unwrap();
            eventually("it waits for the head", async || {
                let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
                let waits: i64 = sqlx::query_scalar(waits).fetch_one(&watch).await.unwrap();
                (waits > 0).then_some(())
            })
            .await;
            assert_eq!(store.accept(delivery(id)).await.unwrap(), Accepted::New);
            assert_eq!(store.open_events().await.unwrap(), 1);
            held.let_go().await;
            let (outcome, accepted) = waiting.await.unwrap();
            assert!(matches!(outcome, Ok(CommitOutcome::Committed(_))), "{outcome:?}");
            assert!(accepted.is_ok(), "{accepted:?}");
            assert!(store.result(&id.into()).await.unwrap().is_some());
            assert_eq!(store.open_events().await.unwrap(), 0);
            watch.close().await;
        }
        drop(store);
        closing.wait().await;
    });
}

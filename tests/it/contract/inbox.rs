//! The inbox: accepted once, leased, answered again.

use crate::support::commits::{commit, delivery, post};
use crate::support::database::{TestDatabase, on_both};
use drillbell::clock::Clock;
use drillbell::store::{Accepted, CommitOutcome, StoreError};

#[test]
fn a_delivery_is_new_once_and_a_duplicate_ever_after() {
    on_both(async |store, _| {
        assert_eq!(store.accept(delivery("d1")).await.unwrap(), Accepted::New);
        assert_eq!(store.accept(delivery("d1")).await.unwrap(), Accepted::Duplicate(None));
        let committed = store.commit(commit("d1")).await.unwrap();
        assert!(matches!(committed, CommitOutcome::Committed(_)), "{committed:?}");
        match store.accept(delivery("d1")).await.unwrap() {
            Accepted::Duplicate(Some(result)) => assert_eq!(result.text, "did d1"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn equal_deliveries_in_one_batch_are_accepted_once() {
    on_both(async |store, _| {
        let accepts = (0..5).map(|_| store.accept(delivery("same")));
        let answers = futures::future::try_join_all(accepts).await.unwrap();
        assert_eq!(answers.iter().filter(|a| **a == Accepted::New).count(), 1, "{answers:?}");
    });
}

#[test]
fn an_event_is_committed_once_even_when_two_try() {
    on_both(async |store, _| {
        store.accept(delivery("d1")).await.unwrap();
        let (a, b) = tokio::join!(store.commit(commit("d1")), store.commit(commit("d1")));
        let fenced = [a.unwrap(), b.unwrap()].into_iter().filter(|o| *o == CommitOutcome::Fenced).count();
        assert_eq!(fenced, 1);
        assert_eq!(store.audit_head().await.unwrap().0, 1, "one audit record for one event");
    });
}

#[test]
fn hostile_text_is_stored_as_it_is() {
    on_both(async |store, _| {
        let mut nasty = delivery("'; drop table inbox; --\"\\ \u{202e}\u{1F525}");
        nasty.conversation = "console:#\"[{]}".into();
        assert_eq!(store.accept(nasty.clone()).await.unwrap(), Accepted::New);
        let claimed = store.claim_events(10, true).await.unwrap();
        assert_eq!(claimed.into_iter().map(|c| c.delivery).collect::<Vec<_>>(), [nasty]);
    });
}

#[test]
fn a_deferred_event_comes_back_and_counts_its_attempts() {
    on_both(async |store, _| {
        store.accept(delivery("d1")).await.unwrap();
        assert!(store.claim_events(10, false).await.unwrap().is_empty(), "it is ours and leased");
        store.defer("d1".into(), -1_000).await.unwrap();
        let claimed = store.claim_events(10, false).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].attempts), (1, 1));
        store.defer("d1".into(), 60_000).await.unwrap();
        assert!(store.claim_events(10, false).await.unwrap().is_empty(), "not before its time");
        assert_eq!(store.claim_events(10, true).await.unwrap()[0].attempts, 2);
    });
}

#[test]
fn what_a_dead_process_had_in_hand_is_taken_over_and_its_late_commit_is_fenced() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let (old, _old_closing, _) = database.open().await;
        let (new, _new_closing, _) = database.open().await;
        old.accept(delivery("d1")).await.unwrap();
        assert_eq!(new.claim_events(10, true).await.unwrap().len(), 1);
        assert_eq!(old.commit(commit("d1")).await.unwrap(), CommitOutcome::Fenced);
        assert!(matches!(new.commit(commit("d1")).await.unwrap(), CommitOutcome::Committed(_)));
        assert_eq!(new.audit_head().await.unwrap().0, 1);
    });
}

#[test]
fn a_second_process_on_one_sqlite_file_is_refused_with_a_sentence() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::sqlite();
        let (_store, _closing, clock) = database.open().await;
        let refused = drillbell::store::Store::open(&database.url, 4, clock).await.err().expect("refused");
        assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
        let sentence = refused.to_string();
        assert!(sentence.contains(&format!("process {}", std::process::id())), "{sentence}");
        // By another name it is the same file.
        let file = std::path::Path::new(database.url.trim_start_matches("sqlite:"));
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(file, &link).unwrap();
        let url = format!("sqlite:{}", link.display());
        let refused = drillbell::store::Store::open(&url, 4, Clock::system()).await.err().expect("refused");
        assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
    });
}

/// A newer program's, most likely: it was started here for a while, and an older one goes on with what it left.
#[test]
fn what_this_program_cannot_read_waits_for_one_that_can_and_holds_nobody_up() {
    for database in TestDatabase::both() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (store, _closing, _) = database.open().await;
            for id in ["d1", "d2"] {
                store.accept(delivery(id)).await.unwrap();
                let mut commit = commit(id);
                commit.effects.push(post(&format!("m-{id}"), "slack:C1", "x"));
                store.commit(commit).await.unwrap();
            }
            store.accept(delivery("d3")).await.unwrap();
            store.accept(delivery("d4")).await.unwrap();
            database.execute("update inbox set payload = '{\"kind\": \"of another time\"}' where id = 'd3'").await;
            database
                .execute("update outbox set payload = '{\"kind\": \"of another time\"}' where message = 'm-d1'")
                .await;
            let events = store.claim_events(10, true).await.unwrap();
            assert_eq!(events.iter().map(|event| event.delivery.id.as_str()).collect::<Vec<_>>(), ["d4"]);
            let rows = store.claim_outbox(10, true).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.effect.message().as_str()).collect::<Vec<_>>(), ["m-d2"]);
            // They stay, and are not looked at again with every look.
            assert_eq!((store.open_events().await.unwrap(), store.outbox_backlog().await.unwrap()[0].1), (2, 2));
            assert!(store.claim_events(10, false).await.unwrap().is_empty());
            assert!(store.claim_outbox(10, false).await.unwrap().is_empty());
        });
    }
}

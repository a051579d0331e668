//! The commit: whole or not at all, and only if what was read still holds.

use crate::support::commits::{commit, delivery, incident, line, post};
use crate::support::database::on_both;
use drillbell::model::changes::{Cell, KvKey, ListQuery, ListRead};
use drillbell::model::ids::IncidentId;
use drillbell::store::{Commit, CommitOutcome, Contended, Store};

fn key(name: &str) -> KvKey {
    KvKey { plugin: "test".into(), key: name.to_owned() }
}

async fn accept_and_commit(store: &Store, commit: Commit) -> CommitOutcome {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    store.commit(commit).await.unwrap()
}

fn incrementing(id: &str, name: &str, seen: i64) -> Commit {
    let mut commit = commit(id);
    commit.reads.cells.insert(Cell::Kv(key(name)), seen);
    commit.kv.insert(key(name), Some(format!("by {id}")));
    commit
}

#[test]
fn everything_a_commit_writes_is_there_afterwards() {
    on_both(async |store, _| {
        let mut whole = incrementing("d1", "k", 0);
        whole.incidents = vec![incident(1)];
        whole.timeline = vec![line(1, "t1", "declared"), line(1, "t2", "and noted")];
        whole.effects = vec![post("m1", "console:#incidents", "hi"), post("m2", "slack:C1", "hi")];
        assert!(matches!(accept_and_commit(&store, whole).await, CommitOutcome::Committed(_)));

        let cell = store.kv_get(&"test".into(), "k").await.unwrap();
        assert_eq!((cell.value.as_deref(), cell.revision), (Some("by d1"), 1));
        let stored = store.incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
        assert_eq!((stored.title.as_str(), stored.revision), ("checkout is down", 1));
        let lines = store.timeline(&IncidentId::numbered(1), 10).await.unwrap();
        assert_eq!(lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), ["declared", "and noted"]);
        assert_eq!(store.messages_under(&"d1".into()).await.unwrap().len(), 2);
        assert_eq!(store.next_incident_number().await.unwrap(), 2);
        assert_eq!(store.result(&"d1".into()).await.unwrap().unwrap().text, "did d1");
    });
}

#[test]
fn a_commit_based_on_an_old_revision_loses_and_writes_nothing() {
    on_both(async |store, _| {
        accept_and_commit(&store, incrementing("d1", "k", 0)).await;
        let mut late = incrementing("d2", "k", 0);
        late.effects = vec![post("m1", "console:#incidents", "late")];
        let lost = accept_and_commit(&store, late).await;
        assert_eq!(lost, CommitOutcome::Conflict(vec![Contended::Kv("test".into(), "k".to_owned())]));
        assert!(store.message(&"m1".into()).await.unwrap().is_none());
        assert_eq!(store.result(&"d2".into()).await.unwrap(), None, "the event is still open");
        assert!(matches!(store.commit(incrementing("d2", "k", 1)).await.unwrap(), CommitOutcome::Committed(_)));
    });
}

#[test]
fn of_many_that_read_the_same_revision_at_once_one_wins() {
    on_both(async |store, _| {
        for n in 0..16 {
            store.accept(delivery(&format!("d{n}"))).await.unwrap();
        }
        let commits = (0..16).map(|n| store.commit(incrementing(&format!("d{n}"), "k", 0)));
        let outcomes = futures::future::try_join_all(commits).await.unwrap();
        let won = outcomes.iter().filter(|o| matches!(o, CommitOutcome::Committed(_))).count();
        assert_eq!(won, 1, "{outcomes:?}");
        assert_eq!(store.kv_get(&"test".into(), "k").await.unwrap().revision, 1);
        assert_eq!(store.audit_head().await.unwrap().0, 1);
    });
}

#[test]
fn a_deleted_key_keeps_its_revision() {
    on_both(async |store, _| {
        accept_and_commit(&store, incrementing("d1", "k", 0)).await;
        let mut delete = incrementing("d2", "k", 1);
        delete.kv.insert(key("k"), None);
        accept_and_commit(&store, delete).await;
        let cell = store.kv_get(&"test".into(), "k").await.unwrap();
        assert_eq!((cell.value, cell.revision), (None, 2));
        assert!(store.kv_list(&"test".into(), "", 10).await.unwrap().is_empty());
        assert!(matches!(accept_and_commit(&store, incrementing("d3", "k", 0)).await, CommitOutcome::Conflict(_)));
    });
}

#[test]
fn a_newcomer_to_a_list_that_was_read_counts_as_a_change() {
    on_both(async |store, _| {
        accept_and_commit(&store, incrementing("d1", "list/a_1", 0)).await;
        let query = ListQuery::Kv { plugin: "test".into(), prefix: "list/".to_owned(), limit: 10 };
        let mut lister = commit("d2");
        lister.reads.lists.push(ListRead { query, seen: vec![("list/a_1".to_owned(), 1)] });
        accept_and_commit(&store, incrementing("d3", "other/b", 0)).await;
        assert!(matches!(accept_and_commit(&store, lister.clone()).await, CommitOutcome::Committed(_)));

        accept_and_commit(&store, incrementing("d4", "list/c%", 0)).await;
        lister.inbox = "d5".into();
        let lost = accept_and_commit(&store, lister).await;
        assert_eq!(lost, CommitOutcome::Conflict(vec![Contended::KvOf("test".into())]));
    });
}

#[test]
fn two_that_declare_the_same_number_do_not_both_get_it() {
    on_both(async |store, _| {
        let declare = |id: &str| {
            let mut commit = commit(id);
            commit.reads.cells.insert(Cell::Incident(IncidentId::numbered(1)), 0);
            commit.incidents = vec![incident(1)];
            commit
        };
        store.accept(delivery("d1")).await.unwrap();
        store.accept(delivery("d2")).await.unwrap();
        let (a, b) = tokio::join!(store.commit(declare("d1")), store.commit(declare("d2")));
        let won = [a.unwrap(), b.unwrap()].into_iter().filter(|o| matches!(o, CommitOutcome::Committed(_))).count();
        assert_eq!(won, 1);
    });
}

#[test]
fn a_reservation_holds_others_off_until_its_holder_commits() {
    on_both(async |store, _| {
        store.accept(delivery("holder")).await.unwrap();
        assert!(store.reserve("holder".into(), vec![Contended::Kv("test".into(), "k".to_owned())]).await.unwrap());
        assert!(!store.reserve("other".into(), vec![Contended::KvOf("test".into())]).await.unwrap(), "it is taken");
        assert_eq!(accept_and_commit(&store, incrementing("d1", "k", 0)).await, CommitOutcome::Reserved);
        assert!(matches!(accept_and_commit(&store, incrementing("d2", "x", 0)).await, CommitOutcome::Committed(_)));
        assert!(matches!(store.commit(incrementing("holder", "k", 0)).await.unwrap(), CommitOutcome::Committed(_)));
        assert!(matches!(store.commit(incrementing("d1", "k", 1)).await.unwrap(), CommitOutcome::Committed(_)));
    });
}

#[test]
fn the_chain_of_many_batches_verifies() {
    on_both(async |store, _| {
        for n in 0..40 {
            store.accept(delivery(&format!("d{n}"))).await.unwrap();
        }
        let commits = (0..40).map(|n| store.commit(incrementing(&format!("d{n}"), &format!("k{n}"), 0)));
        futures::future::try_join_all(commits).await.unwrap();
        let (seq, hash) = store.audit_head().await.unwrap();
        let mut prev = drillbell::audit::GENESIS.to_owned();
        let records = store.audit_page(0, 100).await.unwrap();
        for (record, expected) in records.iter().zip(1..) {
            assert_eq!(record.seq, expected);
            assert_eq!(record.hash, drillbell::audit::link(&prev, &record.record));
            prev.clone_from(&record.hash);
        }
        assert_eq!((seq, hash), (40, prev));
    });
}

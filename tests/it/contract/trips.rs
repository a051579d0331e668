//! What makes a commit quick, and that it stays right all the same: many statements in one trip, and a writer that remembers.

use crate::support::commits::{commit, delivery, incident, key, line, post, writing};
use crate::support::database::{on_both, on_replicas};
use drillbell::model::changes::{Cell, TimerChange};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, IncidentId};
use drillbell::model::view::View;
use drillbell::store::{Accepted, Commit, CommitOutcome, Contended, Forgotten, Mark, Store};
use std::sync::atomic::Ordering;

/// A commit that notes something about incident 1, as `/sev note` does.
fn noting(id: &str, revision: i64) -> Commit {
    let mut commit = commit(id);
    let mut noted = incident(1);
    noted.revision = revision;
    commit.reads.cells.insert(Cell::Incident(IncidentId::numbered(1)), revision);
    commit.incidents = vec![noted];
    commit.timeline = vec![line(1, id, "noted")];
    commit.effects = vec![post(&format!("m-{id}"), "console:#incidents", "noted")];
    commit
}

async fn accept_and_commit(store: &Store, commit: Commit) -> CommitOutcome {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    store.commit(commit).await.unwrap()
}

fn trips(store: &Store) -> u64 {
    store.counters().trips.load(Ordering::Relaxed)
}

#[test]
fn a_quiet_command_takes_one_trip_to_be_accepted_and_one_to_be_committed() {
    on_both(async |store, _| {
        // The first of a kind has its statements prepared and its revisions read.
        assert!(matches!(accept_and_commit(&store, noting("d1", 0)).await, CommitOutcome::Committed(_)));
        for n in 2..10 {
            let id = format!("d{n}");
            let before = trips(&store);
            store.accept(delivery(&id)).await.unwrap();
            let accepted = trips(&store);
            let outcome = store.commit(noting(&id, n - 1)).await.unwrap();
            assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
            assert_eq!((accepted - before, trips(&store) - accepted), (1, 1));
        }
        assert_eq!(store.incident(&IncidentId::numbered(1)).await.unwrap().unwrap().revision, 9);
    });
}

#[test]
fn what_a_writer_does_not_know_costs_it_one_trip_more() {
    on_both(async |store, _| {
        accept_and_commit(&store, writing("d1", "a", 0)).await;
        accept_and_commit(&store, writing("d2", "b", 0)).await;
        store.accept(delivery("d3")).await.unwrap();
        let before = trips(&store);
        assert!(matches!(store.commit(writing("d3", "c", 0)).await.unwrap(), CommitOutcome::Committed(_)));
        assert_eq!(trips(&store) - before, 2);
    });
}

#[test]
fn one_bad_commit_in_a_batch_harms_no_other() {
    on_both(async |store, _| {
        for n in 0..8 {
            store.accept(delivery(&format!("d{n}"))).await.unwrap();
        }
        let all = (0..8).map(|n| {
            let mut commit = writing(&format!("d{n}"), &format!("k{n}"), 0);
            // Two lines of one id cannot both be written.
            let id = if n < 2 { "twice".to_owned() } else { format!("line-{n}") };
            commit.timeline = vec![line(1, &id, "noted")];
            store.commit(commit)
        });
        let outcomes = futures::future::join_all(all).await;
        let done = outcomes.iter().filter(|it| matches!(it, Ok(CommitOutcome::Committed(_)))).count();
        assert_eq!((done, outcomes.iter().filter(|it| it.is_err()).count()), (7, 1), "{outcomes:?}");
        assert_eq!(store.timeline(&IncidentId::numbered(1), 10).await.unwrap().len(), 7);
        assert_eq!(store.audit_head().await.unwrap().0, 7);
        assert_eq!(store.open_events().await.unwrap(), 1, "the bad one is still open");
    });
}

#[test]
fn what_another_replica_wrote_is_noticed_by_a_writer_that_remembers() {
    on_replicas(async |one, other| {
        assert!(matches!(accept_and_commit(one, writing("a1", "k", 0)).await, CommitOutcome::Committed(_)));
        assert!(matches!(accept_and_commit(one, writing("a2", "k", 1)).await, CommitOutcome::Committed(_)));
        assert!(matches!(accept_and_commit(other, writing("b1", "k", 2)).await, CommitOutcome::Committed(_)));
        let late = accept_and_commit(one, writing("a3", "k", 2)).await;
        assert_eq!(late, CommitOutcome::Conflict(vec![Contended::Kv("test".into(), "k".to_owned())]));
        assert!(matches!(one.commit(writing("a3", "k", 3)).await.unwrap(), CommitOutcome::Committed(_)));
        assert_eq!(one.kv_get(&"test".into(), "k").await.unwrap().revision, 4);
        // A reservation of the other's holds this one off, though nothing was committed.
        assert!(other.reserve("b2".into(), vec![Contended::KvOf("test".into())]).await.unwrap());
        assert_eq!(accept_and_commit(one, writing("a4", "k", 4)).await, CommitOutcome::Reserved);

        let mut prev = drillbell::audit::GENESIS.to_owned();
        for record in one.audit_page(0, 100).await.unwrap() {
            assert_eq!(record.hash, drillbell::audit::link(&prev, &record.record), "record {}", record.seq);
            prev = record.hash;
        }
        assert_eq!(one.audit_head().await.unwrap(), (4, prev));
    });
}

#[test]
fn a_key_that_was_forgotten_meanwhile_is_not_written_as_if_it_were_there() {
    on_both(async |store, _| {
        accept_and_commit(&store, writing("d1", "k", 0)).await;
        let mut gone = writing("d2", "k", 1);
        gone.kv.insert(key("k"), None);
        accept_and_commit(&store, gone).await;
        store.forget(Forgotten::Keys, vec!["test/k".to_owned()]).await.unwrap();
        let late = accept_and_commit(&store, writing("d3", "k", 2)).await;
        assert_eq!(late, CommitOutcome::Conflict(vec![Contended::Kv("test".into(), "k".to_owned())]));
        assert!(matches!(store.commit(writing("d3", "k", 0)).await.unwrap(), CommitOutcome::Committed(_)));
        assert_eq!(store.kv_get(&"test".into(), "k").await.unwrap().revision, 1);
    });
}

#[test]
fn a_commit_of_an_event_that_is_nobodys_writes_nothing() {
    on_both(async |store, _| {
        accept_and_commit(&store, writing("d1", "k", 0)).await;
        assert_eq!(store.commit(writing("never-offered", "k", 1)).await.unwrap(), CommitOutcome::Fenced);
        assert_eq!(store.commit(writing("d1", "k", 1)).await.unwrap(), CommitOutcome::Fenced);
        assert_eq!(store.kv_get(&"test".into(), "k").await.unwrap().revision, 1);
        assert_eq!((store.audit_head().await.unwrap().0, store.open_events().await.unwrap()), (1, 0));
        assert_eq!(store.result(&"never-offered".into()).await.unwrap(), None);
    });
}

#[test]
fn hostile_text_in_a_commit_is_stored_as_it_is_but_for_its_nuls() {
    const NASTY: &str = "'); drop table kv; -- \\' \\\\ E'\\x27' $1 $$ ?1 \"[{]} \u{202e}\u{1F525}\n";
    on_both(async |store, _| {
        let id = format!("it's \\ {NASTY}");
        let mut nasty = writing(&id, NASTY, 0);
        nasty.kv.insert(key(NASTY), Some(format!("{NASTY}\u{0}")));
        nasty.timeline = vec![line(1, "t1", &format!("{NASTY}\u{0}"))];
        nasty.effects = vec![post("m1", "slack:C'1", NASTY)];
        let CommitOutcome::Committed(committed) = accept_and_commit(&store, nasty).await else {
            panic!("not committed")
        };
        let expected = format!("{NASTY}\u{fffd}");
        assert_eq!(store.kv_get(&"test".into(), NASTY).await.unwrap().value.as_deref(), Some(expected.as_str()));
        assert_eq!(store.timeline(&IncidentId::numbered(1), 1).await.unwrap()[0].text, expected);
        assert_eq!(store.message(&"m1".into()).await.unwrap().unwrap().view.to_plain(), View::text(NASTY).to_plain());

        let row = committed.into_rows().remove(0).id;
        let native = format!("{NASTY}\u{0}");
        store.mark(row, Mark::Sent { native: Some(native) });
        store.claim_outbox(1, true).await.unwrap();
        assert_eq!(store.native_id(&"m1".into()).await.unwrap().as_deref(), Some(expected.as_str()));
        let mut later = writing("d2", NASTY, 1);
        later.kv.insert(key(NASTY), Some("tame".to_owned()));
        assert!(matches!(accept_and_commit(&store, later).await, CommitOutcome::Committed(_)));
    });
}

#[test]
fn of_several_edits_of_a_message_the_last_counts_and_one_that_was_never_posted_stays_unknown() {
    on_both(async |store, _| {
        let edit = |message: &str, text: &str| Effect::EditMessage {
            message: message.into(),
            to: ConversationId::from("console:#incidents"),
            view: View::text(text),
            private_to: None,
        };
        let mut posting = commit("d1");
        posting.effects = vec![post("m1", "console:#incidents", "one"), edit("m1", "two"), edit("m1", "three")];
        accept_and_commit(&store, posting).await;
        assert_eq!(store.message(&"m1".into()).await.unwrap().unwrap().view.to_plain(), "three");
        let mut editing = commit("d2");
        editing.effects = vec![edit("m1", "four"), edit("never", "x"), edit("m1", "five")];
        accept_and_commit(&store, editing).await;
        assert_eq!(store.message(&"m1".into()).await.unwrap().unwrap().view.to_plain(), "five");
        assert!(store.message(&"never".into()).await.unwrap().is_none());
    });
}

#[test]
fn a_cancelled_timer_is_gone_and_one_that_fires_with_a_batch_fires_once() {
    on_both(async |store, clock| {
        let change = |name: &str, at_ms: Option<i64>| TimerChange {
            plugin: "test".into(),
            name: name.to_owned(),
            set: at_ms.map(|at_ms| (at_ms, "payload".to_owned())),
        };
        let now_ms = clock.now_ms();
        let mut setting = commit("d1");
        setting.timers = vec![change("stays", Some(now_ms)), change("goes", Some(now_ms))];
        accept_and_commit(&store, setting).await;
        let mut cancelling = commit("d2");
        cancelling.timers = vec![change("goes", None), change("unknown", None)];
        accept_and_commit(&store, cancelling).await;
        let due = store.due_timers(now_ms, 10).await.unwrap();
        assert_eq!(due.iter().map(|timer| timer.name.as_str()).collect::<Vec<_>>(), ["stays"]);

        store.accept(delivery("d3")).await.unwrap();
        let (fired, again, committed) = tokio::join!(
            store.accept_timer(delivery("t1"), due[0].clone()),
            store.accept_timer(delivery("t2"), due[0].clone()),
            store.commit(writing("d3", "k", 0)),
        );
        assert_eq!((fired.unwrap(), again.unwrap()), (Accepted::New, Accepted::Duplicate(None)));
        assert!(matches!(committed.unwrap(), CommitOutcome::Committed(_)));
        assert_eq!(store.open_events().await.unwrap(), 1);
    });
}

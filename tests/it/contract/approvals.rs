//! Approvals in the store: written at a revision, found by what waits, kept with what they led to.

use crate::support::approvals::approval;
use crate::support::commits::{commit, delivery, post};
use crate::support::database::on_both;
use drillbell::model::approval::{Approval, Holds, State};
use drillbell::model::changes::Cell;
use drillbell::store::{Commit, CommitOutcome, Contended, Store};

async fn committed(store: &Store, commit: Commit) -> CommitOutcome {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    store.commit(commit).await.unwrap()
}

fn writing(id: &str, approval: Approval) -> Commit {
    Commit { approvals: vec![approval], ..commit(id) }
}

#[test]
fn an_approval_is_read_as_it_was_written_and_found_while_it_waits() {
    on_both(async |store, _| {
        let mut held = approval("A-00000001", "d1");
        held.holds = Holds::Event { delivery: Box::new(delivery("d1")) };
        assert!(matches!(committed(&store, writing("d1", held.clone())).await, CommitOutcome::Committed(_)));
        let later = Approval { created_ms: held.created_ms + 1, ..approval("A-00000000", "d2") };
        committed(&store, writing("d2", later.clone())).await;

        let read = store.approval(&held.id).await.unwrap().unwrap();
        assert_eq!(read, Approval { revision: 1, ..held.clone() });
        assert_eq!(store.approval(&"A-99999999".into()).await.unwrap(), None);
        let ids = |all: Vec<Approval>| all.into_iter().map(|one| one.id.into_string()).collect::<Vec<_>>();
        assert_eq!(ids(store.open_approvals(10).await.unwrap()), ["A-00000001", "A-00000000"], "oldest first");
        assert_eq!(ids(store.open_approvals(1).await.unwrap()), ["A-00000001"]);
        assert_eq!(ids(store.approvals_under(&"d2".into()).await.unwrap()), ["A-00000000"]);
        assert_eq!(store.open_approval_of(&held.digest).await.unwrap().unwrap().id, held.id);
        assert_eq!(store.open_approval_of("no digest").await.unwrap(), None);

        let ended = Approval { state: State::Denied, ended_ms: Some(7), ..read };
        committed(&store, writing("d3", ended)).await;
        assert_eq!(ids(store.open_approvals(10).await.unwrap()), ["A-00000000"]);
        assert_eq!(
            store.open_approval_of(&held.digest).await.unwrap().unwrap().id,
            later.id,
            "the same is asked again"
        );
        let kept = store.approvals_under(&"d1".into()).await.unwrap();
        assert_eq!((kept.len(), kept[0].state, kept[0].revision), (1, State::Denied, 2));
    });
}

#[test]
fn of_many_that_decide_at_once_one_does_and_what_the_others_wanted_is_not_written() {
    on_both(async |store, _| {
        committed(&store, writing("d0", approval("A-00000001", "d0"))).await;
        let open = store.approval(&"A-00000001".into()).await.unwrap().unwrap();
        let mut votes = Vec::new();
        for n in 1..=16 {
            store.accept(delivery(&format!("d{n}"))).await.unwrap();
            let state = if n % 2 == 0 { State::Approved } else { State::Denied };
            let mut vote = writing(&format!("d{n}"), Approval { state, ended_ms: Some(n), ..open.clone() });
            vote.children = vec![delivery(&format!("child-{n}"))];
            vote.notices = vec![post(&format!("m{n}"), "console:#ops", "decided")];
            votes.push(store.commit(vote));
        }
        let outcomes = futures::future::try_join_all(votes).await.unwrap();
        let lost = CommitOutcome::Conflict(vec![Contended::Approval("A-00000001".into())]);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == lost).count(), 15, "{outcomes:?}");
        let winner = store.approval(&"A-00000001".into()).await.unwrap().unwrap().ended_ms.unwrap();
        for n in 1..=16 {
            let told = store.message(&format!("m{n}").as_str().into()).await.unwrap();
            assert_eq!(told.is_some(), n == winner, "{n}");
            assert_eq!(store.open_under(&format!("child-{n}").as_str().into()).await.unwrap(), i64::from(n == winner));
        }
    });
}

#[test]
fn a_call_that_read_an_approval_which_changed_runs_again() {
    on_both(async |store, _| {
        committed(&store, writing("d0", approval("A-00000001", "d0"))).await;
        let reading = |id: &str, revision| {
            let mut commit = commit(id);
            commit.reads.cells.insert(Cell::Approval("A-00000001".into()), revision);
            commit
        };
        assert!(matches!(committed(&store, reading("d1", 1)).await, CommitOutcome::Committed(_)));
        let open = store.approval(&"A-00000001".into()).await.unwrap().unwrap();
        committed(&store, writing("d2", open)).await;
        assert!(matches!(committed(&store, reading("d3", 1)).await, CommitOutcome::Conflict(_)));
    });
}

#[test]
fn what_the_host_says_is_the_hosts_own_whoever_handled_the_event() {
    on_both(async |store, _| {
        let mut both = commit("d1");
        both.notices = vec![post("card", "console:#incidents", "decide"), post("far", "slack:C1", "decide")];
        both.effects = vec![post("answer", "console:#incidents", "asked")];
        let CommitOutcome::Committed(committed) = committed(&store, both).await else { panic!("it holds") };
        assert_eq!(committed.into_rows().len(), 1, "what leaves the house is handed out");
        let author = async |message: &str| store.message(&message.into()).await.unwrap().unwrap().plugin.into_string();
        assert_eq!(
            [author("card").await, author("far").await, author("answer").await],
            ["drillbell", "drillbell", "test"]
        );
        let stream = store.stream_after(0, None, &"ana".into(), 10).await.unwrap();
        assert_eq!(stream.iter().map(|line| line.author.as_str()).collect::<Vec<_>>(), ["drillbell", "test"]);
    });
}

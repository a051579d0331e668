//! The ends of timelines are remembered: what a commit read of one costs it no trip, and whoever appended meanwhile is noticed
//! all the same, in this process or another.

use crate::support::commits::{commit, delivery, incident, line, new_job};
use crate::support::database::{NEW_YEAR_MS, on_both, on_replicas};
use drillbell::model::changes::{ListQuery, ListRead};
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use drillbell::model::ids::IncidentId;
use drillbell::model::incident::Incident;
use drillbell::model::job::JobChange;
use drillbell::store::{Claim, Commit, CommitOutcome, Contended, JobStep, OpeningEnd, StepChange, Store};
use std::sync::atomic::Ordering;

const LIMIT: i64 = 3;

/// A commit that looks at the last lines of timeline 1, as they are `seen`, and appends one.
fn looking(id: &str, seen: &[&str]) -> Commit {
    let mut commit = commit(id);
    commit.reads.lists.push(ListRead {
        query: ListQuery::Timeline { incident: IncidentId::numbered(1), limit: LIMIT },
        seen: seen.iter().map(|line| ((*line).to_owned(), 0)).collect(),
    });
    commit.timeline = vec![line(1, id, "noted")];
    commit
}

/// One that appends without looking.
fn blind(id: &str) -> Commit {
    Commit { timeline: vec![line(1, id, "noted")], ..commit(id) }
}

async fn done(store: &Store, commit: Commit) -> CommitOutcome {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    store.commit(commit).await.unwrap()
}

fn holds(outcome: &CommitOutcome) -> bool {
    matches!(outcome, CommitOutcome::Committed(_))
}

fn lost() -> CommitOutcome {
    CommitOutcome::Conflict(vec![Contended::Timeline(IncidentId::numbered(1))])
}

async fn recent(store: &Store) -> Vec<String> {
    let lines = store.recent_timeline(&IncidentId::numbered(1), LIMIT).await.unwrap();
    lines.into_iter().map(|line| line.id).collect()
}

#[test]
fn a_look_at_a_timeline_that_is_remembered_costs_no_trip() {
    on_both(async |store, _| {
        assert!(holds(&done(&store, looking("l1", &[])).await));
        let seen = [vec!["l1"], vec!["l1", "l2"], vec!["l1", "l2", "l3"], vec!["l2", "l3", "l4"]];
        for (n, seen) in seen.iter().enumerate() {
            let id = format!("l{}", n + 2);
            store.accept(delivery(&id)).await.unwrap();
            let before = store.counters().trips.load(Ordering::Relaxed);
            assert!(holds(&store.commit(looking(&id, seen)).await.unwrap()), "{id}");
            assert_eq!(store.counters().trips.load(Ordering::Relaxed) - before, 1, "{id}");
        }
        assert_eq!(recent(&store).await, ["l3", "l4", "l5"]);
    });
}

#[test]
fn looks_at_many_timelines_in_one_batch_are_checked_together() {
    on_both(async |store, _| {
        for n in 1..=8_i64 {
            done(&store, Commit { timeline: vec![line(n, &format!("a{n}"), "")], ..commit(&format!("d{n}")) }).await;
            store.accept(delivery(&format!("e{n}"))).await.unwrap();
        }
        let all = (1..=8_i64).map(|n| {
            let mut commit = commit(&format!("e{n}"));
            // The odd ones saw what is there.
            let seen = if n % 2 == 1 { vec![(format!("a{n}"), 0)] } else { Vec::new() };
            commit.reads.lists =
                vec![ListRead { query: ListQuery::Timeline { incident: IncidentId::numbered(n), limit: LIMIT }, seen }];
            store.commit(commit)
        });
        let outcomes = futures::future::try_join_all(all).await.unwrap();
        let held: Vec<bool> = outcomes.iter().map(holds).collect();
        assert_eq!(held, [true, false, true, false, true, false, true, false]);
    });
}

#[test]
fn a_line_that_was_not_seen_makes_the_commit_lose_and_is_seen_the_next_time() {
    on_both(async |store, _| {
        assert!(holds(&done(&store, looking("l1", &[])).await));
        assert_eq!(recent(&store).await, ["l1"]);
        assert!(holds(&done(&store, blind("l2")).await));
        assert_eq!(done(&store, looking("l3", &["l1"])).await, lost());
        assert_eq!(recent(&store).await, ["l1", "l2"]);
        assert!(holds(&store.commit(looking("l3", &["l1", "l2"])).await.unwrap()));
        // Two at once: the second did not see what the first says.
        store.accept(delivery("l4")).await.unwrap();
        store.accept(delivery("l5")).await.unwrap();
        let seen = ["l1", "l2", "l3"];
        let (one, other) = tokio::join!(store.commit(looking("l4", &seen)), store.commit(looking("l5", &seen)));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!(holds(&one) != holds(&other), "{one:?} {other:?}");
    });
}

#[test]
fn what_another_replica_tells_a_timeline_is_noticed_also_where_no_trail_says_so() {
    // The lines' ids sort before those that the store makes.
    on_replicas(async |one, other| {
        let mut opening = looking("0-1", &[]);
        opening.incidents = vec![Incident { conversation: "slack:+inc-1".into(), ..incident(1) }];
        opening.incident = Some("INC-1".into());
        opening.effects = vec![Effect::Place {
            message: "m1".into(),
            to: "slack:+inc-1".into(),
            act: PlaceAct::Open { shape: Shape::Channel, name: "inc-1".to_owned(), near: "slack:C1".into() },
        }];
        let CommitOutcome::Committed(committed) = done(one, opening).await else { panic!("not committed") };
        let row = committed.into_rows().remove(0);
        assert!(holds(&done(one, looking("0-2", &["0-1"])).await));
        assert_eq!(recent(one).await, ["0-1", "0-2"]);
        assert!(holds(&done(other, blind("0-3")).await));
        assert_eq!(done(one, looking("0-4", &["0-1", "0-2"])).await, lost());
        assert_eq!(recent(one).await, ["0-1", "0-2", "0-3"]);
        assert!(holds(&one.commit(looking("0-4", &["0-1", "0-2", "0-3"])).await.unwrap()));

        let started = Commit { jobs: vec![JobChange::Start(Box::new(new_job("j1")))], ..commit("0-job") };
        assert!(holds(&done(other, started).await));
        let kinds = ["steps".to_owned()];
        let claim = Claim { kinds: &kinds, limit: 1, wished: false, all: false, now_ms: NEW_YEAR_MS };
        let job = other.claim_jobs(&claim).await.unwrap().remove(0);
        let step = |name: &str, change| Commit {
            job: Some(JobStep { id: job.id.clone(), epoch: job.epoch, change }),
            ..commit(name)
        };
        let begins = StepChange::Begin { card: None, place: "other/1".to_owned() };
        assert!(holds(&other.commit(step("job/j1/1", begins)).await.unwrap()));

        // Its memory is trusted again once nobody else has written for a while.
        for n in 0..40 {
            assert!(holds(&done(one, commit(&format!("d{n}"))).await));
        }
        assert!(holds(&done(one, looking("0-5", &["0-2", "0-3", "0-4"])).await));
        let end = OpeningEnd::Instead { near: "slack:C1".into(), problem: "restricted_action".to_owned() };
        // The row is leased to the one; the other takes it over as it would from a process that is gone.
        let taken = other.claim_outbox(10, true).await.unwrap();
        assert_eq!(taken.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [row.id.as_str()]);
        assert!(other.opening_ended(taken[0].clone(), end).await.unwrap());
        // What moves nothing leaves the mark of that alone: the head must not be again as the one knows it.
        let progress = StepChange::Progress { progress: "{}".to_owned(), output: None };
        assert!(holds(&other.commit(step("job/j1/2", progress)).await.unwrap()));
        assert_eq!(done(one, looking("0-6", &["0-3", "0-4", "0-5"])).await, lost());
    });
}

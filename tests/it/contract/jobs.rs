//! The table of jobs: enqueued by a commit, claimed once, stepped along only by whoever holds the claim.

use crate::support::approvals::approval;
use crate::support::commits::{commit, delivery, new_job, post};
use crate::support::database::{NEW_YEAR_MS, TestDatabase, on_both};
use drillbell::clock::Clock;
use drillbell::model::approval::{Approval, State};
use drillbell::model::job::{Job, JobChange, JobState, NewJob, OnLost, Wish};
use drillbell::store::{Beat, Claim, Commit, CommitOutcome, Contended, Forgotten, JobStep, StepChange, Store};

async fn commits(store: &Store, id: &str, jobs: Vec<JobChange>) -> CommitOutcome {
    store.accept(delivery(id)).await.unwrap();
    store.commit(Commit { jobs, ..commit(id) }).await.unwrap()
}

async fn start(store: &Store, job: NewJob) -> CommitOutcome {
    let id = format!("event of {}", job.id);
    commits(store, &id, vec![JobChange::Start(Box::new(job))]).await
}

async fn wish(store: &Store, id: &str, wish: Wish) {
    let change = JobChange::Wish { id: id.to_owned(), wish, by: "ben".into() };
    let event = format!("{} of {id} {}", wish.as_str(), drillbell::model::ids::fresh());
    assert!(matches!(commits(store, &event, vec![change]).await, CommitOutcome::Committed(_)));
}

async fn claim(store: &Store, wished: bool, all: bool) -> Vec<Job> {
    let kinds = ["steps".to_owned()];
    let claim = Claim { kinds: &kinds, limit: 10, wished, all, now_ms: NEW_YEAR_MS };
    let due = store.has_jobs(&claim).await.unwrap();
    let claimed = store.claim_jobs(&claim).await.unwrap();
    assert_eq!(due, !claimed.is_empty(), "what is due can be claimed, and nothing else");
    claimed
}

/// A commit of a step; its name is of no matter.
fn stepping(job: &Job, change: StepChange) -> Commit {
    let name = format!("job/{}/{}", job.id, drillbell::model::ids::fresh());
    Commit { job: Some(JobStep { id: job.id.clone(), epoch: job.epoch, change }), ..commit(&name) }
}

fn begins() -> StepChange {
    StepChange::Begin { card: Some("card".into()), place: "db1/1".to_owned() }
}

fn ends(state: JobState) -> StepChange {
    StepChange::End { state, result: "{\"outcome\":\"so\"}".to_owned(), card: None }
}

async fn steps(store: &Store, job: &Job, change: StepChange) -> CommitOutcome {
    store.commit(stepping(job, change)).await.unwrap()
}

fn ids(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}

#[test]
fn a_job_is_there_once_the_call_that_asked_for_it_is_committed() {
    on_both(async |store, _| {
        let asked = NewJob { conversation: Some("console:#dev".into()), ..new_job("j1") };
        assert!(matches!(start(&store, asked).await, CommitOutcome::Committed(c) if c.touches_jobs()));
        let job = store.job("j1").await.unwrap().unwrap();
        assert_eq!((job.state, job.kind.as_str(), job.title.as_str()), (JobState::Ready, "steps", "job j1"));
        assert_eq!((job.root.as_str(), job.conversation.as_str()), ("event of j1", "console:#dev"));
        assert_eq!((job.attempts, job.max_attempts, job.run_limit_ms, job.epoch), (0, 3, 1_000, 0));
        assert_eq!((job.on_lost, job.asked_by.as_str(), job.created_ms), (OnLost::Repeat, "ana", NEW_YEAR_MS));
        assert_eq!(ids(&store.jobs_of(&"test".into(), true, 9).await.unwrap()), ["j1"]);
        assert_eq!(ids(&store.jobs_under(&"event of j1".into()).await.unwrap()), ["j1"]);
        assert_eq!(store.open_under(&"event of j1".into()).await.unwrap(), 1, "the command goes on");
        assert_eq!(store.job_counts().await.unwrap(), [(JobState::Ready, 1)]);
    });
}

#[test]
fn a_claim_is_one_mans_and_every_claim_is_a_new_epoch() {
    on_both(async |store, _| {
        start(&store, new_job("j1")).await;
        let first = claim(&store, false, false).await;
        assert_eq!((ids(&first), first[0].epoch), (vec!["j1"], 1));
        assert!(claim(&store, false, false).await.is_empty(), "it is leased");
        assert!(store.job_is_mine("j1", 1).await.unwrap() && !store.job_is_mine("j1", 2).await.unwrap());
        let again = claim(&store, false, true).await;
        assert_eq!(again[0].epoch, 2);
        assert_eq!(store.beat_job("j1".to_owned(), 1).await.unwrap(), Beat::Gone, "the old claim is void");
        assert_eq!(store.beat_job("j1".to_owned(), 2).await.unwrap(), Beat::Ours(None));
        store.let_go_of_job("j1".to_owned(), 1).await.unwrap();
        assert!(claim(&store, false, false).await.is_empty(), "an old claim lets nothing go");
        store.let_go_of_job("j1".to_owned(), 2).await.unwrap();
        assert_eq!(claim(&store, false, false).await[0].epoch, 3);
    });
}

#[test]
fn a_job_is_found_by_the_end_of_its_id_and_by_its_end() {
    on_both(async |store, _| {
        let (first, second) = ("0190c0de-0000-7000-8000-0000aaaaaaaa", "0190c0de-0000-7000-8000-0000bbbbbbbb");
        start(&store, new_job(first)).await;
        start(&store, new_job(second)).await;
        assert_eq!(ids(&store.jobs_called("aaaaaaaa").await.unwrap()), [first]);
        assert!(store.jobs_called("0badcafe").await.unwrap().is_empty());
        let jobs = claim(&store, false, false).await;
        let job = jobs.iter().find(|job| job.id == second).unwrap();
        assert!(matches!(steps(&store, job, ends(JobState::Failed)).await, CommitOutcome::Committed(_)));
        assert_eq!(ids(&store.jobs_ended("steps", NEW_YEAR_MS, 9).await.unwrap()), [second]);
        assert!(store.jobs_ended("steps", NEW_YEAR_MS + 1, 9).await.unwrap().is_empty(), "longer ago");
        assert!(store.jobs_ended("backup", 0, 9).await.unwrap().is_empty(), "of another kind");
    });
}

#[test]
fn a_whole_life_of_a_job_step_by_step() {
    on_both(async |store, _| {
        start(&store, new_job("j1")).await;
        let job = claim(&store, false, false).await.remove(0);
        assert!(matches!(steps(&store, &job, begins()).await, CommitOutcome::Committed(_)));
        assert!(store.keep_child("j1".to_owned(), 1, Some("{\"pid\":1}".to_owned())).await.unwrap());
        let progress = StepChange::Progress { progress: "{\"done\":1}".to_owned(), output: Some("out".into()) };
        let (audited, _) = store.audit_head().await.unwrap();
        assert!(matches!(steps(&store, &job, progress).await, CommitOutcome::Committed(_)));
        assert_eq!(store.audit_head().await.unwrap().0, audited, "progress is not on the trail");
        let row = store.job("j1").await.unwrap().unwrap();
        assert_eq!((row.state, row.attempts, row.started_ms), (JobState::Running, 1, Some(NEW_YEAR_MS)));
        assert_eq!((row.progress.as_deref(), row.child.as_deref()), (Some("{\"done\":1}"), Some("{\"pid\":1}")));
        assert_eq!(
            (row.card, row.output, row.place.as_deref()),
            (Some("card".into()), Some("out".into()), Some("db1/1"))
        );

        let later = StepChange::Again { due_ms: NEW_YEAR_MS + 1, progress: "{}".to_owned() };
        assert!(matches!(steps(&store, &job, later).await, CommitOutcome::Committed(_)));
        assert!(claim(&store, false, false).await.is_empty(), "it is not due yet");
        let kinds = ["steps".to_owned()];
        let due = Claim { kinds: &kinds, limit: 1, wished: false, all: false, now_ms: NEW_YEAR_MS + 1 };
        let job = store.claim_jobs(&due).await.unwrap().remove(0);
        assert_eq!((job.state, job.epoch, job.child), (JobState::Ready, 2, None));

        let job = store.job("j1").await.unwrap().unwrap();
        let mut end = stepping(&job, ends(JobState::Done));
        end.children = vec![delivery("job/j1")];
        end.effects = vec![post("m1", "console:#incidents", "done")];
        assert!(matches!(store.commit(end).await.unwrap(), CommitOutcome::Committed(_)));
        let row = store.job("j1").await.unwrap().unwrap();
        assert_eq!((row.state, row.ended_ms), (JobState::Done, Some(NEW_YEAR_MS)));
        assert!(store.is_open(&"job/j1".into()).await.unwrap(), "its event came with its end");
        assert!(store.unfinished_jobs(9).await.unwrap().is_empty());
    });
}

#[test]
fn late_writes_of_a_lost_claim_write_nothing_at_all() {
    on_both(async |store, _| {
        start(&store, new_job("j1")).await;
        let old = claim(&store, false, false).await.remove(0);
        steps(&store, &old, begins()).await;
        let new = claim(&store, false, true).await.remove(0);
        assert_eq!((new.state, new.epoch), (JobState::Running, 2));
        let (audited, _) = store.audit_head().await.unwrap();
        for change in [
            begins(),
            StepChange::Progress { progress: "{}".to_owned(), output: None },
            StepChange::Again { due_ms: 0, progress: "{}".to_owned() },
            StepChange::Ask { card: None },
            ends(JobState::Failed),
        ] {
            let mut late = stepping(&old, change);
            late.effects = vec![post("late", "console:#incidents", "late")];
            late.children = vec![delivery("job/j1")];
            assert_eq!(store.commit(late).await.unwrap(), CommitOutcome::Fenced);
        }
        assert!(!store.keep_child("j1".to_owned(), 1, Some("{}".to_owned())).await.unwrap());
        assert!(store.message(&"late".into()).await.unwrap().is_none());
        assert!(!store.is_open(&"job/j1".into()).await.unwrap());
        assert_eq!(store.audit_head().await.unwrap().0, audited);
        assert_eq!(store.job("j1").await.unwrap().unwrap().state, JobState::Running);
        assert!(matches!(steps(&store, &new, ends(JobState::Done)).await, CommitOutcome::Committed(_)));
        assert_eq!(steps(&store, &new, ends(JobState::Failed)).await, CommitOutcome::Fenced, "it ends once");
    });
}

#[test]
fn of_a_batch_the_late_step_is_left_out_and_the_others_are_written() {
    on_both(async |store, _| {
        for n in 0..8 {
            start(&store, new_job(&format!("j{n}"))).await;
        }
        let jobs = claim(&store, false, false).await;
        let late = Job { epoch: 0, ..jobs[3].clone() };
        let all = jobs.iter().map(|job| store.commit(stepping(if job.id == late.id { &late } else { job }, begins())));
        let outcomes = futures::future::try_join_all(all).await.unwrap();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == CommitOutcome::Fenced).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes[3], CommitOutcome::Fenced);
        let running = store.unfinished_jobs(9).await.unwrap();
        assert_eq!(running.iter().filter(|job| job.state == JobState::Running).count(), 7);
    });
}

#[test]
fn an_ended_approval_is_forgotten_when_its_job_has_ended_too() {
    on_both(async |store, _| {
        let ended = Approval { state: State::Approved, ended_ms: Some(7), ..approval("A-00000001", "d1") };
        let held = NewJob { approval: Some("A-00000001".to_owned()), ..new_job("j1") };
        let start = Commit {
            approvals: vec![ended, approval("A-00000002", "d1")],
            jobs: vec![JobChange::Start(Box::new(held)), JobChange::Release { approval: "A-00000001".to_owned() }],
            ..commit("d1")
        };
        store.accept(delivery("d1")).await.unwrap();
        store.commit(start).await.unwrap();
        let old = async || store.find_forgotten(Forgotten::Approvals, i64::MAX / 2).await.unwrap();
        assert!(old().await.is_empty(), "its job has not run, and the other one is open");
        let claimed = claim(&store, false, false).await;
        steps(&store, &claimed[0], ends(JobState::Done)).await;
        assert_eq!(old().await, ["A-00000001"]);
        store.forget(Forgotten::Approvals, old().await).await.unwrap();
        assert!(old().await.is_empty() && store.approval(&"A-00000001".into()).await.unwrap().is_none());
        assert!(store.approval(&"A-00000002".into()).await.unwrap().is_some());
    });
}

#[test]
fn of_one_key_there_is_one_unfinished_job() {
    on_both(async |store, _| {
        let keyed = |id: &str| NewJob { key: Some("shop".to_owned()), ..new_job(id) };
        start(&store, keyed("j1")).await;
        let held = CommitOutcome::Conflict(vec![Contended::Job("test".into(), "shop".to_owned())]);
        assert_eq!(start(&store, keyed("j2")).await, held);
        let other = NewJob { plugin: "other".into(), ..keyed("j3") };
        assert!(matches!(start(&store, other).await, CommitOutcome::Committed(_)), "keys are a plugin's own");
        assert_eq!(store.job_of_key(&"test".into(), "shop").await.unwrap().unwrap().id, "j1");
        let claimed = claim(&store, false, false).await;
        steps(&store, claimed.iter().find(|job| job.id == "j1").unwrap(), ends(JobState::Done)).await;
        assert!(store.job_of_key(&"test".into(), "shop").await.unwrap().is_none());
        let both = futures::future::join_all([start(&store, keyed("j4")), start(&store, keyed("j5"))]).await;
        assert_eq!(both.iter().filter(|outcome| **outcome == held).count(), 1, "{both:?}");
    });
}

#[test]
fn wishes_are_taken_by_whoever_looks_and_the_first_counts() {
    on_both(async |store, _| {
        start(&store, new_job("j1")).await;
        wish(&store, "j1", Wish::Done).await;
        assert!(claim(&store, true, false).await.is_empty(), "nobody asked about it");
        wish(&store, "j1", Wish::Cancel).await;
        wish(&store, "j1", Wish::Cancel).await;
        let claimed = claim(&store, true, false).await;
        assert_eq!((claimed[0].wish, claimed[0].wish_by.as_ref().unwrap().as_str()), (Some(Wish::Cancel), "ben"));
        assert_eq!(store.beat_job("j1".to_owned(), 1).await.unwrap(), Beat::Ours(Some(Wish::Cancel)));
        steps(&store, &claimed[0], ends(JobState::Cancelled)).await;
        wish(&store, "j1", Wish::Cancel).await;
        assert_eq!(store.job("j1").await.unwrap().unwrap().state, JobState::Cancelled);
    });
}

#[test]
fn a_lost_job_is_in_nobodys_hands_until_somebody_decides() {
    on_both(async |store, _| {
        start(&store, new_job("j1")).await;
        let job = claim(&store, false, false).await.remove(0);
        steps(&store, &job, begins()).await;
        steps(&store, &job, StepChange::Ask { card: None }).await;
        assert!(claim(&store, false, true).await.is_empty() && claim(&store, true, true).await.is_empty());
        assert_eq!(store.open_under(&"event of j1".into()).await.unwrap(), 0, "nobody follows what waits for people");
        wish(&store, "j1", Wish::Again).await;
        let job = claim(&store, true, false).await.remove(0);
        assert_eq!((job.state, job.wish), (JobState::Lost, Some(Wish::Again)));
        steps(&store, &job, StepChange::Again { due_ms: NEW_YEAR_MS, progress: "{}".to_owned() }).await;
        let job = claim(&store, false, false).await.remove(0);
        assert_eq!((job.state, job.wish, job.wish_by), (JobState::Ready, None, None));
    });
}

#[test]
fn a_held_job_begins_when_it_is_released_and_ends_when_it_is_refused() {
    on_both(async |store, _| {
        let held = |id: &str, approval: &str| NewJob { approval: Some(approval.to_owned()), ..new_job(id) };
        start(&store, held("j1", "yes")).await;
        start(&store, held("j2", "no")).await;
        assert!(claim(&store, false, true).await.is_empty());
        commits(&store, "approved", vec![JobChange::Release { approval: "yes".to_owned() }]).await;
        let refuse = JobChange::Refuse { approval: "no".to_owned(), wish: Wish::Denied, by: "ben".into() };
        commits(&store, "denied", vec![refuse]).await;
        let wished = claim(&store, true, false).await;
        assert_eq!((ids(&wished), wished[0].wish), (vec!["j2"], Some(Wish::Denied)));
        assert_eq!(ids(&claim(&store, false, false).await), ["j1"]);
    });
}

#[test]
fn what_a_bot_cannot_run_it_leaves_to_others_and_limits_are_kept() {
    on_both(async |store, _| {
        for n in 0..3 {
            start(&store, new_job(&format!("j{n}"))).await;
        }
        let strange = ["http".to_owned()];
        let claim = Claim { kinds: &strange, limit: 10, wished: false, all: true, now_ms: NEW_YEAR_MS };
        assert!(!store.has_jobs(&claim).await.unwrap() && store.claim_jobs(&claim).await.unwrap().is_empty());
        let kinds = ["http".to_owned(), "steps".to_owned()];
        let two = Claim { kinds: &kinds, limit: 2, all: false, ..claim };
        assert_eq!(ids(&store.claim_jobs(&two).await.unwrap()), ["j0", "j1"]);
        assert_eq!(ids(&store.claim_jobs(&two).await.unwrap()), ["j2"]);
    });
}

#[test]
fn jobs_are_forgotten_some_time_after_they_ended_and_never_before() {
    on_both(async |store, _| {
        start(&store, new_job("j1")).await;
        start(&store, new_job("j2")).await;
        let jobs = claim(&store, false, false).await;
        steps(&store, &jobs[0], ends(JobState::Failed)).await;
        assert!(store.find_forgotten(Forgotten::Jobs, NEW_YEAR_MS).await.unwrap().is_empty(), "it is not old");
        assert_eq!(store.find_forgotten(Forgotten::Jobs, NEW_YEAR_MS + 1).await.unwrap(), ["j1"]);
        store.forget(Forgotten::Jobs, vec!["j1".to_owned(), "j2".to_owned()]).await.unwrap();
        assert!(store.job("j1").await.unwrap().is_none());
        assert_eq!(
            ids(&store.unfinished_jobs(9).await.unwrap()),
            ["j2"],
            "what has not ended is kept whatever is asked"
        );
    });
}

#[test]
fn the_lock_of_a_job_is_one_processs_until_it_lets_go_or_dies() {
    on_both(async |store, _| {
        let Some(mut lock) = store.lock_job("j1").await.unwrap() else { panic!("it is free") };
        assert!(lock.holds().await);
        if store.engine() == drillbell::store::Engine::Postgres {
            assert!(store.lock_job("j1").await.unwrap().is_none());
            assert!(store.lock_job("j2").await.unwrap().is_some());
        }
        lock.release().await;
        assert!(store.lock_job("j1").await.unwrap().is_some());
    });
}

#[tokio::test]
async fn two_processes_that_claim_at_once_get_each_job_once() {
    let database = TestDatabase::postgres();
    let open = || Store::open(&database.url, 4, Clock::manual(NEW_YEAR_MS));
    let ((left, one), (right, two)) = (open().await.unwrap(), open().await.unwrap());
    for n in 0..40 {
        start(&left, new_job(&format!("j{n:02}"))).await;
    }
    let mut claimed = Vec::new();
    for _ in 0..4 {
        let (mine, theirs) = tokio::join!(claim_some(&left), claim_some(&right));
        claimed.extend(mine.into_iter().chain(theirs).map(|job| job.id));
    }
    claimed.sort();
    let all: Vec<String> = (0..40).map(|n| format!("j{n:02}")).collect();
    assert_eq!(claimed, all);
    drop((left, right));
    one.wait().await;
    two.wait().await;
}

async fn claim_some(store: &Store) -> Vec<Job> {
    let kinds = ["steps".to_owned()];
    let claim = Claim { kinds: &kinds, limit: 10, wished: false, all: false, now_ms: NEW_YEAR_MS };
    store.claim_jobs(&claim).await.unwrap()
}

//! Who may start which jobs, and what is no job.

use super::super::fake::{FakeReads, caller, caller_on};
use super::wit::{Host, HostRequest};
use super::*;
use crate::model::approval::{Approval, Holds, State};
use crate::model::job::JobState;

/// A job of `plugin` that runs, or has ended.
fn job(id: &str, plugin: &str, kind: &str, key: Option<&str>, state: JobState) -> Job {
    Job {
        id: id.to_owned(),
        kind: kind.to_owned(),
        plugin: plugin.into(),
        key: key.map(str::to_owned),
        root: "d1".into(),
        inbox: "d1".into(),
        conversation: "console:#ops".into(),
        incident: None,
        asked_by: "ana".into(),
        title: "copy the shop".to_owned(),
        spec: "{}".to_owned(),
        on_lost: OnLost::Ask,
        state,
        approval: None,
        owner: None,
        place: None,
        epoch: 1,
        attempts: 1,
        max_attempts: 3,
        due_ms: 0,
        run_limit_ms: 1,
        created_ms: 5,
        started_ms: Some(6),
        ended_ms: None,
        progress: Some(r#"{"stage":"copy","done":3,"total":9}"#.to_owned()),
        wish: None,
        wish_by: None,
        result: None,
        child: None,
        card: None,
        output: None,
    }
}

/// Knows `steps` and `http`, and takes any spec but `{"bad":true}`.
fn check() -> CheckJob {
    Arc::new(|kind, spec, _, _| match kind {
        "steps" | "http" if spec.get("bad").is_some() => Err("`bad` is not good".to_owned()),
        "steps" | "http" => Ok(()),
        _ => Err("it is unknown".to_owned()),
    })
}

struct Bench {
    caller: Caller,
    jobs: JobsCall,
    approvals: ApprovalsCall,
    table: ResourceTable,
}

impl Bench {
    fn of(caller: Caller) -> Self {
        let approvals = ApprovalsCall::new(Default::default());
        Self { caller, jobs: JobsCall::new(check()), approvals, table: ResourceTable::new() }
    }

    fn host(&mut self) -> JobsHost<'_> {
        JobsHost {
            caller: &mut self.caller,
            jobs: &mut self.jobs,
            approvals: &mut self.approvals,
            table: &mut self.table,
        }
    }

    async fn starts(
        &mut self,
        (kind, title, spec): (&str, &str, &str),
        set: impl FnOnce(&mut JobsHost<'_>, &dyn Fn() -> Resource<JobDraft>),
    ) -> Result<String, HostError> {
        let mut host = self.host();
        let request = host.new(kind.to_owned(), title.to_owned(), spec.to_owned()).unwrap();
        let rep = request.rep();
        set(&mut host, &|| Resource::new_borrow(rep));
        host.start(Resource::new_borrow(rep)).await.unwrap()
    }

    fn changes(self) -> Vec<JobChange> {
        let mut changes = Changes::default();
        self.jobs.into_changes(&mut changes);
        changes.jobs
    }
}

const COPY: (&str, &str, &str) = ("steps", "copy the  shop", "{}");

#[tokio::test]
async fn denies_jobs_of_a_kind_that_is_not_granted() {
    let mut bench = Bench::of(caller(&["jobs:http"]));
    let refused = bench.starts(COPY, |_, _| {}).await;
    assert!(matches!(&refused, Err(HostError::Denied(text)) if text.contains("`jobs:steps`")), "{refused:?}");
    let mut bench = Bench::of(caller(&["kv"]));
    assert!(matches!(bench.host().listing(false, 9).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(bench.host().holder("k".into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(bench.host().get("j".into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(bench.host().cancel("j".into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(bench.changes().is_empty());
}

#[tokio::test]
async fn a_started_job_is_recorded_as_it_was_asked_for() {
    let mut bench = Bench::of(caller(&["jobs:*"]));
    let id = bench
        .starts(COPY, |host, it| {
            host.set_on_lost(it(), wit::OnLost::Verify).unwrap();
            host.set_key(it(), "shop".into()).unwrap();
            host.set_attempts(it(), 1).unwrap();
            host.set_run_limit(it(), 60_000).unwrap();
        })
        .await
        .unwrap();
    let changes = bench.changes();
    let [JobChange::Start(job)] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((job.id.as_str(), job.title.as_str(), job.on_lost), (id.as_str(), "copy the shop", OnLost::Verify));
    assert_eq!((job.key.as_deref(), job.approval.as_deref()), (Some("shop"), None));
    assert_eq!((job.max_attempts, job.run_limit_ms, job.asked_by.as_str()), (1, 60_000, "ana"));
    assert_eq!(job.conversation, None, "where the event came from");
}

#[tokio::test]
async fn what_is_no_job_is_refused_and_the_part_is_named() {
    let mut bench = Bench::of(caller(&["jobs:*"]));
    let long = "x".repeat(JOB_TITLE_CHARS + 1);
    for (what, part) in [
        (("rm", "t", "{}"), "it is unknown"),
        (("", "t", "{}"), "names no kind"),
        (("steps", "", "{}"), "no title"),
        (("steps", &long, "{}"), "no title"),
        (("steps", "t", "{"), "no JSON"),
        (("steps", "t", r#"{"bad":true}"#), "`bad` is not good"),
    ] {
        let refused = bench.starts(what, |_, _| {}).await.unwrap_err();
        assert!(matches!(&refused, HostError::Invalid(text) if text.contains(part)), "{refused:?}");
    }
    let spec = format!("\"{}\"", "x".repeat(JOB_SPEC_BYTES));
    assert!(matches!(bench.starts(("steps", "t", &spec), |_, _| {}).await, Err(HostError::TooLarge(_))));
    for attempts in [0, 21] {
        let set = bench.starts(COPY, |host, it| host.set_attempts(it(), attempts).unwrap()).await;
        assert!(matches!(set, Err(HostError::Invalid(_))));
    }
    for limit in [0, u64::MAX] {
        let set = bench.starts(COPY, |host, it| host.set_run_limit(it(), limit).unwrap()).await;
        assert!(matches!(set, Err(HostError::Invalid(_))));
    }
    let there = bench.starts(COPY, |host, it| host.set_conversation(it(), "console:#dev".into()).unwrap()).await;
    assert!(matches!(there, Err(HostError::Denied(_))), "a card is a post");
    assert!(bench.changes().is_empty());
}

#[tokio::test]
async fn denies_more_jobs_than_a_call_may_have_and_a_request_used_twice() {
    let mut bench = Bench::of(caller(&["jobs:*"]));
    for _ in 0..JOBS_PER_CALL {
        bench.starts(COPY, |_, _| {}).await.unwrap();
    }
    assert!(matches!(bench.starts(COPY, |_, _| {}).await, Err(HostError::TooLarge(_))));
    let mut bench = Bench::of(caller(&["jobs:*"]));
    let mut host = bench.host();
    let request = host.new("steps".into(), "t".into(), "{}".into()).unwrap();
    host.start(Resource::new_borrow(request.rep())).await.unwrap().unwrap();
    let again = host.start(Resource::new_borrow(request.rep())).await.unwrap();
    assert!(matches!(again, Err(HostError::Invalid(text)) if text.contains("used before")));
}

#[tokio::test]
async fn a_key_is_refused_with_the_job_that_has_it() {
    let reads = FakeReads {
        jobs: vec![
            job("j1", "probe", "steps", Some("shop"), JobState::Running),
            job("j2", "probe", "steps", Some("free"), JobState::Done),
            job("j3", "other", "steps", Some("theirs"), JobState::Running),
        ],
        ..FakeReads::default()
    };
    let mut bench = Bench::of(caller_on(&["jobs:*"], reads));
    let keyed = |key: &str| {
        let key = key.to_owned();
        move |host: &mut JobsHost<'_>, it: &dyn Fn() -> Resource<JobDraft>| host.set_key(it(), key).unwrap()
    };
    let refused = bench.starts(COPY, keyed("shop")).await.unwrap_err();
    assert!(
        matches!(&refused, HostError::Invalid(text) if text.contains("the job j1 has the key `shop`")),
        "{refused:?}"
    );
    bench.starts(COPY, keyed("theirs")).await.unwrap();
    let own = bench.starts(COPY, keyed("free")).await.unwrap();
    let refused = bench.starts(COPY, keyed("free")).await.unwrap_err();
    assert!(matches!(&refused, HostError::Invalid(text) if text.contains(&own)), "{refused:?}");
    assert!(bench.starts(COPY, keyed("")).await.is_err());
    assert_eq!(bench.host().holder("shop".into()).await.unwrap().unwrap().map(|job| job.id), Some("j1".to_owned()));
}

#[tokio::test]
async fn a_plugin_sees_and_cancels_its_own_jobs_and_no_others() {
    let reads = FakeReads {
        jobs: vec![
            job("j1", "probe", "steps", None, JobState::Running),
            job("j2", "probe", "http", None, JobState::Done),
            job("j3", "other", "steps", None, JobState::Running),
        ],
        ..FakeReads::default()
    };
    let mut bench = Bench::of(caller_on(&["jobs:steps"], reads));
    let mut host = bench.host();
    let seen: Vec<_> = host.listing(false, 9).await.unwrap().unwrap().into_iter().map(|job| job.id).collect();
    assert_eq!(seen, ["j1"], "not the other plugin's, nor those of a kind that is not granted");
    let one = host.get("j1".into()).await.unwrap().unwrap();
    assert_eq!((one.state.as_str(), one.stage.as_str(), one.done, one.total), ("running", "copy", 3, 9));
    assert!(matches!(host.get("j3".into()).await.unwrap(), Err(HostError::NotFound(_))));
    assert!(matches!(host.get("j2".into()).await.unwrap(), Err(HostError::Denied(_))));
    host.cancel("j1".into()).await.unwrap().unwrap();
    let fresh = bench.starts(COPY, |_, _| {}).await.unwrap();
    bench.host().cancel(fresh).await.unwrap().unwrap();
    let changes = bench.changes();
    assert_eq!(changes, [JobChange::Wish { id: "j1".into(), wish: Wish::Cancel, by: "ana".into() }]);
}

#[tokio::test]
async fn denies_an_approval_that_is_not_its_own_not_given_used_or_for_something_else() {
    let plan = serde_json::json!({"spec": {"to": "v1"}, "kind": "steps"});
    let given = |id: &str, state, used_ms| {
        let (subject, digest) = crate::model::approval::subject(&plan);
        let approval = super::super::approvals::tests::kept(id, "probe", Holds::Question, state);
        Approval { subject, digest, used_ms, ..approval }
    };
    let mut reads = FakeReads::default();
    for approval in [
        given("A-0000000G", State::Approved, None),
        given("A-0000000W", State::Open, None),
        given("A-0000000N", State::Denied, None),
        given("A-0000000M", State::Approved, Some(1)),
        Approval { plugin: "other".into(), ..given("A-0000000T", State::Approved, None) },
    ] {
        reads.approvals.insert(approval.id.clone(), approval);
    }
    let mut bench = Bench::of(caller_on(&["jobs:steps", "approvals"], reads));
    let mut start = async |id: &str, spec: &str| {
        let mut host = bench.host();
        let draft = host.new("steps".into(), "Roll back".into(), spec.into()).unwrap();
        host.set_approval(Resource::new_borrow(draft.rep()), id.into()).unwrap();
        host.start(Resource::new_borrow(draft.rep())).await.unwrap()
    };
    let spec = r#"{"to":"v1"}"#;
    for id in ["A-0000000W", "A-0000000N", "A-0000000M"] {
        assert!(matches!(start(id, spec).await, Err(HostError::Invalid(_))), "{id}");
    }
    for id in ["A-0000000T", "A-00000000", "", "a1"] {
        assert!(matches!(start(id, spec).await, Err(HostError::NotFound(_))), "{id}");
    }
    let other = start("A-0000000G", r#"{"to":"v2"}"#).await;
    assert!(matches!(&other, Err(HostError::Invalid(text)) if text.contains("not for this")), "{other:?}");
    start("a-0000000g", spec).await.unwrap();
    assert!(matches!(start("A-0000000G", spec).await, Err(HostError::Invalid(text)) if text.contains("used")));
    let mut changes = Changes::default();
    bench.jobs.into_changes(&mut changes);
    bench.approvals.into_changes(&mut changes);
    assert_eq!((changes.jobs.len(), changes.approvals[&"A-0000000G".into()].used_ms), (1, Some(1_000)));
}

#[tokio::test]
async fn denies_using_an_approval_without_the_grant_for_approvals() {
    let mut bench = Bench::of(caller_on(&["jobs:steps"], FakeReads::default()));
    let mut host = bench.host();
    let draft = host.new("steps".into(), "Roll back".into(), "{}".into()).unwrap();
    host.set_approval(Resource::new_borrow(draft.rep()), "A-00000000".into()).unwrap();
    assert!(matches!(host.start(Resource::new_borrow(draft.rep())).await.unwrap(), Err(HostError::Denied(_))));
}

//! How drills went: kept with the end of their job and no other job, once, and for longer than the job.

use crate::support::commits::{commit, delivery, new_job};
use crate::support::database::{NEW_YEAR_MS, TestDatabase, on_both};
use crate::support::drills::{drilled, failed, passed};
use drillbell::model::job::{JobChange, JobState};
use drillbell::store::{Claim, Commit, Forgotten, JobStep, StepChange};
use serde_json::{Value, json};

const COPY: &str = "backups/shop/20260101T000000Z-0badcafe.dump.zst";

#[test]
fn the_end_of_a_drill_is_kept_as_it_was_said_and_the_end_of_another_job_is_not() {
    on_both(async |store, clock| {
        drilled(&store, "d1", "shop", JobState::Done, &passed(1_500, COPY)).await;
        clock.advance(1_000);
        drilled(&store, "d2", "media", JobState::Done, &failed("check", "Query 1 says\0 no.")).await;
        clock.advance(1_000);
        let late = json!({"outcome": "There is no copy of shop to drill.", "result": null});
        drilled(&store, "d3", "shop", JobState::Failed, &late).await;

        let all = store.drills(None, 9, None).await.unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|drill| (drill.job.as_str(), drill.target.as_str(), drill.status.as_str(), drill.cause.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("d3", "shop", "failed", Some("environment")),
                ("d2", "media", "fail", Some("check")),
                ("d1", "shop", "pass", None)
            ]
        );
        let [late, media, first] = &all[..] else { panic!("{all:?}") };
        assert_eq!((first.object.as_deref(), first.measured_ms(), first.stages.len()), (Some(COPY), Some(1_500), 2));
        assert_eq!((first.ended_ms, late.ended_ms), (NEW_YEAR_MS, NEW_YEAR_MS + 2_000));
        assert_eq!((media.sentence.as_str(), media.checks.len()), ("Query 1 says\u{fffd} no.", 2));
        assert_eq!((late.sentence.as_str(), late.object.as_deref()), ("There is no copy of shop to drill.", None));

        let of = async |target, limit, after| {
            let drills = store.drills(target, limit, after).await.unwrap();
            drills.into_iter().map(|drill| drill.job).collect::<Vec<_>>()
        };
        assert_eq!(of(Some("shop"), 9, None).await, ["d3", "d1"]);
        assert_eq!(of(Some("nothing"), 9, None).await, [""; 0]);
        assert_eq!(of(None, 1, Some((late.ended_ms, "d3"))).await, ["d2"]);
        let measured = store.drilled().await.unwrap();
        let measured: Vec<_> = measured.iter().map(|one| (one.target.as_str(), one.at_ms, one.rto_ms)).collect();
        assert_eq!(measured, [("shop", NEW_YEAR_MS, 1_500)]);

        // A job of another kind, and a write under a claim that no longer stands.
        store.accept(delivery("other")).await.unwrap();
        let jobs = vec![JobChange::Start(Box::new(new_job("j1")))];
        store.commit(Commit { jobs, ..commit("other") }).await.unwrap();
        let kinds = ["steps".to_owned()];
        let claim = Claim { kinds: &kinds, limit: 1, wished: false, all: false, now_ms: store.now_ms() };
        let job = store.claim_jobs(&claim).await.unwrap().remove(0);
        for epoch in [job.epoch - 1, job.epoch] {
            let result = passed(7, COPY).to_string();
            let change = StepChange::End { state: JobState::Done, result, card: None };
            let step = Some(JobStep { id: job.id.clone(), epoch, change });
            let _ = store.commit(Commit { job: step, ..commit(&format!("end {epoch}")) }).await.unwrap();
        }
        assert_eq!(of(None, 9, None).await.len(), 3);
    });
}

#[test]
fn drills_outlive_their_jobs_and_the_newest_of_each_target_outlive_all() {
    on_both(async |store, clock| {
        drilled(&store, "d0", "media", JobState::Done, &passed(1_500, COPY)).await;
        for n in 1..=3 {
            clock.advance(1_000);
            drilled(&store, &format!("d{n}"), "shop", JobState::Done, &Value::Null).await;
        }
        let old = clock.now_ms() + 1;
        let jobs = store.find_forgotten(Forgotten::Jobs, old).await.unwrap();
        assert_eq!(jobs.len(), 4);
        store.forget(Forgotten::Jobs, jobs).await.unwrap();
        assert_eq!(store.find_forgotten(Forgotten::Drills, old).await.unwrap(), [""; 0], "there are few of each");
        assert_eq!(store.drills(None, 9, None).await.unwrap().len(), 4);
        assert_eq!(store.drilled().await.unwrap()[0].rto_ms, 1_500, "measured long ago, and known");
        store.forget(Forgotten::Drills, vec!["d0".to_owned()]).await.unwrap();
        assert_eq!(store.drills(None, 9, None).await.unwrap().len(), 3);
    });
}

#[test]
fn drills_that_ended_before_they_were_kept_are_read_out_of_their_jobs_at_the_next_start() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in TestDatabase::both() {
        runtime.block_on(async {
            let (store, closing, _) = database.open().await;
            drilled(&store, "d1", "shop", JobState::Done, &passed(1_500, COPY)).await;
            drilled(&store, "d2", "media", JobState::Done, &failed("backup", "It does not open.")).await;
            drilled(&store, "d3", "media", JobState::Failed, &Value::Null).await;
            let said = store.drills(None, 9, None).await.unwrap();
            let last = store.last_drills().await.unwrap();
            let last: Vec<_> = last.iter().map(|last| (last.target.as_str(), last.status.as_str())).collect();
            assert_eq!(last, [("media", "failed"), ("shop", "pass")], "however it went");
            drop(store);
            closing.wait().await;
            // As the version before left it: the jobs, one without a word, and no rows.
            database.execute("delete from drills").await;
            database.execute("update jobs set result = null where id = 'd3'").await;
            for _ in 0..2 {
                let (store, closing, _) = database.open().await;
                assert_eq!(store.drills(None, 9, None).await.unwrap(), said, "once, however often it starts");
                let measured = store.drilled().await.unwrap();
                assert_eq!((measured.len(), measured[0].target.as_str(), measured[0].rto_ms), (1, "shop", 1_500));
                drop(store);
                closing.wait().await;
            }
        });
    }
}

//! Drills that have ended, by the way of every job: asked for, claimed, stepped along to their end.

use super::commits::{commit, delivery, new_job};
use drillbell::model::job::{JobChange, JobState, NewJob};
use drillbell::store::{Claim, Commit, JobStep, StepChange, Store};
use serde_json::{Value, json};

/// A drill of that job has ended, saying this.
pub async fn drilled(store: &Store, job: &str, target: &str, state: JobState, said: &Value) {
    let event = format!("event of {job}");
    let spec = json!({"target": target}).to_string();
    let new = NewJob { kind: "drill".to_owned(), spec, ..new_job(job) };
    store.accept(delivery(&event)).await.expect("the database answers");
    let jobs = vec![JobChange::Start(Box::new(new))];
    store.commit(Commit { jobs, ..commit(&event) }).await.expect("the database answers");
    let kinds = ["drill".to_owned()];
    let claim = Claim { kinds: &kinds, limit: 1, wished: false, all: false, now_ms: store.now_ms() };
    let job = store.claim_jobs(&claim).await.expect("the database answers").remove(0);
    let change = StepChange::End { state, result: said.to_string(), card: None };
    let step = Some(JobStep { id: job.id.clone(), epoch: job.epoch, change });
    let now_ms = store.now_ms();
    let ending = Commit { job: step, now_ms, ..commit(&format!("end of {}", job.id)) };
    store.commit(ending).await.expect("the database answers");
}

/// What a drill says that passed and took so long.
pub fn passed(rto_ms: i64, object: &str) -> Value {
    json!({"outcome": "All checks passed.", "result": {
        "target": "shop", "object": object, "taken_ms": 1_767_222_000_000_i64, "status": "pass", "cause": null,
        "sentence": "It was restored, and 7 checks passed.", "rto_ms": rto_ms, "age_ms": 3_600_000,
        "stages": [{"name": "fetch+restore", "took_ms": rto_ms - 400}, {"name": "check", "took_ms": 400}],
        "checks": [{"name": "restore", "status": "pass", "cause": null, "sentence": "It was opened.", "took_ms": 1}],
        "evidence": format!("{object}.evidence.json"), "dropped": true, "tables": [],
    }})
}

/// What one says that found the copy wanting, in these words.
pub fn failed(cause: &str, words: &str) -> Value {
    json!({"outcome": words, "result": {
        "target": "shop", "object": "backups/shop/20260101T000000Z-0badcafe.dump.zst", "taken_ms": 1_767_222_000_000_i64,
        "status": "fail", "cause": cause, "sentence": words, "rto_ms": 900, "age_ms": 60_000,
        "stages": [{"name": "fetch+restore", "took_ms": 900}],
        "checks": [
            {"name": "counts", "status": "fail", "cause": cause, "sentence": words, "took_ms": 3},
            {"name": "checksums", "status": "unknown", "cause": null, "sentence": "Nothing to compare with.", "took_ms": 0},
        ],
        "evidence": null, "dropped": true,
    }})
}

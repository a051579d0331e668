//! The kind `drill`: restores a copy to a place of its own, `{"target": NAME, "object": KEY}`, checks what came out, drops it again
//! and signs what it saw. Without an object it takes the newest copy that is not known to be broken.

mod checks;
mod commands;
mod evidence;
mod left;
mod place;

use super::source::{Chosen, Restoring, child_ended};
use super::{names, no_catalogue, telling};
use crate::config::targets::Target;
use crate::jobs::kinds::words::sentence;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::copy::CopyVerdict;
use crate::model::job::Progress;
use crate::ops::backup::Meter;
use crate::ops::backup::contents::Contents;
use crate::ops::restore::{Cause, RestoreError, TableName};
use checks::{Blamed, Check, Seen};
pub(super) use checks::{Status, TableSeen, counts};
use futures::FutureExt;
use futures::future::BoxFuture;
use place::{Place, Restored};
pub(super) use place::{blocking, both, major};
use serde::Deserialize;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

/// Drills.
pub(super) struct DrillKind(pub(super) Arc<Restoring>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    target: String,
    #[serde(default)]
    object: Option<String>,
}

/// One drill as far as it is.
struct Run<'a> {
    of: &'a Restoring,
    job: &'a JobContext,
    target: &'a Target,
    began: Instant,
    checks: Vec<Check>,
    stages: Vec<(&'static str, u64)>,
    tables: Vec<TableSeen>,
    scratch: Option<String>,
    dropped: bool,
    rto_ms: u64,
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl DrillKind {
    fn read<'a>(&'a self, spec: &Value) -> Result<(&'a Target, Option<String>), String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"target\": NAME}}, with an \"object\" of its copies if it should be another than the newest: {error}"))?;
        let target = self.0.copies.target(&spec.target)?;
        match &spec.object {
            Some(object) if !self.0.copies.is_copy_of(object, &spec.target) => Err(format!(
                "`object` is no copy of {}: they are called {}NAME",
                spec.target,
                names::prefix(&spec.target)
            )),
            _ => Ok((target, spec.object)),
        }
    }

    async fn drill(&self, job: &JobContext) -> Result<Value, JobError> {
        let (target, object) = self.read(job.spec()).map_err(JobError::failed)?;
        let chosen = self.0.choose(&target.name, object.as_deref()).await?;
        let copy = chosen.manifest.as_ref().map_or(target.place.kind(), |manifest| manifest.kind.as_str());
        if copy != target.place.kind() {
            // It was made when the target was something else, and may be as good as any.
            return Err(JobError::failed(format!(
                "{} is a copy of {copy}, and {} is {} now: take a new copy, and drill that.",
                chosen.key,
                target.name,
                target.place.kind()
            )));
        }
        let mut run = Run {
            of: &self.0,
            job,
            target,
            began: Instant::now(),
            checks: Vec::new(),
            stages: Vec::new(),
            tables: Vec::new(),
            scratch: None,
            dropped: true,
            rto_ms: 0,
        };
        run.whole(&chosen).await;
        child_ended(job).await;
        if job.cancel().is_cancelled() {
            let left = if run.dropped {
                "what it had restored was dropped"
            } else {
                "what it had restored is dropped by the next drill"
            };
            return Err(JobError::failed(format!("The drill was cancelled; {left}.")));
        }
        run.told(&chosen).await
    }
}

impl Run<'_> {
    /// Makes room, restores, checks, and removes it all again.
    async fn whole(&mut self, chosen: &Chosen) {
        self.say("making room");
        let began = Instant::now();
        let place = match self.of.place(self.job, self.target, chosen).await {
            Ok(place) => place,
            Err(error) => return self.note("restore", began, Err(error)),
        };
        self.scratch = Some(place.name.clone());
        self.dropped = false;
        if let Some(restored) = self.restored(&place, chosen, began).await {
            let checking = Instant::now();
            let expected = chosen.manifest.as_ref().map(|manifest| &manifest.contents);
            let found = self.contents(&restored, expected, chosen.adopted).await;
            let missing = expected.zip(found).map_or(Ok(()), |(then, now)| checks::missing(then, &now));
            let name = restored.shown(&place);
            let commanded = self.asked(&restored, &name, missing).await;
            self.stages.push(("check", millis(checking).saturating_sub(commanded)));
            if !self.target.drill.run.is_empty() {
                self.stages.push(("commands", commanded));
            }
            let smoking = Instant::now();
            for (url, nth) in self.target.drill.smoke.iter().zip(1..) {
                let answered = self.of.ask(self.job, url, &name);
                let answered = async {
                    answered.await.map(|status| Seen::Passed(format!("The address {url} was answered with {status}.")))
                };
                self.check(format!("smoke {nth}"), async {
                    answered.await.map_err(|error| RestoreError {
                        sentence: format!("the address {url} {}", error.sentence),
                        ..error
                    })
                })
                .await;
            }
            if !self.target.drill.smoke.is_empty() {
                self.stages.push(("smoke", millis(smoking)));
            }
        }
        self.rto_ms = millis(self.began);
        self.say("dropping it");
        let dropping = Instant::now();
        match place.drop(self.of, self.job).await {
            Ok(()) => self.dropped = true,
            Err(error) => {
                tracing::warn!(job = %self.job.id(), error = %error.sentence, "what a drill restored cannot be dropped")
            }
        }
        self.stages.push(("drop", millis(dropping)));
    }

    async fn restored(&mut self, place: &Place, chosen: &Chosen, began: Instant) -> Option<Restored> {
        let meter = Meter::default();
        let restoring = async {
            let (total, opened) = self.of.open(self.job, chosen, meter.clone()).await?;
            let restoring = place.restore(opened, self.job.cancel());
            telling(self.job, "restoring", &meter, total, restoring).await
        };
        let restored = restoring.await;
        self.stages.push(("fetch+restore", millis(began)));
        let (seen, restored) = match restored {
            Ok((restored, left_out)) => {
                let left_out = left_out.map(|left_out| format!(" {left_out}")).unwrap_or_default();
                let said = format!("It was opened and restored to {}.{left_out}", place.name);
                (Ok(Seen::Passed(said)), Some(restored))
            }
            Err(error) => (Err(error), None),
        };
        self.note("restore", began, seen);
        restored
    }

    /// Migrations, counts and checksums, against the manifest; what was found.
    async fn contents(&mut self, restored: &Restored, expected: Option<&Contents>, adopted: bool) -> Option<Contents> {
        let Some(expected) = expected else {
            let why = match adopted {
                true => "Something else made the copy: how many rows it should hold is not known.",
                false => "There is no manifest beside the copy: what it should hold is not known.",
            };
            self.note("counts", Instant::now(), Ok(Seen::Unknown(why.to_owned())));
            return None;
        };
        self.say("counting");
        let hashing = expected.tables.iter().flatten().any(|table| table.checksum.is_some())
            || expected.files.as_ref().is_some_and(|files| files.checksum.is_some());
        let began = Instant::now();
        let found = match restored.recount(hashing, self.job.cancel(), Meter::default()).await {
            Ok(found) => found,
            Err(error) => {
                self.note("counts", began, Err(error));
                return None;
            }
        };
        if let Restored::Folder(_) = restored {
            let (counts, sums) = checks::files(expected, &found);
            self.note("counts", began, counts);
            self.note("checksums", began, sums);
            return Some(found);
        }
        let mut blamed = Blamed::default();
        if let Some(stand) = checks::migrations(expected, &found, &mut blamed) {
            self.note("migrations", Instant::now(), stand);
        }
        let Some(tables) = &expected.tables else {
            let why =
                expected.not_counted.clone().unwrap_or_else(|| "its rows were not counted when it was made".to_owned());
            self.note("counts", Instant::now(), Ok(Seen::Unknown(sentence(&why))));
            return Some(found);
        };
        let counting = Instant::now();
        let names: Vec<TableName> =
            tables.iter().map(|table| TableName { schema: table.schema.clone(), table: table.table.clone() }).collect();
        let counted = match restored.counts(&names, &found).await {
            Ok(rows) => {
                self.tables = counts(tables, &rows, &found);
                checks::counted(&self.tables, &mut blamed)
            }
            Err(error) => Err(error),
        };
        self.note("counts", counting, counted);
        let mut sums = checks::checksums(expected, &found, &blamed);
        if sums.is_err()
            && let Some(before) = restored.recount_as_before().await
        {
            sums = checks::checksums(expected, &before, &blamed).or(sums);
        }
        self.note("checksums", began, sums);
        Some(found)
    }

    /// Constraints, of which some may be missing, the operator's commands, now that it is known what was restored, and queries. How long
    /// the commands took, milliseconds.
    async fn asked(&mut self, restored: &Restored, scratch: &str, missing: Result<(), RestoreError>) -> u64 {
        let began = Instant::now();
        if let Some(hold) = restored.constraints().await {
            self.note("constraints", began, missing.and(hold));
        }
        let commanding = Instant::now();
        self.commanded(scratch).await;
        let commanded = millis(commanding);
        for (query, nth) in self.target.drill.checks.iter().zip(1..) {
            self.say(&format!("query {nth}"));
            self.check(format!("query {nth}"), async { checks::is_true(&restored.query(query).await?) }).await;
        }
        commanded
    }

    async fn check(&mut self, name: String, made: impl Future<Output = Result<Seen, RestoreError>>) {
        let began = Instant::now();
        let seen = made.await;
        self.note(&name, began, seen);
    }

    fn note(&mut self, name: &str, began: Instant, seen: Result<Seen, RestoreError>) {
        let (status, cause, said) = match seen {
            Ok(Seen::Passed(said)) => (Status::Pass, None, said),
            Ok(Seen::Unknown(said)) => (Status::Unknown, None, said),
            Err(RestoreError { sentence, cause, .. }) => (Status::Fail, Some(cause), sentence),
        };
        let said = match (status, name.split_once(' ')) {
            // Which one it was is not in the sentence.
            (Status::Fail, Some(_)) if cause == Some(Cause::Check) => {
                format!("{name}: {said}")
            }
            _ => said,
        };
        let (sentence, cause) = (sentence(&said), cause.map(Cause::as_str));
        self.checks.push(Check { name: name.to_owned(), status, cause, sentence, took_ms: millis(began) });
    }

    fn say(&self, stage: &str) {
        self.job.progress(Progress { stage: stage.to_owned(), ..Progress::default() });
    }

    /// The result: signed, kept, and entered into the catalogue.
    async fn told(self, chosen: &Chosen) -> Result<Value, JobError> {
        let now_ms = self.of.copies.clock.now_ms();
        let (status, cause, sentence) = checks::verdict(&self.checks, chosen.adopted);
        let object = chosen.key.as_str();
        let stages: Vec<Value> =
            self.stages.iter().map(|(name, took_ms)| json!({"name": name, "took_ms": took_ms})).collect();
        let mut result = json!({
            "target": self.target.name,
            "object": object,
            "taken_ms": chosen.taken_ms,
            "status": status,
            "cause": cause,
            "sentence": sentence,
            "checks": self.checks,
            "stages": stages,
            "rto_ms": self.rto_ms,
            "age_ms": chosen.taken_ms.map(|taken| now_ms.saturating_sub(taken).max(0)),
            "tables": self.tables,
            "scratch": self.scratch,
            "dropped": self.dropped,
        });
        let verdict = match (status, cause) {
            (Status::Pass, _) => Some(CopyVerdict::Proven),
            (Status::Fail, Some("backup")) => Some(CopyVerdict::Broken),
            _ => None,
        };
        if let Some(verdict) = verdict {
            let checked = self.of.copies.store.copy_checked(object.to_owned(), verdict, now_ms, sentence.clone()).await;
            checked.map_err(|error| no_catalogue(&error))?;
        }
        match self.of.keep_evidence(self.job, &result, now_ms).await {
            Ok(name) => result["evidence"] = json!(name),
            Err(why) => {
                tracing::warn!(job = %self.job.id(), error = %why, "the evidence of a drill cannot be kept");
                result["evidence"] = Value::Null;
            }
        }
        result["summary"] = json!(sentence);
        Ok(result)
    }
}

impl Kind for DrillKind {
    fn name(&self) -> &str {
        "drill"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.drill(&job).await }.boxed()
    }

    fn clear(&self) -> BoxFuture<'_, Vec<String>> {
        self.clear_scratch().boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        // The next run removes what this one left.
        async { Verified::Repeat }.boxed()
    }
}

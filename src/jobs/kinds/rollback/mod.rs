//! The kind `rollback`: takes a service back to an earlier version, stage by stage. Whatever can be looked at is looked at before
//! anything is changed; what would be unsafe is refused here, whoever asks. No finished stage is done again; one in doubt asks.

mod code;
mod deploys;
mod git;
mod image;
mod plan;
mod programs;
mod refuse;
mod run;
mod spec;

use super::backup::Restoring;
use crate::config::services::Strategy;
use crate::jobs::kinds::notice::publication;
use crate::jobs::{Ended, JobContext, JobError, Kind, KindCx, Verified};
use crate::model::deploy::Migration;
use crate::model::event::DeployRecorded;
use crate::model::public::Publication;
use futures::FutureExt;
use futures::future::BoxFuture;
use programs::Programs;
use run::{Kept, Run};
use serde::Deserialize;
use serde_json::{Value, json};
use spec::{Asked, Spec};
use std::sync::Arc;

/// Whether the image that a service runs could be gone back to, by a strategy of the kind `container`: a verdict, and a part of a sentence.
pub(super) async fn way_back(of: &Restoring, job: &JobContext, strategy: &Strategy) -> (&'static str, String) {
    Programs { of, job, strategy, doubts: false }.way_back().await
}

/// Rolls services back.
pub(super) struct RollbackKind(pub(super) Arc<Restoring>);

impl RollbackKind {
    fn read<'a>(&'a self, spec: &Value) -> Result<Asked<'a>, String> {
        Asked::read(spec, &self.0.services)
    }

    async fn roll_back(&self, job: &JobContext) -> Result<Value, JobError> {
        let kept = Kept::of(job).await?;
        let asked = self.read(job.spec()).map_err(JobError::failed);
        // Where the configuration changed meanwhile, stages may have been done that nobody can name any more.
        let asked = asked.map_err(|error| if kept.is_new() { before_the_first(error) } else { error })?;
        let mut found = None;
        if kept.is_new() {
            refuse::two_at_once(&self.0, job, &asked).await.map_err(before_the_first)?;
            found = Some(refuse::migrations(self.0.store(), &asked).await.map_err(before_the_first)?);
        }
        Run::new(&self.0, job, &asked, kept)?.knowing(found).until_its_end().await
    }
}

/// Whoever asked is told that no stage was begun, and need not take it from the sentence.
fn before_the_first(error: JobError) -> JobError {
    match error.retry || error.ask {
        true => error,
        false => error.with(json!({"status": "fail", "stages": []})),
    }
}

impl Kind for RollbackKind {
    fn name(&self) -> &str {
        "rollback"
    }

    fn changes_production(&self, _: &Value) -> bool {
        true
    }

    fn uses(&self, spec: &Value) -> Vec<String> {
        let Ok(asked) = self.read(spec) else { return Vec::new() };
        asked.stages().iter().filter_map(|stage| stage.command()).map(|name| format!("command:{name}")).collect()
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.roll_back(&job).await }.boxed()
    }

    /// A rollback that leaves people shut out tells them; one that let them in again at its end takes down what told them.
    fn publishes(&self, job: &str, spec: &Value, ended: &Ended<'_>) -> Option<Publication> {
        let asked = self.read(spec).ok()?;
        let on = ended.result["maintenance"].as_bool()?;
        let turned = asked.spec.maintenance && (on || ended.done);
        publication(asked.service, job, on).filter(|_| turned)
    }

    /// What runs now, and what stays in the schema, so that whatever is planned next begins with the truth.
    fn records(&self, spec: &Value, ended: &Ended<'_>) -> Option<DeployRecorded> {
        let Spec { service, from, to, commit, .. } = self.read(spec).ok()?.spec;
        let passed = ended.done && ended.result["status"] == "pass";
        let migrations = Vec::<Migration>::deserialize(&ended.result["stays"]).unwrap_or_default();
        passed.then(|| DeployRecorded {
            service,
            version: to,
            previous: from,
            commit,
            schema: "none".to_owned(),
            migrations,
            disagrees: String::new(),
            by: String::new(),
            at_ms: 0,
            rollback: true,
        })
    }

    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        async move {
            let unknown = |why: &str| Verified::Unknown(why.to_owned());
            let Ok(asked) = self.read(job.spec()) else {
                return unknown("The configuration has changed so that its stages are unknown here.");
            };
            let Ok(kept) = Kept::of(&job).await else { return unknown("What it had written down cannot be read.") };
            match Run::new(&self.0, &job, &asked, kept) {
                Err(error) => Verified::Unknown(error.sentence),
                Ok(mut run) => run.looked_at().await,
            }
        }
        .boxed()
    }
}

//! The kind `restore`: puts a copy where a target is, stage by stage. Everything that can be looked at is looked at before anybody is
//! stopped; what fails after that leaves the writers stopped and says so. It is never begun twice unasked.

mod aside;
mod beside;
mod database;
mod destination;
mod stages;

use super::drill::{Status, TableSeen};
use super::source::{Restoring, child_ended};
use super::verify::VerifyKind;
use super::{names, no_catalogue};
use crate::config::services::Service;
use crate::config::targets::{Target, TargetPlace};
use crate::jobs::kinds::words::sentence;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::job::OnLost;
use crate::ops::restore::{files, sqlite};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stages::Run;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Restores.
pub(super) struct RestoreKind(pub(super) Arc<Restoring>);

/// What a job is to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    object: String,
    target: String,
    #[serde(default)]
    tables: Vec<String>,
    #[serde(default)]
    paths: Vec<PathBuf>,
    #[serde(default)]
    data_only: bool,
    #[serde(default)]
    clean: bool,
    #[serde(default = "yes")]
    safety: bool,
}

fn yes() -> bool {
    true
}

/// How far an earlier run came.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Writers were stopped, or what comes after it has begun.
    began: bool,
    /// People were asked since.
    asked: bool,
}

impl RestoreKind {
    fn read<'a>(&'a self, spec: &Value) -> Result<(&'a Target, Spec), String> {
        let mut spec: Spec = serde_json::from_value(spec.clone()).map_err(|error| {
            format!("the spec is {{\"object\": KEY, \"target\": NAME}} and how it is to be restored: {error}")
        })?;
        let target = self.0.copies.target(&spec.target)?;
        if self.0.copies.target_of(&spec.object).is_none() {
            return Err(format!("`object` is no copy's name: they are called {}TARGET/NAME", names::ROOT));
        }
        let are_files = matches!(target.place, TargetPlace::Files { .. });
        if are_files && (!spec.tables.is_empty() || spec.data_only) {
            return Err(format!("{} is files: there are `paths`, but no `tables` and no `data_only`", target.name));
        }
        if !are_files && !spec.paths.is_empty() {
            return Err(format!("{} is a database: there are `tables`, but no `paths`", target.name));
        }
        let paths: Result<Vec<PathBuf>, String> = spec.paths.iter().map(|path| files::plain(Path::new(path))).collect();
        spec.paths = paths.map_err(|why| format!("`paths`: {why}"))?;
        Ok((target, spec))
    }

    /// The service that writes to a target, where one is configured.
    fn service(&self, target: &Target) -> Option<&Service> {
        self.0.services.get(target.service.as_deref()?)
    }

    async fn restore(&self, job: &JobContext) -> Result<Value, JobError> {
        let (target, spec) = self.read(job.spec()).map_err(JobError::failed)?;
        not_a_bots(target).map_err(JobError::failed)?;
        self.not_twice(job, target).await?;
        let mut run = Run::new(&self.0, job, target, &spec, self.service(target));
        let passed = self.stages(&mut run).await;
        child_ended(job).await;
        let result = run.result(passed);
        match passed {
            true => Ok(result),
            false => {
                let sentence = result["sentence"].as_str().unwrap_or("It failed.").to_owned();
                Err(JobError::failed(sentence).with(result))
            }
        }
    }

    /// A run that died after the writers were stopped is not repeated before people have looked.
    async fn not_twice(&self, job: &JobContext, target: &Target) -> Result<(), JobError> {
        let kept: Kept = job.kept().await?.unwrap_or_default();
        if !kept.began || kept.asked || job.on_lost() == OnLost::Ask {
            return Ok(());
        }
        keep(job, &Kept { asked: true, ..kept }).await?;
        let left = match &target.place {
            TargetPlace::Files { path, .. } => files::cut_off(path).ok().flatten(),
            _ => None,
        };
        let left = left.map(|left| format!(" {}", sentence(&left))).unwrap_or_default();
        Err(JobError::unknown(format!(
            "The bot ended in the middle of this restore, after the writers were to be stopped: look at the destination, then say \
             whether it is to be restored again.{left}"
        )))
    }

    async fn stages(&self, run: &mut Run<'_>) -> bool {
        let Some((chosen, destination)) = run.fetch().await else { return false };
        let verify = VerifyKind(self.0.copies.clone());
        if !run.check(&verify, &chosen, &destination).await || !run.begin().await {
            return false;
        }
        if !run.stop().await {
            return false;
        }
        let Some(destination) = run.save(&chosen).await else { return false };
        if !run.put(&chosen, &destination).await {
            return false;
        }
        run.counts(&chosen, &destination).await && run.migrate().await && run.start().await && run.health().await
    }
}

impl Restoring {
    /// Looks whether a copy can take a target's place as a whole, and reads it to its end. Changes nothing.
    pub(in crate::jobs::kinds) async fn can_put(
        &self,
        job: &JobContext,
        target: &str,
        object: &str,
    ) -> Result<(Option<i64>, String), String> {
        let (target, spec) = self.whole(target, object)?;
        let mut run = Run::new(self, job, target, &spec, None);
        if let Some((chosen, destination)) = run.fetch().await {
            run.check(&VerifyKind(self.copies.clone()), &chosen, &destination).await;
        }
        run.put_said()
    }

    /// Puts a copy in its target's place as a whole and counts what is there then: when the copy was taken, and a note.
    pub(in crate::jobs::kinds) async fn put_whole(
        &self,
        job: &JobContext,
        target: &str,
        object: &str,
    ) -> Result<(Option<i64>, String), String> {
        let (target, spec) = self.whole(target, object)?;
        let mut run = Run::new(self, job, target, &spec, None);
        if let Some((chosen, destination)) = run.fetch().await
            && run.put(&chosen, &destination).await
        {
            run.counts(&chosen, &destination).await;
        }
        child_ended(job).await;
        run.put_said()
    }

    fn whole(&self, target: &str, object: &str) -> Result<(&Target, Spec), String> {
        let target = self.copies.target(target)?;
        not_a_bots(target)?;
        let (object, name) = (object.to_owned(), target.name.clone());
        let (tables, paths) = (Vec::new(), Vec::new());
        Ok((target, Spec { object, target: name, tables, paths, data_only: false, clean: true, safety: false }))
    }
}

/// A bot cannot write to its database while it is replaced beneath it. Of one on a server that server is asked when the destination
/// is looked at.
fn not_a_bots(target: &Target) -> Result<(), String> {
    match &target.place {
        TargetPlace::Sqlite(file) if sqlite::is_a_bots(file) => Err(a_bots(&file.display().to_string())),
        _ => Ok(()),
    }
}

fn a_bots(shown: &str) -> String {
    format!(
        "{shown} is the database of a bot that runs: stop the bot and put it there by hand, as docs/backup-format.md says"
    )
}

async fn keep(job: &JobContext, kept: &Kept) -> Result<(), JobError> {
    let text = serde_json::to_string(kept).map_err(|error| JobError::failed(error.to_string()))?;
    match job.keep(text).await.map_err(|error| no_catalogue(&error))? {
        true => Ok(()),
        false => Err(JobError::failed("the job is in other hands")),
    }
}

impl Kind for RestoreKind {
    fn name(&self) -> &str {
        "restore"
    }

    fn changes_production(&self, _: &Value) -> bool {
        true
    }

    fn uses(&self, spec: &Value) -> Vec<String> {
        let Ok((target, _)) = self.read(spec) else { return Vec::new() };
        let service = self.service(target);
        let commands = service.into_iter().flat_map(|service| [&service.stop, &service.start, &service.migrate]);
        commands.flatten().map(|command| format!("command:{command}")).collect()
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).and_then(|(target, _)| not_a_bots(target))
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.restore(&job).await }.boxed()
    }

    fn clear(&self) -> BoxFuture<'_, Vec<String>> {
        self.clear_beside().boxed()
    }

    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        async move {
            match job.kept::<Kept>().await {
                Ok(None) => Verified::Repeat,
                Ok(Some(_)) | Err(_) => {
                    Verified::Unknown("nobody knows whether the destination was changed".to_owned())
                }
            }
        }
        .boxed()
    }
}

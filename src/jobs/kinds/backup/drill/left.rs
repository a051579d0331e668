//! What killed drills left that nobody runs again: folders and clusters on this machine, databases on the servers that drills restore
//! to. Without this they would stay until that target's next drill, which may be a month.

use super::DrillKind;
use crate::config::targets::{DrillPlace, TargetPlace};
use crate::jobs::kinds::backup::source::{JOBS_READ, Restoring};
use crate::model::job::{Job, short};
use crate::ops::backup::postgres::Tools;
use crate::ops::child::Unwatched;
use crate::ops::restore::postgres::Database;
use crate::ops::restore::{RestoreError, cluster, scratch};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How far back drills are looked at that may have left a database: by then their servers have been asked often enough.
const LOOKED_BACK_MS: i64 = 7 * 86_400_000;
/// How many of them.
const LOOKED_AT: i64 = 500;

impl DrillKind {
    /// Removes what ended drills left; what that was.
    pub(super) async fn clear_scratch(&self) -> Vec<String> {
        let mut cleared = self.clear_folders().await;
        match self.left_databases().await {
            Ok(left) => {
                for (target, jobs) in left {
                    match self.0.clear_server(&target, jobs).await {
                        Ok(gone) => cleared.extend(gone.into_iter().map(|name| format!("the database {name}"))),
                        Err(error) => {
                            tracing::warn!(target, error = %error.sentence, "what a dead drill left on its server must wait")
                        }
                    }
                }
            }
            Err(error) => tracing::warn!(error = %error, "what dead drills left on servers must wait"),
        }
        cleared
    }

    async fn clear_folders(&self) -> Vec<String> {
        let copies = &self.0.copies;
        let own = [copies.scratch.clone(), cluster::elsewhere(&copies.scratch)];
        let configured = copies.targets.0.values().filter_map(|target| match &target.drill.into {
            Some(DrillPlace::Folder(folder)) => Some(folder.clone()),
            Some(DrillPlace::Server(_)) | None => None,
        });
        let places: BTreeSet<PathBuf> = own.into_iter().chain(configured).collect();
        let mut cleared = Vec::new();
        for (folder, digits) in tokio::task::spawn_blocking(move || folders(&places)).await.unwrap_or_default() {
            if copies.ended(&digits).await.map_or(true, |jobs| jobs.is_empty()) {
                continue;
            }
            match tokio::fs::remove_dir_all(&folder).await {
                Ok(()) => cleared.push(format!("the folder {}", folder.display())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), error = %error, "a folder that a dead drill left cannot be removed")
                }
            }
        }
        cleared
    }

    /// The ended drills that did not say that they dropped what they had restored, by target.
    async fn left_databases(&self) -> Result<BTreeMap<String, BTreeSet<String>>, crate::store::StoreError> {
        let copies = &self.0.copies;
        let since_ms = copies.clock.now_ms() - LOOKED_BACK_MS;
        let mut left = BTreeMap::<String, BTreeSet<String>>::new();
        for job in copies.store.jobs_ended("drill", since_ms, LOOKED_AT).await? {
            if job.attempts > 0 && !has_dropped(&job) {
                let spec: Value = serde_json::from_str(&job.spec).unwrap_or_default();
                let target = spec["target"].as_str().unwrap_or_default().to_owned();
                left.entry(target).or_default().insert(short(&job.id).to_owned());
            }
        }
        Ok(left)
    }
}

fn has_dropped(job: &Job) -> bool {
    let kept: Value = job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    kept["result"]["dropped"] == true
}

/// The folders of drills in these places, each with the digits of the job in its name.
fn folders(places: &BTreeSet<PathBuf>) -> Vec<(PathBuf, String)> {
    let entries = places.iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| Some((entry.path(), scratch::job_of(entry.file_name().to_str()?)?.to_owned()))).collect()
}

impl Restoring {
    /// Drops the databases that these ended drills of a target left on its server.
    async fn clear_server(&self, target: &str, ended: BTreeSet<String>) -> Result<Vec<String>, RestoreError> {
        let copies = &self.copies;
        let Some(target) = copies.targets.get(target) else { return Ok(Vec::new()) };
        let (TargetPlace::Postgres { pg_bin, .. }, Some(DrillPlace::Server(url))) = (&target.place, &target.drill.into)
        else {
            return Ok(Vec::new());
        };
        let unfinished = copies.store.unfinished_jobs(JOBS_READ).await;
        let unfinished = unfinished
            .map_err(|error| RestoreError::environment(format!("the bot's database does not answer: {error}")))?;
        let running = unfinished.iter().map(|job| short(&job.id).to_owned()).collect();
        let jobs = scratch::Jobs { own: String::new(), running, ended };
        let (supervisor, path) = (copies.supervisor.clone(), copies.path.clone());
        let tools = Tools { supervisor, path, watch: Arc::new(Unwatched), cancel: CancellationToken::new() };
        let server = Database::of(tools, &url.url, pg_bin.as_deref(), copies.scratch.clone(), None).await?;
        server.sweep_scratch(copies.clock.now_ms(), &jobs).await
    }
}

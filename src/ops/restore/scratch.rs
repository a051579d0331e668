//! Where drills restore to: a database or folder of its own, whose name says when and for which job it was made, so that what a dead
//! run left is told from what somebody else is using.

use super::postgres::Database;
use super::{RestoreError, script};
use crate::config::limits::{DROP_TIME, SCRATCH_OLD};
use chrono::{DateTime, NaiveDateTime};
use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// What the names of all scratch begin with.
pub const PREFIX: &str = "drillbell_drill_";
const MOMENT: &str = "%Y%m%dt%H%M%Sz";

/// Who is asking, and what is known of the others.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// The last eight digits of our job's id.
    pub own: String,
    /// Those of the jobs that run.
    pub running: BTreeSet<String>,
    /// Those of the jobs that have ended, or whose process has died.
    pub ended: BTreeSet<String>,
}

/// The name of a job's scratch.
pub fn name(now_ms: i64, job: &str) -> String {
    let at = DateTime::from_timestamp_millis(now_ms).unwrap_or_default().format(MOMENT);
    format!("{PREFIX}{at}_{job}")
}

/// When something of this name was made, and the digits of its job.
fn parts(name: &str) -> Option<(NaiveDateTime, &str)> {
    let (at, job) = name.strip_prefix(PREFIX)?.split_once('_')?;
    let at = NaiveDateTime::parse_from_str(at, MOMENT).ok()?;
    (job.len() == 8 && job.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((at, job))
}

/// The digits of the job in the name of its scratch.
pub fn job_of(name: &str) -> Option<&str> {
    parts(name).map(|(_, job)| job)
}

/// Whether something of this name was left by a run that is over: an earlier one of this very job, one that has ended, or one nobody
/// here knows, made long ago. What another bot made lately is its own business.
pub fn is_left(name: &str, now_ms: i64, jobs: &Jobs) -> bool {
    let Some((at, job)) = parts(name) else { return false };
    if jobs.running.contains(job) {
        return false;
    }
    let age_ms = now_ms.saturating_sub(at.and_utc().timestamp_millis());
    let old = u64::try_from(age_ms).is_ok_and(|age| u128::from(age) > SCRATCH_OLD.as_millis());
    job == jobs.own || jobs.ended.contains(job) || old
}

impl Database {
    /// Makes an empty database of this name, for a copy whose texts are written so, and returns it.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn create(&self, name: &str, encoding: Option<&str>) -> Result<Self, RestoreError> {
        self.sql(script::create_database(name, encoding)).await?;
        Ok(self.named(name).written_in(encoding))
    }

    /// Removes a database of this name with whoever is connected to it; one that is not there is fine.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn drop_scratch(&self, name: &str) -> Result<(), RestoreError> {
        let [ours, gone] = script::drop_database(name);
        // Whoever may not end the sessions of others may still drop a database nobody uses.
        let ended = self.sql_within(ours, DROP_TIME).await;
        let mut dropped = self.sql_within(gone.clone(), DROP_TIME).await;
        // A copy that is SQL as text brings its subscriptions, and they hold their database.
        if dropped.as_ref().is_err_and(|error| error.sentence.contains("subscription")) {
            self.named(name).sql_within(script::UNSUBSCRIBE.to_owned(), DROP_TIME).await?;
            dropped = self.sql_within(gone, DROP_TIME).await;
        }
        dropped.map(drop).map_err(|error| ended.err().unwrap_or(error))
    }

    /// Removes what runs that are over left; the names.
    ///
    /// # Errors
    /// The server cannot be asked. What cannot be removed is left for the next run.
    pub async fn sweep_scratch(&self, now_ms: i64, jobs: &Jobs) -> Result<Vec<String>, RestoreError> {
        let all = self.sql_within(script::databases(PREFIX), DROP_TIME).await?;
        let mut gone = Vec::new();
        for name in all.lines.into_iter().filter(|name| is_left(name, now_ms, jobs)) {
            match self.drop_scratch(&name).await {
                Ok(()) => gone.push(name),
                Err(error) => {
                    tracing::warn!(database = %name, error = %error.sentence, "a scratch database that a dead drill left cannot be dropped")
                }
            }
        }
        Ok(gone)
    }
}

/// Makes a folder for a drill, readable by us only, and removes those that runs which are over left beside it.
///
/// # Errors
/// It cannot be made.
pub fn folder(below: &Path, name: &str, now_ms: i64, jobs: &Jobs) -> io::Result<PathBuf> {
    DirBuilder::new().mode(0o700).recursive(true).create(below)?;
    for entry in std::fs::read_dir(below)?.flatten() {
        if entry.file_name().to_str().is_some_and(|name| is_left(name, now_ms, jobs))
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::warn!(folder = %entry.path().display(), error = %error, "a folder that a dead drill left cannot be removed");
        }
    }
    let folder = below.join(name);
    DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

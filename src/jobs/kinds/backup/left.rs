//! What killed runs left in the artifact store: uploads on their way, and copies without a manifest. It goes once the job whose digits
//! it bears is known to have ended; what another bot or a job that nobody here knows may own is let alone.

use super::take::JOB_NOTE;
use super::{Copies, names};
use crate::artifacts::{ArtifactError, Key, Kind as Failure};
use crate::config::limits::CLOCKS_DIFFER_MS;
use crate::model::job::Job;
use crate::ops::backup::manifest::SUFFIX;
use crate::store::StoreError;
use futures::StreamExt;
use std::collections::BTreeSet;

/// Why something could not be looked at; a sentence.
struct Unasked(String);

impl From<ArtifactError> for Unasked {
    fn from(error: ArtifactError) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Unasked {
    fn from(error: StoreError) -> Self {
        Self(format!("the bot's database does not answer: {error}"))
    }
}

impl Copies {
    /// The jobs that these digits name, if there is one and none of them may still write: all have ended.
    pub(super) async fn ended(&self, digits: &str) -> Result<Vec<Job>, StoreError> {
        let jobs = self.store.jobs_called(digits).await?;
        Ok(if jobs.iter().all(|job| job.state.has_ended()) { jobs } else { Vec::new() })
    }

    /// Clears away at once what earlier runs of this job have left on its way into the store, which the store itself would keep for
    /// days. If that cannot be done the copy is made all the same.
    pub(super) async fn abandon_own(&self, target: &str, job: &str) {
        let is_own = |key: &Key| names::is_of(key.as_str(), job) && names::is_copy_of(key.as_str(), target);
        match self.artifacts.abandon(&names::prefix(target), &is_own).await {
            Ok(0) => {}
            Ok(pieces) => {
                tracing::info!(job = %job, pieces, "cleared away what a killed run of this job had begun to store")
            }
            Err(error) => {
                tracing::warn!(job = %job, error = %error, "what a killed run of this job may have begun to store stays for now")
            }
        }
    }

    /// Clears away what ended jobs left in the store; what that was.
    pub(super) async fn clear_store(&self) -> Vec<String> {
        let mut cleared = Vec::new();
        match self.clear_uploads().await {
            Ok(0) => {}
            Ok(pieces) => cleared.push(format!("{pieces} pieces of uploads")),
            Err(Unasked(why)) => tracing::warn!(error = %why, "uploads that dead jobs left must wait"),
        }
        if let Err(Unasked(why)) = self.clear_halves(&mut cleared).await {
            tracing::warn!(error = %why, "copies that dead jobs did not finish must wait");
        }
        cleared
    }

    async fn clear_uploads(&self) -> Result<usize, Unasked> {
        let mut dead = BTreeSet::new();
        for key in self.artifacts.begun(names::ROOT).await? {
            if self.is_dead(key.as_str()).await? {
                dead.insert(key);
            }
        }
        Ok(self.artifacts.abandon(names::ROOT, &|key| dead.contains(key)).await?)
    }

    /// Whether an upload to this name is an ended job's. It has no notes yet: the job's digits and its time have to do.
    async fn is_dead(&self, name: &str) -> Result<bool, StoreError> {
        let (Some(digits), Some(at_ms)) = (names::digits(name), names::moment_in(name)) else { return Ok(false) };
        if names::target_of(name).is_none() {
            return Ok(false);
        }
        let within = |job: &Job| {
            let ended_ms = job.ended_ms.unwrap_or(job.created_ms);
            (job.created_ms - CLOCKS_DIFFER_MS..=ended_ms + CLOCKS_DIFFER_MS).contains(&at_ms)
        };
        Ok(self.ended(digits).await?.iter().any(within))
    }

    /// Removes copies that a run left between the copy and its manifest.
    async fn clear_halves(&self, cleared: &mut Vec<String>) -> Result<(), Unasked> {
        // Names come in the order of their bytes: whatever begins with a copy's name comes right after it, its manifest too.
        let mut open: Vec<Key> = Vec::new();
        let mut list = self.artifacts.list(names::ROOT);
        while let Some(listed) = list.next().await {
            let key = listed?.key;
            while let Some(half) = open.pop_if(|open| !key.as_str().starts_with(open.as_str())) {
                self.clear_half(half, cleared).await?;
            }
            match key.as_str().strip_suffix(SUFFIX) {
                Some(of) => open.retain(|open| open.as_str() != of),
                None if names::target_of(key.as_str()).is_some() => open.push(key),
                None => {}
            }
        }
        for half in open {
            self.clear_half(half, cleared).await?;
        }
        Ok(())
    }

    /// Removes what was listed without a manifest if it is certain that nobody will ever write one: it bears the note of a job that has
    /// ended, and never was in the catalogue.
    async fn clear_half(&self, key: Key, cleared: &mut Vec<String>) -> Result<(), Unasked> {
        let Some(digits) = names::digits(key.as_str()) else { return Ok(()) };
        let ended = self.ended(digits).await?;
        if ended.is_empty() || self.store.copy(key.as_str()).await?.is_some() {
            return Ok(());
        }
        let note = match self.artifacts.head(&key).await {
            Ok(mut meta) => meta.metadata.remove(JOB_NOTE),
            Err(error) if error.kind == Failure::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        // The list may be older than the manifest.
        if note.is_some_and(|note| ended.iter().any(|job| job.id == note))
            && self.manifest(key.as_str()).await?.is_none()
        {
            self.artifacts.delete(&key).await?;
            cleared.push(format!("{key}, a copy that was not finished"));
        }
        Ok(())
    }
}

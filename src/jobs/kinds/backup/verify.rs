//! The kind `backup-verify`: reads a copy back, `{"object": KEY}`, and says what it is worth. What it compares with is the manifest
//! beside the copy; what our own database knows about it is not believed.

use super::checks::{self, Check};
use super::{Copies, names, no_catalogue, telling};
use crate::artifacts::{ArtifactError, Key, Kind as Failure};
use crate::config::limits::{COPIES_COMPARED, COPIES_LISTED};
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::copy::{CopyVerdict, is_safety};
use crate::model::verdict::Verdict;
use crate::ops::backup::Meter;
use crate::ops::backup::inspect::{Inspected, inspect};
use crate::ops::backup::manifest::Manifest;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Checks copies.
pub(super) struct VerifyKind(pub(super) Arc<Copies>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    object: String,
}

impl VerifyKind {
    fn read(&self, spec: &Value) -> Result<Key, String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"object\": NAME}}: {error}"))?;
        let key = Key::new(&spec.object).map_err(|error| error.to_string())?;
        match self.0.target_of(key.as_str()) {
            Some(_) => Ok(key),
            None => Err(format!("{key} is no copy's name: they are called {}TARGET/NAME", names::ROOT)),
        }
    }

    async fn look(&self, job: &JobContext) -> Result<Value, JobError> {
        let key = self.read(job.spec()).map_err(JobError::failed)?;
        let (manifest, checks) = self.checks(job, &key).await?;
        let (verdict, sentence) = checks::verdict(&checks);
        let now_ms = self.0.clock.now_ms();
        let known = self.0.store.copy_checked(key.as_str().to_owned(), verdict, now_ms, sentence.clone()).await;
        let known = known.map_err(|error| no_catalogue(&error))?;
        let target = self.0.target_of(key.as_str()).and_then(|name| self.0.targets.get(name));
        let presence = match target {
            Some(target) => self.0.presence(target).await,
            None => Vec::new(),
        };
        Ok(json!({
            "object": key.as_str(),
            "target": self.0.target_of(key.as_str()),
            "taken_ms": self.taken_ms(&key, manifest.as_ref()).await?,
            "verdict": verdict.as_str(),
            "status": status(verdict).as_str(),
            "sentence": sentence,
            "summary": sentence,
            "in_catalogue": known,
            "checks": checks,
            "presence": presence,
        }))
    }

    pub(super) async fn checks(&self, job: &JobContext, key: &Key) -> Result<(Option<Manifest>, Vec<Check>), JobError> {
        let of = self.0.targets.adopting(key.as_str()).map(|target| target.place.kind());
        let manifest = match self.0.manifest(key.as_str()).await {
            // Whatever lies beside it is none of ours.
            _ if of.is_some() => None,
            Ok(found) => found,
            Err(error) => return Ok((None, vec![unreachable(&error)])),
        };
        let (meta, reader) = match self.0.artifacts.get(key).await {
            Ok(found) => found,
            Err(error) if error.kind == Failure::NotFound => {
                let manifest = manifest.and_then(Result::ok);
                return Ok((manifest, vec![checks::deleted()]));
            }
            Err(error) => return Ok((None, vec![unreachable(&error)])),
        };
        let beside = if of.is_some() { checks::foreign::manifest() } else { checks::manifest(manifest.as_ref()) };
        let mut checks = vec![checks::exists(), beside];
        let manifest = manifest.and_then(Result::ok);
        checks.extend(manifest.as_ref().map(|manifest| checks::size(meta.size, manifest)));
        let found = self.inspect(job, key, reader, manifest.as_ref(), meta.size).await?;
        let identity = &self.0.encryption.identity;
        let own: Vec<String> =
            identity.iter().flat_map(|identity| identity.keys()).map(|key| key.to_public().to_string()).collect();
        checks.extend(checks::read(&found, manifest.as_ref(), &own, of));
        checks.extend(self.policy(key, manifest.as_ref(), meta.size).await?);
        Ok((manifest, checks))
    }

    /// Reads it to its end, and says meanwhile how far it is.
    async fn inspect(
        &self,
        job: &JobContext,
        key: &Key,
        reader: crate::artifacts::Reader,
        manifest: Option<&Manifest>,
        total: u64,
    ) -> Result<Inspected, JobError> {
        // Summed up again if it was then, or if nobody knows.
        let contents = manifest.map(|manifest| &manifest.contents);
        let summed = |contents: &crate::ops::backup::contents::Contents| {
            let tables = contents.tables.iter().flatten().any(|table| table.checksum.is_some());
            tables || contents.files.as_ref().is_some_and(|files| files.checksum.is_some())
        };
        let hashing = contents.is_none_or(summed);
        let meter = Meter::default();
        let inspecting = inspect(reader, self.0.keys(key.as_str()), hashing, meter.clone());
        tokio::select! {
            found = telling(job, "reading", &meter, total, inspecting) => Ok(found),
            () = job.cancelled() => Err(JobError::failed("It was cancelled before the copy was read to its end.")),
        }
    }

    /// When a copy was taken, by its manifest or else by the catalogue.
    async fn taken_ms(&self, key: &Key, manifest: Option<&Manifest>) -> Result<Option<i64>, JobError> {
        if let Some(manifest) = manifest {
            return Ok(names::moment(&manifest.snapshot_at));
        }
        let known = self.0.store.copy(key.as_str()).await.map_err(|error| no_catalogue(&error))?;
        Ok(known.filter(|_| self.0.targets.adopting(key.as_str()).is_some()).map(|copy| copy.taken_ms))
    }

    /// What the operator expects, with the copies around this one to compare with.
    async fn policy(&self, key: &Key, manifest: Option<&Manifest>, stored_bytes: u64) -> Result<Vec<Check>, JobError> {
        let Some(target) = self.0.target_of(key.as_str()).and_then(|name| self.0.targets.get(name)) else {
            return Ok(Vec::new());
        };
        // A safety copy holds what was wrong, such as next to nothing: it is held against no rule, and is no measure for others.
        if is_safety(key.as_str()) {
            return Ok(Vec::new());
        }
        let Some(taken_ms) = self.taken_ms(key, manifest).await? else { return Ok(Vec::new()) };
        let all = self.0.store.copies(Some(&target.name), COPIES_LISTED, None).await;
        let all = all.map_err(|error| no_catalogue(&error))?;
        let before = self.0.store.copies(Some(&target.name), COPIES_COMPARED, Some(taken_ms)).await;
        let before = before.map_err(|error| no_catalogue(&error))?;
        let newest = all.iter().find(|copy| !copy.is_safety()).is_none_or(|newest| newest.taken_ms <= taken_ms);
        let others: Vec<u64> = before
            .iter()
            .filter(|copy| copy.object != key.as_str() && copy.verdict != CopyVerdict::Broken && !copy.is_safety())
            .map(|copy| copy.stored_bytes.unsigned_abs())
            .collect();
        let age_ms = self.0.clock.now_ms().saturating_sub(taken_ms);
        let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
        Ok(checks::policy(&target.backup, stored_bytes, age, newest, &others))
    }
}

/// Whether a copy of that verdict may be relied on.
fn status(verdict: CopyVerdict) -> Verdict {
    match verdict {
        CopyVerdict::Verified | CopyVerdict::Proven => Verdict::Pass,
        CopyVerdict::Broken => Verdict::Fail,
        CopyVerdict::Unverified | CopyVerdict::Unknown => Verdict::Unknown,
    }
}

/// The store could not be asked: that is no news of the copy.
fn unreachable(error: &ArtifactError) -> Check {
    Check::doubtful("exists", format!("The store could not be asked: {error}."))
}

impl Kind for VerifyKind {
    fn name(&self) -> &str {
        "backup-verify"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.look(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}

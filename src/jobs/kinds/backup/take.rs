//! The kind `backup`: makes a copy of a target, `{"target": NAME, "reason": "scheduled" | "manual" | "safety"}`. The copy is put as
//! a whole or not at all; its manifest, written last, says that it is complete.

use super::{Copies, Link, failure, names, no_catalogue, written};
use crate::artifacts::{Key, Kind as Failure, PutOptions, Stored};
use crate::config::limits::{BACKUP_TICK, MANIFEST_BYTES};
use crate::config::show_bytes;
use crate::config::targets::{Target, TargetPlace};
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::job::{Progress, Unit};
use crate::ops::backup::files::Files;
use crate::ops::backup::format::Format;
use crate::ops::backup::manifest::{self, Manifest, beside, fingerprint};
use crate::ops::backup::pack::Plain;
use crate::ops::backup::postgres::Tools;
use crate::ops::backup::sqlite::Sqlite;
use crate::ops::backup::{Dump, DumpError, Meter, pack};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// The note of a copy in the store that says which job made it.
pub(super) const JOB_NOTE: &str = "job";

/// Makes copies.
pub(super) struct BackupKind(pub(super) Arc<Copies>);

/// A dump that has begun.
struct Begun {
    dump: Box<dyn Dump>,
    /// About how many bytes will be stored of it.
    hint: Option<u64>,
    /// What of its server was asked for besides.
    globals: Option<Result<String, String>>,
    /// Right before it began: whatever was committed by then is in it.
    taken_ms: i64,
    /// Its content is fixed when its first byte comes: `pg_dump` has its snapshot by then, and SQLite's online copy is whole. Files are
    /// read until the last one.
    at_once: bool,
}

/// What was stored, what is in it, and a moment by which that was fixed.
type Streamed = (Stored, Plain, i64);

/// What a job is to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    target: String,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reason {
    Scheduled,
    Manual,
    Safety,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Manual => "manual",
            Self::Safety => "safety",
        }
    }
}

impl From<DumpError> for JobError {
    fn from(error: DumpError) -> Self {
        if error.retry { Self::retry(error.sentence) } else { Self::failed(error.sentence) }
    }
}

impl BackupKind {
    fn read<'a>(&'a self, spec: &Value) -> Result<(&'a Target, Reason), String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"target\": NAME, \"reason\": \"scheduled\"}}: {error}"))?;
        Ok((self.0.target(&spec.target)?, spec.reason))
    }

    async fn take(&self, job: &JobContext) -> Result<Value, JobError> {
        let began = Instant::now();
        let (target, reason) = self.read(job.spec()).map_err(JobError::failed)?;
        if job.attempt() > 1
            && let Some(manifest) = self.left(job, target).await?
        {
            return Ok(result(&manifest, began));
        }
        Ok(result(&self.make(job, target, reason).await?, began))
    }

    /// Makes a copy; its manifest.
    pub(super) async fn make(&self, job: &JobContext, target: &Target, reason: Reason) -> Result<Manifest, JobError> {
        if job.attempt() > 1 {
            self.0.abandon_own(&target.name, job.id()).await;
        }
        // Ended with the job, when nobody takes the dump any more, and however this ends.
        let stop = job.cancel().child_token();
        let _stopped_at_last = stop.clone().drop_guard();
        let mut begun = self.begin(job, target, &stop).await?;
        let (globals, taken_ms) = (begun.globals.take(), begun.taken_ms);
        let recipients = self.0.encryption.encrypt_to.clone();
        let format = Format::of_kind(target.place.kind());
        let mut object = names::object(&target.name, taken_ms, job.id(), format, !recipients.is_empty());
        if matches!(reason, Reason::Safety) {
            object = names::safety(&object);
        }
        let key = Key::new(&object).map_err(|error| JobError::failed(error.to_string()))?;
        let (stored, plain, fixed_ms) = self.stream(job, &key, begun, stop).await?;
        // A whole copy is not thrown away because nobody could be asked.
        let mine = job.asks_whose().await;
        if matches!(mine, Ok(false)) {
            // Whoever has the job now makes a copy of its own.
            self.drop_object(&key).await;
            return Err(in_other_hands());
        }
        let mut contents = plain.contents;
        // The rows are worth more than the roles: without them it is a copy all the same, which says so.
        let globals = match globals.transpose() {
            Ok(globals) => globals,
            Err(why) => {
                contents.notes.push(why);
                None
            }
        };
        let manifest = Manifest {
            drillbell_manifest: manifest::VERSION,
            object,
            target: target.name.clone(),
            kind: target.place.kind().to_owned(),
            format,
            snapshot_at: written(taken_ms),
            snapshot_by: Some(written(fixed_ms.max(taken_ms))),
            finished_at: written(self.0.clock.now_ms()),
            reason: reason.as_str().to_owned(),
            job: job.id().to_owned(),
            made_by: format!("drillbell {}", env!("CARGO_PKG_VERSION")),
            stored_bytes: stored.size,
            stored_sha256: stored.sha256,
            plain_bytes: plain.bytes,
            plain_sha256: plain.sha256,
            compression: "zstd".to_owned(),
            recipients: recipients.iter().map(|key| fingerprint(key)).collect(),
            checksum: manifest::CHECKSUM.to_owned(),
            contents,
            globals,
        }
        .fitting(MANIFEST_BYTES);
        self.put_manifest(&manifest, &key).await?;
        if self.is_gone(&key).await {
            // It came into other hands after all, and they took it for what an earlier run had left.
            self.drop_object(&beside_key(&manifest)?).await;
            return Err(in_other_hands());
        }
        self.0.enter(&manifest).await.map_err(|error| no_catalogue(&error))?;
        Ok(manifest)
    }

    /// Begins to dump.
    async fn begin(&self, job: &JobContext, target: &Target, stop: &CancellationToken) -> Result<Begun, JobError> {
        let (cancel, hashing) = (stop.clone(), target.backup.checksums);
        Ok(match &target.place {
            TargetPlace::Postgres { url, pg_bin } => {
                let say = |stage: &str| job.progress(Progress { stage: stage.to_owned(), ..Progress::default() });
                say("asking the server");
                let (supervisor, path) = (self.0.supervisor.clone(), self.0.path.clone());
                let tools = Tools { supervisor, path, watch: Arc::new(Link(job.clone())), cancel };
                let ready = tools.look(&url.url, pg_bin.as_deref()).await?;
                let globals = match target.backup.globals {
                    true => Some(tools.globals(&ready, &self.0.encryption.encrypt_to).await),
                    false => None,
                };
                let prepared = tools.prepare(&ready, target.backup.run_limit, hashing).await;
                let taken_ms = self.0.clock.now_ms();
                let dump = Box::new(tools.dump(prepared).await?);
                Begun { dump, hint: Some(ready.size), globals, taken_ms, at_once: true }
            }
            TargetPlace::Sqlite(file) => {
                let size = tokio::fs::metadata(file).await.map(|meta| meta.len()).ok();
                let scratch = self.0.scratch.clone();
                let dump = Box::new(Sqlite { file: file.clone(), scratch, hashing, cancel });
                Begun { dump, hint: size, globals: None, taken_ms: self.0.clock.now_ms(), at_once: true }
            }
            TargetPlace::Files { path, exclude } => {
                let dump = Box::new(Files { root: path.clone(), exclude: exclude.clone(), hashing, cancel });
                Begun { dump, hint: None, globals: None, taken_ms: self.0.clock.now_ms(), at_once: false }
            }
        })
    }

    /// Packs the dump into the store, and says meanwhile how far it is.
    async fn stream(
        &self,
        job: &JobContext,
        key: &Key,
        begun: Begun,
        stop: CancellationToken,
    ) -> Result<Streamed, JobError> {
        let Begun { dump, hint, at_once, .. } = begun;
        let meter = Meter::default();
        let mut fixed_ms = None;
        let mut packing = pack(dump, self.0.encryption.encrypt_to.clone(), meter.clone());
        let metadata = BTreeMap::from([(JOB_NOTE.to_owned(), job.id().to_owned())]);
        let options = PutOptions { size_hint: hint, metadata, ..PutOptions::default() };
        let stored = {
            let put = self.0.artifacts.put(key, &mut packing.source, &options);
            tokio::pin!(put);
            let mut tick = tokio::time::interval(BACKUP_TICK);
            let began = Instant::now();
            loop {
                tokio::select! {
                    stored = &mut put => break Some(stored),
                    () = job.cancelled() => break None,
                    _ = tick.tick() => {
                        if at_once && meter.bytes() > 0 {
                            fixed_ms.get_or_insert_with(|| self.0.clock.now_ms());
                        }
                        tell(job, &meter, began);
                    }
                }
            }
        };
        if !matches!(stored, Some(Ok(_))) {
            // Nobody takes it any more, and it may be long before it writes the next byte and hears of that.
            stop.cancel();
        }
        let plain = packing.outcome().await;
        let fixed_ms = fixed_ms.unwrap_or_else(|| self.0.clock.now_ms());
        if let Err(error) = job.child_ended().await {
            tracing::warn!(job = %job.id(), error = %error, "cannot note that a job's process has ended");
        }
        match (stored, plain) {
            (None, _) => Err(JobError::failed("It was cancelled; nothing of it was kept.")),
            (Some(Ok(stored)), Ok(plain)) => Ok((stored, plain, fixed_ms)),
            (Some(Ok(_)), Err(dump)) => {
                self.drop_object(key).await;
                Err(dump.into())
            }
            // That the stream broke off is what the store saw; why, the dump knows.
            (Some(Err(error)), Err(dump)) if error.kind == Failure::Source => Err(dump.into()),
            (Some(Err(error)), _) => Err(failure(&error)),
        }
    }

    async fn put_manifest(&self, manifest: &Manifest, copy: &Key) -> Result<(), JobError> {
        let options = PutOptions { media: Some("application/json"), ..PutOptions::default() };
        let put = self.0.artifacts.put(&beside_key(manifest)?, &mut manifest.text().as_bytes(), &options).await;
        let Err(error) = put else { return Ok(()) };
        // In doubt it is there all the same.
        match self.0.manifest(&manifest.object).await {
            Ok(Some(Ok(there))) if there.job == manifest.job => Ok(()),
            Ok(None) => {
                self.drop_object(copy).await;
                Err(failure(&error))
            }
            // The next run finds a whole copy, or one that was not finished.
            _ => Err(JobError::retry(error.to_string())),
        }
    }

    /// What an earlier attempt of this job left: the complete copy is the job's, one that was not finished is removed. Eight
    /// digits in a name do not say whose it is: what bears another job's note or none, or has any manifest, is let alone.
    async fn left(&self, job: &JobContext, target: &Target) -> Result<Option<Manifest>, JobError> {
        let mut list = self.0.artifacts.list(&names::prefix(&target.name));
        let mut left = Vec::new();
        while let Some(listed) = list.next().await {
            let listed = listed.map_err(|error| failure(&error))?;
            let name = listed.key.as_str();
            if names::is_of(name, job.id()) && names::is_copy_of(name, &target.name) {
                left.push(listed);
            }
        }
        for copy in left {
            match self.0.manifest(copy.key.as_str()).await.map_err(|error| failure(&error))? {
                Some(Ok(manifest)) if manifest.job == job.id() && manifest.stored_bytes == copy.size => {
                    self.0.enter(&manifest).await.map_err(|error| no_catalogue(&error))?;
                    return Ok(Some(manifest));
                }
                None if self.is_unfinished(job, &copy.key).await? => {
                    self.0.artifacts.delete(&copy.key).await.map_err(|error| failure(&error))?;
                }
                _ => {
                    tracing::warn!(object = %copy.key, job = %job.id(), "a copy with this job's digits is not this job's to remove")
                }
            }
        }
        Ok(None)
    }

    /// Whether an object without a manifest is what an earlier run of this very job did not finish: it bears the job's note, and it
    /// was never in the catalogue.
    async fn is_unfinished(&self, job: &JobContext, key: &Key) -> Result<bool, JobError> {
        let known = self.0.store.copy(key.as_str()).await.map_err(|error| no_catalogue(&error))?;
        match self.0.artifacts.head(key).await {
            Ok(meta) => Ok(known.is_none() && meta.metadata.get(JOB_NOTE).is_some_and(|note| note == job.id())),
            Err(error) if error.kind == Failure::NotFound => Ok(false),
            Err(error) => Err(failure(&error)),
        }
    }

    /// It is certain that an object is not there.
    async fn is_gone(&self, key: &Key) -> bool {
        matches!(self.0.artifacts.head(key).await, Err(error) if error.kind == Failure::NotFound)
    }

    async fn drop_object(&self, key: &Key) {
        if let Err(error) = self.0.artifacts.delete(key).await {
            tracing::warn!(object = %key, error = %error, "a copy that was not finished cannot be removed; it has no manifest");
        }
    }
}

fn in_other_hands() -> JobError {
    JobError::failed("the job is in other hands")
}

/// The name of its manifest.
fn beside_key(manifest: &Manifest) -> Result<Key, JobError> {
    Key::new(&beside(&manifest.object)).map_err(|error| failure(&error))
}

fn tell(job: &JobContext, meter: &Meter, began: Instant) {
    let (done, seconds) = (meter.bytes(), began.elapsed().as_secs().max(1));
    let mib = done / seconds / (1024 * 1024);
    let note = if mib > 0 { format!("{} a second", show_bytes(mib * 1024 * 1024)) } else { String::new() };
    job.progress(Progress { stage: "copying".to_owned(), done, total: 0, unit: Unit::Bytes, note });
}

/// For the plugin.
fn result(manifest: &Manifest, began: Instant) -> Value {
    let contents = &manifest.contents;
    let seconds = began.elapsed().as_secs_f64();
    json!({
        "object": manifest.object,
        "target": manifest.target,
        "kind": manifest.kind,
        "reason": manifest.reason,
        "taken_ms": names::moment(&manifest.snapshot_at),
        "seconds": (seconds * 10.0).round() / 10.0,
        "stored_bytes": manifest.stored_bytes,
        "stored_sha256": manifest.stored_sha256,
        "plain_bytes": manifest.plain_bytes,
        "plain_sha256": manifest.plain_sha256,
        "encrypted": !manifest.recipients.is_empty(),
        "tables": contents.tables.as_ref().map(Vec::len),
        "rows": contents.rows(),
        "files": contents.files,
        "server": contents.server,
        "migrations": contents.migrations,
        "not_counted": contents.not_counted,
        "notes": contents.notes,
    })
}

impl Kind for BackupKind {
    fn name(&self) -> &str {
        "backup"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.take(&job).await }.boxed()
    }

    fn clear(&self) -> BoxFuture<'_, Vec<String>> {
        self.0.clear_store().boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        // The next run sees to what this one left.
        async { Verified::Repeat }.boxed()
    }
}

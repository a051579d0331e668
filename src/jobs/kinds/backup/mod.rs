//! The kinds that make, check and remove copies of targets, and that fill the catalogue from what lies in the store. Which copy is
//! made, looked at or removed when is a plugin's business; what no plugin can break is kept here.

mod adopt;
mod checks;
mod drill;
mod left;
mod names;
mod prune;
mod rebuild;
mod restore;
mod source;
mod take;
mod verify;

use super::assess::AssessKind;
use super::maintenance::MaintenanceKind;
use super::notice::NoticeKind;
use super::rollback::RollbackKind;
use crate::artifacts::{ArtifactError, Artifacts, Key, Kind as Failure};
use crate::clock::{Clock, rfc3339};
use crate::config::artifacts::Expected;
use crate::config::encryption::Encryption;
use crate::config::limits::{BACKUP_TICK, MANIFEST_BYTES};
use crate::config::targets::{Target, Targets};
use crate::config::{Config, did_you_mean};
use crate::jobs::{JobContext, JobError, Kind};
use crate::model::copy::BackupCopy;
use crate::model::job::{Progress, Unit};
use crate::ops::backup::manifest::{Manifest, beside};
use crate::ops::backup::openssl::Passphrase;
use crate::ops::backup::{Keys, Meter};
use crate::ops::child::{Process, Supervisor, Watch};
use crate::ops::http::{Client, SystemResolver};
use crate::ops::sql::archiving;
use crate::ops::steps::Runner;
use crate::probes::Looker;
use crate::scrub::Scrub;
use crate::store::{Store, StoreError};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
pub(super) use source::{Restoring, Unwell, child_ended};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// What these kinds stand on.
pub struct Copies {
    targets: Targets,
    encryption: Encryption,
    /// The `PATH` that programs are looked for in.
    path: String,
    /// The folder of ours for what needs a file.
    scratch: PathBuf,
    store: Store,
    artifacts: Artifacts,
    /// What the bucket should be set up to do.
    expected: Vec<Expected>,
    supervisor: Supervisor,
    clock: Clock,
}

/// `backup`, `backup-verify`, `backup-prune`, `backup-rebuild`, `backup-adopt`, `drill` and `restore`; `rollback`,
/// `maintenance`, `notice` and `assess`, which do with services.
pub fn copy_kinds(
    config: &Config,
    scratch: PathBuf,
    store: Store,
    artifacts: Artifacts,
    supervisor: Supervisor,
    clock: Clock,
    scrub: Scrub,
) -> [Arc<dyn Kind>; 11] {
    let probes = Arc::new(config.probes.clone());
    let looker = Looker::new(store.clone(), probes.clone(), config.metrics.clone(), clock.clone());
    let runner = Runner {
        commands: Arc::new(config.commands.clone()),
        metrics: Arc::new(config.metrics.clone()),
        secrets: Arc::new(config.secrets.clone()),
        databases: Arc::new(config.databases.clone()),
        supervisor: supervisor.clone(),
        http: Client::new(Arc::new(SystemResolver), clock.clone()),
        scrub,
        clock: clock.clone(),
    };
    let copies = Arc::new(Copies {
        targets: config.targets.clone(),
        encryption: config.artifacts.encryption.clone(),
        path: config.commands.path.clone(),
        scratch,
        store,
        artifacts,
        expected: config.artifacts.s3.expect.clone(),
        supervisor,
        clock,
    });
    let (services, data_dir) = (config.services.clone(), config.server.data_dir.clone());
    let restoring = Arc::new(Restoring { copies: copies.clone(), services, runner, data_dir });
    [
        Arc::new(take::BackupKind(copies.clone())),
        Arc::new(verify::VerifyKind(copies.clone())),
        Arc::new(prune::PruneKind(copies.clone())),
        Arc::new(rebuild::RebuildKind(copies.clone())),
        Arc::new(adopt::AdoptKind(copies)),
        Arc::new(drill::DrillKind(restoring.clone())),
        Arc::new(restore::RestoreKind(restoring.clone())),
        Arc::new(RollbackKind(restoring.clone())),
        Arc::new(MaintenanceKind(restoring.clone())),
        Arc::new(NoticeKind(restoring.clone())),
        Arc::new(AssessKind { of: restoring, looker, probes }),
    ]
}

impl Copies {
    fn target(&self, name: &str) -> Result<&Target, String> {
        self.targets.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.targets.names().collect();
            let what = match did_you_mean(name, known.iter().copied()) {
                Some(meant) => meant,
                None if known.is_empty() => "there is none: write [targets.NAME]".to_owned(),
                None => format!("there is {}", known.join(", ")),
            };
            let name: String = name.chars().take(60).collect();
            format!("{name:?} is no target; {what}")
        })
    }

    /// The target that an object is a copy of, by its name.
    fn target_of<'a>(&'a self, object: &'a str) -> Option<&'a str> {
        names::target_of(object).or_else(|| self.targets.adopting(object).map(|target| target.name.as_str()))
    }

    /// Whether an object is a copy of a target, by its name.
    fn is_copy_of(&self, object: &str, target: &str) -> bool {
        names::is_copy_of(object, target) || self.targets.adopting(object).is_some_and(|adopts| adopts.name == target)
    }

    /// What stands beside the copies of a target and was expected: that its server archives its log, and what the bucket does.
    async fn presence(&self, target: &Target) -> Vec<Value> {
        let mut all = Vec::new();
        if let Some((status, sentence)) = archiving(target).await {
            all.push(json!({"name": "wal_archiving", "status": status, "sentence": sentence}));
        }
        let found = self.artifacts.presence(&self.expected).await.into_iter();
        all.extend(
            found
                .map(|found| json!({"name": found.what.as_str(), "status": found.verdict, "sentence": found.sentence})),
        );
        all
    }

    /// What opens an object of this name.
    fn keys(&self, object: &str) -> Keys {
        let adopt = self.targets.adopting(object).and_then(|target| target.adopt.as_ref());
        Keys {
            age: self.encryption.identity.iter().flat_map(|identity| identity.keys()).collect(),
            openssl: adopt.and_then(Passphrase::of),
        }
    }

    /// The manifest beside a copy; `None` if there is none.
    async fn manifest(&self, object: &str) -> Result<Option<Result<Manifest, String>>, ArtifactError> {
        let key = Key::new(&beside(object))?;
        let (meta, reader) = match self.artifacts.get(&key).await {
            Ok(found) => found,
            Err(error) if error.kind == Failure::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if meta.size > MANIFEST_BYTES {
            return Ok(Some(Err(format!("it is no manifest: it has {} bytes", meta.size))));
        }
        let mut bytes = Vec::new();
        if let Err(error) = reader.take(MANIFEST_BYTES).read_to_end(&mut bytes).await {
            return match ArtifactError::of(&error) {
                Some(ours) => Err(ours.clone()),
                None => Ok(Some(Err(format!("it cannot be read: {error}")))),
            };
        }
        let read = Manifest::read(&bytes).and_then(|manifest| match manifest.object == object {
            true => Ok(manifest),
            false => Err("it is the manifest of another copy".to_owned()),
        });
        Ok(Some(read))
    }

    /// Enters a copy into the catalogue as its manifest describes it.
    async fn enter(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.store.copy_taken(entry(manifest)).await
    }
}

/// A copy as the catalogue has it.
fn entry(manifest: &Manifest) -> BackupCopy {
    use crate::config::limits::COPY_MANIFEST_BYTES;
    let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let taken_ms = names::moment(&manifest.snapshot_at).unwrap_or(0);
    let (object, target, kind) = (manifest.object.clone(), manifest.target.clone(), manifest.kind.clone());
    BackupCopy {
        stored_bytes: number(manifest.stored_bytes),
        plain_bytes: number(manifest.plain_bytes),
        // The roles stay beside the copy: no plugin that may look copies up has use for them.
        manifest: Manifest { globals: None, ..manifest.clone() }.text_within(COPY_MANIFEST_BYTES),
        ..BackupCopy::taken(object, target, kind, taken_ms)
    }
}

/// Whether trying again may help against what the artifact store said.
fn failure(error: &ArtifactError) -> JobError {
    match error.kind {
        Failure::Unavailable { .. } => JobError::retry(error.to_string()),
        _ => JobError::failed(error.to_string()),
    }
}

fn no_catalogue(error: &StoreError) -> JobError {
    JobError::retry(format!("the catalogue of copies does not answer: {error}"))
}

/// The moment now, as manifests have it.
fn written(ms: i64) -> String {
    rfc3339(ms)
}

/// A job as its programs' follower.
pub(super) struct Link(pub(super) JobContext);

impl Watch for Link {
    fn started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        self.0.write_down(process.pid, process.start_time).boxed()
    }

    fn line(&self, line: &str) {
        self.0.say(line);
    }
}

/// Does something to a copy, and says meanwhile how many of its bytes are done.
async fn telling<T>(job: &JobContext, stage: &str, meter: &Meter, total: u64, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    let mut tick = tokio::time::interval(BACKUP_TICK);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = tick.tick() => job.progress(Progress {
                stage: stage.to_owned(),
                done: meter.bytes(),
                total,
                unit: Unit::Bytes,
                note: String::new(),
            }),
        }
    }
}

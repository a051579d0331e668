//! What restores and drills share: which copy, opening it, and the configuration's commands and addresses.

use super::take::{BackupKind, Reason};
use super::{Copies, Link, names, no_catalogue};
use crate::artifacts::{Key, Kind as Failure};
use crate::config::limits::{BACKUP_TICK, COPIES_LISTED, HEALTH_PATIENCE, HTTP_STEP_TIME};
use crate::config::services::Services;
use crate::config::targets::Target;
use crate::jobs::{JobContext, JobError};
use crate::model::copy::{BackupCopy, CopyVerdict, Pin};
use crate::model::job::{Job, short};
use crate::ops::backup::Meter;
use crate::ops::backup::contents::Contents;
use crate::ops::backup::manifest::Manifest;
use crate::ops::backup::postgres::Tools;
use crate::ops::child::Process;
use crate::ops::http::{Call, Origin, Origins};
use crate::ops::restore::{Expected, Opened, RestoreError, open};
use crate::ops::steps::{Checkpoint, Follow, NotOurs, Outcome, Plan, Report, Runner, Running, State};
use crate::store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What restores and drills stand on.
pub(in crate::jobs::kinds) struct Restoring {
    pub(super) copies: Arc<Copies>,
    pub(in crate::jobs::kinds) services: Services,
    pub(in crate::jobs::kinds) runner: Runner,
    /// Where the key lies that signs.
    pub(super) data_dir: PathBuf,
}

/// Why a command did not pass.
pub(in crate::jobs::kinds) struct Unwell {
    /// The end of a sentence.
    pub(in crate::jobs::kinds) sentence: String,
    /// Whether it was done is not known.
    pub(in crate::jobs::kinds) unknown: bool,
}

impl Unwell {
    pub(in crate::jobs::kinds) fn failed(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), unknown: false }
    }
}

/// Unfinished jobs that are read at most: there are far fewer at any time.
pub(super) const JOBS_READ: i64 = 10_000;

/// A copy that is to be restored.
pub(super) struct Chosen {
    pub(super) key: Key,
    /// None: nothing lies beside it that says what it should be.
    pub(super) manifest: Option<Manifest>,
    pub(super) taken_ms: Option<i64>,
    /// Something else made it, so that there can be no manifest.
    pub(super) adopted: bool,
}

impl Chosen {
    /// What should be in it; nothing known of what something else made. None: it was not finished.
    pub(super) fn contents(&self) -> Option<Contents> {
        let known = self.manifest.as_ref().map(|manifest| manifest.contents.clone());
        known.or_else(|| self.adopted.then(Contents::default))
    }
}

impl Restoring {
    /// The bot's own database.
    pub(in crate::jobs::kinds) fn store(&self) -> &Store {
        &self.copies.store
    }

    /// The copy of this name, or the newest of the target that is not known to be broken; a safety copy only by its name.
    pub(super) async fn choose(&self, target: &str, object: Option<&str>) -> Result<Chosen, JobError> {
        let known = match object {
            Some(object) => self.copies.store.copy(object).await.map_err(|error| no_catalogue(&error))?,
            None => {
                let all = self.copies.store.copies(Some(target), COPIES_LISTED, None).await;
                let all = all.map_err(|error| no_catalogue(&error))?;
                let newest = all.into_iter().find(|copy| copy.verdict != CopyVerdict::Broken && !copy.is_safety());
                let none = || {
                    JobError::failed(format!(
                        "There is no copy of {target} that is not known to be broken: take one first."
                    ))
                };
                Some(newest.ok_or_else(none)?)
            }
        };
        let object = object.map(str::to_owned).or(known.as_ref().map(|copy| copy.object.clone())).unwrap_or_default();
        let key = Key::new(&object).map_err(|error| JobError::failed(error.to_string()))?;
        let adopted = self.copies.targets.adopting(&object).is_some();
        let manifest = match adopted {
            true => None,
            false => self.copies.manifest(&object).await.map_err(|error| super::failure(&error))?,
        };
        let manifest = match manifest {
            Some(Ok(manifest)) => Some(manifest),
            Some(Err(why)) => {
                return Err(JobError::failed(format!("The manifest of {object} cannot be used: {why}.")));
            }
            None => None,
        };
        let taken = manifest.as_ref().and_then(|manifest| names::moment(&manifest.snapshot_at));
        Ok(Chosen { key, manifest, taken_ms: taken.or(known.map(|copy| copy.taken_ms)), adopted })
    }

    /// Begins to open a copy; how many stored bytes it has.
    pub(super) async fn open(
        &self,
        job: &JobContext,
        chosen: &Chosen,
        meter: Meter,
    ) -> Result<(u64, Opened), RestoreError> {
        let (meta, reader) = self.copies.artifacts.get(&chosen.key).await.map_err(|error| match error.kind {
            Failure::NotFound => RestoreError::backup("it is not in the store: somebody or something has deleted it"),
            _ => RestoreError::environment(format!("the store could not be asked: {error}")),
        })?;
        let expected = chosen.manifest.as_ref().map(|manifest| Expected {
            stored_sha256: manifest.stored_sha256.clone(),
            plain_sha256: manifest.plain_sha256.clone(),
            encrypted: !manifest.recipients.is_empty(),
        });
        if let Some(manifest) = &chosen.manifest
            && manifest.stored_bytes != meta.size
        {
            let (has, had) = (meta.size, manifest.stored_bytes);
            return Err(RestoreError::backup(format!("it has {has} bytes, and {had} were stored")));
        }
        let keys = self.copies.keys(chosen.key.as_str());
        Ok((meta.size, open(reader, keys, expected, meter, job.cancel().clone()).await?))
    }

    /// The programs of PostgreSQL, ended by `cancel`.
    pub(super) fn tools(&self, job: &JobContext, cancel: CancellationToken) -> Tools {
        let (supervisor, path) = (self.copies.supervisor.clone(), self.copies.path.clone());
        Tools { supervisor, path, watch: Arc::new(Link(job.clone())), cancel }
    }

    /// Whether a command of the configuration has a place of that name.
    pub(super) fn takes(&self, command: &str, place: &str) -> bool {
        self.runner.commands.get(command).is_some_and(|command| command.args.contains_key(place))
    }

    /// Runs a command of the configuration to its end; why it did not pass, as the end of a sentence.
    pub(super) async fn command(&self, job: &JobContext, name: &str) -> Result<(), String> {
        self.command_with(job, name, &BTreeMap::new()).await.map_err(|unwell| unwell.sentence)
    }

    /// The same with values for its places.
    pub(in crate::jobs::kinds) async fn command_with(
        &self,
        job: &JobContext,
        name: &str,
        args: &BTreeMap<String, String>,
    ) -> Result<(), Unwell> {
        let text = json!({"steps": [{"command": name, "args": args}]}).to_string();
        let plan = Plan::read(&text, &self.runner.commands, &self.runner.secrets).map_err(Unwell::failed)?;
        let report = self.steps(job, &plan, &Origins::default()).await.map_err(Unwell::failed)?;
        let unknown = report.outcome == Outcome::Unknown;
        match (report.outcome, report.state.done.last()) {
            (Outcome::Passed, _) => Ok(()),
            (_, Some(done)) => Err(Unwell { sentence: format!("the command {name} {}", done.sentence), unknown }),
            (_, None) => Err(Unwell { sentence: report.sentence, unknown }),
        }
    }

    /// Runs some steps to their end, from their beginning.
    pub(in crate::jobs::kinds) async fn steps(
        &self,
        job: &JobContext,
        plan: &Plan,
        origins: &Origins,
    ) -> Result<Report, String> {
        let link = Alone(job);
        let running = Running { id: job.id(), plan, origins, follow: &link, checkpoint: &link, cancel: job.cancel() };
        self.runner.run(running, State::default()).await.map_err(|lost| lost.to_string())
    }

    /// The newest copy of a target, safety copies apart.
    pub(in crate::jobs::kinds) async fn newest(&self, target: &str) -> Result<Option<BackupCopy>, JobError> {
        let copies = self.copies.store.copies(Some(target), COPIES_LISTED, None).await;
        Ok(copies.map_err(|error| no_catalogue(&error))?.into_iter().find(|copy| !copy.is_safety()))
    }

    /// Asks an address until it answers with success, or has had time enough; its status, or the end of a sentence.
    pub(in crate::jobs::kinds) async fn healthy(&self, job: &JobContext, url: &str) -> Result<u16, String> {
        let began = Instant::now();
        loop {
            match self.ask(job, url, "").await {
                Ok(status) => return Ok(status),
                Err(error) if began.elapsed() > HEALTH_PATIENCE || job.cancel().is_cancelled() => {
                    return Err(format!("the address {url} {}", error.sentence));
                }
                Err(_) => tokio::select! {
                    () = tokio::time::sleep(BACKUP_TICK) => {}
                    () = job.cancelled() => {}
                },
            }
        }
    }

    /// A copy of what is there now, which stays until somebody unpins it; the copy's name as soon as there is one.
    pub(in crate::jobs::kinds) async fn safety_copy(
        &self,
        job: &JobContext,
        target: &Target,
        before: &str,
    ) -> Result<String, (Option<String>, String)> {
        let made = BackupKind(self.copies.clone()).make(job, target, Reason::Safety).await;
        let object = made.map_err(|error| (None, error.sentence))?.object;
        match self.pin(job, &object, before).await {
            Ok(()) => Ok(object),
            Err(why) => Err((Some(object), why)),
        }
    }

    /// Keeps a safety copy from retention, to which it is one copy among many.
    async fn pin(&self, job: &JobContext, object: &str, before: &str) -> Result<(), String> {
        let store = &self.copies.store;
        let failed = |why: &dyn std::fmt::Display| format!("the safety copy {object} could not be pinned: {why}");
        let known = store.copy(object).await.map_err(|error| failed(&error))?;
        let known = known.filter(|copy| copy.gone_ms.is_none()).ok_or_else(|| failed(&"it is gone already"))?;
        let reason = format!("what was there before {before} {}", short(job.id()));
        let pin = Pin { by: job.asked_by().clone(), at_ms: self.copies.clock.now_ms(), reason };
        // What is known of it stays as it is.
        store.copy_taken(BackupCopy { pinned: Some(pin), ..known }).await.map_err(|error| failed(&error))
    }

    /// The targets that a service writes to.
    pub(in crate::jobs::kinds) fn targets_of(&self, service: &str) -> impl Iterator<Item = &Target> {
        self.copies.targets.of_service(service)
    }

    /// The jobs that have not ended, oldest first.
    pub(in crate::jobs::kinds) async fn unfinished(&self) -> Result<Vec<Job>, JobError> {
        self.copies.store.unfinished_jobs(JOBS_READ).await.map_err(|error| no_catalogue(&error))
    }

    /// Asks an address once; why it did not answer with success, and whose fault that is.
    pub(in crate::jobs::kinds) async fn ask(
        &self,
        job: &JobContext,
        url: &str,
        scratch: &str,
    ) -> Result<u16, RestoreError> {
        let check = |sentence: String| RestoreError::check(sentence);
        let call: Call = serde_json::from_value(json!({"url": url})).map_err(|error| check(error.to_string()))?;
        let values = match call.places().is_empty() {
            true => BTreeMap::new(),
            false => BTreeMap::from([("scratch".to_owned(), scratch.to_owned())]),
        };
        let sample = call.sample_url().map_err(check)?;
        let origin = Origin::parse(&sample.origin().ascii_serialization()).map_err(check)?;
        let origins = Origins { private: vec![origin], ..Origins::default() };
        let prepared = call.prepare(&values, &|_| None).map_err(check)?;
        let answer = self.runner.http.send(prepared, job.id(), &origins, HTTP_STEP_TIME, job.cancel()).await;
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(answer.status),
            Ok(answer) => Err(check(format!("was answered with {}", answer.status))),
            Err(failure) => Err(RestoreError::environment(format!("got no answer: {}", failure.why))),
        }
    }
}

/// A job as the run of one command sees it: shown, and never taken up again.
struct Alone<'a>(&'a JobContext);

impl Follow for Alone<'_> {
    fn progress(&self, _: usize, _: usize, _: &str) {}

    fn line(&self, line: &str) {
        self.0.say(line);
    }

    fn child_started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        async move { self.0.write_down(process.pid, process.start_time).await }.boxed()
    }

    fn child_ended(&self) -> BoxFuture<'_, ()> {
        async move { child_ended(self.0).await }.boxed()
    }
}

impl Checkpoint for Alone<'_> {
    fn save<'a>(&'a self, _: &'a State) -> BoxFuture<'a, Result<(), NotOurs>> {
        async { Ok(()) }.boxed()
    }
}

/// Forgets the job's process; one that cannot be forgotten has ended all the same.
pub(in crate::jobs::kinds) async fn child_ended(job: &JobContext) {
    if let Err(error) = job.child_ended().await {
        tracing::warn!(job = %job.id(), error = %error, "cannot note that a job's process has ended");
    }
}

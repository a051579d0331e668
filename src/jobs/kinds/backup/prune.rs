//! The kind `backup-prune`: removes copies, `{"target": NAME, "objects": [KEY, …]}`. Which, a plugin decides; never a pinned one, never
//! the newest that is proven (verified, if none is; any, if none is), none as long as all are broken, and nothing that is not a copy
//! of that target.

use super::{Copies, failure, names, no_catalogue};
use crate::artifacts::{ArtifactError, Key, Kind as Failure};
use crate::config::limits::{COPIES_LISTED, PRUNE_OBJECTS};
use crate::config::targets::Target;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::copy::{BackupCopy, CopyVerdict};
use crate::model::job::Progress;
use crate::ops::backup::manifest::beside;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Removes copies.
pub(super) struct PruneKind(pub(super) Arc<Copies>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    target: String,
    objects: Vec<String>,
}

/// What became of the copies that were to go.
#[derive(Default)]
struct Done {
    deleted: Vec<String>,
    refused: Vec<Value>,
    failed: Vec<Value>,
}

/// What stays whatever is asked.
enum Stays {
    /// The last resort.
    One(String),
    /// All: none is known to be any good, and one of the broken ones may yet be of use.
    All,
}

/// Why a copy was not removed.
struct NotDeleted {
    why: String,
    /// What is left is the manifest.
    copy_is_gone: bool,
}

impl PruneKind {
    fn read(&self, spec: &Value) -> Result<(&Target, BTreeSet<String>), String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"target\": NAME, \"objects\": [NAME, …]}}: {error}"))?;
        let target = self.0.target(&spec.target)?;
        if spec.objects.is_empty() || spec.objects.len() > PRUNE_OBJECTS {
            return Err(format!("`objects` names 1 to {PRUNE_OBJECTS} copies"));
        }
        let prefix = names::prefix(&target.name);
        match spec.objects.iter().find(|name| !names::is_copy_of(name, &target.name) || Key::new(name).is_err()) {
            Some(other) => {
                let other: String = other.chars().take(200).collect();
                Err(format!("{other:?} is no copy of {}: their names begin with {prefix}", target.name))
            }
            None => Ok((target, spec.objects.into_iter().collect())),
        }
    }

    /// The copies that stay whatever is asked: the best one that is in the store, whatever the catalogue thinks is there.
    async fn stays(&self, target: &str) -> Result<Stays, JobError> {
        let (mut verified, mut any, mut before) = (None, None, None);
        loop {
            let page = self.0.store.copies(Some(target), COPIES_LISTED, before).await;
            let page = page.map_err(|error| no_catalogue(&error))?;
            // What something else made and keeps is no reason to let ours go.
            for copy in page.iter().filter(|copy| names::is_copy_of(&copy.object, target)) {
                let wanted = match copy.verdict {
                    CopyVerdict::Proven => true,
                    CopyVerdict::Verified => verified.is_none(),
                    CopyVerdict::Unverified | CopyVerdict::Unknown => any.is_none(),
                    CopyVerdict::Broken => false,
                };
                if !wanted || !self.is_there(&copy.object).await.map_err(|error| failure(&error))? {
                    continue;
                }
                match copy.verdict {
                    CopyVerdict::Proven => return Ok(Stays::One(copy.object.clone())),
                    CopyVerdict::Verified => verified = Some(copy.object.clone()),
                    _ => any = Some(copy.object.clone()),
                }
            }
            let last = page.last().map(|copy| copy.taken_ms);
            if page.len() < COPIES_LISTED as usize || last == before {
                return Ok(verified.or(any).map_or(Stays::All, Stays::One));
            }
            before = last;
        }
    }

    async fn prune(&self, job: &JobContext) -> Result<Value, JobError> {
        let (target, objects) = self.read(job.spec()).map_err(JobError::failed)?;
        let total = objects.len() as u64;
        let mut done = Done::default();
        for (object, nth) in objects.into_iter().zip(0_u64..) {
            let mine = match job.cancel().is_cancelled() {
                true => Ok(false),
                false => job.asks_whose().await,
            };
            match mine {
                Ok(true) => {}
                Ok(false) => {
                    return Err(JobError::failed("It was ended before all were removed.").with(done.json()));
                }
                Err(error) => {
                    let why = format!("Nobody could be asked whether the job is still ours: {error}");
                    return Err(JobError::retry(why).with(done.json()));
                }
            }
            job.progress(Progress { stage: "removing".to_owned(), done: nth, total, ..Progress::default() });
            // Asked anew each time: a verdict may fall while we are at it.
            let one = match self.stays(&target.name).await {
                Ok(stays) => self.one(object, &stays, &mut done).await,
                Err(error) => Err(error),
            };
            one.map_err(|error| error.with(done.json()))?;
        }
        match done.failed.is_empty() {
            true => Ok(done.json()),
            false => {
                let sentence = "Some copies could not be removed; what is still there is in the catalogue still.";
                Err(JobError::retry(sentence).with(done.json()))
            }
        }
    }

    async fn one(&self, object: String, stays: &Stays, done: &mut Done) -> Result<(), JobError> {
        let copy = self.0.store.copy(&object).await.map_err(|error| no_catalogue(&error))?;
        let Some(copy) = copy else {
            done.refuse(
                object,
                "it is not in the catalogue, so nobody knows whether it is pinned: rebuild the catalogue first",
            );
            return Ok(());
        };
        if let Some(pin) = &copy.pinned {
            done.refuse(object, &format!("{} pinned it: {}", pin.by, pin.reason));
            return Ok(());
        }
        let why = match stays {
            Stays::One(last) if *last == object => {
                "it is the newest copy that is known to be good, or the newest there is"
            }
            Stays::All => "no copy is known to be any good, so none is removed: one of them may yet be of use",
            Stays::One(_) => "",
        };
        if !why.is_empty() {
            // An earlier run may have noted it gone and got no further.
            if copy.gone_ms.is_some() && self.is_there(&object).await.map_err(|error| failure(&error))? {
                self.back(copy).await?;
            }
            done.refuse(object, why);
            return Ok(());
        }
        // Noted first: a pin that comes later finds it gone. One that went before was not finished.
        let noted = self.0.store.copy_gone(object.clone(), self.0.clock.now_ms()).await;
        if !noted.map_err(|error| no_catalogue(&error))? && copy.gone_ms.is_none() {
            done.refuse(object, "it was pinned this moment");
            return Ok(());
        }
        match self.delete(&object).await {
            Ok(()) => done.deleted.push(object),
            Err(NotDeleted { why, copy_is_gone }) => {
                if !copy_is_gone {
                    self.back(copy).await?;
                }
                done.failed.push(json!({"object": object, "why": why}));
            }
        }
        Ok(())
    }

    /// Removes the copy, then its manifest: what is cut off in between has no copy and says so. A store may do what it was asked and
    /// say that it failed, so it is asked what is there; if it does not answer that either, the copy counts as there.
    async fn delete(&self, object: &str) -> Result<(), NotDeleted> {
        let not = |copy_is_gone| move |error: ArtifactError| NotDeleted { why: error.to_string(), copy_is_gone };
        let (copy, manifest) = (Key::new(object).map_err(not(false))?, Key::new(&beside(object)).map_err(not(false))?);
        if let Err(error) = self.0.artifacts.delete(&copy).await
            && self.is_there(object).await.unwrap_or(true)
        {
            return Err(not(false)(error));
        }
        self.0.artifacts.delete(&manifest).await.map_err(not(true))
    }

    /// Whether the store has it.
    async fn is_there(&self, object: &str) -> Result<bool, ArtifactError> {
        match self.0.artifacts.head(&Key::new(object)?).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Failure::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// It is there still.
    async fn back(&self, copy: BackupCopy) -> Result<(), JobError> {
        self.0.store.copy_taken(BackupCopy { gone_ms: None, ..copy }).await.map_err(|error| no_catalogue(&error))
    }
}

impl Done {
    fn refuse(&mut self, object: String, why: &str) {
        self.refused.push(json!({"object": object, "why": why}));
    }

    fn json(&self) -> Value {
        json!({"deleted": self.deleted, "refused": self.refused, "failed": self.failed})
    }
}

impl Kind for PruneKind {
    fn name(&self) -> &str {
        "backup-prune"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.prune(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        // Removing what is removed does nothing.
        async { Verified::Repeat }.boxed()
    }
}

//! The kind `backup-prune`: removes copies, `{"target": NAME, "objects": [KEY, …]}`. Which, a plugin decides; never a pinned one, never
//! the newest that is proven (verified, if none is; any, if none is), and nothing that is not a copy of that target.

use super::{Copies, names, no_catalogue};
use crate::artifacts::Key;
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

    /// The copy that stays whatever is asked.
    async fn last_resort(&self, target: &str) -> Result<Option<String>, JobError> {
        let (mut verified, mut any, mut before) = (None, None, None);
        loop {
            let page = self.0.store.copies(Some(target), COPIES_LISTED, before).await;
            let page = page.map_err(|error| no_catalogue(&error))?;
            for copy in &page {
                match copy.verdict {
                    CopyVerdict::Proven => return Ok(Some(copy.object.clone())),
                    CopyVerdict::Verified if verified.is_none() => verified = Some(copy.object.clone()),
                    CopyVerdict::Unverified | CopyVerdict::Unknown if any.is_none() => any = Some(copy.object.clone()),
                    _ => {}
                }
            }
            let last = page.last().map(|copy| copy.taken_ms);
            if page.len() < COPIES_LISTED as usize || last == before {
                return Ok(verified.or(any));
            }
            before = last;
        }
    }

    async fn prune(&self, job: &JobContext) -> Result<Value, JobError> {
        let (target, objects) = self.read(job.spec()).map_err(JobError::failed)?;
        let total = objects.len() as u64;
        let mut done = Done::default();
        for (object, nth) in objects.into_iter().zip(0_u64..) {
            if job.cancel().is_cancelled() || !job.is_mine().await {
                return Err(JobError::failed("It was ended before all were removed.").with(done.json()));
            }
            job.progress(Progress { stage: "removing".to_owned(), done: nth, total, ..Progress::default() });
            // Asked anew each time: a verdict may fall while we are at it.
            let last_resort = self.last_resort(&target.name).await?;
            self.one(object, last_resort.as_deref(), &mut done).await?;
        }
        match done.failed.is_empty() {
            true => Ok(done.json()),
            false => {
                Err(JobError::retry("Some copies could not be removed; they are in the catalogue still.")
                    .with(done.json()))
            }
        }
    }

    async fn one(&self, object: String, last_resort: Option<&str>, done: &mut Done) -> Result<(), JobError> {
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
        if last_resort == Some(object.as_str()) {
            done.refuse(object, "it is the newest copy that is known to be good, or the newest there is");
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
            Err(why) => {
                self.back(copy).await?;
                done.failed.push(json!({"object": object, "why": why}));
            }
        }
        Ok(())
    }

    /// Removes the copy, then its manifest: what is cut off in between has no copy and says so.
    async fn delete(&self, object: &str) -> Result<(), String> {
        for name in [object.to_owned(), beside(object)] {
            let key = Key::new(&name).map_err(|error| error.to_string())?;
            self.0.artifacts.delete(&key).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn back(&self, copy: BackupCopy) -> Result<(), JobError> {
        self.0.store.copy_taken(copy).await.map_err(|error| no_catalogue(&error))
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

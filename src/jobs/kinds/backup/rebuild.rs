//! The kind `backup-rebuild`: fills the catalogue from the manifests in the store, `{}` or `{"target": NAME}`: after the bot's own
//! database was lost, or restored from an older copy. It removes nothing.

use super::{Copies, failure, names, no_catalogue};
use crate::artifacts::Key;
use crate::config::limits::REBUILD_NAMED;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::job::Progress;
use crate::ops::backup::manifest::SUFFIX;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Fills the catalogue.
pub(super) struct RebuildKind(pub(super) Arc<Copies>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    #[serde(default)]
    target: Option<String>,
}

/// Names, the first of them and how many there are.
#[derive(Default)]
struct Few(Vec<Value>, u64);

/// What a look through the store found.
#[derive(Default)]
struct Found {
    /// Copies without a manifest.
    without: Few,
    /// Copies whose manifest does not fit.
    unreadable: Few,
    /// Manifests without a copy.
    gone: Few,
    entered: u64,
    /// Of those, the ones that the catalogue had never heard of.
    new: u64,
}

impl Few {
    fn push(&mut self, what: Value) {
        self.1 += 1;
        if self.0.len() < REBUILD_NAMED {
            self.0.push(what);
        }
    }
}

impl RebuildKind {
    fn read(spec: &Value) -> Result<String, String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{}} or {{\"target\": NAME}}: {error}"))?;
        match spec.target {
            None => Ok(names::ROOT.to_owned()),
            // A target may have left the configuration before its copies leave the store.
            Some(target) if !target.is_empty() && Key::new(&target).is_ok() && !target.contains('/') => {
                Ok(names::prefix(&target))
            }
            Some(_) => Err("`target` is the name of a target".to_owned()),
        }
    }

    async fn rebuild(&self, job: &JobContext) -> Result<Value, JobError> {
        let prefix = Self::read(job.spec()).map_err(JobError::failed)?;
        let mut found = Found::default();
        // Names come in the order of their bytes: whatever begins with a copy's name comes right after it, its manifest too.
        let mut open: Vec<(String, u64)> = Vec::new();
        let mut list = self.0.artifacts.list(&prefix);
        while let Some(listed) = list.next().await {
            let listed = listed.map_err(|error| failure(&error))?;
            let name = listed.key.as_str();
            while let Some((object, _)) = open.pop_if(|(object, _)| !name.starts_with(object.as_str())) {
                found.without.push(json!(object));
            }
            match name.strip_suffix(SUFFIX) {
                Some(of) => match open.iter().position(|(object, _)| object == of) {
                    Some(at) => {
                        let (object, size) = open.remove(at);
                        self.one(job, object, size, &mut found).await?;
                    }
                    None => found.gone.push(json!(name)),
                },
                None if names::target_of(name).is_some() => open.push((name.to_owned(), listed.size)),
                None => {}
            }
        }
        open.into_iter().for_each(|(object, _)| found.without.push(json!(object)));
        let Found { without, unreadable, gone, entered, new } = found;
        Ok(json!({
            "entered": entered,
            "new": new,
            "without_manifest": {"count": without.1, "first": without.0},
            "unreadable": {"count": unreadable.1, "first": unreadable.0},
            "without_copy": {"count": gone.1, "first": gone.0},
        }))
    }

    /// A copy with a manifest beside it.
    async fn one(&self, job: &JobContext, object: String, size: u64, found: &mut Found) -> Result<(), JobError> {
        if job.cancel().is_cancelled() {
            return Err(JobError::failed("It was cancelled before all was read; what was read is in the catalogue."));
        }
        job.progress(Progress { stage: "reading manifests".to_owned(), done: found.entered, ..Progress::default() });
        match self.0.manifest(&object).await.map_err(|error| failure(&error))? {
            // It went while we looked.
            None => found.without.push(json!(object)),
            Some(Err(why)) => found.unreadable.push(json!({"object": object, "why": why})),
            Some(Ok(manifest)) if manifest.stored_bytes != size => {
                let why = format!("it has {size} bytes, and its manifest says {}", manifest.stored_bytes);
                found.unreadable.push(json!({"object": object, "why": why}));
            }
            Some(Ok(manifest)) => {
                let known = self.0.store.copy(&object).await.map_err(|error| no_catalogue(&error))?;
                self.0.enter(&manifest).await.map_err(|error| no_catalogue(&error))?;
                found.entered += 1;
                found.new += u64::from(known.is_none());
            }
        }
        Ok(())
    }
}

impl Kind for RebuildKind {
    fn name(&self) -> &str {
        "backup-rebuild"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        Self::read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.rebuild(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}

//! The kind `backup-rebuild`: fills the catalogue from the manifests in the store, `{}` or `{"target": NAME}`: after the bot's own
//! database was lost, or restored from an older copy. It removes nothing.

use super::{Copies, failure, names, no_catalogue};
use crate::artifacts::Key;
use crate::config::limits::{REBUILD_NAMED, REBUILD_OBJECTS};
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::job::Progress;
use crate::ops::backup::manifest::SUFFIX;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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
        let (copies, manifests) = self.list(&prefix).await?;
        let mut without: Few = Few::default();
        let (mut unreadable, mut gone) = (Few::default(), Few::default());
        let (mut entered, mut new) = (0_u64, 0_u64);
        let total = copies.len() as u64;
        for (manifest, _) in
            manifests.iter().filter(|(manifest, _)| !copies.contains_key(manifest.trim_end_matches(SUFFIX)))
        {
            gone.push(json!(manifest));
        }
        for ((object, size), nth) in copies.into_iter().zip(0_u64..) {
            if job.cancel().is_cancelled() {
                return Err(JobError::failed(
                    "It was cancelled before all was read; what was read is in the catalogue.",
                ));
            }
            job.progress(Progress { stage: "reading manifests".to_owned(), done: nth, total, ..Progress::default() });
            match self.0.manifest(&object).await.map_err(|error| failure(&error))? {
                None => without.push(json!(object)),
                Some(Err(why)) => unreadable.push(json!({"object": object, "why": why})),
                Some(Ok(manifest)) if manifest.stored_bytes != size => {
                    let why = format!("it has {size} bytes, and its manifest says {}", manifest.stored_bytes);
                    unreadable.push(json!({"object": object, "why": why}));
                }
                Some(Ok(manifest)) => {
                    let known = self.0.store.copy(&object).await.map_err(|error| no_catalogue(&error))?;
                    self.0.enter(&manifest).await.map_err(|error| no_catalogue(&error))?;
                    entered += 1;
                    new += u64::from(known.is_none());
                }
            }
        }
        Ok(json!({
            "entered": entered,
            "new": new,
            "without_manifest": {"count": without.1, "first": without.0},
            "unreadable": {"count": unreadable.1, "first": unreadable.0},
            "without_copy": {"count": gone.1, "first": gone.0},
        }))
    }

    /// The copies below a prefix with their sizes, and the manifests.
    async fn list(&self, prefix: &str) -> Result<(BTreeMap<String, u64>, BTreeMap<String, u64>), JobError> {
        let (mut copies, mut manifests) = (BTreeMap::new(), BTreeMap::new());
        let mut list = self.0.artifacts.list(prefix);
        while let Some(listed) = list.next().await {
            let listed = listed.map_err(|error| failure(&error))?;
            let name = listed.key.as_str();
            if name.ends_with(SUFFIX) {
                manifests.insert(name.to_owned(), listed.size);
            } else if names::target_of(name).is_some() {
                copies.insert(name.to_owned(), listed.size);
            }
            if copies.len() > REBUILD_OBJECTS {
                return Err(JobError::failed(format!(
                    "There are more than {REBUILD_OBJECTS} copies: rebuild one target at a time."
                )));
            }
        }
        Ok((copies, manifests))
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

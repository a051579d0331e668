//! The kind `document`: keeps what was written about an incident, `{"incident": ID, "title": TEXT, "markdown": TEXT}`, as its next
//! revision: in the database, where the pages read it, and as Markdown and HTML in the artifact store. Done twice it is one revision.

use crate::artifacts::{Artifacts, Key, Kind as Failure, PutOptions};
use crate::clock::Clock;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::markdown;
use crate::model::document::Document;
use crate::model::ids::IncidentId;
use crate::store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

/// Where documents lie.
const ROOT: &str = "postmortems";
/// Characters of a title.
const TITLE: usize = 300;

/// Keeps documents.
pub struct DocumentKind {
    store: Store,
    artifacts: Artifacts,
    clock: Clock,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    incident: String,
    title: String,
    markdown: String,
}

impl DocumentKind {
    /// In this database and this artifact store.
    pub fn new(store: Store, artifacts: Artifacts, clock: Clock) -> Self {
        Self { store, artifacts, clock }
    }

    fn read(spec: &Value) -> Result<(IncidentId, Spec), String> {
        let spec: Spec = serde_json::from_value(spec.clone()).map_err(|error| {
            format!("the spec is {{\"incident\": \"INC-1\", \"title\": TEXT, \"markdown\": TEXT}}: {error}")
        })?;
        let id = IncidentId::parse(&spec.incident).ok_or("`incident` is the name of an incident, such as INC-1")?;
        if spec.title.trim().is_empty() || spec.title.chars().count() > TITLE {
            return Err(format!("`title` has 1 to {TITLE} characters"));
        }
        if spec.markdown.trim().is_empty() {
            return Err("`markdown` is empty".to_owned());
        }
        Ok((id, spec))
    }

    async fn keep(&self, job: &JobContext) -> Result<Value, JobError> {
        let (incident, spec) = Self::read(job.spec()).map_err(JobError::failed)?;
        let asleep = |error: crate::store::StoreError| JobError::retry(format!("the document cannot be kept: {error}"));
        if self.store.incident(&incident).await.map_err(asleep)?.is_none() {
            return Err(JobError::failed(format!("there is no {incident}")));
        }
        let document = Document {
            job: job.id().to_owned(),
            incident,
            revision: 0,
            title: spec.title,
            markdown: spec.markdown,
            author: job.asked_by().clone(),
            at_ms: self.clock.now_ms(),
            stored_ms: None,
        };
        let document = self.store.keep_document(document).await.map_err(asleep)?;
        let name = format!("{ROOT}/{}/r{}", document.incident, document.revision);
        let (text, html) = (format!("{name}.md"), format!("{name}.html"));
        self.put(&text, "text/markdown; charset=utf-8", &document.markdown).await?;
        let page = markdown::page(&format!("{}: {}", document.incident, document.title), &document.markdown);
        self.put(&html, "text/html; charset=utf-8", &page).await?;
        self.store.document_stored(document.job, self.clock.now_ms()).await.map_err(asleep)?;
        let at = format!("/postmortems/{}?revision={}", document.incident, document.revision);
        Ok(json!({ "revision": document.revision, "page": at, "objects": [text, html] }))
    }

    async fn put(&self, name: &str, media: &'static str, text: &str) -> Result<(), JobError> {
        let failed = |error: crate::artifacts::ArtifactError| match error.kind {
            Failure::Unavailable { .. } => JobError::retry(error.to_string()),
            _ => JobError::failed(error.to_string()),
        };
        let key = Key::new(name).map_err(failed)?;
        let options = PutOptions { media: Some(media), ..PutOptions::default() };
        self.artifacts.put(&key, &mut text.as_bytes(), &options).await.map(drop).map_err(failed)
    }
}

impl Kind for DocumentKind {
    fn name(&self) -> &str {
        "document"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        Self::read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.keep(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        // A revision is the job's own, so that nothing is kept twice.
        async { Verified::Repeat }.boxed()
    }
}

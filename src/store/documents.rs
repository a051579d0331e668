//! Documents about incidents, revision by revision. A revision is kept once for each job, however often that runs, and never changed.

use super::Store;
use super::error::StoreError;
use super::statement::Statement;
use crate::config::limits::INCIDENTS_LOOKED_AT;
use crate::model::document::Document;
use crate::model::ids::{IncidentId, PersonId};
use crate::model::incident::Incident;
use sqlx::Row;
use sqlx::any::AnyRow;

// Two jobs at once: the second's revision is taken, which fails it, and it runs again.
const KEEP: &str = "insert into documents (job, incident, revision, title, markdown, author, at_ms, stored_ms) \
    values ($1, $2, (select coalesce(max(revision), 0) + 1 from documents where incident = $2), $3, $4, $5, $6, null) \
    on conflict (job) do nothing";
const STORED: &str = "update documents set stored_ms = $2 where job = $1 and stored_ms is null";

/// The columns in the order in which `document` reads them.
macro_rules! columns {
    () => {
        "job, incident, revision, title, author, at_ms, stored_ms"
    };
}
const OF_JOB: &str = concat!("select ", columns!(), ", markdown from documents where job = $1");
const ONE: &str = concat!("select ", columns!(), ", markdown from documents where incident = $1 and revision = $2");
const REVISIONS: &str =
    concat!("select ", columns!(), ", '' from documents where incident = $1 order by revision desc limit $2");
const LATEST: &str = concat!(
    "select ",
    columns!(),
    ", '' from documents where revision = (select max(revision) from documents other where other.incident = documents.incident) \
     and (at_ms < $1 or at_ms = $1 and job < $2) order by at_ms desc, job desc limit $3"
);
// Which tasks are open is in the JSON, and looked at there: this only leaves out those of which none can be.
const TO_DO: &str = "select body from incidents where id in (select incident from documents) \
    and body like '%\"done\":null%' order by number desc limit $1";

#[expect(
    clippy::missing_errors_doc,
    reason = "all fail alike: the database does not answer, or two jobs were as quick"
)]
impl Store {
    /// Keeps a document as its incident's next revision, unless this job did so before. It as it is kept then.
    pub async fn keep_document(&self, mut document: Document) -> Result<Document, StoreError> {
        if let Some(scrub) = &self.scrub {
            scrub.string(&mut document.title);
            scrub.string(&mut document.markdown);
        }
        let job = document.job.clone();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move {
                let keep =
                    Statement::new(KEEP, "keeping a document").text(document.job).text(document.incident.as_str());
                let keep = keep.text(document.title).text(document.markdown).text(document.author.as_str());
                keep.number(document.at_ms).run(connection).await.map(drop)
            })
        })
        .await?;
        let row = sqlx::query(OF_JOB)
            .bind(&job)
            .fetch_one(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading a document that was kept"))?;
        Ok(document_of(&row))
    }

    /// Notes that a document is in the artifact store.
    pub async fn document_stored(&self, job: String, at_ms: i64) -> Result<(), StoreError> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move {
                let stored = Statement::new(STORED, "noting that a document is stored");
                stored.text(job).number(at_ms).run(connection).await.map(drop)
            })
        })
        .await
    }

    /// A revision of an incident's document.
    pub async fn document(&self, incident: &IncidentId, revision: i64) -> Result<Option<Document>, StoreError> {
        let row = sqlx::query(ONE)
            .bind(incident.as_str())
            .bind(revision)
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading a document"))?;
        Ok(row.as_ref().map(document_of))
    }

    /// The revisions of an incident's document, the newest first, at most `limit`, without their texts.
    pub async fn document_revisions(&self, incident: &IncidentId, limit: i64) -> Result<Vec<Document>, StoreError> {
        let rows = sqlx::query(REVISIONS)
            .bind(incident.as_str())
            .bind(limit)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("listing a document's revisions"))?;
        Ok(rows.iter().map(document_of).collect())
    }

    /// The newest revision of every incident's document, those published last first, at most `limit`, without their texts: those
    /// before one, by its moment and its job.
    pub async fn documents(&self, before: Option<(i64, &str)>, limit: i64) -> Result<Vec<Document>, StoreError> {
        let (at_ms, job) = before.unwrap_or((i64::MAX, ""));
        let rows = sqlx::query(LATEST)
            .bind(at_ms)
            .bind(job)
            .bind(limit)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("listing documents"))?;
        Ok(rows.iter().map(document_of).collect())
    }

    /// The incidents with a document, of which something may still be to be done, the newest first.
    pub async fn documented_to_do(&self) -> Result<Vec<Incident>, StoreError> {
        let rows = sqlx::query(TO_DO)
            .bind(INCIDENTS_LOOKED_AT)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("listing what is to be done"))?;
        rows.iter().map(super::incidents::parse).collect()
    }
}

fn document_of(row: &AnyRow) -> Document {
    Document {
        job: row.get(0),
        incident: IncidentId::new(row.get::<String, _>(1)),
        revision: row.get(2),
        title: row.get(3),
        author: PersonId::new(row.get::<String, _>(4)),
        at_ms: row.get(5),
        stored_ms: row.get(6),
        markdown: row.get(7),
    }
}

//! Timelines of incidents: appended to, read from the end.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{IncidentId, PersonId};
use crate::model::incident::TimelineEntry;
use serde_json::json;
use sqlx::{Executor, Row};

const APPEND: Sql = sql!(
    "insert into timeline (id, incident, at_ms, kind, author, text) \
     select r.value->>0, r.value->>1, cast(r.value->>2 as bigint), r.value->>3, r.value->>4, r.value->>5 from ",
    rows,
    " where true"
);

/// The last `limit` lines, oldest first.
pub(super) async fn list(
    executor: impl Executor<'_, Database = sqlx::Any>,
    incident: &IncidentId,
    limit: i64,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let rows =
        sqlx::query("select id, at_ms, kind, author, text from timeline where incident = $1 order by id desc limit $2")
            .bind(incident.as_str())
            .bind(limit)
            .fetch_all(executor)
            .await
            .map_err(StoreError::doing("reading a timeline"))?;
    let entries = rows.iter().rev().map(|row| TimelineEntry {
        id: row.get(0),
        incident: incident.clone(),
        at_ms: row.get(1),
        kind: row.get(2),
        author: PersonId::new(row.get::<String, _>(3)),
        text: row.get(4),
    });
    Ok(entries.collect())
}

pub(super) fn append(engine: Engine, entries: &[&TimelineEntry]) -> Statement {
    let rows: Vec<_> = entries.iter().map(|e| json!([e.id, e.incident, e.at_ms, e.kind, e.author, e.text])).collect();
    APPEND.statement(engine, "writing timelines").text(parameter(&json!(rows)))
}

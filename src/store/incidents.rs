//! Incidents as they stand. The whole incident is kept as JSON; its rules are in `crate::incident`.

use super::conversations::open_here;
use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{ConversationId, IncidentId};
use crate::model::incident::{Incident, Status};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};

const REVISIONS: Sql = sql!("select id, revision from incidents where id ", keys);
// A revision may not be null: an incident that is not as it was based on fails the transaction, and nothing of it stays.
const WRITE: Sql = sql!(
    "insert into incidents (id, number, conversation, is_open, body, revision) \
     select r.value->>0, cast(r.value->>1 as bigint), r.value->>2, cast(r.value->>3 as bigint), r.value->>4, \
     cast(r.value->>5 as bigint) from ",
    rows,
    " where true on conflict (id) do update set conversation = excluded.conversation, is_open = excluded.is_open, \
     body = excluded.body, \
     revision = case when incidents.revision = excluded.revision - 1 then excluded.revision end"
);

pub(super) fn parse(row: &AnyRow) -> Result<Incident, StoreError> {
    serde_json::from_str(row.get(0)).map_err(|e| StoreError::Corrupt { table: "incidents", reason: e.to_string() })
}

pub(super) async fn get(pool: &AnyPool, id: &IncidentId) -> Result<Option<Incident>, StoreError> {
    let row = sqlx::query("select body from incidents where id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading an incident"))?;
    row.as_ref().map(parse).transpose()
}

pub(super) async fn list(pool: &AnyPool, open_only: bool, limit: i64) -> Result<Vec<Incident>, StoreError> {
    let text = match open_only {
        true => "select body from incidents where is_open = 1 order by number desc limit $1",
        false => "select body from incidents order by number desc limit $1",
    };
    let rows = sqlx::query(text).bind(limit).fetch_all(pool).await.map_err(StoreError::doing("listing incidents"))?;
    rows.iter().map(parse).collect()
}

/// Ids and revisions of the same list: what a commit compares.
pub(super) async fn listed(
    connection: &mut AnyConnection,
    open_only: bool,
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let text = match open_only {
        true => "select id, revision from incidents where is_open = 1 order by number desc limit $1",
        false => "select id, revision from incidents order by number desc limit $1",
    };
    let rows = sqlx::query(text).bind(limit).fetch_all(connection).await;
    let rows = rows.map_err(StoreError::doing("listing incidents"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Incidents with a number below `before`, newest first.
pub(super) async fn page(
    pool: &AnyPool,
    open_only: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<Incident>, StoreError> {
    let rows =
        sqlx::query("select body from incidents where number < $1 and is_open >= $2 order by number desc limit $3")
            .bind(before)
            .bind(i64::from(open_only))
            .bind(limit)
            .fetch_all(pool)
            .await
            .map_err(StoreError::doing("listing incidents"))?;
    rows.iter().map(parse).collect()
}

/// The open incidents of a conversation, newest first.
pub(super) async fn open_in(
    pool: &AnyPool,
    conversation: &ConversationId,
    limit: i64,
) -> Result<Vec<Incident>, StoreError> {
    let rows = sqlx::query(concat!("select body", open_here!(), "$2"))
        .bind(conversation.as_str())
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("looking up the conversation's incident"))?;
    rows.iter().map(parse).collect()
}

/// The number that the next incident gets.
pub(super) async fn next_number(pool: &AnyPool) -> Result<i64, StoreError> {
    let row = sqlx::query("select number from incidents order by number desc limit 1")
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("numbering an incident"))?;
    Ok(row.map_or(1, |row| row.get::<i64, _>(0) + 1))
}

/// Asks for revisions; `revision_of` reads the rows.
pub(super) fn revisions(engine: Engine, ids: &[&IncidentId]) -> Statement {
    let keys: Vec<_> = ids.iter().map(|id| json!([id])).collect();
    REVISIONS.statement(engine, "checking what a call read").text(parameter(&json!(keys)))
}

pub(super) fn revision_of(row: &AnyRow) -> (IncidentId, i64) {
    (IncidentId::new(row.get::<String, _>(0)), row.get(1))
}

/// Writes incidents at the revision after the one each was based on.
pub(super) fn write(engine: Engine, incidents: &[&Incident]) -> Result<Statement, StoreError> {
    let mut rows = Vec::with_capacity(incidents.len());
    for incident in incidents {
        let next = Incident { revision: incident.revision + 1, ..(*incident).clone() };
        let body = serde_json::to_string(&next)
            .map_err(|e| StoreError::Corrupt { table: "incidents", reason: e.to_string() })?;
        let is_open = i64::from(next.status != Status::Resolved);
        rows.push(json!([next.id, next.id.number(), next.conversation, is_open, body, next.revision]));
    }
    Ok(WRITE.statement(engine, "writing incidents").text(parameter(&json!(rows))))
}

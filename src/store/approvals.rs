//! Approvals: what waits for people's yes. Written like incidents, at the revision after the one each was based on, so that of
//! two who decide at once one is told to look again.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::approval::Approval;
use crate::model::ids::{ApprovalId, DeliveryId};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};

/// Approvals under one root that are read at most; a command that needs more is no command.
const UNDER_ROOT: i64 = 100;

const REVISIONS: Sql = sql!("select id, revision from approvals where id ", keys);
// A revision may not be null: an approval that is not as it was based on fails the transaction, and nothing of it stays.
const WRITE: Sql = sql!(
    "insert into approvals (id, plugin, root, holds, digest, state, until_ms, created_ms, ended_ms, body, revision) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, cast(r.value->>6 as bigint), \
     cast(r.value->>7 as bigint), cast(r.value->>8 as bigint), r.value->>9, cast(r.value->>10 as bigint) from ",
    rows,
    " where true on conflict (id) do update set state = excluded.state, until_ms = excluded.until_ms, \
     ended_ms = excluded.ended_ms, body = excluded.body, \
     revision = case when approvals.revision = excluded.revision - 1 then excluded.revision end"
);

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt { table: "approvals", reason: error.to_string() }
}

fn parse(row: &AnyRow) -> Result<Approval, StoreError> {
    serde_json::from_str(row.get(0)).map_err(|error| corrupt(&error))
}

pub(super) async fn get(pool: &AnyPool, id: &ApprovalId) -> Result<Option<Approval>, StoreError> {
    let row = sqlx::query("select body from approvals where id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading an approval"))?;
    row.as_ref().map(parse).transpose()
}

/// Those that wait, oldest first.
pub(super) async fn open(pool: &AnyPool, limit: i64) -> Result<Vec<Approval>, StoreError> {
    let rows = sqlx::query("select body from approvals where ended_ms is null order by created_ms, id limit $1")
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("listing what waits for an approval"))?;
    rows.iter().map(parse).collect()
}

/// The oldest one that waits for exactly this.
pub(super) async fn open_of(pool: &AnyPool, digest: &str) -> Result<Option<Approval>, StoreError> {
    let row = sqlx::query(
        "select body from approvals where ended_ms is null and digest = $1 order by created_ms, id limit 1",
    )
    .bind(digest)
    .fetch_optional(pool)
    .await
    .map_err(StoreError::doing("looking for the same approval"))?;
    row.as_ref().map(parse).transpose()
}

/// Those that one command led to, oldest first.
pub(super) async fn under(pool: &AnyPool, root: &DeliveryId) -> Result<Vec<Approval>, StoreError> {
    let rows = sqlx::query("select body from approvals where root = $1 order by created_ms, id limit $2")
        .bind(root.as_str())
        .bind(UNDER_ROOT)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading a command's approvals"))?;
    rows.iter().map(parse).collect()
}

/// Asks for revisions; `revision_of` reads the rows.
pub(super) fn revisions(engine: Engine, ids: &[&ApprovalId]) -> Statement {
    let keys: Vec<_> = ids.iter().map(|id| json!([id])).collect();
    REVISIONS.statement(engine, "checking an approval that a call read").text(parameter(&json!(keys)))
}

pub(super) fn revision_of(row: &AnyRow) -> (ApprovalId, i64) {
    (ApprovalId::new(row.get::<String, _>(0)), row.get(1))
}

/// Writes approvals at the revision after the one each was based on.
pub(super) fn write(engine: Engine, approvals: &[&Approval]) -> Result<Statement, StoreError> {
    let mut rows = Vec::with_capacity(approvals.len());
    for approval in approvals {
        let next = Approval { revision: approval.revision + 1, ..(*approval).clone() };
        let body = serde_json::to_string(&next).map_err(|error| corrupt(&error))?;
        rows.push(json!([
            next.id,
            next.plugin,
            next.root,
            next.holds.kind(),
            next.digest,
            next.state,
            next.until_ms,
            next.created_ms,
            next.ended_ms,
            body,
            next.revision
        ]));
    }
    Ok(WRITE.statement(engine, "writing approvals").text(parameter(&json!(rows))))
}

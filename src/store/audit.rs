//! The audit table and the head row. The chain itself, how records are sealed and verified, is in `crate::audit`.

use super::error::StoreError;
use super::reserve::{self, Reservation};
use super::sql::{Engine, Sql, parameter, sql};
use crate::audit::SealedRecord;
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};

/// The head row, locked for the length of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) audit_seq: i64,
    pub(super) audit_hash: String,
    pub(super) stream_seq: i64,
    pub(super) reserved: Vec<Reservation>,
}

const APPEND: Sql = sql!(
    "insert into audit (seq, record, hash) select cast(r.value->>0 as bigint), r.value->>1, r.value->>2 from ",
    rows,
    " where true"
);

/// Locks the head row and reads it. First in every commit: it is the one lock of the house, so commits cannot deadlock.
pub(super) async fn lock_head(connection: &mut AnyConnection, now_ms: i64) -> Result<Head, StoreError> {
    let row = sqlx::query(
        "update heads set stream_seq = stream_seq where name = 'main' \
         returning audit_seq, audit_hash, stream_seq, reserved",
    )
    .fetch_one(connection)
    .await
    .map_err(StoreError::doing("locking the head of the audit trail"))?;
    let reserved = reserve::parse(row.get(3), now_ms)?;
    Ok(Head { audit_seq: row.get(0), audit_hash: row.get(1), stream_seq: row.get(2), reserved })
}

pub(super) async fn write_head(connection: &mut AnyConnection, head: &Head) -> Result<(), StoreError> {
    sqlx::query("update heads set audit_seq = $1, audit_hash = $2, stream_seq = $3, reserved = $4 where name = 'main'")
        .bind(head.audit_seq)
        .bind(head.audit_hash.as_str())
        .bind(head.stream_seq)
        .bind(reserve::format(&head.reserved)?)
        .execute(connection)
        .await
        .map_err(StoreError::doing("moving the head of the audit trail"))?;
    Ok(())
}

pub(super) async fn append(
    connection: &mut AnyConnection,
    engine: Engine,
    records: &[SealedRecord],
) -> Result<(), StoreError> {
    let rows: Vec<_> = records.iter().map(|sealed| json!([sealed.seq, sealed.record, sealed.hash])).collect();
    sqlx::query(APPEND.on(engine))
        .bind(parameter(&json!(rows)))
        .execute(connection)
        .await
        .map_err(StoreError::doing("writing the audit trail"))?;
    Ok(())
}

/// The chain's end as the head row tells it: sequence number and hash.
pub(super) async fn head(pool: &AnyPool) -> Result<(i64, String), StoreError> {
    let row = sqlx::query("select audit_seq, audit_hash from heads where name = 'main'")
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading the head of the audit trail"))?;
    row.map(|row| (row.get(0), row.get(1))).ok_or_else(|| StoreError::Corrupt {
        table: "heads",
        reason: "the row that holds the end of the audit trail is missing".to_owned(),
    })
}

/// Records after `seq`, in order. Read in pages, so that no read transaction stays open.
pub(super) async fn page(pool: &AnyPool, after_seq: i64, limit: i64) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query("select seq, record, hash from audit where seq > $1 order by seq limit $2")
        .bind(after_seq)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the audit trail"))?;
    Ok(rows.iter().map(|row| SealedRecord { seq: row.get(0), record: row.get(1), hash: row.get(2) }).collect())
}

/// The last `limit` records, oldest first.
pub(super) async fn tail(pool: &AnyPool, limit: i64) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query("select seq, record, hash from audit order by seq desc limit $1")
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the audit trail"))?;
    Ok(rows.iter().rev().map(|row| SealedRecord { seq: row.get(0), record: row.get(1), hash: row.get(2) }).collect())
}

/// Records with a number below `before`, newest first.
pub(super) async fn before(pool: &AnyPool, before: i64, limit: i64) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query("select seq, record, hash from audit where seq < $1 order by seq desc limit $2")
        .bind(before)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the audit trail"))?;
    Ok(rows.iter().map(|row| SealedRecord { seq: row.get(0), record: row.get(1), hash: row.get(2) }).collect())
}

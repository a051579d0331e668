//! The audit table and the head row. The chain itself, how records are sealed and verified, is in `crate::audit`.

use super::error::StoreError;
use super::reserve::{self, Reservation};
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::audit::SealedRecord;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};

/// The head row, locked for the length of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) audit_seq: i64,
    pub(super) audit_hash: String,
    pub(super) stream_seq: i64,
    pub(super) reserved: Vec<Reservation>,
    /// The column of `reserved` as it is stored, which may hold some that have run out.
    pub(super) stored: String,
}

impl Head {
    /// Whether nobody has moved it on since it was that.
    pub(super) fn is_at(&self, found: &Self) -> bool {
        (self.audit_seq, &self.audit_hash, self.stream_seq, &self.stored)
            == (found.audit_seq, &found.audit_hash, found.stream_seq, &found.stored)
    }
}

const APPEND: Sql = sql!(
    "insert into audit (seq, record, hash) select cast(r.value->>0 as bigint), r.value->>1, r.value->>2 from ",
    rows,
    " where true"
);

const LOCK: Sql = sql!("select audit_seq, audit_hash, stream_seq, reserved from heads where name = 'main'", hold);
// The hash may not be null: a head row that is not as expected fails the transaction, and nothing of it stays.
const MOVE: &str = "update heads set audit_seq = $1, stream_seq = $3, reserved = $4, audit_hash = case \
                    when audit_seq = $5 and audit_hash = $6 and stream_seq = $7 and reserved = $8 then $2 end \
                    where name = 'main'";

/// Locks the head row and reads it. First in every commit: it is the one lock of the house, so commits cannot deadlock.
pub(super) fn lock_head(engine: Engine) -> Statement {
    LOCK.statement(engine, "locking the head of the audit trail")
}

/// The head row as `lock_head` found it.
pub(super) fn head_of(rows: &[AnyRow], now_ms: i64) -> Result<Head, StoreError> {
    let row = rows.first().ok_or_else(missing_head)?;
    let column = |error| unreadable("heads", &error);
    let stored: String = row.try_get(3).map_err(column)?;
    let reserved = reserve::parse(&stored, now_ms)?;
    let [audit_seq, stream_seq] = [row.try_get(0).map_err(column)?, row.try_get(2).map_err(column)?];
    Ok(Head { audit_seq, audit_hash: row.try_get(1).map_err(column)?, stream_seq, reserved, stored })
}

/// Moves the head row on; if it is no longer as it was, the transaction fails.
pub(super) fn move_head(from: &Head, to: &Head) -> Statement {
    Statement::new(MOVE, "moving the head of the audit trail")
        .number(to.audit_seq)
        .text(to.audit_hash.as_str())
        .number(to.stream_seq)
        .text(to.stored.as_str())
        .number(from.audit_seq)
        .text(from.audit_hash.as_str())
        .number(from.stream_seq)
        .text(from.stored.as_str())
}

pub(super) fn append(engine: Engine, records: &[SealedRecord]) -> Statement {
    let rows: Vec<_> = records.iter().map(|sealed| json!([sealed.seq, sealed.record, sealed.hash])).collect();
    APPEND.statement(engine, "writing the audit trail").text(parameter(&json!(rows)))
}

fn unreadable(table: &'static str, error: &sqlx::Error) -> StoreError {
    StoreError::Corrupt { table, reason: format!("{error}; `drillbell audit verify` says what was changed") }
}

fn sealed(row: &AnyRow) -> Result<SealedRecord, StoreError> {
    let column = |error| unreadable("audit", &error);
    let (record, hash) = (row.try_get(1).map_err(column)?, row.try_get(2).map_err(column)?);
    Ok(SealedRecord { seq: row.try_get(0).map_err(column)?, record, hash })
}

fn missing_head() -> StoreError {
    StoreError::Corrupt {
        table: "heads",
        reason: "the row that holds the end of the audit trail is missing".to_owned(),
    }
}

/// The chain's end as the head row tells it: sequence number and hash.
pub(super) async fn head(pool: &AnyPool) -> Result<(i64, String), StoreError> {
    let row = sqlx::query("select audit_seq, audit_hash from heads where name = 'main'")
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading the head of the audit trail"))?;
    let row = row.ok_or_else(missing_head)?;
    let column = |error| unreadable("heads", &error);
    Ok((row.try_get(0).map_err(column)?, row.try_get(1).map_err(column)?))
}

/// Records after `seq`, in order. Read in pages, so that no read transaction stays open.
pub(super) async fn page(pool: &AnyPool, after_seq: i64, limit: i64) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query("select seq, record, hash from audit where seq > $1 order by seq limit $2")
        .bind(after_seq)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the audit trail"))?;
    rows.iter().map(sealed).collect()
}

/// The last `limit` records, oldest first.
pub(super) async fn tail(pool: &AnyPool, limit: i64) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query("select seq, record, hash from audit order by seq desc limit $1")
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the audit trail"))?;
    rows.iter().rev().map(sealed).collect()
}

/// Records with a number below `before`, newest first.
pub(super) async fn before(pool: &AnyPool, before: i64, limit: i64) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query("select seq, record, hash from audit where seq < $1 order by seq desc limit $2")
        .bind(before)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the audit trail"))?;
    rows.iter().map(sealed).collect()
}

/// Records about a delivery with a number below `before`, newest first.
pub(super) async fn of(
    pool: &AnyPool,
    delivery: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<SealedRecord>, StoreError> {
    // As canonical JSON has it, so that a text within some other field is not mistaken for it: its quotes are escaped.
    let written = format!("\"delivery\":{}", json!(delivery));
    let rows = sqlx::query(
        "select seq, record, hash from audit where seq < $1 and replace(record, $2, '') <> record \
         order by seq desc limit $3",
    )
    .bind(before)
    .bind(written)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("looking for a delivery in the audit trail"))?;
    rows.iter().map(sealed).collect()
}

//! Receipts: what each call of a plugin asked of the host. Kept for a while; the audit record holds the digest for good.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{DeliveryId, PluginId};
use crate::model::receipt::Receipt;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{AnyPool, Row};

/// A receipt about to be written.
pub(super) struct NewReceipt {
    pub(super) id: String,
    pub(super) inbox: DeliveryId,
    pub(super) plugin: PluginId,
    pub(super) at_ms: i64,
    pub(super) body: String,
}

const INSERT: Sql = sql!(
    "insert into receipts (id, inbox_id, plugin, at_ms, body) \
     select r.value->>0, r.value->>1, r.value->>2, cast(r.value->>3 as bigint), r.value->>4 from ",
    rows,
    " where true"
);

/// A receipt's text and its SHA-256 in hex, the latter for the audit record.
pub(super) fn seal(receipt: &Receipt) -> Result<(String, String), StoreError> {
    let body =
        serde_json::to_string(receipt).map_err(|e| StoreError::Corrupt { table: "receipts", reason: e.to_string() })?;
    let digest = hex::encode(Sha256::digest(body.as_bytes()));
    Ok((body, digest))
}

pub(super) fn insert(engine: Engine, receipts: &[NewReceipt]) -> Statement {
    let rows: Vec<_> = receipts.iter().map(|r| json!([r.id, r.inbox, r.plugin, r.at_ms, r.body])).collect();
    INSERT.statement(engine, "writing receipts").text(parameter(&json!(rows)))
}

/// The receipts of one event, oldest first.
pub(super) async fn of_event(pool: &AnyPool, inbox: &DeliveryId) -> Result<Vec<Receipt>, StoreError> {
    let rows = sqlx::query("select body from receipts where inbox_id = $1 order by id")
        .bind(inbox.as_str())
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading receipts"))?;
    rows.iter()
        .map(|row| {
            serde_json::from_str(row.get(0))
                .map_err(|e| StoreError::Corrupt { table: "receipts", reason: e.to_string() })
        })
        .collect()
}

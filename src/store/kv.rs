//! Plugins' memory: keys with revisions. A deleted key keeps its revision, so that it cannot be mistaken for an older self.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::changes::KvKey;
use crate::model::ids::PluginId;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Executor, Row};

/// A key as it stands; revision 0 means it was never written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KvCell {
    /// Its value, unless deleted or never written.
    pub value: Option<String>,
    /// Counts its changes.
    pub revision: i64,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvRow {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its revision.
    pub revision: i64,
}

// `key in (select …)` and `= any(array(…))` keep both planners on the primary key; a join would not.
const REVISIONS: Sql = sql!("select key, revision from kv where plugin = $2 and key ", keys);
// A revision may not be null: a key that is not at the revision before fails the transaction, and nothing of it stays.
const WRITE: Sql = sql!(
    "insert into kv (plugin, key, value, revision, changed_ms) \
     select r.value->>0, r.value->>1, r.value->>2, case when cast(r.value->>3 as bigint) = 1 then 1 else \
     (select k.revision + 1 from kv k where k.plugin = r.value->>0 and k.key = r.value->>1 \
     and k.revision = cast(r.value->>3 as bigint) - 1) end, $2 from ",
    rows,
    " where true on conflict (plugin, key) do update set value = excluded.value, changed_ms = excluded.changed_ms, \
     revision = case when kv.revision = excluded.revision - 1 then excluded.revision end"
);

pub(super) async fn get(pool: &AnyPool, plugin: &PluginId, key: &str) -> Result<KvCell, StoreError> {
    let row = sqlx::query("select value, revision from kv where plugin = $1 and key = $2")
        .bind(plugin.as_str())
        .bind(key)
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a plugin's key"))?;
    Ok(row.map(|row| KvCell { value: row.get(0), revision: row.get(1) }).unwrap_or_default())
}

pub(super) async fn list(
    executor: impl Executor<'_, Database = sqlx::Any>,
    plugin: &PluginId,
    prefix: &str,
    limit: i64,
) -> Result<Vec<KvRow>, StoreError> {
    // `substr`, not `like` (nothing to escape) and not a range (collations disagree about its end). It looks through the
    // plugin's own keys only, by the primary key.
    let rows = sqlx::query(
        "select key, value, revision from kv where plugin = $1 and substr(key, 1, cast($2 as integer)) = $3 and value is not null \
         order by key limit $4",
    )
    .bind(plugin.as_str())
    .bind(i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX))
    .bind(prefix)
    .bind(limit)
    .fetch_all(executor)
    .await
    .map_err(StoreError::doing("listing a plugin's keys"))?;
    Ok(rows.iter().map(|row| KvRow { key: row.get(0), value: row.get(1), revision: row.get(2) }).collect())
}

/// Asks for the revisions of a plugin's keys; `revision_of` reads the rows.
pub(super) fn revisions(engine: Engine, plugin: &PluginId, keys: &[&str]) -> Statement {
    let keys: Vec<_> = keys.iter().map(|key| json!([key])).collect();
    REVISIONS.statement(engine, "checking what a call read").text(parameter(&json!(keys))).text(plugin.as_str())
}

pub(super) fn revision_of(plugin: &PluginId, row: &AnyRow) -> (KvKey, i64) {
    (KvKey { plugin: plugin.clone(), key: row.get(0) }, row.get(1))
}

/// Writes keys at their new revisions, each the one after the stored.
pub(super) fn write(engine: Engine, now_ms: i64, writes: &[(&KvKey, Option<&str>, i64)]) -> Statement {
    let rows: Vec<_> =
        writes.iter().map(|(key, value, revision)| json!([key.plugin, key.key, value, revision])).collect();
    WRITE.statement(engine, "writing plugins' keys").text(parameter(&json!(rows))).number(now_ms)
}

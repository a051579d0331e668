//! Plugins' memory: keys with revisions. A deleted key keeps its revision, so that it cannot be mistaken for an older self.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use crate::model::changes::KvKey;
use crate::model::ids::PluginId;
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Executor, Row};
use std::collections::HashMap;

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
const WRITE: Sql = sql!(
    "insert into kv (plugin, key, value, revision, changed_ms) \
     select r.value->>0, r.value->>1, r.value->>2, cast(r.value->>3 as bigint), $2 from ",
    rows,
    " where true on conflict (plugin, key) do update set value = excluded.value, revision = excluded.revision, \
     changed_ms = excluded.changed_ms where kv.revision = excluded.revision - 1"
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

/// The revisions of many keys, a query for each plugin.
pub(super) async fn revisions(
    connection: &mut AnyConnection,
    engine: Engine,
    keys: &[&KvKey],
) -> Result<HashMap<KvKey, i64>, StoreError> {
    let mut by_plugin: HashMap<&PluginId, Vec<serde_json::Value>> = HashMap::new();
    for key in keys {
        by_plugin.entry(&key.plugin).or_default().push(json!([key.key]));
    }
    let mut found = HashMap::with_capacity(keys.len());
    for (plugin, keys) in by_plugin {
        let rows = sqlx::query(REVISIONS.on(engine))
            .bind(parameter(&json!(keys)))
            .bind(plugin.as_str())
            .fetch_all(&mut *connection)
            .await
            .map_err(StoreError::doing("checking what a call read"))?;
        for row in rows {
            found.insert(KvKey { plugin: plugin.clone(), key: row.get(0) }, row.get(1));
        }
    }
    Ok(found)
}

/// Writes keys at their new revisions; returns how many rows were written.
pub(super) async fn write(
    connection: &mut AnyConnection,
    engine: Engine,
    now_ms: i64,
    writes: &[(&KvKey, Option<&str>, i64)],
) -> Result<u64, StoreError> {
    let rows: Vec<_> =
        writes.iter().map(|(key, value, revision)| json!([key.plugin, key.key, value, revision])).collect();
    let written = sqlx::query(WRITE.on(engine))
        .bind(parameter(&json!(rows)))
        .bind(now_ms)
        .execute(connection)
        .await
        .map_err(StoreError::doing("writing plugins' keys"))?;
    Ok(written.rows_affected())
}

//! Durable alarms. Due ones become inbox events and leave the table in one transaction, so that each fires once.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::changes::TimerChange;
use crate::model::ids::PluginId;
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};

/// A timer in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Whose.
    pub plugin: PluginId,
    /// Its name within the plugin.
    pub name: String,
    /// When it is due.
    pub at_ms: i64,
    /// What the plugin left for itself.
    pub payload: String,
    /// Which delivery set it; with plugin, name and time it names the delivery it becomes.
    pub set_by: String,
}

const SET: Sql = sql!(
    "insert into timers (plugin, name, at_ms, payload, set_by) \
     select r.value->>0, r.value->>1, cast(r.value->>2 as bigint), r.value->>3, r.value->>4 from ",
    rows,
    " where true on conflict (plugin, name) do update set at_ms = excluded.at_ms, payload = excluded.payload, \
     set_by = excluded.set_by"
);
const CANCEL: Sql =
    sql!("delete from timers where (plugin, name) in (select r.value->>0, r.value->>1 from ", rows, ")");
const REMOVE: &str = "delete from timers where plugin = $1 and name = $2 and set_by = $3";

/// Sets and cancels; of several changes to one timer the last counts.
pub(super) fn apply(engine: Engine, changes: &[(&TimerChange, &str)]) -> Vec<Statement> {
    let mut last = std::collections::BTreeMap::new();
    for (change, set_by) in changes {
        last.insert((&change.plugin, &change.name), (&change.set, *set_by));
    }
    let mut set = Vec::new();
    let mut cancelled = Vec::new();
    for ((plugin, name), (to, set_by)) in last {
        match to {
            Some((at_ms, payload)) => set.push(json!([plugin, name, at_ms, payload, set_by])),
            None => cancelled.push(json!([plugin, name])),
        }
    }
    let mut statements = Vec::new();
    if !cancelled.is_empty() {
        statements.push(CANCEL.statement(engine, "cancelling timers").text(parameter(&json!(cancelled))));
    }
    if !set.is_empty() {
        statements.push(SET.statement(engine, "setting timers").text(parameter(&json!(set))));
    }
    statements
}

/// Sets a timer unless there is one of that name.
pub(super) async fn ensure(connection: &mut AnyConnection, timer: &Timer) -> Result<(), StoreError> {
    sqlx::query(
        "insert into timers (plugin, name, at_ms, payload, set_by) values ($1, $2, $3, $4, $5) \
         on conflict (plugin, name) do nothing",
    )
    .bind(timer.plugin.as_str())
    .bind(timer.name.as_str())
    .bind(timer.at_ms)
    .bind(timer.payload.as_str())
    .bind(timer.set_by.as_str())
    .execute(connection)
    .await
    .map_err(StoreError::doing("setting a timer"))?;
    Ok(())
}

/// Removes a timer if it is still the one that was read. Whether it was.
pub(super) async fn remove(connection: &mut AnyConnection, timer: &Timer) -> Result<bool, StoreError> {
    let removed = sqlx::query(REMOVE)
        .bind(timer.plugin.as_str())
        .bind(timer.name.as_str())
        .bind(timer.set_by.as_str())
        .execute(connection)
        .await
        .map_err(StoreError::doing("removing a timer"))?;
    Ok(removed.rows_affected() > 0)
}

/// Timers due by `now_ms`, earliest first.
pub(super) async fn due(pool: &AnyPool, now_ms: i64, limit: i64) -> Result<Vec<Timer>, StoreError> {
    let rows = sqlx::query(
        "select plugin, name, at_ms, payload, set_by from timers where at_ms <= $1 order by at_ms limit $2",
    )
    .bind(now_ms)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("looking for due timers"))?;
    let timers = rows.iter().map(|row| Timer {
        plugin: PluginId::new(row.get::<String, _>(0)),
        name: row.get(1),
        at_ms: row.get(2),
        payload: row.get(3),
        set_by: row.get(4),
    });
    Ok(timers.collect())
}

/// When the next timer is due.
pub(super) async fn next_due_ms(pool: &AnyPool) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query("select at_ms from timers order by at_ms limit 1")
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("looking for the next timer"))?;
    Ok(row.map(|row| row.get(0)))
}

//! What happens again and again. A step forward (an occurrence becomes an event, is missed, or runs too long) is written in
//! the transaction that stores its event, and only if the row is still as it was read.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::changes::ScheduleChange;
use crate::model::ids::{DeliveryId, PluginId};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};
use std::collections::BTreeMap;

/// A schedule in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Whose.
    pub plugin: PluginId,
    /// Its name within the plugin.
    pub name: String,
    /// Five fields; see `recurrence`.
    pub expression: String,
    /// The name of its time zone.
    pub zone: String,
    /// What the plugin left for itself.
    pub payload: String,
    /// How long after it is due an occurrence may start, milliseconds; `None` is for as long as it takes.
    pub start_by_ms: Option<i64>,
    /// How long an occurrence may run, milliseconds.
    pub run_limit_ms: Option<i64>,
    /// Which delivery set it.
    pub set_by: String,
    /// When it is due next; `None` is never again.
    pub next_ms: Option<i64>,
    /// The event that the running occurrence began with.
    pub running: Option<DeliveryId>,
    /// When that started.
    pub since_ms: Option<i64>,
    /// It has run longer than it may, and that has been said.
    pub overran: bool,
    /// When the last occurrence was due, whatever became of it.
    pub last_due_ms: Option<i64>,
    /// What became of it: `ok`, `refused`, `failed`, `pending`, `missed`, `running`.
    pub last_outcome: Option<String>,
}

/// What happens to a schedule together with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleStep {
    /// The occurrence starts: the event is its root.
    Start {
        /// When it was due.
        due_ms: i64,
        /// When the next one is.
        next_ms: Option<i64>,
    },
    /// The occurrence is given up.
    Miss {
        /// When it was due.
        due_ms: i64,
        /// When the next one is.
        next_ms: Option<i64>,
    },
    /// The running one has run too long.
    Overrun,
}

const COLUMNS: &str = "plugin, name, expression, zone, payload, start_by_ms, run_limit_ms, set_by, next_ms, running, since_ms, \
                       overran, last_due_ms, last_outcome";
// Set again as it is (a plugin does so at every occasion), it keeps its place: what is due is not forgotten by that.
const SET: Sql = sql!(
    "insert into schedules (plugin, name, expression, zone, payload, start_by_ms, run_limit_ms, next_ms, set_by, overran) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, cast(r.value->>5 as bigint), \
     cast(r.value->>6 as bigint), cast(r.value->>7 as bigint), r.value->>8, 0 from ",
    rows,
    " where true on conflict (plugin, name) do update set \
     next_ms = case when schedules.expression = excluded.expression and schedules.zone = excluded.zone \
     then schedules.next_ms else excluded.next_ms end, \
     expression = excluded.expression, zone = excluded.zone, payload = excluded.payload, \
     start_by_ms = excluded.start_by_ms, run_limit_ms = excluded.run_limit_ms, set_by = excluded.set_by"
);
const CANCEL: Sql =
    sql!("delete from schedules where (plugin, name) in (select r.value->>0, r.value->>1 from ", rows, ")");
const START: &str = "update schedules set next_ms = $5, running = $6, since_ms = $7, overran = 0, last_due_ms = $8, \
                     last_outcome = 'running' \
                     where plugin = $1 and name = $2 and set_by = $3 and next_ms = $4 and coalesce(running, '') = $9";
const MISS: &str = "update schedules set next_ms = $5, last_due_ms = $6, last_outcome = 'missed' \
                    where plugin = $1 and name = $2 and set_by = $3 and next_ms = $4";
const OVERRUN: &str =
    "update schedules set overran = 1 where plugin = $1 and name = $2 and running = $3 and overran = 0";
const SETTLE: &str = "update schedules set running = null, since_ms = null, \
                      last_outcome = case when last_outcome = 'running' then $4 else last_outcome end \
                      where plugin = $1 and name = $2 and running = $3";

/// Sets and cancels; of several changes to one schedule the last counts.
pub(super) fn apply(engine: Engine, changes: &[(&ScheduleChange, &str)]) -> Vec<Statement> {
    let last: BTreeMap<_, _> =
        changes.iter().map(|(change, set_by)| ((&change.plugin, &change.name), (&change.set, *set_by))).collect();
    let (mut set, mut cancelled) = (Vec::new(), Vec::new());
    for ((plugin, name), (to, set_by)) in last {
        match to {
            Some(to) => set.push(json!([
                plugin,
                name,
                to.expression,
                to.zone,
                to.payload,
                to.start_by_ms,
                to.run_limit_ms,
                to.next_ms,
                set_by
            ])),
            None => cancelled.push(json!([plugin, name])),
        }
    }
    let mut statements = Vec::new();
    if !cancelled.is_empty() {
        statements.push(CANCEL.statement(engine, "cancelling schedules").text(parameter(&json!(cancelled))));
    }
    if !set.is_empty() {
        statements.push(SET.statement(engine, "setting schedules").text(parameter(&json!(set))));
    }
    statements
}

/// Takes a step, if the row is still as it was read. Whether it was. `root` is the event that goes with it.
pub(super) async fn step(
    connection: &mut AnyConnection,
    row: &ScheduleRow,
    step: &ScheduleStep,
    root: &DeliveryId,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let text = match step {
        ScheduleStep::Start { .. } => START,
        ScheduleStep::Miss { .. } => MISS,
        ScheduleStep::Overrun => OVERRUN,
    };
    let query = sqlx::query(text).bind(row.plugin.as_str()).bind(row.name.as_str());
    let running = row.running.as_ref().map_or("", DeliveryId::as_str);
    let query = match step {
        ScheduleStep::Start { due_ms, next_ms } => query
            .bind(row.set_by.as_str())
            .bind(row.next_ms)
            .bind(*next_ms)
            .bind(root.as_str())
            .bind(now_ms)
            .bind(*due_ms)
            .bind(running),
        ScheduleStep::Miss { due_ms, next_ms } => {
            query.bind(row.set_by.as_str()).bind(row.next_ms).bind(*next_ms).bind(*due_ms)
        }
        ScheduleStep::Overrun => query.bind(running),
    };
    let changed = query.execute(connection).await.map_err(StoreError::doing("moving a schedule on"))?;
    Ok(changed.rows_affected() > 0)
}

/// The running occurrence has come to its end.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    plugin: &PluginId,
    name: &str,
    running: &DeliveryId,
    outcome: &str,
) -> Result<(), StoreError> {
    let query = sqlx::query(SETTLE).bind(plugin.as_str()).bind(name).bind(running.as_str()).bind(outcome);
    query.execute(connection).await.map_err(StoreError::doing("noting the end of a scheduled run"))?;
    Ok(())
}

/// Schedules that are due by `now_ms` or running, those due first. All of them: those that wait must not keep others out of
/// sight, and there are only so many for each plugin.
pub(super) async fn to_look_at(pool: &AnyPool, now_ms: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    let text = format!(
        "select {COLUMNS} from schedules where next_ms <= $1 or running is not null \
         order by case when next_ms <= $1 then 0 else 1 end, next_ms, plugin, name"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(now_ms).fetch_all(pool).await;
    Ok(rows.map_err(StoreError::doing("looking for due schedules"))?.iter().map(row).collect())
}

/// All schedules of one plugin, or of all, by name.
pub(super) async fn list(pool: &AnyPool, plugin: Option<&PluginId>) -> Result<Vec<ScheduleRow>, StoreError> {
    let text = format!("select {COLUMNS} from schedules where $1 = '' or plugin = $1 order by plugin, name");
    let plugin = plugin.map_or("", PluginId::as_str);
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(plugin).fetch_all(pool).await;
    Ok(rows.map_err(StoreError::doing("listing schedules"))?.iter().map(row).collect())
}

fn row(row: &AnyRow) -> ScheduleRow {
    ScheduleRow {
        plugin: PluginId::new(row.get::<String, _>(0)),
        name: row.get(1),
        expression: row.get(2),
        zone: row.get(3),
        payload: row.get(4),
        start_by_ms: row.get(5),
        run_limit_ms: row.get(6),
        set_by: row.get(7),
        next_ms: row.get(8),
        running: row.get::<Option<String>, _>(9).map(DeliveryId::new),
        since_ms: row.get(10),
        overran: row.get::<i64, _>(11) != 0,
        last_due_ms: row.get(12),
        last_outcome: row.get(13),
    }
}

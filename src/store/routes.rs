//! Ways back that platforms gave with an event. This process remembers those of its own events; the table is for the one that
//! takes over after it.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::DeliveryId;
use crate::model::route::Route;
use serde_json::json;
use sqlx::{AnyPool, Row};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Ways remembered at most; beyond it all are forgotten, which costs a read each.
const REMEMBERED: usize = 4096;

const INSERT: Sql = sql!(
    "insert into routes (delivery, value, expires_ms) \
     select r.value->>0, r.value->>1, cast(r.value->>2 as bigint) from ",
    rows,
    " where true on conflict (delivery) do nothing"
);

/// The memory: of events that came without one, too.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<DeliveryId, Option<Route>>>);

impl Remembered {
    pub(super) fn learn(&self, delivery: DeliveryId, route: Option<Route>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(delivery, route);
    }

    /// What is known of these events together: the first one's way back, or that there is none.
    fn get(&self, events: [&DeliveryId; 2]) -> Option<Option<Route>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = events.map(|event| known.get(event));
        match of.iter().find_map(|known| known.and_then(Option::as_ref)) {
            Some(route) => Some(Some(route.clone())),
            None => of.iter().all(Option::is_some).then_some(None),
        }
    }
}

/// Keeps ways back; those of deliveries that were known before stay as they are.
pub(super) fn insert(engine: Engine, routes: &[(&DeliveryId, &Route)]) -> Statement {
    let mut rows: Vec<_> = routes.iter().map(|(of, route)| json!([of, route.value, route.expires_ms])).collect();
    // In one order, so that two replicas with overlapping batches wait for each other in one direction.
    rows.sort_by(|a, b| a[0].as_str().cmp(&b[0].as_str()));
    INSERT.statement(engine, "keeping ways back").text(parameter(&json!(rows)))
}

/// The way back to the one of these events that has one that is still good at `now_ms`, the first first.
pub(super) async fn get(
    pool: &AnyPool,
    remembered: &Remembered,
    events: [&DeliveryId; 2],
    now_ms: i64,
) -> Result<Option<Route>, StoreError> {
    let is_good = |route: &Route| route.expires_ms > now_ms;
    if let Some(known) = remembered.get(events) {
        return Ok(known.filter(is_good));
    }
    let rows = sqlx::query("select delivery, value, expires_ms from routes where delivery in ($1, $2)")
        .bind(events[0].as_str())
        .bind(events[1].as_str())
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading a way back"))?;
    let found = |event: &DeliveryId| rows.iter().find(|row| row.get::<String, _>(0) == event.as_str());
    let route = events.into_iter().find_map(found).map(|row| Route { value: row.get(1), expires_ms: row.get(2) });
    Ok(route.filter(is_good))
}

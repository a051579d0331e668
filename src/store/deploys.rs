//! Deploys: a row for each that was accepted, written with its delivery in one transaction, so that none is lost and a repeat adds none.

use super::Store;
use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::config::limits::deploys::DEPLOYS_KEPT;
use crate::model::deploy::{Deploy, DeployPlace, between};
use crate::model::event::{Delivery, DeployRecorded, Event};
use crate::model::ids::DeliveryId;
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;

const INSERT: Sql = sql!(
    "insert into deploys (delivery, service, version, previous, commit_id, schema_change, disagrees, migrations, author, at_ms, recorded_ms, rollback) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, r.value->>6, r.value->>7, r.value->>8, \
     cast(r.value->>9 as bigint), cast(r.value->>10 as bigint), cast(r.value->>11 as bigint) from ",
    rows,
    " where true on conflict (delivery) do nothing"
);
const LIST: &str = "select delivery, service, version, previous, commit_id, schema_change, disagrees, migrations, author, at_ms, recorded_ms, \
    rollback from deploys where ($1 = '' or service = $1) and at_ms <= $2 and (at_ms < $2 or recorded_ms < $3 or (recorded_ms = $3 and delivery < $4)) \
    order by at_ms desc, recorded_ms desc, delivery desc limit $5";

/// What writes the deploys among deliveries; those that were known before stay as they are. `None` when there are none.
pub(super) fn insert(engine: Engine, deliveries: &[&Delivery]) -> Result<Option<Statement>, StoreError> {
    let mut rows = Vec::new();
    for delivery in deliveries {
        let Event::DeployRecorded(deploy) = &delivery.event else { continue };
        // One plugin's share of a deploy is no other deploy.
        if delivery.plugin.is_some() {
            continue;
        }
        let migrations = serde_json::to_string(&deploy.migrations).map_err(|error| corrupt(&error))?;
        rows.push(json!([
            delivery.id,
            deploy.service,
            deploy.version,
            deploy.previous,
            deploy.commit,
            deploy.schema,
            deploy.disagrees,
            migrations,
            deploy.by,
            deploy.at_ms,
            delivery.received_ms,
            i64::from(deploy.rollback)
        ]));
    }
    if rows.is_empty() {
        return Ok(None);
    }
    // In one order, so that two replicas with overlapping batches wait for each other in one direction.
    rows.sort_by(|a, b| a[0].as_str().cmp(&b[0].as_str()));
    Ok(Some(INSERT.statement(engine, "recording deploys").text(parameter(&json!(rows)))))
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt { table: "deploys", reason: error.to_string() }
}

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or a row is corrupt")]
impl Store {
    /// The deploys of one service or of all, newest first, after a place in that list; at most `limit`.
    pub async fn deploys(
        &self,
        service: Option<&str>,
        limit: i64,
        after: Option<&DeployPlace>,
    ) -> Result<Vec<Deploy>, StoreError> {
        let (at_ms, recorded_ms) = after.map_or((i64::MAX, i64::MAX), |place| (place.at_ms, place.recorded_ms));
        let rows = sqlx::query(LIST)
            .bind(service.unwrap_or_default())
            .bind(at_ms)
            .bind(recorded_ms)
            .bind(after.map(|place| place.delivery.as_str()).unwrap_or_default())
            .bind(limit)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("listing deploys"))?;
        rows.iter().map(deploy).collect()
    }

    /// The deploys of a service that going back from one version to another undoes, newest first; `None` when one of the two is not
    /// among those that are kept for certain. See `model::deploy::between`.
    pub async fn deploys_between(
        &self,
        service: &str,
        from: &str,
        to: &str,
    ) -> Result<Option<Vec<Deploy>>, StoreError> {
        Ok(between(self.deploys(Some(service), DEPLOYS_KEPT, None).await?, from, to))
    }
}

fn deploy(row: &AnyRow) -> Result<Deploy, StoreError> {
    let record = DeployRecorded {
        service: row.get(1),
        version: row.get(2),
        previous: row.get(3),
        commit: row.get(4),
        schema: row.get(5),
        disagrees: row.get(6),
        migrations: serde_json::from_str(row.get(7)).map_err(|error| corrupt(&error))?,
        by: row.get(8),
        at_ms: row.get(9),
        rollback: row.get::<i64, _>(11) != 0,
    };
    Ok(Deploy { delivery: DeliveryId::new(row.get::<String, _>(0)), recorded_ms: row.get(10), record })
}

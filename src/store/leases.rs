//! Leases, which expire by the database's clock: on events and deliveries that a process has in hand, and on duties that one replica
//! at a time may have. Of a duty every new holder gets a higher epoch, so that what an old one still tries can be told apart.

use super::error::StoreError;
use super::inbox::LEASE_MS;
use super::sql::{Engine, Sql, parameter, sql};
use serde::Serialize;
use serde_json::json;
use sqlx::{AnyConnection, Row};

const TAKE: Sql = sql!(
    "insert into leases (name, holder, epoch, until_ms) values ($1, $2, 1, ",
    now,
    " + $3) on conflict (name) do update set holder = excluded.holder, until_ms = excluded.until_ms, \
     epoch = leases.epoch + case when leases.holder = excluded.holder then 0 else 1 end \
     where leases.holder = excluded.holder or leases.until_ms < ",
    now,
    " returning epoch"
);

/// What extends the leases of a table's rows. In one order, so that it and whoever else takes several of them wait for each other in it.
macro_rules! renewal {
    ($table:literal) => {
        sql!(
            "update ",
            $table,
            " set lease_ms = ",
            now,
            " + $2 where id in (select id from ",
            $table,
            " where owner = $3 and done_ms is null and id ",
            keys,
            " order by id",
            hold,
            ")"
        )
    };
}

/// Of events.
pub(super) const EVENTS: Sql = renewal!("inbox");
/// Of deliveries.
pub(super) const DELIVERIES: Sql = renewal!("outbox");

/// Extends the leases of rows, as far as they are open and this owner's.
pub(super) async fn renew(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    rows: Sql,
    ids: &[impl Serialize],
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = ids.iter().map(|id| json!([id])).collect();
    sqlx::query(rows.on(engine))
        .bind(parameter(&json!(keys)))
        .bind(LEASE_MS)
        .bind(owner)
        .execute(connection)
        .await
        .map_err(StoreError::doing("renewing leases"))?;
    Ok(())
}

/// Takes or extends a lease; the epoch if it is ours now.
pub(super) async fn take(
    connection: &mut AnyConnection,
    engine: Engine,
    name: &str,
    holder: &str,
) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query(TAKE.on(engine))
        .bind(name)
        .bind(holder)
        .bind(LEASE_MS)
        .fetch_optional(connection)
        .await
        .map_err(StoreError::doing("taking a lease"))?;
    Ok(row.map(|row| row.get(0)))
}

/// Gives a lease up, so that another need not wait.
pub(super) async fn release(connection: &mut AnyConnection, name: &str, holder: &str) -> Result<(), StoreError> {
    sqlx::query("update leases set until_ms = 0 where name = $1 and holder = $2")
        .bind(name)
        .bind(holder)
        .execute(connection)
        .await
        .map_err(StoreError::doing("giving a lease up"))?;
    Ok(())
}

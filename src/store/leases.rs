//! Duties that one replica at a time may have. A lease expires by the database's clock; every new holder gets a higher
//! epoch, so that what an old one still tries can be told apart.

use super::error::StoreError;
use super::inbox::LEASE_MS;
use super::sql::{Engine, Sql, sql};
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

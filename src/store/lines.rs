//! How far the lines to chat platforms have come, for whoever takes one over. Who has one is a lease (`leases`); what is kept is
//! the platform's business.

use super::error::StoreError;
use super::{Store, statement::Statement};
use sqlx::Row;

// An earlier holder, frozen and thawed, changes nothing any more.
const KEEP: &str = "insert into lines (platform, value, epoch) values ($1, $2, $3) \
    on conflict (platform) do update set value = excluded.value, epoch = excluded.epoch \
    where lines.epoch <= excluded.epoch";

impl Store {
    /// What was kept of a line.
    pub async fn line(&self, platform: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("select value from lines where platform = $1")
            .bind(platform)
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading a line"))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// Keeps how far a line has come, under the epoch of its lease.
    pub async fn keep_line(&self, platform: &'static str, epoch: i64, value: String) -> Result<(), StoreError> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move {
                let keep = Statement::new(KEEP, "keeping a line").text(platform).text(value.as_str()).number(epoch);
                keep.run(connection).await.map(drop)
            })
        })
        .await
    }
}

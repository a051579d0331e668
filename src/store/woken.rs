//! What plugins were last woken for.

use super::Store;
use super::error::StoreError;
use super::statement::Statement;
use crate::model::ids::{DeliveryId, PluginId};
use sqlx::Row;

const KEEP: &str = "insert into woken (plugin, told, event) values ($1, $2, $3)
    on conflict (plugin) do update set told = excluded.told, event = excluded.event";

/// What a plugin was last woken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Woken {
    /// A digest of its build and the configuration.
    pub told: String,
    /// The event that told it.
    pub event: DeliveryId,
}

impl Store {
    /// What a plugin was last woken for.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn woken(&self, plugin: &PluginId) -> Result<Option<Woken>, StoreError> {
        let row = sqlx::query("select told, event from woken where plugin = $1")
            .bind(plugin.as_str())
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading what a plugin was woken for"))?;
        Ok(row.map(|row| Woken { told: row.get(0), event: DeliveryId::new(row.get::<String, _>(1)) }))
    }

    /// Keeps that.
    ///
    /// # Errors
    /// The database does not answer, or the store is closing.
    pub async fn keep_woken(&self, plugin: PluginId, woken: Woken) -> Result<(), StoreError> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move {
                let keep = Statement::new(KEEP, "keeping what a plugin was woken for");
                keep.text(plugin.as_str())
                    .text(woken.told.as_str())
                    .text(woken.event.as_str())
                    .run(connection)
                    .await
                    .map(drop)
            })
        })
        .await
    }
}

//! The second lock of a job that changes production: a session's advisory lock on PostgreSQL, on a connection of its own.
//! A frozen process loses its lease, but not this; who takes over waits until that process has died or noticed.

use crate::store::connect::Address;
use crate::store::error::StoreError;
use crate::store::inbox::LEASE_MS;
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Connection, Row};
use std::time::Duration;

/// A job's lock, held until dropped or until the connection breaks. On SQLite it is a formality: there is one process.
pub struct JobLock(Option<AnyConnection>);

impl std::fmt::Debug for JobLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("JobLock").field(&self.0.is_some()).finish()
    }
}

/// The number under which a job is locked: 64 bits of its id's digest.
fn number(id: &str) -> i64 {
    let digest = Sha256::digest(format!("drillbell job {id}"));
    i64::from_be_bytes(digest[..8].try_into().expect("a digest has more than eight bytes"))
}

/// How long an answer may take.
fn lease() -> Duration {
    Duration::from_millis(u64::try_from(LEASE_MS).unwrap_or(0))
}

impl JobLock {
    /// For an engine with one process.
    pub fn formality() -> Self {
        Self(None)
    }

    /// Tries to take a job's lock; `None` if another session has it.
    pub(super) async fn take(address: &Address, id: &str) -> Result<Option<Self>, StoreError> {
        let mut connection = address.connection().await?;
        let row = sqlx::query("select case when pg_try_advisory_lock($1) then 1::bigint else 0::bigint end")
            .bind(number(id))
            .fetch_one(&mut connection)
            .await
            .map_err(StoreError::doing("locking a job"))?;
        match row.get::<i64, _>(0) {
            1 => Ok(Some(Self(Some(connection)))),
            _ => {
                // It holds nothing; whether it says good-bye is all the same.
                let _ = connection.close().await;
                Ok(None)
            }
        }
    }

    /// Whether it is still held: the session is there. One that does not answer for as long as a lease lasts is not.
    pub async fn holds(&mut self) -> bool {
        match &mut self.0 {
            None => true,
            Some(connection) => matches!(tokio::time::timeout(lease(), connection.ping()).await, Ok(Ok(()))),
        }
    }

    /// Gives it back; who tries after this gets it.
    pub async fn release(self) {
        if let Some(mut connection) = self.0 {
            // Said in words, because the server notices the end of a session a moment after it was closed. Should it fail,
            // the lock is freed then.
            // (As text: the driver knows no `void`.)
            let unlock = sqlx::query("select cast(pg_advisory_unlock_all() as text)").execute(&mut connection);
            let _ = tokio::time::timeout(lease(), unlock).await;
            let _ = tokio::time::timeout(lease(), connection.close()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn jobs_are_locked_under_numbers_of_their_own() {
        let mut numbers: Vec<i64> = (0..1000).map(|n| number(&format!("job-{n}"))).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 1000);
    }
}

//! Keeps what this process has in hand leased to it, and takes over what a dead one left, or what this one lost sight of. After a
//! crash this is where the night's work goes on.

use crate::intake::Intake;
use crate::outbox::Outbox;
use crate::store::{Engine, RENEW_MS, Store, StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How much is taken over at once; the rest follows with the next look.
const PIECE: i64 = 500;

/// Renews and takes over, once a second, until stopped.
pub struct Recovery {
    store: Store,
    intake: Intake,
    outbox: Outbox,
}

impl Recovery {
    /// For the given store, handing what it finds to intake and outbox.
    pub fn new(store: Store, intake: Intake, outbox: Outbox) -> Self {
        Self { store, intake, outbox }
    }

    /// Takes over what is open before anything new is let in. On SQLite nobody else can have it, so leases do not matter.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn first_look(&self) -> Result<u64, StoreError> {
        let alone = self.store.engine() == Engine::Sqlite;
        let mut found = 0;
        loop {
            let piece = self.look(alone).await?;
            found += piece;
            // Under `all` what was just claimed would be found again and again; one full look is enough.
            if piece < u64::try_from(PIECE).unwrap_or(u64::MAX) || alone {
                return Ok(found);
            }
        }
    }

    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_millis(RENEW_MS));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let renewed = self.store.renew(self.intake.in_hand(), self.outbox.in_hand()).await;
            let looked = match renewed {
                Ok(()) => self.look(false).await,
                Err(error) => Err(error),
            };
            match looked {
                Ok(0) => {}
                Ok(found) => tracing::info!(found, "took over work that nobody had in hand"),
                Err(StoreError::Closing) => return,
                Err(error) => tracing::warn!(error = %error, "cannot look after leases; trying again"),
            }
        }
    }

    async fn look(&self, all: bool) -> Result<u64, StoreError> {
        let limit = if all { i64::MAX } else { PIECE };
        let events = self.store.claim_events(limit, all).await?;
        let rows = self.store.claim_outbox(limit, all).await?;
        let found = events.len() + rows.len();
        for event in events {
            self.intake.take(event);
        }
        self.outbox.take_over(rows);
        Ok(u64::try_from(found).unwrap_or(u64::MAX))
    }
}

//! Writing down how pages fare: each attempt when it failed, and the end insistently, because what is not on record is tried
//! again. Ordinary messages are marked in passing (`line`).

use super::Shared;
use crate::store::{Mark, OutboxRow, PageEnd, StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to wait for a database that cannot note how a page ended.
const AGAIN: Duration = Duration::from_secs(1);

/// Notes an attempt after which the page is tried again. One that cannot be noted is in the log at least.
pub(super) async fn tried(shared: &Shared, row: &OutboxRow, reason: &str) {
    if let Err(error) = shared.store.page_tried(row.id.clone(), reason.to_owned()).await {
        tracing::warn!(outbox.id = row.id, error = %error, attempt = reason, "cannot note an attempt to page");
    }
}

/// Notes how a page ended, until the database takes it or the bot stops: then the row is still open, and the page is sent
/// once more after the next start rather than lost.
pub(super) async fn ended(shared: &Shared, row: OutboxRow, mark: Mark, stop: &CancellationToken) {
    let end = match mark {
        Mark::Sent { native } => PageEnd::Sent { native },
        Mark::Dead { error } => PageEnd::Dead { error },
        Mark::Later { .. } => return shared.store.mark(row.id, mark),
    };
    loop {
        match shared.store.page_ended(row.clone(), end.clone()).await {
            Ok(true) | Err(StoreError::Closing) => return,
            Ok(false) => {
                tracing::warn!(outbox.id = row.id, "another process took a page over; it may have been sent twice");
                return;
            }
            Err(error) => {
                tracing::warn!(outbox.id = row.id, error = %error, "cannot note how a page ended; trying again")
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

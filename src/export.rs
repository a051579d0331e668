//! A copy of the public page in the artifact store, so that it survives the bot: written when something changes and at least
//! hourly, the page itself last, so that what it leads to is always there. One replica at a time writes.

use crate::artifacts::{ArtifactError, Artifacts, Key, PutOptions};
use crate::board::Board;
use crate::clock::Clock;
use crate::config::limits::{STATUS_EXPORT_AFTER, STATUS_EXPORT_AGAIN, STATUS_EXPORT_EVERY};
use crate::status::{File, Site};
use crate::store::Store;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The lease that makes one replica the one that copies.
const DUTY: &str = "status-export";
/// The page itself.
const INDEX: &str = "index.html";

/// Copies the page.
pub struct Export {
    board: Board,
    store: Store,
    artifacts: Artifacts,
    clock: Clock,
    prefix: String,
}

impl Export {
    /// For copies under `prefix`, which has no slash at its end.
    pub fn new(board: Board, store: Store, artifacts: Artifacts, clock: Clock, prefix: String) -> Self {
        Self { board, store, artifacts, clock, prefix }
    }

    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut changes = self.board.changes();
        loop {
            changes.mark_unchanged();
            // A store that hangs holds up neither a stop nor the copies after it.
            let round = tokio::time::timeout(STATUS_EXPORT_EVERY, self.round());
            let Some(round) = stop.run_until_cancelled(round).await else { return };
            let wait = round.unwrap_or(STATUS_EXPORT_AGAIN);
            let next = async {
                // A change begins the next round, unless one has just failed: then the store is left alone for a while.
                let changed = tokio::time::timeout(wait, changes.changed());
                match wait == STATUS_EXPORT_EVERY {
                    true => match changed.await {
                        Ok(Ok(())) => tokio::time::sleep(STATUS_EXPORT_AFTER).await,
                        // The keeper has gone, as at the end.
                        Ok(Err(_)) => std::future::pending().await,
                        Err(_) => {}
                    },
                    false => tokio::time::sleep(wait).await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = next => {}
            }
        }
    }

    /// Writes one copy if it is ours to write; how long until the next.
    async fn round(&self) -> Duration {
        let written = async {
            if self.store.lease(DUTY).await?.is_none() {
                return anyhow::Ok(());
            }
            match self.board.copy(self.clock.now_ms()) {
                Some(site) => Ok(self.write(&site).await?),
                None => Ok(()),
            }
        };
        match written.await {
            Ok(()) => STATUS_EXPORT_EVERY,
            Err(error) => {
                tracing::warn!(error = %error, "the status page was not copied; the last copy stays, and it is tried again");
                STATUS_EXPORT_AGAIN
            }
        }
    }

    /// Writes every file, the page last.
    async fn write(&self, site: &Site) -> Result<(), ArtifactError> {
        let (index, others): (Vec<_>, Vec<_>) = site.files.iter().partition(|(path, _)| **path == INDEX);
        for (path, file) in others.into_iter().chain(index) {
            self.put(path, file).await?;
        }
        Ok(())
    }

    async fn put(&self, path: &str, file: &File) -> Result<(), ArtifactError> {
        let key = Key::new(&format!("{}/{path}", self.prefix))?;
        let options =
            PutOptions { size_hint: Some(file.body.len() as u64), media: Some(file.media), ..PutOptions::default() };
        let mut body = file.body.as_ref();
        self.artifacts.put(&key, &mut body, &options).await.map(drop)
    }
}

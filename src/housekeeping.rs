//! What has to happen now and then: signing the end of the audit trail outside the database, forgetting what is old, clearing
//! away what dead uploads left. One replica at a time forgets and clears; each signs for itself.

use crate::artifacts::Artifacts;
use crate::audit::{CheckpointError, CheckpointLog};
use crate::clock::Clock;
use crate::config::limits::PROBE_RESULTS_KEPT;
use crate::config::retention::Retention;
use crate::store::{Forgotten, Store, StoreError};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the trail's end is signed, if it has moved: what lies beyond the last checkpoint is the least protected.
const SIGN: Duration = Duration::from_secs(10);
/// How often old rows are looked for.
const FORGET: Duration = Duration::from_secs(600);
/// How often leftovers of dead uploads are looked for: they cost money, not correctness.
const SWEEP: Duration = Duration::from_secs(6 * 3600);
/// The lease that makes one replica the one that forgets.
const DUTY: &str = "housekeeping";
/// The lease that makes one replica the one that clears away. It may run out meanwhile: two that clear away do no harm.
const SWEEPING: &str = "sweeping";

/// The housekeeper.
pub struct Housekeeping {
    store: Store,
    clock: Clock,
    retention: Retention,
    artifacts: Option<Artifacts>,
    checkpoints: CheckpointLog,
    signed: i64,
}

impl Housekeeping {
    /// For the given store, with checkpoints in `data_dir`.
    ///
    /// # Errors
    /// The checkpoints' key is missing, readable by others, or not the one that signed before.
    pub fn new(store: Store, clock: Clock, retention: Retention, data_dir: &Path) -> Result<Self, CheckpointError> {
        let checkpoints = CheckpointLog::open(data_dir)?;
        Ok(Self { store, clock, retention, artifacts: None, checkpoints, signed: 0 })
    }

    /// Also keeps these artifacts tidy.
    pub fn sweeping(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = Some(artifacts);
        self
    }

    /// Runs until `stop`, then signs once more. A slow bucket holds up neither the signing nor the stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let sweeper = self.artifacts.take().map(|artifacts| sweeping(self.store.clone(), artifacts));
        let swept = async {
            if let Some(sweeper) = sweeper {
                // Cut off at the stop, it leaves what is left to the next one.
                let _ = stop.run_until_cancelled(sweeper).await;
            }
        };
        tokio::join!(self.keep(&stop), swept);
    }

    async fn keep(&mut self, stop: &CancellationToken) {
        let mut sign = tokio::time::interval(SIGN);
        let mut forget = tokio::time::interval(FORGET);
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => break,
                _ = sign.tick() => self.sign().await,
                _ = forget.tick() => self.forget().await,
            };
            if let Err(error) = done {
                tracing::warn!(error = %error, "housekeeping must wait");
            }
        }
        if let Err(error) = self.sign().await {
            tracing::warn!(error = %error, "the end of the audit trail was not signed at shutdown");
        }
    }

    /// Signs the trail's end if it has moved.
    ///
    /// # Errors
    /// The database does not answer, or the checkpoint cannot be written.
    pub async fn sign(&mut self) -> anyhow::Result<()> {
        let (seq, hash) = self.store.audit_head().await?;
        if seq > self.signed {
            self.checkpoints.append(seq, &hash, self.clock.now_ms())?;
            self.signed = seq;
        }
        Ok(())
    }

    /// Deletes what is older than the configuration says, piece by piece.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget(&self) -> anyhow::Result<()> {
        if self.store.lease(DUTY).await?.is_none() {
            return Ok(());
        }
        for what in Forgotten::ALL {
            let forgotten = self.forget_all_of(what).await?;
            if forgotten > 0 {
                tracing::info!(what = ?what, rows = forgotten, "forgot what was old");
            }
        }
        Ok(())
    }

    async fn forget_all_of(&self, what: Forgotten) -> Result<usize, StoreError> {
        let kept = match what {
            Forgotten::Inbox | Forgotten::Keys => self.retention.inbox,
            Forgotten::Outbox
            | Forgotten::Attempts
            | Forgotten::Stream
            | Forgotten::Messages
            | Forgotten::Clicks
            | Forgotten::Jobs
            | Forgotten::Copies
            | Forgotten::Deploys
            | Forgotten::Drills
            | Forgotten::Approvals => self.retention.outbox,
            Forgotten::Receipts => self.retention.receipts,
            Forgotten::Probes => PROBE_RESULTS_KEPT,
            Forgotten::Logins | Forgotten::Routes => Duration::ZERO,
        };
        let before_ms = self.clock.now_ms() - i64::try_from(kept.as_millis()).unwrap_or(i64::MAX / 2);
        let mut forgotten = 0;
        loop {
            let keys = self.store.find_forgotten(what, before_ms).await?;
            if keys.is_empty() {
                return Ok(forgotten);
            }
            forgotten += keys.len();
            self.store.forget(what, keys).await?;
            // The lease is short and the work may be long.
            self.store.lease(DUTY).await?;
        }
    }
}

/// Clears away what dead uploads left in the artifact store, again and again.
async fn sweeping(store: Store, artifacts: Artifacts) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        match sweep(&store, &artifacts).await {
            Ok(0) => {}
            Ok(pieces) => tracing::info!(pieces, store = artifacts.shown(), "cleared away what dead uploads left"),
            Err(error) => tracing::warn!(error = %error, "what dead uploads left must wait"),
        }
    }
}

async fn sweep(store: &Store, artifacts: &Artifacts) -> anyhow::Result<usize> {
    match store.lease(SWEEPING).await? {
        Some(_) => Ok(artifacts.sweep().await?),
        None => Ok(0),
    }
}

//! Whether a store can be used at all: something small is written, read back and deleted.

use super::{ArtifactError, Artifacts, Key, Kind, PutOptions};
use crate::config::limits::PROBE_TIME;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

/// How long each step of a successful probe took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Writing.
    pub write: Duration,
    /// Reading back.
    pub read: Duration,
    /// Deleting.
    pub delete: Duration,
}

impl Artifacts {
    /// Writes, reads back and deletes a few bytes under `.drillbell-probe/`.
    ///
    /// # Errors
    /// Whatever fails first, or the store takes longer than 30 s.
    pub async fn probe(&self) -> Result<Probe, ArtifactError> {
        let key = Key::internal(format!(".drillbell-probe/{}", uuid::Uuid::now_v7()));
        let probe = async {
            let probed = self.write_and_read(&key).await;
            let begun = Instant::now();
            // Also after a failure: nothing of a probe is to stay.
            let deleted = self.delete(&key).await;
            let (write, read) = probed?;
            deleted?;
            Ok(Probe { write, read, delete: begun.elapsed() })
        };
        tokio::time::timeout(PROBE_TIME, probe).await.unwrap_or_else(|_| {
            let why = format!("it does not answer within {} s", PROBE_TIME.as_secs());
            Err(ArtifactError::new(Kind::Unavailable { retryable: true }, "probe", self.shown(), why))
        })
    }

    async fn write_and_read(&self, key: &Key) -> Result<(Duration, Duration), ArtifactError> {
        let bytes = format!("drillbell check {key}\n").into_bytes();
        let begun = Instant::now();
        let stored = self.put(key, &mut bytes.as_slice(), &PutOptions::default()).await?;
        let write = begun.elapsed();
        let begun = Instant::now();
        let (_, reader) = self.get_verified(key).await?;
        let mut back = Vec::new();
        let unreadable = |error: std::io::Error| match ArtifactError::of(&error) {
            Some(error) => error.clone(),
            None => ArtifactError::from_os("read", &self.what(key), &error),
        };
        // One byte more than there should be is enough to see that there are more.
        reader.take(stored.size + 1).read_to_end(&mut back).await.map_err(unreadable)?;
        if back != bytes {
            let why = "what comes back is not what was written";
            return Err(ArtifactError::new(Kind::Corrupt, "probe", self.shown(), why));
        }
        Ok((write, begun.elapsed()))
    }
}

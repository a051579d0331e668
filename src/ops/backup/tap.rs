//! Where a dump passes: its bytes are counted and hashed, and whoever looks into it sees them, before they are packed.

use super::archive::Archive;
use super::channel::{PIECE, Sink};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bytes of a dump have passed; clones are the same meter.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// So many more have passed.
    pub(in crate::ops) fn pass(&self, bytes: u64) {
        self.add(bytes);
    }

    pub(super) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What a dump is written into.
pub struct Tap {
    to: Sink,
    buffer: Vec<u8>,
    hash: Sha256,
    meter: Meter,
    archive: Option<Archive>,
}

/// What passed.
pub(super) struct Passed {
    pub(super) to: Sink,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Tap {
    pub(super) fn new(to: Sink, meter: Meter) -> Self {
        Self { to, buffer: Vec::with_capacity(PIECE), hash: Sha256::new(), meter, archive: None }
    }

    /// Looks into what passes as into a PostgreSQL archive.
    pub(super) fn look_into(&mut self, archive: Archive) {
        self.archive = Some(archive);
    }

    /// What was seen so far, all that was written included.
    pub(super) fn seen(&mut self) -> io::Result<Option<Archive>> {
        self.hand_over()?;
        Ok(self.archive.take())
    }

    /// Takes everything that a reader yields.
    pub(super) fn pour(&mut self, from: &mut impl Read) -> io::Result<()> {
        loop {
            let room = PIECE - self.buffer.len();
            if from.by_ref().take(room as u64).read_to_end(&mut self.buffer)? < room {
                return Ok(());
            }
            self.hand_over()?;
        }
    }

    pub(super) fn finish(mut self) -> io::Result<Passed> {
        self.hand_over()?;
        Ok(Passed { to: self.to, bytes: self.meter.bytes(), sha256: hex::encode(self.hash.finalize()) })
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        self.meter.add(piece.len() as u64);
        self.hash.update(&piece);
        if let Some(archive) = &mut self.archive {
            archive.push(&piece);
        }
        self.to.pass(piece.into())
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = bytes.len().min(PIECE - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..now]);
        if self.buffer.len() == PIECE {
            self.hand_over()?;
        }
        Ok(now)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

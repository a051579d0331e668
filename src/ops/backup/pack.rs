//! One stream: dump, looked into as it passes, zstd, age. Two threads, so that reading and packing keep a core each; memory is
//! what waits between them. Nothing of it is ever in a file.

use super::channel::{Source, deep_pipe, pipe};
use super::contents::Contents;
use super::seal::Seal;
use super::tap::{Meter, Tap};
use super::{Dump, DumpError};
use crate::config::limits::{ZSTD_LEVEL, ZSTD_WINDOW_LOG};
use std::io::{self, BufRead, Write};
use tokio::task::JoinHandle;

/// What passed through a stream that is complete.
#[derive(Clone, Debug)]
pub struct Plain {
    /// What is in it.
    pub contents: Contents,
    /// Bytes of the dump.
    pub bytes: u64,
    /// SHA-256 of the dump, lower-case hex.
    pub sha256: String,
}

/// A dump being packed. Read `source` to its end, or drop it; then ask `outcome`.
pub struct Packing {
    /// The packed bytes. It ends only if the dump is whole, and is an error otherwise.
    pub source: Source,
    dumping: JoinHandle<Result<Plain, DumpError>>,
    packing: JoinHandle<io::Result<()>>,
}

/// Begins to dump and pack, encrypted to `recipients` if there are any.
pub fn pack(dump: Box<dyn Dump>, recipients: Vec<String>, meter: Meter) -> Packing {
    let (to_packer, from_tap) = deep_pipe();
    let (to_reader, source) = pipe();
    let dumping = tokio::task::spawn_blocking(move || {
        let mut tap = Tap::new(to_packer, meter);
        let contents = dump.write(&mut tap)?;
        let passed = tap.finish().and_then(|passed| {
            let (bytes, sha256) = (passed.bytes, passed.sha256);
            passed.to.end().map(|()| (bytes, sha256))
        });
        let (bytes, sha256) =
            passed.map_err(|error| DumpError::retry(format!("the dump could not be handed on: {error}")))?;
        Ok(Plain { contents, bytes, sha256 })
    });
    let packing = tokio::task::spawn_blocking(move || {
        let seal = Seal::new(to_reader, &recipients)?;
        compress(from_tap, seal)?.finish()?.end()
    });
    Packing { source, dumping, packing }
}

pub(super) fn compress<W: Write>(mut from: impl BufRead, to: W) -> io::Result<W> {
    let mut encoder = zstd::stream::Encoder::new(to, ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.window_log(ZSTD_WINDOW_LOG)?;
    loop {
        let piece = from.fill_buf()?;
        let length = piece.len();
        if length == 0 {
            return encoder.finish();
        }
        encoder.write_all(piece)?;
        from.consume(length);
    }
}

impl Packing {
    /// How it came out, once the source was read or dropped.
    ///
    /// # Errors
    /// The dump is not whole, or could not be packed.
    pub async fn outcome(self) -> Result<Plain, DumpError> {
        let Self { source, dumping, packing } = self;
        // Whoever still writes hears that nobody reads.
        drop(source);
        let lost = |_| DumpError::retry("a thread of the backup was lost; see the log");
        let (dumped, packed) = (dumping.await.map_err(lost)?, packing.await.map_err(lost)?);
        match (dumped, packed) {
            (Ok(plain), Ok(())) => Ok(plain),
            // The packer only heard of what happened at its ends.
            (Err(dump), Err(error))
                if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe) =>
            {
                Err(dump)
            }
            (_, Err(error)) => Err(DumpError::retry(format!("the dump could not be packed: {error}"))),
            (Err(dump), Ok(())) => Err(dump),
        }
    }
}

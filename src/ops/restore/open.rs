//! A stored copy becomes its dump again: opened (age), unpacked (zstd), and compared with its manifest as it passes. The dump ends
//! only if it is the one that was made; otherwise whoever reads it sees it break off.

use super::RestoreError;
use crate::config::limits::ENCODING_WITHIN;
use crate::ops::backup::channel::{PIECE, Sink, Source, pipe};
use crate::ops::backup::format::{Format, Wrapping, begin_whole};
use crate::ops::backup::{Keys, Meter, openssl};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{self, Cursor, Read, Write};
use tokio::io::AsyncRead;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What is said when whoever took the dump stopped taking it: they know why.
pub const NOBODY: &str = "nobody took the dump to its end";

/// What a copy should be, by its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256 of the stored bytes, lower-case hex.
    pub stored_sha256: String,
    /// SHA-256 of the dump, lower-case hex.
    pub plain_sha256: String,
    /// It should be encrypted.
    pub encrypted: bool,
}

/// A copy being opened. Read `dump` to its end, or drop it; then ask `outcome`.
pub struct Opened {
    /// What the dump is, by its content.
    pub format: Format,
    /// The dump.
    pub dump: Source,
    /// How it came out.
    pub outcome: Outcome,
}

/// How a copy that is being opened comes out.
pub struct Outcome {
    reading: JoinHandle<Result<(), String>>,
    looking: JoinHandle<Result<(), RestoreError>>,
}

/// Begins to open a copy; waits until it is known what is in it.
///
/// # Errors
/// It cannot be opened, or there is nothing in it.
pub async fn open(
    stored: impl AsyncRead + Unpin + Send + 'static,
    keys: Keys,
    expected: Option<Expected>,
    meter: Meter,
    cancel: CancellationToken,
) -> Result<Opened, RestoreError> {
    let (stored_sink, stored_source) = pipe();
    let (dump_sink, dump) = pipe();
    let reading = tokio::spawn(async move {
        tokio::select! {
            read = read(stored, stored_sink, meter) => read,
            () = cancel.cancelled() => Err("it was cancelled".to_owned()),
        }
    });
    let (tell, format) = oneshot::channel();
    let looking = tokio::task::spawn_blocking(move || look(stored_source, &keys, expected.as_ref(), dump_sink, tell));
    let outcome = Outcome { reading, looking };
    match format.await {
        Ok(format) => Ok(Opened { format, dump, outcome }),
        Err(_) => {
            drop(dump);
            let lost = || RestoreError::environment("the copy was not opened");
            Err(outcome.whole().await.err().unwrap_or_else(lost))
        }
    }
}

impl Opened {
    /// How the texts of a PostgreSQL dump are written, as it says near its beginning, whatever its form: `LATIN1`.
    pub async fn encoding(&mut self) -> Option<String> {
        const SAYS: &[u8] = b"SET client_encoding = '";
        let begin = self.dump.ahead(ENCODING_WITHIN).await;
        let begin = &begin[..begin.len().min(ENCODING_WITHIN)];
        let rest = &begin[memchr::memmem::find(begin, SAYS)? + SAYS.len()..];
        let name = &rest[..memchr::memchr(b'\'', rest)?];
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        is_name.then(|| String::from_utf8_lossy(name).into_owned())
    }
}

impl Outcome {
    /// Whether the dump was the one that was made, once it was read to its end or dropped.
    ///
    /// # Errors
    /// It was not, or nobody can tell: the store broke off, or the dump was dropped before its end.
    pub async fn whole(self) -> Result<(), RestoreError> {
        let lost = |_| RestoreError::environment("a thread of the restore was lost; see the log");
        let (looked, read) = (self.looking.await.map_err(lost)?, self.reading.await.map_err(lost)?);
        // What the store cut off says nothing about the copy.
        read.map_err(|why| RestoreError::environment(format!("the copy could not be read to its end: {why}")))?;
        looked
    }
}

async fn read(mut stored: impl AsyncRead + Unpin, mut sink: Sink, meter: Meter) -> Result<(), String> {
    loop {
        let mut piece = vec![0; PIECE];
        match tokio::io::AsyncReadExt::read(&mut stored, &mut piece).await {
            Ok(0) => {
                // Whoever looks has ended if it cannot be told; it says how.
                let _ = sink.give_end().await;
                return Ok(());
            }
            Ok(length) => {
                piece.truncate(length);
                meter.pass(length as u64);
                if sink.give(Bytes::from(piece)).await.is_err() {
                    return Ok(());
                }
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Hashes what is read through it.
struct Hashing<R> {
    from: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buf)?;
        self.hash.update(&buf[..length]);
        Ok(length)
    }
}

impl<R> Hashing<R> {
    fn new(from: R) -> Self {
        Self { from, hash: Sha256::new() }
    }

    fn sum(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

fn look(
    source: Source,
    keys: &Keys,
    expected: Option<&Expected>,
    mut to: Sink,
    tell: oneshot::Sender<Format>,
) -> Result<(), RestoreError> {
    let mut stored = Hashing::new(source);
    let opened = unseal(&mut stored, keys, expected, &mut to, tell);
    if matches!(&opened, Err(Stop::Nobody)) {
        return Err(RestoreError::environment(NOBODY));
    }
    // To the end, whatever was wrong: its checksum tells damage from a wrong key.
    let drained = io::copy(&mut stored, &mut io::sink());
    let sum = stored.sum();
    if let (Some(expected), Ok(_)) = (expected, &drained)
        && expected.stored_sha256 != sum
    {
        return Err(RestoreError::backup("its bytes are not those that were stored: some were changed"));
    }
    match opened {
        Ok(plain) if expected.is_some_and(|expected| expected.plain_sha256 != plain) => {
            Err(RestoreError::backup("the dump within is not the one that was made"))
        }
        Ok(_) => to.end().map_err(|_| RestoreError::environment(NOBODY)),
        Err(Stop::Nobody) => Err(RestoreError::environment(NOBODY)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Why a copy was not unpacked to its end.
enum Stop {
    /// Whoever took the dump has stopped taking it.
    Nobody,
    Error(RestoreError),
}

impl From<RestoreError> for Stop {
    fn from(error: RestoreError) -> Self {
        Self::Error(error)
    }
}

/// Hands on the dump; its checksum.
fn unseal(
    stored: &mut impl Read,
    keys: &Keys,
    expected: Option<&Expected>,
    to: &mut Sink,
    tell: oneshot::Sender<Format>,
) -> Result<String, Stop> {
    let begin = begin_whole(stored).map_err(damaged)?;
    let wrapping = keys.wrapping(&begin);
    let whole = Cursor::new(begin).chain(stored);
    if wrapping != Wrapping::Age {
        // A manifest says what should be: an open copy of what was to be encrypted is no copy of ours.
        if expected.is_some_and(|expected| expected.encrypted) {
            return Err(RestoreError::backup("it should be encrypted, and is not: something else lies there").into());
        }
        if wrapping == Wrapping::OpenSsl {
            return unsealed(whole, keys, to, tell);
        }
        return unpack(whole, to, tell);
    }
    if keys.age.is_empty() {
        let sentence = "it is encrypted, and this machine has no key (artifacts.identity)";
        return Err(RestoreError::environment(sentence).into());
    }
    let keys = keys.age.iter().map(|key| key as &dyn age::Identity);
    match age::Decryptor::new(whole).and_then(|decryptor| decryptor.decrypt(keys)) {
        Ok(opened) => unpack(opened, to, tell),
        Err(age::DecryptError::NoMatchingKeys) => {
            let sentence = "it is encrypted, and none of this machine's keys (artifacts.identity) opens it: take the key it was made for";
            Err(RestoreError::environment(sentence).into())
        }
        Err(error) => Err(RestoreError::backup(format!("it cannot be opened: {error}")).into()),
    }
}

fn unsealed(sealed: impl Read, keys: &Keys, to: &mut Sink, tell: oneshot::Sender<Format>) -> Result<String, Stop> {
    let Some(passphrase) = &keys.openssl else {
        let sentence = "it is encrypted with openssl, and there is no passphrase for it ([targets.NAME.adopt])";
        return Err(RestoreError::environment(sentence).into());
    };
    match openssl::tried(sealed, passphrase).map_err(damaged)? {
        Some(opened) => unpack(opened, to, tell),
        None => {
            let sentence = "it is encrypted with openssl, and nothing known comes out: the passphrase is another one, or `digest` and \
                            `iterations` are ([targets.NAME.adopt])";
            Err(RestoreError::environment(sentence).into())
        }
    }
}

fn damaged(error: io::Error) -> Stop {
    Stop::Error(RestoreError::backup(format!("it cannot be unpacked to its end: {error}")))
}

fn unpack(mut packed: impl Read, to: &mut Sink, tell: oneshot::Sender<Format>) -> Result<String, Stop> {
    let first = begin_whole(&mut packed).map_err(damaged)?;
    let wrapping = Wrapping::of(&first);
    let packed = Cursor::new(first).chain(packed);
    match wrapping {
        Wrapping::Zstd => hand_on(zstd::stream::Decoder::new(packed).map_err(damaged)?, to, tell),
        Wrapping::None => hand_on(packed, to, tell),
        Wrapping::Gzip => hand_on(flate2::read::MultiGzDecoder::new(packed), to, tell),
        Wrapping::Age | Wrapping::OpenSsl => Err(RestoreError::backup("it is encrypted twice").into()),
    }
}

fn hand_on(plain: impl Read, to: &mut Sink, tell: oneshot::Sender<Format>) -> Result<String, Stop> {
    let mut plain = Hashing::new(plain);
    let first = begin_whole(&mut plain).map_err(damaged)?;
    let _ = tell.send(Format::of(&first));
    to.write_all(&first).map_err(|_| Stop::Nobody)?;
    let mut piece = vec![0; PIECE];
    loop {
        match plain.read(&mut piece).map_err(damaged)? {
            0 => return Ok(plain.sum()),
            length => to.write_all(&piece[..length]).map_err(|_| Stop::Nobody)?,
        }
    }
}

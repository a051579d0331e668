//! Reads a stored copy back, independent of what anybody noted about it: opens it, unpacks it, tells what it is by its content and
//! counts what is in it. Bounded memory; whatever is wrong is told apart, and the bytes are read and hashed to their end all the same.

use super::archive::Archive;
use super::channel::{PIECE, Source, pipe};
use super::contents::Contents;
use super::files::Tally;
use super::format::{Format, Wrapping, begin_whole};
use super::keys::Keys;
use super::openssl;
use super::tap::Meter;
use crate::config::limits::DUMP_TAIL_BYTES;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{self, Cursor, Read};
use tokio::io::AsyncRead;

/// What a stored copy turned out to be.
#[derive(Debug, Default)]
pub struct Inspected {
    /// Stored bytes that were read.
    pub stored_bytes: u64,
    /// SHA-256 of those, lower-case hex.
    pub stored_sha256: String,
    /// Why they could not be read to their end.
    pub unread: Option<String>,
    /// It is encrypted.
    pub encrypted: bool,
    /// How far it could be looked into, and why not further.
    pub stopped: Option<Stopped>,
    /// What was unpacked; none if nothing could be.
    pub plain: Option<Unpacked>,
}

/// A dump that was unpacked to its end.
#[derive(Debug)]
pub struct Unpacked {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// What it is, by its content.
    pub format: Format,
    /// What is in it; why it could not be read.
    pub contents: Result<Contents, String>,
    /// Why it cannot be all of the dump, as far as a dump says itself where it ends.
    pub cut_off: Option<String>,
}

/// Why a copy was not looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is encrypted, and this machine has no key at all.
    NoKey,
    /// It is encrypted, and none of this machine's keys opens it.
    WrongKey,
    /// It is encrypted with openssl, and there is no passphrase for it.
    NoPassphrase,
    /// It is encrypted with openssl, and what comes out is nothing that is known.
    WrongPassphrase,
    /// It cannot be opened although a key fits.
    Seal(String),
    /// It cannot be unpacked.
    Packing(String),
}

/// Reads a copy to its end.
pub async fn inspect(mut stored: impl AsyncRead + Unpin + Send, keys: Keys, hashing: bool, meter: Meter) -> Inspected {
    let (mut sink, source) = pipe();
    let looking = tokio::task::spawn_blocking(move || look(source, &keys, hashing));
    let mut unread = None;
    loop {
        let mut piece = vec![0; PIECE];
        match tokio::io::AsyncReadExt::read(&mut stored, &mut piece).await {
            Ok(0) => {
                // Whoever looks has ended if it cannot be told; it says how.
                let _ = sink.give_end().await;
                break;
            }
            Ok(length) => {
                piece.truncate(length);
                meter.add(length as u64);
                if sink.give(Bytes::from(piece)).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                unread = Some(error.to_string());
                drop(sink);
                break;
            }
        }
    }
    let looked = looking.await;
    let mut inspected = looked.unwrap_or_else(|_| Inspected {
        unread: Some("the thread that read it was lost; see the log".to_owned()),
        ..Inspected::default()
    });
    if unread.is_some() {
        // What was cut off by the store says nothing about the copy.
        (inspected.unread, inspected.stopped, inspected.plain) = (unread, None, None);
    }
    inspected
}

/// Hashes what is read through it.
struct Hashing<R> {
    from: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    fn new(from: R) -> Self {
        Self { from, hash: Sha256::new(), bytes: 0 }
    }

    fn sum(self) -> (u64, String) {
        (self.bytes, hex::encode(self.hash.finalize()))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buf)?;
        self.hash.update(&buf[..length]);
        self.bytes += length as u64;
        Ok(length)
    }
}

fn look(source: Source, keys: &Keys, hashing: bool) -> Inspected {
    let mut stored = Hashing::new(source);
    let (encrypted, looked) = open(&mut stored, keys, hashing);
    // To the end, whatever was wrong: the checksum tells damage from a wrong key.
    let drained = io::copy(&mut stored, &mut io::sink());
    let (stored_bytes, stored_sha256) = stored.sum();
    let unread = drained.err().map(|error| error.to_string());
    let (plain, stopped) = match looked {
        Ok(plain) => (Some(plain), None),
        Err(stopped) => (None, Some(stopped)),
    };
    Inspected { stored_bytes, stored_sha256, unread, encrypted, stopped, plain }
}

fn open(stored: &mut impl Read, keys: &Keys, hashing: bool) -> (bool, Result<Unpacked, Stopped>) {
    let begin = match begin_whole(stored) {
        Ok(begin) => begin,
        Err(error) => return (false, Err(Stopped::Packing(error.to_string()))),
    };
    let wrapping = keys.wrapping(&begin);
    let sealed = Cursor::new(begin).chain(stored);
    match wrapping {
        Wrapping::OpenSsl => return (true, unsealed(sealed, keys, hashing)),
        Wrapping::Age if keys.age.is_empty() => return (true, Err(Stopped::NoKey)),
        Wrapping::Age => {}
        _ => return (false, unpack(sealed, hashing)),
    }
    let keys = keys.age.iter().map(|key| key as &dyn age::Identity);
    let opened = age::Decryptor::new(sealed).and_then(|decryptor| decryptor.decrypt(keys));
    let result = match opened {
        Err(age::DecryptError::NoMatchingKeys) => Err(Stopped::WrongKey),
        Err(error) => Err(Stopped::Seal(error.to_string())),
        Ok(mut opened) => match unpack(&mut opened, hashing) {
            // The layer below does not know that it was the seal that broke.
            Err(Stopped::Packing(why)) => Err(Stopped::Packing(why)),
            other => other,
        },
    };
    (true, result)
}

fn unsealed(sealed: impl Read, keys: &Keys, hashing: bool) -> Result<Unpacked, Stopped> {
    let Some(passphrase) = &keys.openssl else { return Err(Stopped::NoPassphrase) };
    let stopped = |error: io::Error| Stopped::Packing(error.to_string());
    match openssl::tried(sealed, passphrase).map_err(stopped)? {
        Some(opened) => unpack(opened, hashing),
        None => Err(Stopped::WrongPassphrase),
    }
}

fn unpack(mut packed: impl Read, hashing: bool) -> Result<Unpacked, Stopped> {
    let stopped = |error: io::Error| Stopped::Packing(error.to_string());
    let begin = begin_whole(&mut packed).map_err(stopped)?;
    let wrapping = Wrapping::of(&begin);
    let packed = Cursor::new(begin).chain(packed);
    match wrapping {
        Wrapping::Zstd => {
            let plain = zstd::stream::Decoder::new(packed).map_err(stopped)?;
            plain_of(plain, hashing).map_err(stopped)
        }
        Wrapping::Gzip => plain_of(flate2::read::MultiGzDecoder::new(packed), hashing).map_err(stopped),
        Wrapping::Age | Wrapping::OpenSsl => Err(Stopped::Packing("it is encrypted twice".to_owned())),
        Wrapping::None => plain_of(packed, hashing).map_err(stopped),
    }
}

fn plain_of(plain: impl Read, hashing: bool) -> io::Result<Unpacked> {
    let mut plain = Hashing::new(plain);
    let begin = begin_whole(&mut plain)?;
    let format = Format::of(&begin);
    let mut whole = Cursor::new(&begin).chain(&mut plain);
    let mut cut_off = None;
    let contents = match format {
        Format::PgCustom => archive(&mut whole, hashing, &mut cut_off)?,
        Format::Tar => tar_of(&mut whole, hashing),
        Format::Sqlite => Ok(Contents::default()),
        Format::Sql => {
            cut_off = text(&mut whole)?;
            Err(format!("it is {}", format.words()))
        }
        Format::PgTar | Format::Unknown => Err(format!("it is {}", format.words())),
    };
    io::copy(&mut whole, &mut io::sink())?;
    let header = begin;
    let (bytes, sha256) = plain.sum();
    let contents = if format == Format::Sqlite { super::sqlite::looks_whole(&header, bytes) } else { contents };
    Ok(Unpacked { bytes, sha256, format, contents, cut_off })
}

/// Reads SQL as text; why it cannot be whole. Only what `pg_dump` says of itself at the beginning is expected at the end.
fn text(from: &mut impl Read) -> io::Result<Option<String>> {
    let (mut piece, mut tail, mut first) = (vec![0; PIECE], Vec::new(), None);
    let has = |bytes: &[u8], words: &str| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    loop {
        let length = from.read(&mut piece)?;
        if length == 0 {
            break;
        }
        first.get_or_insert_with(|| has(&piece[..length], "-- PostgreSQL database dump"));
        tail.extend_from_slice(&piece[..length]);
        tail.drain(..tail.len().saturating_sub(DUMP_TAIL_BYTES));
    }
    let whole = first != Some(true) || has(&tail, "-- PostgreSQL database dump complete");
    Ok((!whole).then(|| "it ends without the line with which pg_dump ends".to_owned()))
}

fn archive(from: &mut impl Read, hashing: bool, cut_off: &mut Option<String>) -> io::Result<Result<Contents, String>> {
    let mut archive = Archive::new(hashing);
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece)? {
            0 => break,
            length => archive.push(&piece[..length]),
        }
    }
    *cut_off = archive.cut_off();
    let contents = Contents::of_archive(archive);
    Ok(match contents.not_counted {
        Some(why) => Err(why),
        None => Ok(contents),
    })
}

/// Counts a tar archive. What is wrong with the stream itself is found when the rest of it is read.
fn tar_of(from: &mut impl Read, hashing: bool) -> Result<Contents, String> {
    let cannot = |error: io::Error| format!("it is no tar archive to its end: {error}");
    let mut tally = Tally::new(hashing);
    let mut tar = tar::Archive::new(from);
    for entry in tar.entries().map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let path = entry.path().map_err(cannot)?.into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            tally.folder(&path);
        } else if kind.is_symlink() {
            let to = entry.link_name().map_err(cannot)?.unwrap_or_default().into_owned();
            tally.link(&path, &to);
        } else {
            let mut content = Hashing::new(entry);
            io::copy(&mut content, &mut io::sink()).map_err(cannot)?;
            tally.file(&path, content.bytes, &content.hash.finalize());
        }
    }
    Ok(Contents { files: Some(tally.finish()), ..Contents::default() })
}

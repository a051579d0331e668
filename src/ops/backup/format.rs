//! What something is, told by its first bytes and never by its name (H1).

use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// Bytes that are needed to tell.
pub const LOOKED_AT: usize = 512;

/// The first bytes, as many as are needed to tell what it is or as there are before whatever goes wrong; and what went wrong.
pub fn begin(from: &mut (impl Read + ?Sized)) -> (Vec<u8>, io::Result<()>) {
    let mut begin = Vec::with_capacity(LOOKED_AT);
    let read = from.take(LOOKED_AT as u64).read_to_end(&mut begin);
    (begin, read.map(drop))
}

/// The same of what does not break off so early.
///
/// # Errors
/// It does, or cannot be read.
pub fn begin_whole(from: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let (begin, read) = begin(from);
    read.map(|()| begin)
}

/// Whether bytes are the beginning of anything that is known, packed or not.
pub fn is_known(first: &[u8]) -> bool {
    Wrapping::of(first) != Wrapping::None || Format::of(first) != Format::Unknown
}

/// What a dump is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// An archive of `pg_dump -Fc`, for `pg_restore`.
    PgCustom,
    /// The tar archive that `pg_dump -Ft` makes, for `pg_restore` too.
    PgTar,
    /// An SQLite database.
    Sqlite,
    /// A tar archive.
    Tar,
    /// SQL as text, for `psql`.
    Sql,
    /// Something else.
    Unknown,
}

impl Format {
    /// Tells by the first bytes, `LOOKED_AT` of them if there are as many.
    pub fn of(bytes: &[u8]) -> Self {
        let text = || bytes.starts_with(b"--") || bytes.starts_with(b"SET ") || bytes.starts_with(b"BEGIN;");
        match bytes {
            _ if bytes.starts_with(super::archive::MAGIC) => Self::PgCustom,
            _ if bytes.starts_with(b"SQLite format 3\0") => Self::Sqlite,
            // What it is called first, and whose its writer always says it is: not a folder's file of that name.
            _ if bytes.starts_with(b"toc.dat\0") && bytes.get(265..274) == Some(b"postgres\0") => Self::PgTar,
            _ if bytes.get(257..262) == Some(b"ustar") => Self::Tar,
            // An empty tar archive is nothing but zeros.
            _ if bytes.len() >= LOOKED_AT && bytes.iter().all(|byte| *byte == 0) => Self::Tar,
            _ if text() => Self::Sql,
            _ => Self::Unknown,
        }
    }

    /// The word in machine output, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PgCustom => "pg_custom",
            Self::PgTar => "pg_tar",
            Self::Sqlite => "sqlite",
            Self::Tar => "tar",
            Self::Sql => "sql",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a target of this kind can be restored from it.
    pub fn suits(self, kind: &str) -> bool {
        match self {
            Self::PgCustom | Self::PgTar | Self::Sql => kind == "postgres",
            Self::Sqlite => kind == "sqlite",
            Self::Tar => kind == "files",
            Self::Unknown => false,
        }
    }

    /// What targets of this kind are dumped as.
    pub fn of_kind(kind: &str) -> Self {
        match kind {
            "postgres" => Self::PgCustom,
            "sqlite" => Self::Sqlite,
            "files" => Self::Tar,
            _ => Self::Unknown,
        }
    }

    /// The end of an object's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::PgCustom => "dump",
            Self::Sqlite => "sqlite",
            Self::Tar | Self::PgTar => "tar",
            Self::Sql => "sql",
            Self::Unknown => "bin",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::PgCustom => "an archive of pg_dump in the custom format",
            Self::PgTar => "a tar archive of pg_dump",
            Self::Sqlite => "an SQLite database",
            Self::Tar => "a tar archive",
            Self::Sql => "SQL as text",
            Self::Unknown => "something unknown",
        }
    }
}

/// How a stored object is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Encrypted with age.
    Age,
    /// Encrypted by `openssl enc` with a salt.
    OpenSsl,
    /// Compressed with zstd.
    Zstd,
    /// Compressed with gzip, as others do.
    Gzip,
    /// Not at all, or in an unknown way.
    None,
}

impl Wrapping {
    /// Tells by the first bytes.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            _ if bytes.starts_with(b"age-encryption.org/v1") => Self::Age,
            _ if bytes.starts_with(super::openssl::MAGIC) => Self::OpenSsl,
            _ if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) => Self::Zstd,
            _ if bytes.starts_with(&[0x1f, 0x8b]) => Self::Gzip,
            _ => Self::None,
        }
    }
}

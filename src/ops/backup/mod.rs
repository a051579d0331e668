//! The bytes of backups: what a target's dump is, how it becomes one stream (zstd, then age), and how such a stream is looked into
//! again. Knows neither the artifact store nor the catalogue, and no policy: those are the job kinds' and the plugin's.

pub mod archive;
pub(in crate::ops) mod channel;
pub mod contents;
mod count;
pub mod files;
pub(in crate::ops) mod find;
pub mod format;
mod globals;
mod gulps;
pub mod inspect;
pub mod keys;
pub mod manifest;
pub mod openssl;
pub mod pack;
pub mod peek;
pub mod postgres;
mod seal;
pub mod server;
pub mod sqlite;
mod tap;

pub use count::count;
pub use find::can_make_servers;
pub use keys::Keys;
pub use pack::{Packing, pack};
pub use tap::{Meter, Tap};

/// Why a dump could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpError {
    /// For people: what failed, on what, what to do. Without secrets.
    pub sentence: String,
    /// Whether another attempt may end better.
    pub retry: bool,
}

impl DumpError {
    /// It would fail again.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), retry: false }
    }

    /// It may not fail the next time.
    pub fn retry(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), retry: true }
    }
}

/// Something that can be dumped, once.
pub trait Dump: Send {
    /// Writes the whole dump and says what is in it. Runs on a thread of its own and may block. `Ok` means that it is whole:
    /// the exit status of every program counted.
    ///
    /// # Errors
    /// It is not whole; what was written is thrown away.
    fn write(self: Box<Self>, out: &mut Tap) -> Result<contents::Contents, DumpError>;
}

#[cfg(test)]
mod tests;

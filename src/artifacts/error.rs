//! What can go wrong with an artifact: which kind it is for a program, and a sentence for a person.

use std::io;

/// What a program can tell failures apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name, or what was noted about the artifact, cannot be used.
    Key,
    /// There is no such artifact.
    NotFound,
    /// The store does not let us.
    Denied,
    /// The store did not answer, or not in time, or said to come back.
    Unavailable {
        /// Whether trying again later may help without anybody doing anything.
        retryable: bool,
    },
    /// What is stored is not what was put there.
    Corrupt,
    /// No room is left.
    Full,
    /// The store understood and refuses, for a reason that trying again does not change.
    Refused,
    /// What was to be stored could not be read to its end. Nothing was stored.
    Source,
}

/// Why something could not be done with an artifact: `cannot store a/b in dir:/x: no room is left; free some …`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot {doing} {what}: {why}{}", self.advice())]
pub struct ArtifactError {
    /// What a program goes by.
    pub kind: Kind,
    doing: &'static str,
    what: String,
    why: String,
}

impl ArtifactError {
    /// What was being done (`store`, `read`), on what (key and place), and why it failed: outside text, cleaned and clipped.
    pub(super) fn new(kind: Kind, doing: &'static str, what: &str, why: impl Into<String>) -> Self {
        Self { kind, doing, what: what.to_owned(), why: clean(&why.into()) }
    }

    /// What the operating system said.
    pub(super) fn from_os(doing: &'static str, what: &str, error: &io::Error) -> Self {
        use io::ErrorKind as Os;
        let kind = match error.kind() {
            Os::NotFound => Kind::NotFound,
            Os::PermissionDenied | Os::ReadOnlyFilesystem => Kind::Denied,
            Os::StorageFull | Os::QuotaExceeded | Os::FileTooLarge => Kind::Full,
            Os::IsADirectory | Os::NotADirectory | Os::DirectoryNotEmpty | Os::InvalidFilename => Kind::Refused,
            Os::Interrupted | Os::TimedOut | Os::ResourceBusy => Kind::Unavailable { retryable: true },
            _ => Kind::Unavailable { retryable: false },
        };
        let why = match kind {
            Kind::NotFound => "it is not there".to_owned(),
            _ => error.to_string(),
        };
        Self::new(kind, doing, what, why)
    }

    /// The failure that a reader's `io::Error` carries, if it is one of ours.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// As the error of a reader.
    pub(super) fn into_io(self) -> io::Error {
        let kind = match self.kind {
            Kind::NotFound => io::ErrorKind::NotFound,
            Kind::Denied => io::ErrorKind::PermissionDenied,
            Kind::Corrupt => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, self)
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            Kind::Key | Kind::NotFound | Kind::Refused => "",
            Kind::Denied => "; check the rights on the store, and the keys if it is a bucket",
            Kind::Unavailable { retryable: true } => "; try again later",
            Kind::Unavailable { retryable: false } => "; look at the store, trying again does not help by itself",
            Kind::Corrupt => "; do not rely on it, take another copy",
            Kind::Full => "; free some room or raise the quota, nothing was stored",
            Kind::Source => "; nothing was stored",
        }
    }
}

/// One line without control characters, at most 300 characters: it may come from a stranger's server.
fn clean(text: &str) -> String {
    let mut shown: String = text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(300).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_failed_on_what_and_what_to_do() {
        let say = |kind| ArtifactError::new(kind, "store", "a/b in dir:/x", "the\nreason").to_string();
        let kinds = [
            Kind::NotFound,
            Kind::Denied,
            Kind::Unavailable { retryable: true },
            Kind::Unavailable { retryable: false },
            Kind::Corrupt,
            Kind::Full,
            Kind::Source,
        ];
        insta::assert_snapshot!(kinds.map(say).join("\n"), @"
        cannot store a/b in dir:/x: the reason
        cannot store a/b in dir:/x: the reason; check the rights on the store, and the keys if it is a bucket
        cannot store a/b in dir:/x: the reason; try again later
        cannot store a/b in dir:/x: the reason; look at the store, trying again does not help by itself
        cannot store a/b in dir:/x: the reason; do not rely on it, take another copy
        cannot store a/b in dir:/x: the reason; free some room or raise the quota, nothing was stored
        cannot store a/b in dir:/x: the reason; nothing was stored
        ");
    }

    #[test]
    fn a_full_disk_a_lack_of_rights_and_a_missing_file_are_told_apart() {
        let kind = |code| ArtifactError::from_os("store", "x", &io::Error::from_raw_os_error(code)).kind;
        use nix::libc::{EACCES, EDQUOT, EFBIG, EIO, ENOENT, ENOSPC, EROFS};
        assert_eq!([ENOSPC, EDQUOT, EFBIG].map(kind), [Kind::Full; 3]);
        assert_eq!([EACCES, EROFS].map(kind), [Kind::Denied; 2]);
        assert_eq!(kind(ENOENT), Kind::NotFound);
        assert_eq!(kind(EIO), Kind::Unavailable { retryable: false });
    }
}

//! What is noted about an artifact beside its bytes.

use super::error::{ArtifactError, Kind};
use super::key::Key;
use crate::config::limits::ARTIFACT_METADATA_BYTES;
use std::collections::BTreeMap;

/// What our own notes begin with; a caller's may not.
pub(super) const OURS: &str = "drillbell-";

/// How to store an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// Notes: names of lower-case letters, digits and `-`, values of printable ASCII, 1.5 KiB together.
    pub metadata: BTreeMap<String, String>,
    /// About how many bytes it will be, if known. A bucket cuts larger artifacts into larger parts; without a hint up to
    /// 195 GiB fit.
    pub size_hint: Option<u64>,
    /// The media type that a bucket tells browsers; a folder keeps none.
    pub media: Option<&'static str>,
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Under which name.
    pub key: Key,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
}

/// What is known about an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Its name.
    pub key: Key,
    /// Bytes.
    pub size: u64,
    /// When it was stored, by the store's clock; milliseconds since the Unix epoch.
    pub modified_ms: i64,
    /// SHA-256 as it was computed while it was stored, lower-case hex; `None` for what others have put there.
    pub sha256: Option<String>,
    /// The caller's notes.
    pub metadata: BTreeMap<String, String>,
}

/// An artifact in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: Key,
    /// Bytes.
    pub size: u64,
    /// When it was stored, by the store's clock; milliseconds since the Unix epoch.
    pub modified_ms: i64,
}

impl PutOptions {
    /// Notes that could not be kept as they are.
    pub(super) fn check(&self, key: &Key) -> Result<(), ArtifactError> {
        let refuse = |why: String| Err(ArtifactError::new(Kind::Key, "store", key.as_str(), why));
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        for (note, value) in &self.metadata {
            if note.is_empty() || !note.chars().all(name) || note.starts_with(OURS) {
                return refuse(format!(
                    "the note {note:?} is not lower-case letters, digits and `-`, or begins with `{OURS}`"
                ));
            }
            // Leading and trailing blanks would not come back from an HTTP header.
            if value.trim() != value || !value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return refuse(format!("the note {note:?} is not plain ASCII on one line"));
            }
        }
        let bytes: usize = self.metadata.iter().map(|(note, value)| note.len() + value.len()).sum();
        if bytes > ARTIFACT_METADATA_BYTES {
            return refuse(format!("its notes have {bytes} bytes, at most {ARTIFACT_METADATA_BYTES} are kept"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_no_header_could_carry_are_refused() {
        let check = |note: &str, value: &str| {
            let metadata = [(note.to_owned(), value.to_owned())].into_iter().collect();
            PutOptions { metadata, ..PutOptions::default() }.check(&Key::new("a").unwrap())
        };
        assert!(check("server-version", "16.4 (Debian)").is_ok());
        for (note, value) in [
            ("", "x"),
            ("Upper", "x"),
            ("a_b", "x"),
            ("drillbell-put", "x"),
            ("a", "line\nbreak"),
            ("a", "é"),
            ("a", " blank"),
        ] {
            assert_eq!(check(note, value).unwrap_err().kind, Kind::Key, "{note:?} {value:?}");
        }
        assert_eq!(check("a", &"x".repeat(ARTIFACT_METADATA_BYTES)).unwrap_err().kind, Kind::Key);
    }
}

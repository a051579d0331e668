//! What lies beside each copy: everything that is needed to check and restore it without this program's database. Written last,
//! so that a copy without one is not finished.

use super::contents::Contents;
use super::format::Format;
use serde::{Deserialize, Serialize};

/// The version of the manifest that is written.
pub const VERSION: u32 = 1;
/// What a manifest's name ends with.
pub const SUFFIX: &str = ".manifest.json";
/// How the rows of a table are summed up, by its name in manifests; `docs/backup-format.md` says what it means.
pub const CHECKSUM: &str = "sum128(sha256(row)[..16])";

/// `NAME.manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub drillbell_manifest: u32,
    /// The copy's name in the artifact store.
    pub object: String,
    /// The target's name in the configuration.
    pub target: String,
    /// Its kind: `postgres`, `sqlite` or `files`.
    pub kind: String,
    /// What is inside.
    pub format: Format,
    /// Nothing that was committed before this moment is missing; RFC 3339, UTC. Of a server it is shortly before its snapshot.
    pub snapshot_at: String,
    /// When the copy was complete; RFC 3339, UTC.
    pub finished_at: String,
    /// Why it was made: `scheduled`, `manual` or `safety`.
    pub reason: String,
    /// The job that made it.
    pub job: String,
    /// The program that made it.
    pub made_by: String,
    /// Stored bytes.
    pub stored_bytes: u64,
    /// SHA-256 of the stored bytes, lower-case hex.
    pub stored_sha256: String,
    /// Bytes of the dump.
    pub plain_bytes: u64,
    /// SHA-256 of the dump, lower-case hex.
    pub plain_sha256: String,
    /// How it is compressed: `zstd`.
    pub compression: String,
    /// To whom it is encrypted with age, by the fingerprints of their keys; empty if it is not.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// How tables and files are summed up.
    pub checksum: String,
    /// What is in it.
    pub contents: Contents,
    /// Roles and tablespaces of the whole server as SQL, packed as the copy is, as base64; none if nobody wanted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub globals: Option<String>,
}

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// It is none, or of a later version; a sentence.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            drillbell_manifest: u32,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|error| format!("it is no manifest: {error}"))?;
        if version.drillbell_manifest != VERSION {
            let found = version.drillbell_manifest;
            return Err(format!("it is a manifest of version {found}; this drillbell reads version {VERSION}"));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("it is no manifest: {error}"))
    }

    /// As it is written.
    pub fn text(&self) -> String {
        // Texts, numbers and lists are always JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// As it is written, in at most so many bytes: without its tables if it would be more with them.
    pub fn text_within(&self, bytes: usize) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        if text.len() <= bytes {
            return text;
        }
        let mut short = self.clone();
        short.contents.tables = None;
        short.contents.constraints = None;
        short.contents.not_counted = Some("the tables are listed in the manifest beside the copy".to_owned());
        serde_json::to_string(&short).unwrap_or_default()
    }
}

/// The manifest's name of a copy.
pub fn beside(object: &str) -> String {
    format!("{object}{SUFFIX}")
}

/// What a key is called in a manifest: the first 16 hex digits of the SHA-256 of its text.
pub fn fingerprint(recipient: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(&Sha256::digest(recipient)[..8])
}

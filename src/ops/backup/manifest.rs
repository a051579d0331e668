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
    /// Nothing that was committed before this moment is missing; RFC 3339, UTC. It is right before the dump began.
    pub snapshot_at: String,
    /// Nothing that was committed after this moment is in it; RFC 3339, UTC. Older manifests do not say it: of these, `finished_at` is such
    /// a moment too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_by: Option<String>,
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

    /// One that is written in at most so many bytes, so that whoever reads it back takes it for one: without the names of constraints if
    /// it would be more with them, or else without its tables, and with a note that says so.
    pub fn fitting(mut self, bytes: u64) -> Self {
        let fits = |manifest: &Self| manifest.text().len() as u64 <= bytes;
        if fits(&self) {
            return self;
        }
        let listed = self.contents.constraints.take().map_or(0, |constraints| constraints.len());
        let note = format!(
            "the {listed} constraints and indexes are not listed: with them the manifest would have more than {bytes} bytes"
        );
        self.contents.notes.push(note);
        if !fits(&self) {
            let counted = self.contents.tables.take().map_or(0, |tables| tables.len());
            let why = format!("the counts of {counted} tables would make the manifest have more than {bytes} bytes");
            self.contents.not_counted = Some(why);
        }
        self
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::limits::{BACKUP_CONSTRAINTS_MAX, BACKUP_TABLES_MAX, MANIFEST_BYTES};
    use serde_json::json;

    fn of(tables: usize, constraints: usize) -> Manifest {
        // As long as PostgreSQL lets names be, and in a script that takes three bytes a letter.
        let long = |n: usize| format!("{n:05}{}", "表".repeat(19));
        let names: Vec<_> = (0..tables)
            .map(|n| json!({"schema": long(0), "table": long(n), "rows": u64::MAX, "checksum": "f".repeat(32)}))
            .collect();
        let listed: Vec<_> = (0..constraints).map(|n| format!("{}.{} {}", long(0), long(n), long(n))).collect();
        let manifest = json!({
            "drillbell_manifest": VERSION, "object": "backups/shop/x", "target": "shop", "kind": "postgres", "format": "pg_custom",
            "snapshot_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z", "reason": "manual", "job": "j", "made_by": "us",
            "stored_bytes": 1, "stored_sha256": "", "plain_bytes": 1, "plain_sha256": "", "compression": "zstd", "checksum": CHECKSUM,
            "contents": {"tables": names, "constraints": listed},
        });
        serde_json::from_value(manifest).unwrap()
    }

    #[test]
    fn what_is_written_can_be_read_back_however_long_names_are() {
        let few = of(3, 3);
        assert_eq!(few.clone().fitting(MANIFEST_BYTES), few);
        let most = of(BACKUP_TABLES_MAX, BACKUP_CONSTRAINTS_MAX);
        assert!(most.text().len() as u64 > MANIFEST_BYTES, "or there would be nothing to shorten");
        let written = most.fitting(MANIFEST_BYTES);
        assert!(written.text().len() as u64 <= MANIFEST_BYTES);
        assert_eq!(Manifest::read(written.text().as_bytes()), Ok(written.clone()));
        assert_eq!(
            written.contents.tables.as_ref().map(Vec::len),
            Some(BACKUP_TABLES_MAX),
            "rows are worth more than names"
        );
        assert_eq!(written.contents.constraints, None);
        insta::assert_snapshot!(written.contents.notes.join("\n"), @"the 30000 constraints and indexes are not listed: with them the manifest would have more than 8388608 bytes");
        let tight = of(100, 100).fitting(5_000);
        assert!(tight.text().len() <= 5_000 && tight.contents.tables.is_none());
        insta::assert_snapshot!(tight.contents.not_counted.unwrap(), @"the counts of 100 tables would make the manifest have more than 5000 bytes");
    }
}

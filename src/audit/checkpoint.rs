//! A checkpoint: an ed25519 signature over "the trail had this hash at this record". A bare chain can be recomputed and cut by
//! whoever owns the database; a checkpoint kept elsewhere cannot. The files are `log`'s.

use super::verify::Finding;
use crate::clock::rfc3339;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// One signed statement. Its line is its JSON text, fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The record it anchors, and through the chain all before it.
    pub seq: i64,
    /// That record's hash, lower-case hex.
    pub hash: String,
    /// When it was signed, RFC 3339.
    pub at: String,
    /// The public key, lower-case hex. It must be the pinned one; it is here so that a stray line can be told by its key.
    pub key: String,
    /// The signature, lower-case hex.
    pub sig: String,
}

impl Checkpoint {
    /// Signs "record `seq` has `hash`" at the given time.
    pub fn sign(key: &SigningKey, seq: i64, hash: &str, at_ms: i64) -> Self {
        let at = rfc3339(at_ms);
        let sig = hex::encode(key.sign(&statement(seq, hash, &at)).to_bytes());
        Self { seq, hash: hash.to_owned(), at, key: hex::encode(key.verifying_key().to_bytes()), sig }
    }

    /// The JSON line, without its line feed: what the file holds and what may be posted elsewhere.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("text and numbers are always JSON")
    }

    /// Whether `key` signed exactly this statement.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let Some(sig) = hex::decode(&self.sig).ok().and_then(|bytes| Signature::from_slice(&bytes).ok()) else {
            return false;
        };
        // One spelling only: hex also reads capitals, and a signature that reads the same must not be editable.
        let spelled = self.key == hex::encode(key.to_bytes()) && self.sig == hex::encode(sig.to_bytes());
        spelled && key.verify_strict(&statement(self.seq, &self.hash, &self.at), &sig).is_ok()
    }
}

fn statement(seq: i64, hash: &str, at: &str) -> Vec<u8> {
    format!("drillbell audit checkpoint\n{seq}\n{hash}\n{at}").into_bytes()
}

/// What a checkpoint file holds.
#[derive(Clone, Debug, Default)]
pub struct Checkpoints {
    /// Those whose signature holds, by ascending record.
    pub valid: Vec<Checkpoint>,
    /// The first line that is not what was signed, if any. Its `seq` is what the line claims, 0 where it claims nothing.
    pub bad: Option<Finding>,
    /// The last line is half written, as a crash leaves it. The next checkpoint takes its place.
    pub torn: bool,
}

impl Checkpoints {
    /// Reads the text of a checkpoint file against the pinned key.
    pub fn parse(text: &str, key: &VerifyingKey) -> Self {
        let mut found = Self::default();
        for (i, line) in text.split_inclusive('\n').enumerate() {
            match line.strip_suffix('\n') {
                Some(whole) => found.take(i + 1, whole, key),
                None if is_torn(line) => found.torn = true,
                None => found.take(i + 1, line, key),
            }
        }
        found.valid.sort_by_key(|checkpoint| checkpoint.seq);
        found
    }

    fn take(&mut self, number: usize, line: &str, key: &VerifyingKey) {
        let (seq, what) = match serde_json::from_str::<Checkpoint>(line) {
            Ok(checkpoint) if checkpoint.line() != line => {
                (checkpoint.seq, "was edited: it is not as this program writes it")
            }
            Ok(checkpoint) if checkpoint.is_signed_by(key) => return self.valid.push(checkpoint),
            Ok(checkpoint) if checkpoint.key != hex::encode(key.to_bytes()) => {
                (checkpoint.seq, "is signed by another key than the one in audit-key.pub")
            }
            Ok(checkpoint) => (checkpoint.seq, "was edited: its signature does not hold"),
            Err(_) => (0, "was edited: it is no checkpoint"),
        };
        let sentence = format!("line {number} of the checkpoint file {what}");
        self.bad.get_or_insert(Finding { seq, sentence });
    }
}

/// Whether a line without its line feed is the beginning of a checkpoint and nothing else (a crash may leave NULs behind it).
pub(super) fn is_torn(line: &str) -> bool {
    let line = line.trim_end_matches('\0');
    line.is_empty() || serde_json::from_str::<Checkpoint>(line).is_err_and(|e| e.is_eof())
}

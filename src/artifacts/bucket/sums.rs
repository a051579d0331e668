//! Checksums of objects that went up in parts. Their notes are written before their last byte is known, so the checksum lies
//! in a small object of its own, named after the put; the object says which put it came from. Hence the two always agree.

use super::{ArtifactError, Bucket, Key, Stored};
use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};

/// Where they lie, under the prefix.
pub(super) const SUMS: &str = ".drillbell/sums/";
/// Between the key and the put; no key has it.
const JOINT: char = '~';

#[derive(Serialize, Deserialize)]
struct Sum {
    size: u64,
    sha256: String,
}

/// The key and the put that a checksum is about, by its name under `SUMS`.
pub(super) fn about(name: &str) -> Option<(Key, &str)> {
    let (key, put) = name.split_once(JOINT)?;
    // Probes have one too, but none of theirs is ever in parts.
    Some((Key::new(key).ok()?, put))
}

impl Bucket {
    fn sum_name(&self, key: &Key, put: &str) -> String {
        format!("{}{SUMS}{key}{JOINT}{put}", self.0.prefix)
    }

    /// Keeps the checksum of an object that is about to be assembled.
    pub(super) async fn keep_sum(&self, key: &Key, put: &str, stored: &Stored) -> Result<(), ArtifactError> {
        let sum = Sum { size: stored.size, sha256: stored.sha256.clone() };
        let bytes = serde_json::to_vec(&sum).unwrap_or_default();
        let request = self.client().put_object().bucket(&self.0.bucket).key(self.sum_name(key, put));
        let sent = request
            .body(ByteStream::from(bytes))
            .set_server_side_encryption(self.0.sse.clone())
            .set_ssekms_key_id(self.0.kms_key.clone())
            .send()
            .await;
        sent.map_err(|error| self.failed("keep the checksum of", key, &error)).map(drop)
    }

    /// The checksum of an object by its put, if one was kept for as many bytes.
    pub(super) async fn sum(&self, key: &Key, put: &str, size: u64) -> Result<Option<String>, ArtifactError> {
        let sent = self.client().get_object().bucket(&self.0.bucket).key(self.sum_name(key, put)).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                let error = self.failed("read the checksum of", key, &error);
                return if error.kind == super::Kind::NotFound { Ok(None) } else { Err(error) };
            }
        };
        let mut body = answer.body;
        let mut bytes = Vec::new();
        // A checksum is a hundred bytes; what is larger is none.
        while let Some(Ok(chunk)) = body.next().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > 1024 {
                return Ok(None);
            }
        }
        let sum: Option<Sum> = serde_json::from_slice(&bytes).ok();
        Ok(sum.filter(|sum| sum.size == size).map(|sum| sum.sha256))
    }

    /// Deletes one checksum, as well as it can be: what stays, a sweep finds.
    pub(super) async fn forget_sum(&self, key: &Key, put: &str) {
        let request = self.client().delete_object().bucket(&self.0.bucket).key(self.sum_name(key, put));
        if let Err(error) = request.send().await {
            let error = self.failed("delete the checksum of", key, &error);
            tracing::debug!(error = %error, "a later sweep deletes it");
        }
    }
}

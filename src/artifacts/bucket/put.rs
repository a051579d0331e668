//! Storing an object: a small one in one request, a large one in parts. Either is there as a whole or not at all, and is
//! looked at before it is called stored.

use super::parts::{Plan, fill};
use super::{ArtifactError, Bucket, Key, Kind, OURS, PutOptions, Source, Stored, source_error};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Which put an object came from.
pub(super) const PUT: &str = "drillbell-put";
/// The checksum of an object that was put in one request.
pub(super) const SHA256: &str = "drillbell-sha256";

impl Bucket {
    pub(in crate::artifacts) async fn put(
        &self,
        key: &Key,
        source: Source<'_>,
        options: &PutOptions,
    ) -> Result<Stored, ArtifactError> {
        let plan = Plan::new(options.size_hint, &self.0.patience);
        let mut sum = Sha256::new();
        let bytes = plan.bytes_of(1).unwrap_or_default();
        let first = fill(source, bytes, &mut sum).await;
        let first = first.map_err(|error| source_error(&self.what(key), &error))?;
        let id = uuid::Uuid::now_v7().to_string();
        if first.len() == bytes {
            return self.put_in_parts(key, &id, plan, (first, sum), source, options).await;
        }
        let sha256 = hex::encode(sum.finalize());
        let size = first.len() as u64;
        self.put_whole(key, &id, first, &sha256, options).await?;
        self.confirm(key, &id, size).await?;
        Ok(Stored { key: key.clone(), size, sha256 })
    }

    async fn put_whole(
        &self,
        key: &Key,
        id: &str,
        bytes: Bytes,
        sha256: &str,
        options: &PutOptions,
    ) -> Result<(), ArtifactError> {
        let mut notes = notes(id, options);
        notes.insert(SHA256.to_owned(), sha256.to_owned());
        let request =
            self.client().put_object().bucket(&self.0.bucket).key(self.full(key)).body(ByteStream::from(bytes));
        let sent = request
            .set_metadata(Some(notes))
            .set_content_type(options.media.map(str::to_owned))
            .set_storage_class(self.0.storage_class.clone())
            .set_server_side_encryption(self.0.sse.clone())
            .set_ssekms_key_id(self.0.kms_key.clone())
            .send()
            .await;
        sent.map_err(|error| self.failed("store", key, &error)).map(drop)
    }

    /// Looks at what lies under the key after the store said that it took all of it. What another put has replaced meanwhile,
    /// and what we may write but not look at, is believed.
    pub(super) async fn confirm(&self, key: &Key, id: &str, size: u64) -> Result<(), ArtifactError> {
        let corrupt = |why| ArtifactError::new(Kind::Corrupt, "store", &self.what(key), why);
        match self.look(key).await {
            Ok(found) if found.put.as_deref() != Some(id) || found.size == size => Ok(()),
            Ok(found) => {
                let why = format!("the store took {size} bytes and has {}", found.size);
                // Half an object must not stay under the name; that it may is in the sentence.
                match self.delete(key).await {
                    Ok(()) => Err(corrupt(format!("{why}; it has been deleted"))),
                    Err(_) => Err(corrupt(why)),
                }
            }
            Err(error) if error.kind == Kind::NotFound => {
                Err(corrupt("the store took it, and has nothing under the name".to_owned()))
            }
            Err(error) if error.kind == Kind::Denied => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The notes of an object: ours and the caller's.
pub(super) fn notes(id: &str, options: &PutOptions) -> HashMap<String, String> {
    debug_assert!(PUT.starts_with(OURS) && SHA256.starts_with(OURS));
    let theirs = options.metadata.iter().map(|(note, value)| (note.clone(), value.clone()));
    theirs.chain([(PUT.to_owned(), id.to_owned())]).collect()
}

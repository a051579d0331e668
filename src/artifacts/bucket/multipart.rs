//! Storing a large object: parts are sent while further ones are read, a few at once. Until the last request assembles them
//! there is nothing under the key; whatever goes wrong before takes the parts back.

use super::parts::{Plan, fill};
use super::put::notes;
use super::{ArtifactError, Bucket, Key, Kind, PutOptions, Source, Stored, source_error};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

type Sent = Result<CompletedPart, ArtifactError>;

impl Bucket {
    pub(super) async fn put_in_parts(
        &self,
        key: &Key,
        id: &str,
        plan: Plan,
        (first, sum): (Bytes, Sha256),
        source: Source<'_>,
        options: &PutOptions,
    ) -> Result<Stored, ArtifactError> {
        let created = self
            .client()
            .create_multipart_upload()
            .bucket(&self.0.bucket)
            .key(self.full(key))
            .set_metadata(Some(notes(id, options)))
            .set_content_type(options.media.map(str::to_owned))
            .set_storage_class(self.0.storage_class.clone())
            .set_server_side_encryption(self.0.sse.clone())
            .set_ssekms_key_id(self.0.kms_key.clone())
            .send()
            .await
            .map_err(|error| self.failed("store", key, &error))?;
        let Some(upload) = created.upload_id else {
            let why = "the store began an upload and did not say which";
            return Err(ArtifactError::new(Kind::Refused, "store", &self.what(key), why));
        };
        let upload = Upload { bucket: self.clone(), key: key.clone(), upload, put: id.to_owned(), over: false };
        match upload.send_all(plan, (first, sum), source).await {
            Ok((parts, stored)) => upload.assemble(parts, stored).await,
            Err(error) => {
                upload.abort().await;
                Err(error)
            }
        }
    }
}

/// An upload that has begun. Dropped before its end, it takes its parts back in a task of its own.
struct Upload {
    bucket: Bucket,
    key: Key,
    upload: String,
    put: String,
    over: bool,
}

impl Upload {
    async fn send_all(
        &self,
        plan: Plan,
        (first, mut sum): (Bytes, Sha256),
        source: Source<'_>,
    ) -> Result<(Vec<CompletedPart>, Stored), ArtifactError> {
        let what = self.bucket.what(&self.key);
        // Dropping the set ends what is on its way.
        let mut on_their_way: JoinSet<Sent> = JoinSet::new();
        let mut sent = Vec::new();
        let (mut part, mut number, mut size) = (first, 1, 0);
        while !part.is_empty() {
            let Some(bytes) = plan.bytes_of(number) else {
                let why = format!("it is larger than {size} bytes, which is all that fits without a better size hint");
                return Err(ArtifactError::new(Kind::Refused, "store", &what, why));
            };
            while on_their_way.len() >= plan.in_flight(number, &self.bucket.0.patience) {
                sent.extend(next(&mut on_their_way).await.transpose()?);
            }
            let last = part.len() < bytes;
            size += part.len() as u64;
            on_their_way.spawn(send(self.bucket.clone(), self.key.clone(), self.upload.clone(), number, part));
            number += 1;
            if last {
                break;
            }
            let bytes = plan.bytes_of(number).unwrap_or(1);
            part = fill(source, bytes, &mut sum).await.map_err(|error| source_error(&what, &error))?;
        }
        while let Some(part) = next(&mut on_their_way).await {
            sent.push(part?);
        }
        sent.sort_by_key(|part| part.part_number);
        let stored = Stored { key: self.key.clone(), size, sha256: hex::encode(sum.finalize()) };
        Ok((sent, stored))
    }

    /// The last request, before which the checksum is kept. An answer that never came is not taken for a no.
    async fn assemble(mut self, parts: Vec<CompletedPart>, stored: Stored) -> Result<Stored, ArtifactError> {
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        if let Err(error) = bucket.keep_sum(&key, &self.put, &stored).await {
            self.abort().await;
            return Err(error);
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let assembled = bucket
            .client()
            .complete_multipart_upload()
            .bucket(&bucket.0.bucket)
            .key(bucket.full(&key))
            .upload_id(&self.upload)
            .multipart_upload(parts)
            .send()
            .await;
        if let Err(error) = assembled {
            let error = bucket.failed("store", &key, &error);
            if !self.came_about(stored.size, error.kind).await {
                self.abort().await;
                return Err(error);
            }
        }
        self.over = true;
        bucket.confirm(&key, &self.put, stored.size).await?;
        Ok(stored)
    }

    /// Whether the object is there although nobody said so: a large one may still be being assembled when the answer does not
    /// come, and a second request then finds no upload.
    async fn came_about(&self, size: u64, failure: Kind) -> bool {
        let patience = &self.bucket.0.patience;
        let looks = if matches!(failure, Kind::Denied | Kind::Full) { 1 } else { patience.attempts.max(1) };
        for n in 1..=looks {
            let found = self.bucket.look(&self.key).await;
            if found.is_ok_and(|found| found.put.as_ref() == Some(&self.put) && found.size == size) {
                return true;
            }
            if n < looks {
                tokio::time::sleep(patience.backoff(n)).await;
            }
        }
        false
    }

    /// Takes the parts back. What cannot be taken back now, a sweep finds.
    async fn abort(mut self) {
        self.over = true;
        abort(&self.bucket, &self.key, &self.upload, &self.put).await;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let (upload, put) = (self.upload.clone(), self.put.clone());
        // Without a runtime the process is ending, and a sweep has to do it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { abort(&bucket, &key, &upload, &put).await });
        }
    }
}

async fn abort(bucket: &Bucket, key: &Key, upload: &str, put: &str) {
    let request = bucket.client().abort_multipart_upload().bucket(&bucket.0.bucket).key(bucket.full(key));
    match request.upload_id(upload).send().await {
        Ok(_) => bucket.forget_sum(key, put).await,
        Err(error) => {
            // It may have been assembled after all, and then its checksum is needed.
            let error = bucket.failed("take back the parts of", key, &error);
            tracing::debug!(error = %error, "a later sweep takes them back");
        }
    }
}

async fn next(on_their_way: &mut JoinSet<Sent>) -> Option<Sent> {
    on_their_way.join_next().await.map(|ended| {
        ended.unwrap_or_else(|error| {
            let kind = Kind::Unavailable { retryable: true };
            Err(ArtifactError::new(kind, "send", "a part", format!("its task ended: {error}")))
        })
    })
}

async fn send(bucket: Bucket, key: Key, upload: String, number: u64, part: Bytes) -> Sent {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    let sent = bucket
        .client()
        .upload_part()
        .bucket(&bucket.0.bucket)
        .key(bucket.full(&key))
        .upload_id(upload)
        .part_number(number)
        .body(ByteStream::from(part))
        .send()
        .await
        .map_err(|error| bucket.failed("store", &key, &error))?;
    Ok(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build())
}

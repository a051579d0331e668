//! Reading an object: what is known about it, and its bytes. A transfer that breaks off or stands still is taken up again where
//! it was, and only from the very object it began with.

use super::put::{PUT, SHA256};
use super::{ArtifactError, Bucket, Chunks, Key, Kind, Meta, OURS};
use crate::config::limits::S3_PROGRESS_BYTES;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use std::collections::HashMap;

/// What one look at an object tells.
pub(super) struct Found {
    pub size: u64,
    pub modified_ms: i64,
    pub put: Option<String>,
    /// `None` if the object came in parts, or from others.
    pub sha256: Option<String>,
    notes: HashMap<String, String>,
}

impl Found {
    fn new(size: Option<i64>, modified: Option<&DateTime>, notes: Option<HashMap<String, String>>) -> Self {
        let mut notes = notes.unwrap_or_default();
        Self {
            size: size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            modified_ms: modified.map(millis).unwrap_or_default(),
            put: notes.remove(PUT),
            sha256: notes.remove(SHA256).filter(|sum| sum.len() == 64),
            notes,
        }
    }
}

/// A store's time as milliseconds since the epoch.
pub(super) fn millis(at: &DateTime) -> i64 {
    at.to_millis().unwrap_or_default()
}

impl Bucket {
    /// One request.
    pub(super) async fn look(&self, key: &Key) -> Result<Found, ArtifactError> {
        let sent = self.client().head_object().bucket(&self.0.bucket).key(self.full(key)).send().await;
        let found = sent.map_err(|error| self.failed("look at", key, &error))?;
        Ok(Found::new(found.content_length, found.last_modified.as_ref(), found.metadata))
    }

    pub(in crate::artifacts) async fn head(&self, key: &Key) -> Result<Meta, ArtifactError> {
        let found = self.look(key).await?;
        self.meta(key, found).await
    }

    async fn meta(&self, key: &Key, found: Found) -> Result<Meta, ArtifactError> {
        let sha256 = match (found.sha256, found.put) {
            (None, Some(put)) => self.sum(key, &put, found.size).await?,
            (sha256, _) => sha256,
        };
        let theirs = found.notes.into_iter().filter(|(note, _)| !note.starts_with(OURS));
        Ok(Meta {
            key: key.clone(),
            size: found.size,
            modified_ms: found.modified_ms,
            sha256,
            metadata: theirs.collect(),
        })
    }

    pub(in crate::artifacts) async fn open(&self, key: &Key) -> Result<(Meta, Chunks), ArtifactError> {
        let answer = self.ask(key, 0, None).await?;
        let e_tag = answer.e_tag.clone();
        let found = Found::new(answer.content_length, answer.last_modified.as_ref(), answer.metadata.clone());
        let meta = self.meta(key, found).await?;
        let transfer = Transfer {
            bucket: self.clone(),
            key: key.clone(),
            e_tag,
            size: meta.size,
            at: 0,
            body: Some(answer.body),
            dropped: 0,
            since_drop: 0,
        };
        let chunks = stream::try_unfold(transfer, |mut transfer| async move {
            let chunk = transfer.next().await?;
            Ok::<_, ArtifactError>(chunk.map(|chunk| (chunk, transfer)))
        });
        Ok((meta, chunks.boxed()))
    }

    async fn ask(&self, key: &Key, from: u64, e_tag: Option<&str>) -> Result<GetObjectOutput, ArtifactError> {
        let mut request = self.client().get_object().bucket(&self.0.bucket).key(self.full(key));
        if from > 0 {
            request = request.range(format!("bytes={from}-"));
        }
        if let Some(e_tag) = e_tag {
            request = request.if_match(e_tag);
        }
        request.send().await.map_err(|error| match &error {
            aws_sdk_s3::error::SdkError::ServiceError(answer) if answer.raw().status().as_u16() == 412 => {
                let why = "it was replaced by another while it was being read";
                ArtifactError::new(Kind::Corrupt, "read", &self.what(key), why)
            }
            _ => self.failed("read", key, &error),
        })
    }
}

/// A download, wherever it is.
struct Transfer {
    bucket: Bucket,
    key: Key,
    e_tag: Option<String>,
    size: u64,
    at: u64,
    body: Option<ByteStream>,
    /// Drops in a row.
    dropped: u32,
    since_drop: u64,
}

impl Transfer {
    /// The next piece; `None` after the last byte.
    async fn next(&mut self) -> Result<Option<Bytes>, ArtifactError> {
        loop {
            let why = match &mut self.body {
                None if self.at >= self.size => return Ok(None),
                None => "the store broke off".to_owned(),
                Some(body) => match tokio::time::timeout(self.bucket.0.patience.stall, body.next()).await {
                    Ok(Some(Ok(chunk))) => {
                        self.at += chunk.len() as u64;
                        self.since_drop += chunk.len() as u64;
                        return Ok(Some(chunk));
                    }
                    Ok(None) if self.at >= self.size => return Ok(None),
                    Ok(None) => "the store ended it early".to_owned(),
                    Ok(Some(Err(error))) => format!("the store broke off: {error}"),
                    Err(_) => "the store sent nothing more".to_owned(),
                },
            };
            self.resume(&why).await?;
        }
    }

    /// Asks for the rest.
    async fn resume(&mut self, why: &str) -> Result<(), ArtifactError> {
        self.body = None;
        self.dropped = if self.since_drop >= S3_PROGRESS_BYTES { 1 } else { self.dropped + 1 };
        self.since_drop = 0;
        let what = self.bucket.what(&self.key);
        if self.dropped > self.bucket.0.patience.resumes {
            let why = format!("{why} after {} of {} bytes, {} times in a row", self.at, self.size, self.dropped);
            return Err(ArtifactError::new(Kind::Unavailable { retryable: true }, "read", &what, why));
        }
        tokio::time::sleep(self.bucket.0.patience.backoff(self.dropped)).await;
        let answer = self.bucket.ask(&self.key, self.at, self.e_tag.as_deref()).await?;
        let expected = format!("bytes {}-{}/{}", self.at, self.size.saturating_sub(1), self.size);
        let whole = self.at == 0 && answer.content_length.and_then(|n| u64::try_from(n).ok()) == Some(self.size);
        if !whole && answer.content_range.as_deref() != Some(expected.as_str()) {
            let why = "the store answered with another piece than the one it was asked for";
            return Err(ArtifactError::new(Kind::Corrupt, "read", &what, why));
        }
        // Not every store heeds `If-Match`.
        if self.e_tag.is_some() && answer.e_tag != self.e_tag {
            let why = "it was replaced by another while it was being read";
            return Err(ArtifactError::new(Kind::Corrupt, "read", &what, why));
        }
        self.body = Some(answer.body);
        Ok(())
    }
}

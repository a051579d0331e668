//! Artifacts in a bucket of S3 or of whatever speaks like it. Every request has a deadline and a bounded number of attempts; a
//! put that fails takes its parts back. Checksums of large objects lie apart, under `.drillbell/sums/`.

mod client;
mod delete;
mod failure;
mod get;
mod list;
mod multipart;
mod parts;
mod presence;
mod put;
mod sums;
mod sweep;

pub use client::Patience;

use super::error::{ArtifactError, Kind};
use super::folder::source_error;
use super::key::Key;
use super::metadata::{Listed, Meta, OURS, PutOptions, Stored};
use super::reader::Chunks;
use super::{Source, key};
use crate::clock::Clock;
use crate::config::artifacts::{S3, Sse};
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use std::sync::Arc;

/// A bucket of artifacts.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    client: Client,
    bucket: String,
    /// What every key in the bucket begins with: empty, or ending in `/`.
    prefix: String,
    shown: String,
    patience: Patience,
    storage_class: Option<StorageClass>,
    sse: Option<ServerSideEncryption>,
    kms_key: Option<String>,
    clock: Clock,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bucket({})", self.0.shown)
    }
}

impl Bucket {
    /// A bucket that exists, under a prefix (empty, or ending in `/`). Nothing is asked of it yet.
    pub fn new(bucket: &str, prefix: &str, s3: &S3, patience: Patience, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            client: client::client(s3, &patience),
            shown: format!("s3://{bucket}/{prefix}").trim_end_matches('/').to_owned(),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            patience,
            storage_class: s3.storage_class.as_deref().map(StorageClass::from),
            sse: s3.sse.map(|sse| match sse {
                Sse::Aes256 => ServerSideEncryption::Aes256,
                Sse::Kms => ServerSideEncryption::AwsKms,
            }),
            kms_key: s3.kms_key.clone(),
            clock,
        }))
    }

    /// `s3://bucket/prefix`.
    pub fn shown(&self) -> &str {
        &self.0.shown
    }

    fn what(&self, key: &Key) -> String {
        format!("{key} in {}", self.0.shown)
    }

    /// The key as the bucket knows it.
    fn full(&self, key: &Key) -> String {
        format!("{}{key}", self.0.prefix)
    }

    fn client(&self) -> &Client {
        &self.0.client
    }
}

//! Large things under names: backups, reports, components. A folder or a bucket, with the same promises: a put is there as a
//! whole or not at all, and what is read is what was put or an error. No retention here, and no encryption of our own.

mod bucket;
mod error;
mod folder;
mod key;
mod metadata;
mod presence;
mod probe;
mod reader;

pub use bucket::{Bucket, Patience};
pub use error::{ArtifactError, Kind};
pub use folder::Folder;
pub use key::Key;
pub use metadata::{Listed, Meta, PutOptions, Stored};
pub use presence::Presence;
pub use probe::Probe;
pub use reader::Reader;

use crate::clock::Clock;
use crate::config::artifacts::{ArtifactPlace, Artifacts as Config};
use crate::config::limits::UPLOAD_TIME;
use futures::stream::BoxStream;
use std::sync::Arc;
use tokio::io::AsyncRead;

/// The artifact store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Artifacts(Arc<Place>);

#[derive(Debug)]
enum Place {
    Folder(Folder),
    Bucket(Box<Bucket>),
}

/// What `put` reads from.
pub(crate) type Source<'a> = &'a mut (dyn AsyncRead + Send + Unpin);

impl Artifacts {
    /// The store of the configuration. Nothing is asked of it yet: a store that is down does not keep the bot from starting.
    pub fn new(config: &Config, clock: Clock) -> Self {
        match &config.place {
            ArtifactPlace::Folder(path) => Self::in_folder(Folder::new(path.clone())),
            ArtifactPlace::Bucket { bucket, prefix } => {
                let patience = Patience::default();
                Self::in_bucket(Bucket::new(bucket, prefix, &config.s3, patience, clock))
            }
        }
    }

    /// In a folder.
    pub fn in_folder(folder: Folder) -> Self {
        Self(Arc::new(Place::Folder(folder)))
    }

    /// In a bucket.
    pub fn in_bucket(bucket: Bucket) -> Self {
        Self(Arc::new(Place::Bucket(Box::new(bucket))))
    }

    /// Where it is, as in the configuration: `dir:/var/lib/…` or `s3://bucket/prefix`.
    pub fn shown(&self) -> &str {
        match &*self.0 {
            Place::Folder(folder) => folder.shown(),
            Place::Bucket(bucket) => bucket.shown(),
        }
    }

    /// Stores everything that `source` yields under `key`, in bounded memory. What was there before is replaced when the new
    /// one is complete, and stays if it never is: `source` errs, the future is dropped, the process or the store dies.
    ///
    /// # Errors
    /// Any kind but `NotFound`. In doubt, when the store takes the last byte and never answers, it is an error although the
    /// artifact may be there; then it is complete.
    pub async fn put(
        &self,
        key: &Key,
        source: &mut (impl AsyncRead + Send + Unpin),
        options: &PutOptions,
    ) -> Result<Stored, ArtifactError> {
        options.check(key)?;
        let put = async {
            match &*self.0 {
                Place::Folder(folder) => folder.put(key, source, options).await,
                Place::Bucket(bucket) => bucket.put(key, source, options).await,
            }
        };
        tokio::time::timeout(UPLOAD_TIME, put).await.unwrap_or_else(|_| {
            let hours = UPLOAD_TIME.as_secs() / 3600;
            let why = format!("it took more than {hours} hours");
            Err(ArtifactError::new(Kind::Unavailable { retryable: false }, "store", &self.what(key), why))
        })
    }

    /// What is known about an artifact, and its bytes. Their number is checked, not their checksum.
    ///
    /// # Errors
    /// As `head`; the reader's, when a transfer ends early and cannot be taken up again.
    pub async fn get(&self, key: &Key) -> Result<(Meta, Reader), ArtifactError> {
        let (meta, chunks) = self.open(key).await?;
        let reader = Reader::new(chunks, self.what(key), meta.size, None);
        Ok((meta, reader))
    }

    /// As `get`, and the end of the stream comes only if the bytes have the SHA-256 they were stored with.
    ///
    /// # Errors
    /// As `get`; of kind `Corrupt` as well when no checksum is known, as of what others have put there.
    pub async fn get_verified(&self, key: &Key) -> Result<(Meta, Reader), ArtifactError> {
        let (meta, chunks) = self.open(key).await?;
        if meta.sha256.is_none() {
            let why = "no checksum was kept beside it, so that it cannot be verified";
            return Err(ArtifactError::new(Kind::Corrupt, "read", &self.what(key), why));
        }
        let reader = Reader::new(chunks, self.what(key), meta.size, meta.sha256.clone());
        Ok((meta, reader))
    }

    async fn open(&self, key: &Key) -> Result<(Meta, reader::Chunks), ArtifactError> {
        match &*self.0 {
            Place::Folder(folder) => folder.open(key).await,
            Place::Bucket(bucket) => bucket.open(key).await,
        }
    }

    /// What is known about an artifact.
    ///
    /// # Errors
    /// `NotFound` when there is none, `Denied`, `Unavailable`.
    pub async fn head(&self, key: &Key) -> Result<Meta, ArtifactError> {
        match &*self.0 {
            Place::Folder(folder) => folder.head(key).await,
            Place::Bucket(bucket) => bucket.head(key).await,
        }
    }

    /// The artifacts whose names begin with `prefix` (empty for all), in the order of their bytes, page by page. What is not a
    /// name of ours is passed over. After an error the stream ends.
    pub fn list(&self, prefix: &str) -> BoxStream<'static, Result<Listed, ArtifactError>> {
        match &*self.0 {
            Place::Folder(folder) => folder.list(prefix),
            Place::Bucket(bucket) => bucket.list(prefix),
        }
    }

    /// Deletes an artifact. One that is not there is no error: it is gone, as was asked.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn delete(&self, key: &Key) -> Result<(), ArtifactError> {
        match &*self.0 {
            Place::Folder(folder) => folder.delete(key).await,
            Place::Bucket(bucket) => bucket.delete(key).await,
        }
    }

    /// Deletes many; a bucket is asked for a thousand at once. The first failure is told, the rest is tried all the same.
    ///
    /// # Errors
    /// As `delete`.
    pub async fn delete_many(&self, keys: &[Key]) -> Result<(), ArtifactError> {
        match &*self.0 {
            Place::Folder(folder) => {
                let mut first = Ok(());
                for key in keys {
                    first = first.and(folder.delete(key).await);
                }
                first
            }
            Place::Bucket(bucket) => bucket.delete_many(keys).await,
        }
    }

    /// Clears away what dead uploads have left, and nothing of those that still run; how many pieces.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn sweep(&self) -> Result<usize, ArtifactError> {
        match &*self.0 {
            Place::Folder(folder) => folder.sweep_below("").await,
            Place::Bucket(bucket) => bucket.sweep().await,
        }
    }

    /// What uploads are on their way to below `prefix`, or were when their process died; in order. A folder's have no names before their end.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`: also where the store cannot say which uploads were begun.
    pub async fn begun(&self, prefix: &str) -> Result<Vec<Key>, ArtifactError> {
        match &*self.0 {
            Place::Folder(_) => Ok(Vec::new()),
            Place::Bucket(bucket) => bucket.begun(prefix).await,
        }
    }

    /// Clears away at once what uploads left below `prefix` that are known to be dead, by the names they were on their way to; in a
    /// folder whatever there no living writer holds. How many pieces.
    ///
    /// # Errors
    /// As `begun`.
    pub async fn abandon(
        &self,
        prefix: &str,
        is_dead: &(dyn Fn(&Key) -> bool + Send + Sync),
    ) -> Result<usize, ArtifactError> {
        key::check_prefix(prefix)?;
        match &*self.0 {
            Place::Folder(folder) => folder.sweep_below(prefix).await,
            Place::Bucket(bucket) => bucket.abandon(prefix, is_dead).await,
        }
    }

    fn what(&self, key: &Key) -> String {
        format!("{key} in {}", self.shown())
    }
}

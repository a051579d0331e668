//! Artifacts as plain files under a folder. Notes and checksums lie apart, under `.drillbell/`, so that the files are what was
//! put and nothing else. Links are not followed: what is named lies below the folder.

mod files;
mod list;
mod notes;
mod sweep;
mod upload;

use super::error::{ArtifactError, Kind};
use super::key::Key;
use super::metadata::{Listed, Meta, PutOptions, Stored};
use super::reader::Chunks;
use super::{Source, key};
use crate::config::limits::ARTIFACT_CHUNK_BYTES;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A folder of artifacts.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<PathBuf>,
    shown: Arc<str>,
}

impl Folder {
    /// In this folder, which the first put makes when it is not there.
    pub fn new(root: PathBuf) -> Self {
        let shown = format!("dir:{}", root.display()).into();
        Self { root: Arc::new(root), shown }
    }

    /// `dir:/path`.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    fn what(&self, key: &Key) -> String {
        format!("{key} in {}", self.shown)
    }

    /// Runs what waits for the disk where waiting disturbs nobody.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ArtifactError> + Send + 'static,
    ) -> Result<T, ArtifactError> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this)).await.unwrap_or_else(|error| {
            let kind = Kind::Unavailable { retryable: true };
            Err(ArtifactError::new(kind, "use", "the artifact folder", format!("its worker ended: {error}")))
        })
    }

    pub(super) async fn put(
        &self,
        key: &Key,
        source: Source<'_>,
        options: &PutOptions,
    ) -> Result<Stored, ArtifactError> {
        let what = self.what(key);
        let failed = |error: std::io::Error| ArtifactError::from_os("store", &what, &error);
        let own = key.clone();
        let (upload, file) = self.blocking(move |this| upload::Upload::begin(this, own)).await?;
        let mut file = tokio::fs::File::from_std(file);
        let mut sum = Sha256::new();
        let mut size = 0;
        let mut buffer = vec![0; ARTIFACT_CHUNK_BYTES];
        loop {
            let read = source.read(&mut buffer).await;
            let read = read.map_err(|error| source_error(&what, &error))?;
            let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
            sum.update(chunk);
            size += chunk.len() as u64;
            file.write_all(chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        let sha256 = hex::encode(sum.finalize());
        let stored = Stored { key: key.clone(), size, sha256: sha256.clone() };
        let metadata = options.metadata.clone();
        self.blocking(move |_| upload.commit(size, sha256, metadata)).await?;
        Ok(stored)
    }

    pub(super) async fn head(&self, key: &Key) -> Result<Meta, ArtifactError> {
        let own = key.clone();
        self.blocking(move |this| Ok(this.open_file(&own)?.1)).await
    }

    pub(super) async fn open(&self, key: &Key) -> Result<(Meta, Chunks), ArtifactError> {
        let own = key.clone();
        let (file, meta) = self.blocking(move |this| this.open_file(&own)).await?;
        let what = self.what(key);
        let chunks = stream::try_unfold((tokio::fs::File::from_std(file), what), |(mut file, what)| async move {
            let mut chunk = BytesMut::with_capacity(ARTIFACT_CHUNK_BYTES);
            let read = file.read_buf(&mut chunk).await;
            let read = read.map_err(|error| ArtifactError::from_os("read", &what, &error))?;
            Ok::<Option<(Bytes, _)>, _>((read > 0).then(|| (chunk.freeze(), (file, what))))
        });
        Ok((meta, chunks.boxed()))
    }

    pub(super) fn list(&self, prefix: &str) -> BoxStream<'static, Result<Listed, ArtifactError>> {
        match key::check_prefix(prefix) {
            Ok(()) => list::walk(self.clone(), prefix.to_owned()),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), ArtifactError> {
        let own = key.clone();
        self.blocking(move |this| this.remove(&own)).await
    }

    pub(super) async fn sweep_below(&self, prefix: &str) -> Result<usize, ArtifactError> {
        let prefix = prefix.to_owned();
        self.blocking(move |this| sweep::sweep(this, &prefix)).await
    }
}

/// What was to be stored could not be read. A failure of another artifact keeps its sentence.
pub(super) fn source_error(what: &str, error: &std::io::Error) -> ArtifactError {
    ArtifactError::new(Kind::Source, "store", what, format!("what was to be stored could not be read: {error}"))
}

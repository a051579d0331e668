//! Clearing away what uploads have left that nobody can be working on any more: parts, and checksums of objects that are gone.

use super::get::millis;
use super::sums::{SUMS, about};
use super::{ArtifactError, Bucket, Key, Kind};
use crate::config::limits::{CLOCKS_DIFFER_MS, UPLOAD_TIME};
use futures::TryStreamExt;

/// An upload that was begun and neither assembled nor taken back.
struct Begun {
    /// As the bucket knows it.
    key: String,
    upload: String,
    /// When, if the store says so.
    at_ms: Option<i64>,
}

impl Bucket {
    pub(in crate::artifacts) async fn sweep(&self) -> Result<usize, ArtifactError> {
        let longest = i64::try_from(UPLOAD_TIME.as_millis()).unwrap_or(i64::MAX / 2);
        let before_ms = self.0.clock.now_ms() - longest - CLOCKS_DIFFER_MS;
        let mut begun = self.begun_below("").await?;
        // One whose age is not said may be running.
        begun.retain(|upload| upload.at_ms.is_some_and(|at| at < before_ms));
        Ok(self.abort_all(begun).await? + self.sweep_sums("", |_, modified_ms| modified_ms < before_ms).await?)
    }

    /// What uploads are on their way to below a prefix.
    pub(in crate::artifacts) async fn begun(&self, prefix: &str) -> Result<Vec<Key>, ArtifactError> {
        let begun = self.begun_below(prefix).await?;
        let mut keys: Vec<Key> = begun.iter().filter_map(|upload| self.named(upload)).collect();
        keys.sort();
        Ok(keys)
    }

    pub(in crate::artifacts) async fn abandon(
        &self,
        prefix: &str,
        is_dead: &(dyn Fn(&Key) -> bool + Send + Sync),
    ) -> Result<usize, ArtifactError> {
        let mut begun = self.begun_below(prefix).await?;
        begun.retain(|upload| self.named(upload).is_some_and(|key| is_dead(&key)));
        Ok(self.abort_all(begun).await? + self.sweep_sums(prefix, |key, _| is_dead(key)).await?)
    }

    /// Where an upload goes, if that is a name of ours.
    fn named(&self, upload: &Begun) -> Option<Key> {
        Key::new(upload.key.strip_prefix(&self.0.prefix)?).ok()
    }

    async fn begun_below(&self, prefix: &str) -> Result<Vec<Begun>, ArtifactError> {
        let mut begun = Vec::new();
        let below = format!("{}{prefix}", self.0.prefix);
        let (mut key_marker, mut upload_marker) = (None, None);
        loop {
            let request = self.client().list_multipart_uploads().bucket(&self.0.bucket).prefix(&below);
            let sent =
                request.set_key_marker(key_marker.clone()).set_upload_id_marker(upload_marker.clone()).send().await;
            let page = sent.map_err(|error| self.failed_at("list the uploads of", &self.0.shown, &error))?;
            for upload in page.uploads() {
                let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
                let at_ms = upload.initiated().map(millis);
                begun.push(Begun { key: key.to_owned(), upload: id.to_owned(), at_ms });
            }
            let next = (page.next_key_marker, page.next_upload_id_marker);
            if page.is_truncated != Some(true) || next == (key_marker.clone(), upload_marker.clone()) {
                return Ok(begun);
            }
            (key_marker, upload_marker) = next;
        }
    }

    async fn abort_all(&self, begun: Vec<Begun>) -> Result<usize, ArtifactError> {
        let mut aborted = 0;
        for Begun { key, upload, .. } in begun {
            let request = self.client().abort_multipart_upload().bucket(&self.0.bucket).key(key).upload_id(upload);
            match request.send().await.map_err(|error| self.failed_at("clear", &self.0.shown, &error)) {
                Ok(_) => aborted += 1,
                // Another replica was quicker.
                Err(error) if matches!(error.kind, Kind::NotFound | Kind::Refused) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(aborted)
    }

    /// Deletes the checksums of puts that never came about, of those that nobody can be about to use any more.
    async fn sweep_sums(
        &self,
        prefix: &str,
        is_over: impl Fn(&Key, i64) -> bool + Send + Sync,
    ) -> Result<usize, ArtifactError> {
        let mut swept = 0;
        let mut names = self.names(format!("{SUMS}{prefix}"));
        while let Some((name, _, modified_ms)) = names.try_next().await? {
            let Some((key, put)) = name.strip_prefix(SUMS).and_then(about) else { continue };
            if !is_over(&key, modified_ms) {
                continue;
            }
            let of_another = match self.look(&key).await {
                Ok(found) => found.put.as_deref() != Some(put),
                Err(error) if error.kind == Kind::NotFound => true,
                Err(error) => return Err(error),
            };
            if of_another {
                self.forget_sum(&key, put).await;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

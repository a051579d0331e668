//! Clearing away what uploads have left that nobody can be working on any more: parts, and checksums of objects that are gone.

use super::get::millis;
use super::sums::{SUMS, about};
use super::{ArtifactError, Bucket, Kind};
use crate::config::limits::UPLOAD_TIME;
use futures::TryStreamExt;

/// An hour for clocks that differ.
const MARGIN_MS: i64 = 3_600_000;

impl Bucket {
    pub(in crate::artifacts) async fn sweep(&self) -> Result<usize, ArtifactError> {
        let longest = i64::try_from(UPLOAD_TIME.as_millis()).unwrap_or(i64::MAX / 2);
        let before_ms = self.0.clock.now_ms() - longest - MARGIN_MS;
        Ok(self.sweep_uploads(before_ms).await? + self.sweep_sums(before_ms).await?)
    }

    async fn sweep_uploads(&self, before_ms: i64) -> Result<usize, ArtifactError> {
        let mut swept = 0;
        let (mut key_marker, mut upload_marker) = (None, None);
        loop {
            let request = self.client().list_multipart_uploads().bucket(&self.0.bucket).prefix(&self.0.prefix);
            let sent =
                request.set_key_marker(key_marker.clone()).set_upload_id_marker(upload_marker.clone()).send().await;
            let page = sent.map_err(|error| self.failed_at("list the uploads of", &self.0.shown, &error))?;
            for upload in page.uploads() {
                let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
                // One whose age is not said may be running.
                if upload.initiated().is_none_or(|at| millis(at) >= before_ms) {
                    continue;
                }
                let request = self.client().abort_multipart_upload().bucket(&self.0.bucket).key(key).upload_id(id);
                match request.send().await.map_err(|error| self.failed_at("clear", &self.0.shown, &error)) {
                    Ok(_) => swept += 1,
                    // Another replica was quicker.
                    Err(error) if matches!(error.kind, Kind::NotFound | Kind::Refused) => {}
                    Err(error) => return Err(error),
                }
            }
            let next = (page.next_key_marker, page.next_upload_id_marker);
            if page.is_truncated != Some(true) || next == (key_marker.clone(), upload_marker.clone()) {
                return Ok(swept);
            }
            (key_marker, upload_marker) = next;
        }
    }

    async fn sweep_sums(&self, before_ms: i64) -> Result<usize, ArtifactError> {
        let mut swept = 0;
        let mut names = self.names(SUMS.to_owned());
        while let Some((name, _, modified_ms)) = names.try_next().await? {
            let Some((key, put)) = name.strip_prefix(SUMS).and_then(about) else { continue };
            if modified_ms >= before_ms {
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

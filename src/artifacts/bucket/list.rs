//! What lies in the bucket, page by page.

use super::get::millis;
use super::{ArtifactError, Bucket, Key, Kind, Listed, key};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

/// A name without the bucket's prefix, its bytes, and when it was stored (milliseconds since the epoch).
pub(super) type Name = (String, u64, i64);

enum Page {
    First,
    After(String),
    Over,
}

impl Bucket {
    pub(in crate::artifacts) fn list(&self, prefix: &str) -> BoxStream<'static, Result<Listed, ArtifactError>> {
        if let Err(error) = key::check_prefix(prefix) {
            return stream::iter([Err(error)]).boxed();
        }
        let artifacts = self.names(prefix.to_owned()).try_filter_map(|(name, size, modified_ms)| async move {
            // What lies there besides is not ours, or the house's own.
            Ok(Key::new(&name).ok().map(|key| Listed { key, size, modified_ms }))
        });
        artifacts.boxed()
    }

    /// Every object whose name begins with the prefix, also those that are no artifacts.
    pub(super) fn names(&self, prefix: String) -> BoxStream<'static, Result<Name, ArtifactError>> {
        let pages = stream::try_unfold((self.clone(), prefix, Page::First), |(bucket, prefix, page)| async move {
            let after = match page {
                Page::First => None,
                Page::After(token) => Some(token),
                Page::Over => return Ok(None),
            };
            let (names, next) = bucket.page(&prefix, after).await?;
            Ok::<_, ArtifactError>(Some((stream::iter(names.into_iter().map(Ok)), (bucket, prefix, next))))
        });
        pages.try_flatten().boxed()
    }

    async fn page(&self, prefix: &str, after: Option<String>) -> Result<(Vec<Name>, Page), ArtifactError> {
        let what = format!("{prefix}* in {}", self.0.shown);
        let request =
            self.client().list_objects_v2().bucket(&self.0.bucket).prefix(format!("{}{prefix}", self.0.prefix));
        let sent = request.set_continuation_token(after.clone()).send().await;
        let answer = sent.map_err(|error| self.failed_at("list", &what, &error))?;
        let names = answer.contents().iter().filter_map(|object| {
            let name = object.key()?.strip_prefix(&self.0.prefix)?.to_owned();
            let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            Some((name, size, object.last_modified().map(millis).unwrap_or_default()))
        });
        let names = names.collect();
        let next = match (answer.is_truncated(), answer.next_continuation_token()) {
            (Some(true), Some(token)) if Some(token) != after.as_deref() => Page::After(token.to_owned()),
            // Going on would go round for ever; ending would pass for all there is.
            (Some(true), _) => {
                let why = "the store says that there is more, and not where";
                return Err(ArtifactError::new(Kind::Refused, "list", &what, why));
            }
            _ => Page::Over,
        };
        Ok((names, next))
    }
}

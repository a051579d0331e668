//! Deleting objects, with the checksums that are about them.

use super::{ArtifactError, Bucket, Key, Kind};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::stream::{self, StreamExt};

/// Objects that one request may delete.
const AT_ONCE: usize = 1000;
/// How many keys are looked after at once for their checksums.
const SIDE_BY_SIDE: usize = 8;

impl Bucket {
    pub(in crate::artifacts) async fn delete(&self, key: &Key) -> Result<(), ArtifactError> {
        let sum = self.sum_of(key).await;
        let sent = self.client().delete_object().bucket(&self.0.bucket).key(self.full(key)).send().await;
        match sent.map_err(|error| self.failed("delete", key, &error)) {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => {
                if let Some(put) = sum {
                    self.forget_sum(key, &put).await;
                }
                Ok(())
            }
        }
    }

    /// The put whose checksum lies apart, if the object came from one in parts. If it cannot be told, a sweep finds it.
    async fn sum_of(&self, key: &Key) -> Option<String> {
        let found = self.look(key).await.ok()?;
        found.put.filter(|_| found.sha256.is_none())
    }

    pub(in crate::artifacts) async fn delete_many(&self, keys: &[Key]) -> Result<(), ArtifactError> {
        let mut first = Ok(());
        for keys in keys.chunks(AT_ONCE) {
            first = first.and(self.delete_page(keys).await);
        }
        first
    }

    async fn delete_page(&self, keys: &[Key]) -> Result<(), ArtifactError> {
        let what = format!("{} artifacts in {}", keys.len(), self.0.shown);
        let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(self.full(key)).build().ok());
        let asked = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
        let asked = asked.map_err(|error| ArtifactError::new(Kind::Refused, "delete", &what, error.to_string()))?;
        let look = |key: Key| async move { (self.sum_of(&key).await, key) };
        let sums: Vec<_> = stream::iter(keys.to_vec()).map(look).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let sent = self.client().delete_objects().bucket(&self.0.bucket).delete(asked).send().await;
        let answer = sent.map_err(|error| self.failed_at("delete", &what, &error))?;
        let refused: Vec<_> = answer.errors().iter().filter(|error| error.code() != Some("NoSuchKey")).collect();
        let is_refused = |key: &Key| refused.iter().any(|error| error.key() == Some(self.full(key).as_str()));
        let gone = sums.into_iter().filter_map(|(put, key)| Some((key, put?))).filter(|(key, _)| !is_refused(key));
        let gone: Vec<_> = gone.collect();
        let forget = |(key, put): (Key, String)| async move { self.forget_sum(&key, &put).await };
        stream::iter(gone).map(forget).buffer_unordered(SIDE_BY_SIDE).collect::<()>().await;
        let Some(error) = refused.first() else { return Ok(()) };
        let code = error.code().unwrap_or("an error");
        let kind = if code == "AccessDenied" { Kind::Denied } else { Kind::Unavailable { retryable: true } };
        let why =
            format!("{} of them stay, the first for {code}: {}", refused.len(), error.message().unwrap_or_default());
        Err(ArtifactError::new(kind, "delete", &what, why))
    }
}

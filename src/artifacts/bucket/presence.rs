//! What a bucket is set up to do, as it says itself.

use super::Bucket;
use crate::artifacts::error::ArtifactError;
use crate::config::artifacts::Expected;
use crate::model::verdict::Verdict;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketVersioningStatus, ExpirationStatus, ReplicationRuleStatus};

/// What a bucket answers that was never told to do it.
const NONE: [&str; 2] = ["NoSuchLifecycleConfiguration", "ReplicationConfigurationNotFoundError"];

impl Bucket {
    /// Whether it does this, and a sentence.
    pub(in crate::artifacts) async fn has(&self, what: Expected) -> (Verdict, String) {
        let bucket = &self.0.bucket;
        let found = match what {
            Expected::Versioning => {
                let asked = self.client().get_bucket_versioning().bucket(bucket).send().await;
                self.told(what, asked, |answer| answer.status() == Some(&BucketVersioningStatus::Enabled))
            }
            Expected::Lifecycle => {
                let asked = self.client().get_bucket_lifecycle_configuration().bucket(bucket).send().await;
                self.told(what, asked, |answer| {
                    answer.rules().iter().any(|rule| *rule.status() == ExpirationStatus::Enabled)
                })
            }
            Expected::Replication => {
                let asked = self.client().get_bucket_replication().bucket(bucket).send().await;
                self.told(what, asked, |answer| {
                    let rules = answer.replication_configuration().map_or(&[][..], |all| all.rules());
                    rules.iter().any(|rule| *rule.status() == ReplicationRuleStatus::Enabled)
                })
            }
        };
        let shown = self.shown();
        match (found, what) {
            (Ok(true), _) => (Verdict::Pass, format!("{} is on for {shown}", what.as_str())),
            (Ok(false), Expected::Versioning) => {
                (Verdict::Fail, format!("versioning is off for {shown}: what is overwritten or deleted there is gone"))
            }
            (Ok(false), Expected::Lifecycle) => (
                Verdict::Fail,
                format!("no lifecycle rule is on for {shown}: old versions and broken uploads stay for good"),
            ),
            (Ok(false), Expected::Replication) => {
                (Verdict::Fail, format!("no replication rule is on for {shown}: all copies are in one place"))
            }
            (Err(error), _) => {
                (Verdict::Unknown, format!("whether {} is on could not be asked: {error}", what.as_str()))
            }
        }
    }

    fn told<T, E>(
        &self,
        what: Expected,
        asked: Result<T, SdkError<E, HttpResponse>>,
        is_on: impl FnOnce(&T) -> bool,
    ) -> Result<bool, ArtifactError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match asked {
            Ok(answer) => Ok(is_on(&answer)),
            Err(error) if error.code().is_some_and(|code| NONE.contains(&code)) => Ok(false),
            Err(error) => Err(self.failed_at("ask for", &format!("the {} of {}", what.as_str(), self.shown()), &error)),
        }
    }
}

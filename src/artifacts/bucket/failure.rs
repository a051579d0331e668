//! What a bucket's refusals and silences mean.

use super::{ArtifactError, Bucket, Key, Kind};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

impl Bucket {
    /// A failed request about an artifact.
    pub(super) fn failed<E>(&self, doing: &'static str, key: &Key, error: &SdkError<E, HttpResponse>) -> ArtifactError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.failed_at(doing, &self.what(key), error)
    }

    /// A failed request about something else.
    pub(super) fn failed_at<E>(
        &self,
        doing: &'static str,
        what: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> ArtifactError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let retryable = Kind::Unavailable { retryable: true };
        match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let code = answer.err().code().unwrap_or_default();
                let said = answer.err().message().unwrap_or_default();
                let kind = kind(status, code);
                let why = match (kind, code) {
                    (Kind::NotFound, _) => "it is not there".to_owned(),
                    (_, "") => format!("the store answered {status}"),
                    (_, "NoSuchBucket") => "there is no such bucket; make it, or correct artifacts.store".to_owned(),
                    _ => format!("the store answered {status} {code}: {said}"),
                };
                ArtifactError::new(kind, doing, what, why.trim_end_matches([':', ' ']))
            }
            SdkError::TimeoutError(_) => ArtifactError::new(retryable, doing, what, "the store did not answer in time"),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                ArtifactError::new(retryable, doing, what, "the store did not answer in time")
            }
            SdkError::ConstructionFailure(_) => {
                let why = format!("the request could not be made: {}", DisplayErrorContext(error));
                ArtifactError::new(Kind::Refused, doing, what, why)
            }
            _ => {
                let why = format!("the store cannot be reached or broke off: {}", root_cause(error));
                ArtifactError::new(retryable, doing, what, why)
            }
        }
    }
}

/// The innermost reason, which is the one that says something: `Connection refused`.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn kind(status: u16, code: &str) -> Kind {
    match (status, code) {
        (_, "NoSuchKey" | "NotFound") => Kind::NotFound,
        (_, "NoSuchBucket" | "NoSuchUpload") => Kind::Refused,
        (_, "QuotaExceeded" | "XMinioStorageFull" | "XMinioAdminBucketQuotaExceeded") | (507, _) => Kind::Full,
        (
            _,
            "SlowDown"
            | "RequestTimeout"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequests"
            | "RequestLimitExceeded"
            | "InternalError"
            | "ServiceUnavailable",
        )
        | (408 | 429 | 500..=599, _) => Kind::Unavailable { retryable: true },
        (404, _) => Kind::NotFound,
        (401 | 403, _) => Kind::Denied,
        _ => Kind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_answers_is_told_apart() {
        assert_eq!(kind(404, "NoSuchKey"), Kind::NotFound);
        assert_eq!(kind(404, ""), Kind::NotFound);
        assert_eq!(kind(404, "NoSuchBucket"), Kind::Refused);
        assert_eq!(kind(403, "AccessDenied"), Kind::Denied);
        assert_eq!(kind(503, "SlowDown"), Kind::Unavailable { retryable: true });
        assert_eq!(kind(500, ""), Kind::Unavailable { retryable: true });
        assert_eq!(kind(507, ""), Kind::Full);
        assert_eq!(kind(400, "EntityTooSmall"), Kind::Refused);
    }
}

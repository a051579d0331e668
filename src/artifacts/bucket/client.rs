//! The client: where it speaks to, with what keys, how long it waits and how often it tries.

use crate::config::artifacts::S3;
use crate::config::limits::{
    S3_ANSWER, S3_ATTEMPTS, S3_BACKOFF, S3_CONNECT, S3_IN_FLIGHT, S3_IN_FLIGHT_BYTES, S3_PART_BYTES, S3_RESUMES,
    S3_STALL, S3_UNHINTED_PART_BYTES,
};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use secrecy::ExposeSecret;
use std::time::Duration;

/// How long a bucket is waited for, how often it is asked again, and how much is sent at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to one attempt at a request to begin.
    pub answer: Duration,
    /// For a transfer that stands still.
    pub stall: Duration,
    /// Attempts at one request, the first included.
    pub attempts: u32,
    /// Before the second attempt; it doubles from one to the next.
    pub backoff: Duration,
    /// Between two attempts at most.
    pub backoff_max: Duration,
    /// Drops of a download in a row without progress.
    pub resumes: u32,
    /// Least bytes of a part of an upload; S3 wants 5 MiB.
    pub part_bytes: u64,
    /// The same where nobody says how large the object will be.
    pub unhinted_part_bytes: u64,
    /// Parts on their way at once.
    pub in_flight: usize,
    /// Their bytes together; one part is always allowed.
    pub in_flight_bytes: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: S3_CONNECT,
            answer: S3_ANSWER,
            stall: S3_STALL,
            attempts: S3_ATTEMPTS,
            backoff: Duration::from_secs(1),
            backoff_max: S3_BACKOFF,
            resumes: S3_RESUMES,
            part_bytes: S3_PART_BYTES,
            unhinted_part_bytes: S3_UNHINTED_PART_BYTES,
            in_flight: S3_IN_FLIGHT,
            in_flight_bytes: S3_IN_FLIGHT_BYTES,
        }
    }
}

impl Patience {
    /// How long to wait before attempt `n` of something, from 1 for the first repetition.
    pub(super) fn backoff(&self, n: u32) -> Duration {
        self.backoff.saturating_mul(1 << n.saturating_sub(1).min(16)).min(self.backoff_max)
    }
}

/// The client, with TLS by rustls and ring as everywhere in the house.
pub(super) fn client(s3: &S3, patience: &Patience) -> Client {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.answer)
        .operation_attempt_timeout(patience.answer)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(patience.backoff)
        .with_max_backoff(patience.backoff_max);
    // Attempts are bounded for each request; the SDK's account of all requests of the process together would let one that has
    // bad luck now pay for others that had it before.
    let account = RetryPartition::custom("drillbell-artifacts").token_bucket(TokenBucket::unlimited()).build();
    // Downloads have our own look at stalls, which takes them up again where they stood still.
    let stalls = StalledStreamProtectionConfig::enabled().download_enabled(false).grace_period(patience.stall).build();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(s3.region.clone()))
        .force_path_style(s3.path_style)
        .timeout_config(timeouts)
        .retry_config(retries)
        .retry_partition(account)
        .stalled_stream_protection(stalls)
        // The signature covers the SHA-256 of every body, and we keep one of the whole; other stores than AWS's often do
        // not know the checksums that the SDK would add.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(endpoint) = &s3.endpoint {
        config = config.endpoint_url(endpoint);
    }
    if let Some(keys) = &s3.keys {
        let token = keys.token.as_ref().map(|token| token.expose_secret().to_owned());
        let (id, secret) = (keys.id.expose_secret(), keys.secret.expose_secret());
        config = config.credentials_provider(Credentials::new(id, secret, token, None, "drillbell"));
    } else {
        // A bucket that lets everybody in, or an answer that says what is missing.
        config = config.allow_no_auth();
    }
    Client::from_conf(config.build())
}

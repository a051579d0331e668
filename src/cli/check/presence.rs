//! The doctor on what stands beside copies: whether servers archive their log and whether the bucket does what is expected of it. Only
//! where something is expected; what may not be asked is unknown.

use super::Check;
use crate::artifacts::Artifacts;
use crate::clock::Clock;
use crate::config::Config;
use crate::model::verdict::Verdict;
use crate::ops::sql::archiving;

/// Everything that is expected.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    for target in config.targets.0.values() {
        if let Some(found) = archiving(target).await {
            checks.push(check(format!("wal {}", target.name), found));
        }
    }
    let expected = &config.artifacts.s3.expect;
    if !expected.is_empty() {
        let artifacts = Artifacts::new(&config.artifacts, Clock::system());
        let found = artifacts.presence(expected).await.into_iter();
        checks.extend(
            found.map(|found| check(format!("bucket {}", found.what.as_str()), (found.verdict, found.sentence))),
        );
    }
    checks
}

fn check(name: String, (status, text): (Verdict, String)) -> Check {
    Check { name, status, text }
}

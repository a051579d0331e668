//! What must hold before a deploy: copies that can be relied on, a way back, a time at which people are there.

use super::super::rollback::way_back;
use super::{AssessKind, Found};
use crate::clock::rfc3339;
use crate::config::alerts::Mute;
use crate::config::services::{Does, Service};
use crate::config::show_duration;
use crate::config::targets::Target;
use crate::jobs::{JobContext, JobError};
use crate::model::copy::{BackupCopy, CopyVerdict};
use std::time::Duration;

impl AssessKind {
    /// The newest copy of each target of the service: found whole, and younger than what may be lost.
    pub(super) async fn copies(&self, job: &JobContext, service: &Service) -> Result<Vec<Found>, JobError> {
        let now_ms = job.clock().now_ms();
        let mut all = Vec::new();
        for target in self.of.targets_of(&service.name) {
            let newest = self.of.newest(&target.name).await?;
            let (status, detail) = judged(newest.as_ref(), target, now_ms);
            let name = format!("copy of {}", target.name);
            all.push(Found::new(&name, status, "the catalogue of copies", &rfc3339(now_ms), detail));
        }
        Ok(all)
    }

    /// Whether there is something to go back to, by the preferred strategy.
    pub(super) async fn ways_back(&self, job: &JobContext, service: &Service) -> Option<Found> {
        let at = rfc3339(job.clock().now_ms());
        let Some(rollback) = service.rollback.as_ref() else {
            let detail = format!("[services.{}] has no rollback", service.name);
            return Some(Found::new("way back", "fail", "the configuration", &at, detail));
        };
        let strategy = rollback.order.iter().find_map(|name| rollback.strategies.get(name));
        let Some(strategy) = strategy else {
            return Some(Found::new("way back", "fail", "the configuration", &at, "there is no strategy"));
        };
        let (status, detail) = match &strategy.does {
            Does::Release { releases, .. } => {
                let folders =
                    std::fs::read_dir(releases).map(|entries| entries.flatten().filter(|e| e.path().is_dir()));
                match folders.map(Iterator::count) {
                    Ok(n) if n > 1 => ("pass", format!("{} has {n} releases", releases.display())),
                    Ok(_) => ("fail", format!("{} has no other release", releases.display())),
                    Err(error) => ("unknown", format!("{} cannot be read: {error}", releases.display())),
                }
            }
            Does::Git { repo, .. } if repo.join(".git").exists() => {
                ("pass", format!("commits can be reverted in {}", repo.display()))
            }
            Does::Git { repo, .. } => ("fail", format!("{} is no checkout", repo.display())),
            // What runs now is what would be gone back to, by its tag.
            Does::Container(_) => way_back(&self.of, job, strategy).await,
            Does::Migration { .. } | Does::Restore { .. } => {
                ("pass", format!("the strategy {} leans on the copies", strategy.name))
            }
        };
        Some(Found::new("way back", status, &format!("strategy {}", strategy.name), &at, detail))
    }

    /// Whether deploys are welcome now.
    pub(super) fn window(&self, job: &JobContext, service: &Service) -> Option<Found> {
        let windows = &service.rollback.as_ref()?.deploy_windows;
        let now_ms = job.clock().now_ms();
        let shown = windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (status, detail) = match Mute::all_until(windows, now_ms) {
            _ if windows.is_empty() => ("pass", "deploys are welcome at all times".to_owned()),
            Some((until_ms, _)) => ("pass", format!("deploys are welcome until {}", rfc3339(until_ms))),
            None => ("fail", format!("deploys are welcome {shown}, in UTC")),
        };
        Some(Found::new("deploy window", status, "the configuration", &rfc3339(now_ms), detail))
    }
}

fn judged(newest: Option<&BackupCopy>, target: &Target, now_ms: i64) -> (&'static str, String) {
    let Some(copy) = newest else { return ("fail", "there is no copy".to_owned()) };
    let age = Duration::from_secs(u64::try_from((now_ms - copy.taken_ms) / 1000).unwrap_or(0));
    let shown = format!("{} is {} old", copy.object, show_duration(age));
    match (copy.verdict, target.rpo) {
        (CopyVerdict::Broken, _) => ("fail", format!("{shown} and broken")),
        (CopyVerdict::Verified | CopyVerdict::Proven, Some(rpo)) if age > rpo => {
            ("fail", format!("{shown}, and at most {} may be lost", show_duration(rpo)))
        }
        (CopyVerdict::Verified | CopyVerdict::Proven, None) => {
            ("unknown", format!("{shown} and was found whole, and no rpo says how old it may be"))
        }
        (CopyVerdict::Verified | CopyVerdict::Proven, Some(_)) => ("pass", format!("{shown} and was found whole")),
        (CopyVerdict::Unverified | CopyVerdict::Unknown, _) => {
            ("unknown", format!("{shown}, and nobody knows whether it is whole"))
        }
    }
}

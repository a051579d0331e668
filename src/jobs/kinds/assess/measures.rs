//! Criteria: a probe is looked at once, now, and its number is held against a bound. None, no number, an old one and a refusal say
//! nothing.

use super::{AssessKind, Found};
use crate::clock::rfc3339;
use crate::config::limits::ASSESS_STALE;
use crate::config::probes::{Look, Probe};
use crate::config::services::{Criterion, Service};
use crate::config::show_duration;
use crate::jobs::{JobContext, JobError};
use crate::probes::Said;
use std::time::Duration;

impl AssessKind {
    /// `when`: the bound says when it is bad; else it says what must hold.
    pub(super) async fn criteria(
        &self,
        job: &JobContext,
        criteria: &[Criterion],
        when: bool,
    ) -> Result<Vec<Found>, JobError> {
        let mut all = Vec::new();
        for criterion in criteria {
            let Some(probe) = self.probes.get(&criterion.probe) else { continue };
            all.push(self.criterion(job, criterion, probe, when).await?);
        }
        Ok(all)
    }

    async fn criterion(
        &self,
        job: &JobContext,
        criterion: &Criterion,
        probe: &Probe,
        when: bool,
    ) -> Result<Found, JobError> {
        let (met, not_met) = if when { ("met", "not_met") } else { ("pass", "fail") };
        let now_ms = job.clock().now_ms();
        let found = self.looker.look_now(probe, now_ms).await;
        let found = found.map_err(|error| JobError::retry(format!("the bot's database does not answer: {error}")))?;
        let window_ms = probe.window.and_then(|window| i64::try_from(window.as_millis()).ok());
        let source = format!("probe {} ({})", probe.name, probe.look.kind());
        let mut result = Found::new(&criterion.name, "unknown", &source, &rfc3339(now_ms), found.detail);
        (result.window_ms, result.unit) = (window_ms, probe.unit.as_str().to_owned());
        if let Some(limit) = &criterion.limit {
            result.bound = limit.bound.show(|number| probe.unit.show(number));
        }
        match (found.said, &criterion.limit) {
            (Said::Number(number), Some(limit)) => {
                (result.value, result.shown) = (Some(number), probe.unit.show(number));
                let kept = matches!(probe.look, Look::Promql(_)).then(|| says_nothing_of_now(&found.sample, now_ms));
                match kept.flatten() {
                    Some(why) => result.detail = why,
                    None => result.status = if limit.bound.holds(number) { met } else { not_met },
                }
            }
            // A look that says itself how it is: when it fails, the criterion is met, and what must hold does not.
            (Said::Pass, None) => result.status = if when { "not_met" } else { "pass" },
            (Said::Fail, None) => result.status = if when { "met" } else { "fail" },
            _ => {}
        }
        Ok(result)
    }

    /// Whether the service says that it is well, asked once.
    pub(super) async fn health(&self, job: &JobContext, service: &Service) -> Option<Found> {
        let url = service.health.as_deref()?;
        let (status, detail) = match self.of.ask(job, url, "").await {
            Ok(status) => ("pass", format!("{url} was answered with {status}")),
            Err(error) => ("fail", format!("{url} {}", error.sentence)),
        };
        Some(Found::new("health", status, "the service", &rfc3339(job.clock().now_ms()), detail))
    }
}

/// Why an answer that somebody may have kept for a while says nothing of now: it is of another time, or does not say of which. The
/// moment is in seconds.
fn says_nothing_of_now(sample: &str, now_ms: i64) -> Option<String> {
    let Some(at) = sample.parse::<f64>().ok().filter(|at| at.is_finite()) else {
        return Some("the answer does not say of when it is: it says nothing of now".to_owned());
    };
    #[expect(clippy::cast_possible_truncation, reason = "a moment in milliseconds is far below 2^53")]
    let age_ms = now_ms.saturating_sub((at * 1000.0) as i64);
    let age = Duration::from_millis(age_ms.unsigned_abs());
    (age > ASSESS_STALE).then(|| {
        let side = if age_ms < 0 { "ahead of the clock" } else { "old" };
        format!("the answer is {} {side}: it says nothing of now", show_duration(Duration::from_secs(age.as_secs())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_says_that_it_is_of_now_is_one() {
        let now_ms = 1_772_359_320_000;
        assert_eq!(says_nothing_of_now("1772359320.781", now_ms), None);
        assert_eq!(says_nothing_of_now("1772359020", now_ms), None, "five minutes are not too many");
        for (sample, why) in [
            ("1772359019", "old"),
            ("1772359621", "ahead of the clock"),
            ("", "does not say of when"),
            ("now", "does not say of when"),
            ("NaN", "does not say of when"),
            ("-inf", "does not say of when"),
            ("-1e300", "old"),
        ] {
            let said = says_nothing_of_now(sample, now_ms).unwrap_or_default();
            assert!(said.contains(why), "{sample}: {said}");
        }
    }
}

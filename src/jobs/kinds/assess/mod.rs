//! The kind `assess`: looks anew at what speaks for a rollback, at what must hold after one, or at what must hold before a deploy.
//! Reads only. Three words: what cannot be told is unknown, and unknown is no yes.

mod candidate;
mod gate;
mod measures;
mod smoke;

use super::backup::Restoring;
use super::words::sentence;
use crate::clock::rfc3339;
use crate::config::probes::Probes;
use crate::config::services::Service;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::probes::Looker;
use candidate::Candidate;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Assesses services.
pub(super) struct AssessKind {
    pub(super) of: Arc<Restoring>,
    pub(super) looker: Looker,
    pub(super) probes: Arc<Probes>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    service: String,
    what: What,
    /// Of the gate: what is to be deployed.
    #[serde(default)]
    deploy: Candidate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Criteria,
    Verify,
    Gate,
}

/// One thing that was looked at, with all there is to say of it.
#[derive(Clone, Debug, Default, Serialize)]
struct Found {
    name: String,
    /// `met`, `not_met` or `unknown` of criteria; `pass`, `fail` or `unknown` of all else.
    status: &'static str,
    value: Option<f64>,
    shown: String,
    bound: String,
    window_ms: Option<i64>,
    unit: String,
    source: String,
    at: String,
    detail: String,
}

impl Found {
    fn new(name: &str, status: &'static str, source: &str, at: &str, detail: impl Into<String>) -> Self {
        let (name, source, at) = (name.to_owned(), source.to_owned(), at.to_owned());
        Self { name, status, source, at, detail: detail.into(), ..Self::default() }
    }
}

impl AssessKind {
    fn read(&self, spec: &Value) -> Result<(&Service, What, Candidate), String> {
        let spec: Spec = serde_json::from_value(spec.clone()).map_err(|error| {
            format!("the spec is {{\"service\": NAME, \"what\": \"criteria\" | \"verify\" | \"gate\"}}: {error}")
        })?;
        spec.deploy.check().map_err(|why| format!("`deploy`: {why}"))?;
        Ok((self.of.services.named(&spec.service)?, spec.what, spec.deploy))
    }

    async fn assess(&self, job: &JobContext) -> Result<Value, JobError> {
        let (service, what, candidate) = self.read(job.spec()).map_err(JobError::failed)?;
        let (at, mut found) = (rfc3339(job.clock().now_ms()), Vec::new());
        match what {
            What::Criteria => found.extend(self.criteria(job, &service.criteria, true).await?),
            What::Verify => {
                found.extend(self.health(job, service).await);
                found.extend(self.smoke(job, service).await?);
                found.extend(self.criteria(job, &service.verify, false).await?);
            }
            What::Gate => {
                found.extend(self.health(job, service).await);
                found.extend(self.copies(job, service).await?);
                found.extend(self.ways_back(job, service).await);
                found.push(candidate.schema(&at));
                found.extend(candidate.checks(service.rollback.as_ref(), &at));
                found.extend(self.window(job, service));
                found.extend(self.criteria(job, &service.verify, false).await?);
            }
        }
        let (status, said) = sum(&service.name, what, &found);
        Ok(json!({"service": service.name, "status": status, "sentence": said, "summary": said, "results": found}))
    }
}

/// What all of it comes to: the worst that is certain, then what is unknown.
fn sum(service: &str, what: What, found: &[Found]) -> (&'static str, String) {
    let (bad, good) = if what == What::Criteria { ("met", "not_met") } else { ("fail", "pass") };
    let of =
        |status: &str| found.iter().filter(|one| one.status == status).map(|one| one.name.as_str()).collect::<Vec<_>>();
    let (bads, unknown) = (of(bad), of("unknown"));
    let about = match what {
        What::Criteria => "its criteria for a rollback",
        What::Verify => "what must hold after a rollback",
        What::Gate => "what must hold before a deploy",
    };
    let (status, said) = match (bads.is_empty(), unknown.is_empty(), found.is_empty()) {
        (.., true) => ("unknown", format!("nothing is configured that says {about}")),
        (false, ..) if what == What::Criteria => (bad, format!("met: {}", bads.join(", "))),
        (false, ..) => (bad, format!("not as it must be: {}", bads.join(", "))),
        (true, false, _) => ("unknown", format!("not known: {}", unknown.join(", "))),
        (true, true, _) if what == What::Criteria => (good, format!("none of {} criteria is met", found.len())),
        (true, true, _) => (good, format!("all {} are as they must be", found.len())),
    };
    (status, sentence(&format!("Of {service}, {about}: {said}")))
}

impl Kind for AssessKind {
    fn name(&self) -> &str {
        "assess"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.assess(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_no_yes_and_what_is_bad_is_said_first() {
        let found = |statuses: &[&'static str]| {
            let one = |status| Found { name: "a".to_owned(), status, ..Found::default() };
            statuses.iter().copied().map(one).collect::<Vec<_>>()
        };
        for (what, statuses, expected) in [
            (What::Criteria, &["met", "unknown"][..], "met"),
            (What::Criteria, &["not_met", "unknown"], "unknown"),
            (What::Criteria, &["not_met"], "not_met"),
            (What::Criteria, &[], "unknown"),
            (What::Gate, &["pass", "unknown", "fail"], "fail"),
            (What::Gate, &["pass", "unknown"], "unknown"),
            (What::Verify, &["pass"], "pass"),
        ] {
            assert_eq!(sum("shop", what, &found(statuses)).0, expected, "{statuses:?}");
        }
    }
}

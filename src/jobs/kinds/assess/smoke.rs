//! Requests that show that a service does its work, one after another; a token that one is answered with is shown by those after it,
//! and kept nowhere.

use super::{AssessKind, Found};
use crate::clock::rfc3339;
use crate::config::services::{Service, Smoke};
use crate::jobs::{JobContext, JobError};
use crate::ops::http::{Origin, Origins};
use crate::ops::steps::{Plan, Status};
use serde_json::{Value, json};
use url::Url;

/// How a captured token is called.
const TOKEN: &str = "token";

impl AssessKind {
    pub(super) async fn smoke(&self, job: &JobContext, service: &Service) -> Result<Vec<Found>, JobError> {
        let all = service.rollback.as_ref().map_or(&[][..], |rollback| &rollback.smoke);
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let mut captured = false;
        let mut steps = Vec::new();
        for smoke in all {
            steps.push(step(smoke, captured));
            captured |= smoke.token.is_some();
        }
        let runner = &self.of.runner;
        let plan = Plan::read(&json!({"steps": steps}).to_string(), &runner.commands, &runner.secrets);
        let plan = plan.map_err(|why| JobError::failed(format!("The smoke requests of {}: {why}", service.name)))?;
        let origin = |smoke: &Smoke| {
            let url = Url::parse(&smoke.url).ok()?;
            Origin::parse(&url.origin().ascii_serialization()).ok()
        };
        let origins = Origins { private: all.iter().filter_map(origin).collect(), ..Origins::default() };
        let report = self.of.steps(job, &plan, &origins).await.map_err(JobError::failed)?;
        let at = rfc3339(job.clock().now_ms());
        let one = |(n, smoke): (usize, &Smoke)| {
            let (status, detail) = match report.state.done.get(n) {
                Some(done) if done.status == Status::Pass => ("pass", done.sentence.clone()),
                Some(done) if done.status == Status::Fail => ("fail", done.sentence.clone()),
                Some(done) => ("unknown", done.sentence.clone()),
                None => ("unknown", "was not asked, because one before it went wrong".to_owned()),
            };
            Found::new(&format!("smoke {}", n + 1), status, &smoke.url, &at, detail)
        };
        Ok(all.iter().enumerate().map(one).collect())
    }
}

/// A request as a step.
fn step(smoke: &Smoke, captured: bool) -> Value {
    let Smoke { url, status, contains, secret, post, token } = smoke;
    let mut call = json!({"url": url, "expect": {"status": status}});
    if let Some(contains) = contains {
        call["expect"]["contains"] = json!(contains);
    }
    if let Some(post) = post {
        call["method"] = json!("POST");
        call["body"] = serde_json::from_str(post).unwrap_or_default();
    }
    match secret {
        Some(handle) => call["headers"] = json!({"authorization": {"secret": handle, "prefix": "Bearer "}}),
        None if captured => call["headers"] = json!({"authorization": format!("Bearer {{{TOKEN}}}")}),
        None => {}
    }
    let mut step = json!({"http": call});
    if let Some(pointer) = token {
        step["capture"] = json!({"name": TOKEN, "json": pointer, "secret": true});
    }
    step
}

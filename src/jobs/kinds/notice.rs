//! The kind `notice`: puts up what the configuration says the public reads while a service is closed, or takes it down. It changes nothing
//! else: the words were approved by whoever wrote them there. Taking down needs no words, nor the service: it may have left the
//! configuration meanwhile. The page is changed by the commit that ends the job.

use super::backup::Restoring;
use crate::config::services::Service;
use crate::jobs::{Ended, JobContext, JobError, Kind, KindCx, Verified};
use crate::model::public::{AboutNotice, Publication};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Puts up notices of services and takes them down.
pub(super) struct NoticeKind(pub(super) Arc<Restoring>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    service: String,
    on: bool,
}

/// What the public page is to say of a service from now on; nothing when the configuration has no words for it.
pub(super) fn publication(service: &Service, job: &str, on: bool) -> Option<Publication> {
    let begins = match on {
        true => Some(service.notice.clone()?),
        false => None,
    };
    Some(Publication::Notice(AboutNotice { service: service.name.clone(), job: job.to_owned(), begins }))
}

impl NoticeKind {
    fn read(&self, spec: &Value) -> Result<Spec, String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"service\": NAME, \"on\": BOOLEAN}}: {error}"))?;
        if spec.on && self.0.services.named(&spec.service)?.notice.is_none() {
            return Err(format!("[services.{}] has no `notice`", spec.service));
        }
        Ok(spec)
    }

    async fn says(&self, spec: &Value) -> Result<Value, JobError> {
        let Spec { service, on } = self.read(spec).map_err(JobError::failed)?;
        let has_words = self.0.services.get(&service).is_some_and(|service| service.notice.is_some());
        if !has_words {
            // Of what nobody configured only the page can tell whether it is there.
            let up = self.0.store().notices_up().await;
            let up = up.map_err(|error| JobError::retry(format!("The public page cannot be read: {error}")))?;
            if !up.contains(&service) {
                let known = if up.is_empty() { "none is up".to_owned() } else { format!("up is: {}", up.join(", ")) };
                let shown: String = service.chars().take(60).collect();
                return Err(JobError::failed(format!("The public page has no notice of {shown:?}; {known}.")));
            }
        }
        let state = if on { "says that it is closed" } else { "says nothing of that any more" };
        let sentence = format!("Of {service} the public page {state}.");
        Ok(json!({"service": service, "on": on, "status": "pass", "sentence": sentence, "summary": sentence}))
    }
}

impl Kind for NoticeKind {
    fn name(&self) -> &str {
        "notice"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.says(job.spec()).await }.boxed()
    }

    fn publishes(&self, job: &str, spec: &Value, ended: &Ended<'_>) -> Option<Publication> {
        let Spec { service, on } = self.read(spec).ok().filter(|_| ended.done)?;
        let known = self.0.services.get(&service).cloned();
        publication(&known.unwrap_or_else(|| Service { name: service, ..Service::default() }), job, on)
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}

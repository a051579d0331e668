//! The kind `notice`: puts up what the configuration says the public reads while a service is closed, or takes it down. It changes nothing
//! else: the words were approved by whoever wrote them there. The page is changed by the commit that ends the job.

use crate::config::services::{Service, Services};
use crate::jobs::{Ended, JobContext, JobError, Kind, KindCx, Verified};
use crate::model::public::{AboutNotice, Publication};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

/// Puts up notices of services and takes them down.
pub(super) struct NoticeKind(pub(super) Services);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    service: String,
    on: bool,
}

/// What the public page is to say of a service from now on; nothing when it has no notice.
pub(super) fn publication(service: &Service, job: &str, on: bool) -> Option<Publication> {
    let words = service.notice.as_ref()?;
    let begins = on.then(|| words.clone());
    Some(Publication::Notice(AboutNotice { service: service.name.clone(), job: job.to_owned(), begins }))
}

impl NoticeKind {
    fn read(&self, spec: &Value) -> Result<(&Service, bool), String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"service\": NAME, \"on\": BOOLEAN}}: {error}"))?;
        let service = self.0.named(&spec.service)?;
        match service.notice.is_some() {
            true => Ok((service, spec.on)),
            false => Err(format!("[services.{}] has no `notice`", service.name)),
        }
    }

    fn says(&self, spec: &Value) -> Result<Value, JobError> {
        let (service, on) = self.read(spec).map_err(JobError::failed)?;
        let (name, state) =
            (&service.name, if on { "says that it is closed" } else { "says nothing of that any more" });
        let sentence = format!("Of {name} the public page {state}.");
        Ok(json!({"service": name, "on": on, "status": "pass", "sentence": sentence, "summary": sentence}))
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
        async move { self.says(job.spec()) }.boxed()
    }

    fn publishes(&self, job: &str, spec: &Value, ended: &Ended<'_>) -> Option<Publication> {
        let (service, on) = self.read(spec).ok()?;
        publication(service, job, on).filter(|_| ended.done)
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}

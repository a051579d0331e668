//! The kind `maintenance`: turns a service's maintenance, or its read-only mode, on or off by the operator's commands. Two modes with two
//! names: neither is taken for the other.

use super::backup::Restoring;
use super::notice::publication;
use super::words::sentence;
use crate::config::commands::OnLost as Lost;
use crate::config::services::Service;
use crate::jobs::{Ended, JobContext, JobError, Kind, KindCx, Verified};
use crate::model::public::Publication;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Turns modes of services on and off.
pub(super) struct MaintenanceKind(pub(super) Arc<Restoring>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Maintenance,
    ReadOnly,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    service: String,
    mode: Mode,
    on: bool,
}

impl Mode {
    fn key(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::ReadOnly => "read_only",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::ReadOnly => "the read-only mode",
        }
    }
}

impl MaintenanceKind {
    /// The service, the mode, and the command that turns it.
    fn read(&self, spec: &Value) -> Result<(&Service, Spec, &str), String> {
        let spec: Spec = serde_json::from_value(spec.clone()).map_err(|error| {
            format!(
                "the spec is {{\"service\": NAME, \"mode\": \"maintenance\" | \"read_only\", \"on\": BOOLEAN}}: {error}"
            )
        })?;
        let service = self.0.services.named(&spec.service)?;
        let pair = match spec.mode {
            Mode::Maintenance => &service.maintenance,
            Mode::ReadOnly => &service.read_only,
        };
        let missing = || format!("[services.{}] has no `{}`", service.name, spec.mode.key());
        let pair = pair.as_ref().ok_or_else(missing)?;
        let command = if spec.on { pair.on.as_str() } else { pair.off.as_str() };
        Ok((service, spec, command))
    }

    async fn turn(&self, job: &JobContext) -> Result<Value, JobError> {
        let (service, spec, command) = self.read(job.spec()).map_err(JobError::failed)?;
        let state = if spec.on { "on" } else { "off" };
        let what = format!("{} of {}", spec.mode.words(), service.name);
        match self.0.command_with(job, command, &BTreeMap::new()).await {
            Ok(()) => Ok(json!({
                "service": service.name, "mode": spec.mode.key(), "on": spec.on, "status": "pass",
                "sentence": format!("{} is {state}.", sentence(&what).trim_end_matches('.')),
            })),
            Err(unwell) if unwell.unknown => Err(JobError::unknown(format!(
                "Whether {what} is {state} is not known: {}",
                sentence(&unwell.sentence)
            ))),
            Err(unwell) => {
                Err(JobError::failed(format!("Turning {what} {state} failed: {}", sentence(&unwell.sentence))))
            }
        }
    }
}

impl Kind for MaintenanceKind {
    fn name(&self) -> &str {
        "maintenance"
    }

    fn changes_production(&self, _: &Value) -> bool {
        true
    }

    fn uses(&self, spec: &Value) -> Vec<String> {
        self.read(spec).map(|(_, _, command)| vec![format!("command:{command}")]).unwrap_or_default()
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.turn(&job).await }.boxed()
    }

    /// People who are shut out read why; those who are let in again read that it is over.
    fn publishes(&self, job: &str, spec: &Value, ended: &Ended<'_>) -> Option<Publication> {
        let (service, spec, _) = self.read(spec).ok()?;
        publication(service, job, spec.on).filter(|_| ended.done && spec.mode == Mode::Maintenance)
    }

    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        async move {
            let may_repeat =
                |name: &str| self.0.runner.commands.get(name).is_some_and(|command| command.on_lost == Lost::Repeat);
            match self.read(job.spec()) {
                Ok((_, _, command)) if may_repeat(command) => Verified::Repeat,
                Ok((_, _, command)) => Verified::Unknown(format!("Whether {command} was done is not known.")),
                Err(why) => Verified::Unknown(sentence(&why)),
            }
        }
        .boxed()
    }
}

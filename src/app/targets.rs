//! The configured targets as plugins may know them: no address, no query, no secret.

use super::App;
use crate::capability::backups::BackupsSetup;
use crate::config::Config;
use crate::config::notify::chat_route;
use crate::config::services::Service;
use crate::config::targets::Target;
use crate::model::ids::PersonId;
use crate::model::target::TargetSeen;
use serde_json::{Map, Value, json};
use std::time::Duration;

impl App {
    /// What is backed up, for pages.
    pub fn targets(&self) -> Vec<TargetSeen> {
        all(self.config()).collect()
    }
}

fn all(config: &Config) -> impl Iterator<Item = TargetSeen> {
    let encrypted = !config.artifacts.encryption.encrypt_to.is_empty();
    config.targets.0.values().map(move |target| {
        let service = target.service.as_deref().and_then(|name| config.services.get(name));
        seen(target, encrypted, service, owner(config, target))
    })
}

/// What plugins are told of backups.
pub(super) fn setup(config: &Config) -> BackupsSetup {
    let channels = &config.channels;
    BackupsSetup { targets: all(config).collect(), channel: channels.backups.clone().or_else(|| channels.ops.clone()) }
}

fn millis(span: Option<Duration>) -> Option<u64> {
    span.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// Whom `owner` names, if that is somebody in `[people]`: who they are, what they are called, and where a direct message reaches them.
fn owner(config: &Config, target: &Target) -> Option<Value> {
    let name = target.owner.as_deref()?;
    let name = name.strip_prefix('@').unwrap_or(name);
    config.people.0.get(name)?;
    let person = PersonId::new(name);
    // What only they see within a conversation of others is no place to post to.
    let chat = chat_route(&config.chats(), &config.people, name).filter(|route| route.private_to.is_none());
    let chat = chat.map(|route| route.to.into_string());
    Some(set(json!({ "person": name, "name": config.people.display(&person), "chat": chat })))
}

fn seen(target: &Target, encrypted: bool, service: Option<&Service>, owner: Option<Value>) -> TargetSeen {
    TargetSeen {
        name: target.name.clone(),
        kind: target.place.kind().to_owned(),
        service: target.service.clone().unwrap_or_default(),
        owner: target.owner.clone().unwrap_or_default(),
        rpo_ms: millis(target.rpo),
        rto_ms: millis(target.rto),
        policy: policy(target, encrypted, service, owner),
    }
}

/// The shape is told in `wit/deps/backups`; plugins read it, so that keys are only ever added.
fn policy(target: &Target, encrypted: bool, service: Option<&Service>, owner: Option<Value>) -> Value {
    let (backup, drill) = (&target.backup, &target.drill);
    let keep = backup.keep;
    let backup = json!({
        "schedule": backup.schedule,
        "zone": backup.zone,
        "interval_ms": millis(backup.interval),
        "start_by_ms": millis(backup.start_by),
        "run_limit_ms": millis(Some(backup.run_limit)),
        "verify_limit_ms": millis(Some(backup.verify_limit)),
        "keep": { "hourly": keep.hourly, "daily": keep.daily, "weekly": keep.weekly, "monthly": keep.monthly },
        "expires_ms": millis(backup.expires),
        "min_size": backup.min_size,
        "max_age_ms": millis(backup.max_age),
        "checksums": backup.checksums,
    });
    let drill = json!({
        "schedule": drill.schedule,
        "zone": drill.zone,
        "into": drill.into.is_some(),
        "checks": drill.checks.len(),
        "smoke": drill.smoke.len(),
        "run_limit_ms": millis(Some(drill.run_limit)),
        "remind": drill.remind.iter().map(|span| millis(Some(*span))).collect::<Vec<_>>(),
    });
    let service = service.map(|service| {
        json!({
            "stop": service.stop.is_some(),
            "start": service.start.is_some(),
            "migrate": service.migrate.is_some(),
            "health": service.health.is_some(),
        })
    });
    set(json!({
        "encrypted": encrypted,
        "backup": set(backup),
        "drill": set(drill),
        "service": service,
        "owner": owner,
    }))
}

/// Without the keys that are not set.
fn set(object: Value) -> Value {
    match object {
        Value::Object(all) => {
            Value::Object(all.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;

//! The configured services as plugins may know them: no address, no path of a program, no secret.

use crate::capability::services::{ServiceTold, ServicesSetup};
use crate::config::Config;
use crate::config::services::{Container, Criterion, Does, Rollback, Service, Strategy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Bytes of a digest that are told.
const DIGEST_BYTES: usize = 8;

/// What plugins are told of services.
pub(super) fn setup(config: &Config) -> ServicesSetup {
    let services = config.services.0.iter().map(|(name, service)| (name.clone(), told(config, service)));
    let channels = config.channels.all().into_iter().filter_map(|(key, id)| Some((key.to_owned(), id?.clone())));
    ServicesSetup { services: services.collect(), channels: channels.collect() }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The shape is told in `wit/deps/services`; plugins read it, so that keys are only ever added.
fn told(config: &Config, service: &Service) -> ServiceTold {
    let of = config.targets.0.values().filter(|target| target.service.as_deref() == Some(&service.name));
    let targets: Vec<String> = of.map(|target| target.name.clone()).collect();
    let criteria = |all: &[Criterion]| all.iter().map(|one| criterion(config, one)).collect::<Vec<_>>();
    let mut whole = json!({
        "name": service.name,
        "health": service.health.is_some(),
        "restart": !service.restarts().is_empty(),
        "maintenance": service.maintenance.is_some(),
        "read_only": service.read_only.is_some(),
        "vendors": service.vendors,
        "targets": targets,
        "criteria": criteria(&service.criteria),
        "verify": criteria(&service.verify),
        "rollback": rollback(service, service.rollback.as_ref()),
    });
    whole["digest"] = hex::encode(&Sha256::digest(whole.to_string())[..DIGEST_BYTES]).into();
    let strategies = service.rollback.as_ref().map(|rollback| rollback.order.clone()).unwrap_or_default();
    ServiceTold { strategies, targets, whole }
}

fn criterion(config: &Config, criterion: &Criterion) -> Value {
    let probe = config.probes.get(&criterion.probe);
    let shown = |probe: &crate::config::probes::Probe| {
        criterion.limit.as_ref().map(|limit| limit.bound.show(|number| probe.unit.show(number)))
    };
    json!({
        "name": criterion.name,
        "probe": criterion.probe,
        "bound": probe.and_then(shown).unwrap_or_default(),
        "unit": probe.map_or("", |probe| probe.unit.as_str()),
        "window_ms": probe.and_then(|probe| probe.window).map(millis),
    })
}

fn rollback(service: &Service, rollback: Option<&Rollback>) -> Value {
    let Some(rollback) = rollback else {
        return json!({
            "asks": [], "against": [], "checklist": [], "smoke": 0, "watch_ms": 0, "deploy_windows": [], "strategies": []
        });
    };
    let ordered = rollback.order.iter().filter_map(|name| rollback.strategies.get(name));
    json!({
        "asks": rollback.asks,
        "against": rollback.against,
        "checklist": rollback.checklist,
        "smoke": rollback.smoke.len(),
        "watch_ms": millis(rollback.watch),
        "deploy_windows": rollback.deploy_windows.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "undo_flags": rollback.undo_flags.iter().map(|flag| json!({"off": flag.off, "on": flag.on})).collect::<Vec<_>>(),
        "strategies": ordered.map(|one| strategy(service, rollback, one)).collect::<Vec<_>>(),
    })
}

fn strategy(service: &Service, rollback: &Rollback, strategy: &Strategy) -> Value {
    let target = match &strategy.does {
        Does::Restore { target, .. } => target.as_str(),
        _ => "",
    };
    json!({
        "name": strategy.name,
        "kind": strategy.does.kind(),
        "risk": strategy.risk.as_str(),
        "takes_ms": millis(strategy.takes),
        "code": strategy.does.code().unwrap_or_default(),
        "target": target,
        "stages": stages(service, rollback, strategy),
        "commands": commands(service, rollback, strategy),
    })
}

/// What it does, in order, in words.
fn stages(service: &Service, rollback: &Rollback, strategy: &Strategy) -> Vec<String> {
    let mut stages = vec!["look whether all of it can be done; nothing is changed".to_owned()];
    let data = !strategy.does.is_code();
    if data {
        stages.extend(service.stop.as_ref().map(|stop| format!("stop writers: `{stop}`")));
        stages.push(format!("take a safety copy of everything {} writes to", service.name));
    }
    match &strategy.does {
        Does::Migration { preserve, migrate_down, .. } => {
            stages.push(format!("save what would be lost: `{preserve}`"));
            stages.push(format!("take the schema back: `{migrate_down}`"));
        }
        Does::Restore { target, .. } => stages.push(format!("put a copy of {target} in its place")),
        code => stages.push(code_stage(code)),
    }
    if let Some(code) = strategy.does.code().and_then(|code| rollback.strategies.get(code)) {
        stages.push(code_stage(&code.does));
    }
    if let Does::Migration { reimport: Some(reimport), .. } = &strategy.does {
        stages.push(format!("bring in again what was saved: `{reimport}`"));
    }
    stages.extend(strategy.after.iter().map(|command| format!("run `{command}`")));
    if data {
        stages.extend(service.start.as_ref().map(|start| format!("let writers write again: `{start}`")));
    }
    stages.extend(service.health.as_ref().map(|_| "ask for its health until it is well".to_owned()));
    stages
}

fn code_stage(does: &Does) -> String {
    match does {
        Does::Git { remote, branch, .. } => {
            format!("revert the commits in between, push them to {remote} {branch}, and restart")
        }
        Does::Release { .. } => "set the link to the release of that version, and restart".to_owned(),
        Does::Container(Container::Compose { service, variable, .. }) => {
            format!("set {variable} to that version and bring {service} up with Compose")
        }
        Does::Container(Container::Kubectl { service, .. }) => {
            format!("set the image of the deployment {service} to that version and wait for its rollout")
        }
        Does::Migration { .. } | Does::Restore { .. } => String::new(),
    }
}

/// The commands of the configuration that it may run, each once.
fn commands(service: &Service, rollback: &Rollback, strategy: &Strategy) -> Vec<String> {
    let mut all: Vec<&str> = Vec::new();
    let data = !strategy.does.is_code();
    let restarts = |does: &Does| matches!(does, Does::Git { .. } | Does::Release { .. });
    if data {
        all.extend(service.stop.as_deref());
    }
    if let Does::Migration { preserve, migrate_down, reimport, .. } = &strategy.does {
        all.extend([preserve.as_str(), migrate_down.as_str()]);
        all.extend(reimport.as_deref());
    }
    let code = strategy.does.code().and_then(|code| rollback.strategies.get(code));
    if std::iter::once(strategy).chain(code).any(|one| restarts(&one.does)) {
        all.extend(service.restarts());
    }
    all.extend(strategy.after.iter().map(String::as_str));
    if data {
        all.extend(service.start.as_deref());
    }
    let mut once: Vec<String> = Vec::new();
    for command in all {
        if !once.iter().any(|known| known == command) {
            once.push(command.to_owned());
        }
    }
    once
}

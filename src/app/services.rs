//! The configured services as plugins may know them: no address, no path of a program, no secret.

use crate::capability::services::{ServiceTold, ServicesSetup};
use crate::config::Config;
use crate::config::services::{Criterion, Does, Rollback, Service, Strategy};
use serde_json::{Value, json};
use std::time::Duration;

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
    let targets: Vec<String> = config.targets.of_service(&service.name).map(|target| target.name.clone()).collect();
    let criteria = |all: &[Criterion]| all.iter().map(|one| criterion(config, one)).collect::<Vec<_>>();
    let whole = json!({
        "name": service.name,
        "health": service.health.is_some(),
        "restart": !service.restarts().is_empty(),
        "maintenance": service.maintenance.is_some(),
        "read_only": service.read_only.is_some(),
        "notice": service.notice.is_some(),
        "vendors": service.vendors,
        "targets": targets,
        "criteria": criteria(&service.criteria),
        "verify": criteria(&service.verify),
        "rollback": rollback(service, service.rollback.as_ref()),
    });
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
            "asks": [], "against": [], "checklist": [], "smoke": 0, "watch_ms": 0, "deploy_windows": [], "undo_flags": [],
            "strategies": [],
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
        "strategies": ordered.map(|one| strategy(service, one)).collect::<Vec<_>>(),
    })
}

fn strategy(service: &Service, strategy: &Strategy) -> Value {
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
        "stages": service.stages_told(strategy),
    })
}

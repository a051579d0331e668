//! What a probe's turn looks like as an alert: the same for the same threshold of the same probe, whichever replica saw it.

use super::Measured;
use super::judge::LevelStanding;
use crate::alert::Alert;
use crate::config::probes::{LEVEL, Level, Probe};
use crate::config::show_duration;
use std::collections::BTreeMap;

/// Which of a probe's thresholds it is, by its place.
pub(super) fn level_of(probe: &Probe, place: usize) -> Option<&Level> {
    probe.levels().nth(place)
}

/// The name of a turn: by it a second telling is recognised.
pub(super) fn key(probe: &Probe, place: usize, began_ms: i64, seq: u64) -> String {
    format!("{}/{place}/{began_ms}/{seq}", probe.name)
}

/// The alert.
pub(super) fn alert(probe: &Probe, place: usize, level: &Level, standing: &LevelStanding, found: &Measured) -> Alert {
    let second = place > 0;
    let label = |name: &str, value: &Option<String>| Some((name.to_owned(), value.clone()?));
    let fixed =
        [("alertname", &probe.name), ("probe", &probe.name)].map(|(name, value)| (name.to_owned(), value.clone()));
    let more = [
        label("service", &probe.service),
        label("component", &probe.component),
        label("severity", &level.severity),
        second.then(|| (LEVEL.to_owned(), "also".to_owned())),
    ];
    let labels: BTreeMap<_, _> = fixed.into_iter().chain(more.into_iter().flatten()).collect();
    let threshold = level.threshold.as_ref().map(|threshold| threshold.show(&probe.unit));
    let notes = [
        ("description", (!found.detail.is_empty()).then(|| found.detail.clone())),
        ("value", found.value.map(|value| probe.unit.show(value))),
        ("threshold", threshold.clone()),
        ("window", probe.window.map(show_duration)),
    ];
    let annotations = notes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Alert {
        fingerprint: if second { format!("{}:also", probe.name) } else { probe.name.clone() },
        firing: standing.firing,
        title: title(probe, threshold.as_deref(), found),
        labels,
        annotations: annotations.collect(),
        started_ms: standing.firing.then_some(standing.since_ms),
        ended_ms: (!standing.firing).then_some(standing.since_ms),
        url: String::new(),
    }
}

/// `shop-p95 is 1.4 s, above 1 s`, or `shop: the status is 500, expected 2xx`.
fn title(probe: &Probe, threshold: Option<&str>, found: &Measured) -> String {
    let name = &probe.name;
    let title = match (found.value, threshold) {
        (Some(value), Some(threshold)) => format!("{name}: {} (alert {threshold})", probe.unit.show(value)),
        _ if found.detail.is_empty() => name.clone(),
        _ => format!("{name}: {}", found.detail),
    };
    match title.char_indices().nth(crate::config::limits::alerts::ALERT_TITLE_CHARS) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title,
    }
}

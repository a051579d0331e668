//! From alerts to events: where each goes, what the host says of it, as few events as can be, and names by which a repeat of
//! the same notification is recognised.

use super::Turned;
use crate::alert::route::{Decision, Routing};
use crate::alert::{Alert, Parsed};
use crate::clock::rfc3339;
use crate::config::alerts::Source;
use crate::config::limits::alerts::{ALERTS_PER_EVENT, REPEAT_WITHIN};
use crate::model::event::{AlertFired, AlertsFired, Argument, Event};
use crate::model::ids::{ConversationId, DeliveryId, fresh};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes of a digest that make a name.
const NAME_BYTES: usize = 16;

/// What a repeat of a notification shares with the first: what the sender calls it; else its bytes, within a few minutes and
/// only if it says when its alerts began. Without any time in it, the same bytes may as well be the same trouble come back,
/// and nothing that was accepted may be taken for something older.
pub(super) fn key(given: Option<&str>, parsed: &Parsed, body: &[u8], now_ms: i64) -> String {
    let digest = |parts: [&[u8]; 2]| {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hex::encode(&hash.finalize()[..NAME_BYTES])
    };
    if let Some(given) = given {
        return digest([b"key", given.as_bytes()]);
    }
    if let Some(name) = &parsed.name {
        return digest([b"name", name.as_bytes()]);
    }
    if parsed.alerts.iter().all(|alert| alert.started_ms.is_some()) {
        let span = i64::try_from(REPEAT_WITHIN.as_millis()).unwrap_or(i64::MAX);
        return format!("{}-{}", digest([b"body", body]), now_ms.div_euclid(span));
    }
    fresh()
}

/// The events of a notification. Alerts that go to the same place share one, up to a bound. An alert that has no place is an
/// error and not left out: whoever is told "taken" must not lose any.
pub(super) fn of(
    routing: &Routing,
    name: &str,
    key: &str,
    alerts: Vec<Alert>,
    now_ms: i64,
) -> Result<Vec<(DeliveryId, ConversationId, Event)>, Turned> {
    let source = routing.source(name).ok_or(Turned::Unknown)?;
    let mut places: BTreeMap<ConversationId, Vec<AlertFired>> = BTreeMap::new();
    for alert in alerts {
        // A source without a place for each of its alerts is refused when the configuration is read.
        let decision =
            routing.decide(name, &alert, now_ms).ok_or_else(|| Turned::Nowhere(alert.fingerprint.clone()))?;
        let channel = decision.channel.clone();
        places.entry(channel).or_default().push(fired(name, source, alert, decision, now_ms));
    }
    let mut events = Vec::new();
    for (channel, mut fired) in places {
        while !fired.is_empty() {
            let rest = fired.split_off(fired.len().min(ALERTS_PER_EVENT));
            let id = DeliveryId::new(format!("alerts/{name}/{key}/{}", events.len()));
            let event = match <[AlertFired; 1]>::try_from(fired) {
                Ok([alone]) => Event::AlertFired(alone),
                Err(alerts) => Event::AlertsFired(AlertsFired { alerts }),
            };
            events.push((id, channel.clone(), event));
            fired = rest;
        }
    }
    Ok(events)
}

/// What a plugin hears: the alert, and as annotations under `drillbell.` what was decided about it. Nobody outside can set
/// those.
fn fired(name: &str, source: &Source, alert: Alert, decision: Decision, now_ms: i64) -> AlertFired {
    let (group_by, silences) = (&source.group_by, source.api_url.is_some());
    let Alert { fingerprint, firing, title, labels, annotations, started_ms, ended_ms, url } = alert;
    let argument = |(name, value): (String, String)| Argument { name, value };
    let by: Vec<_> = decision.group_labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
    // For matchers: a label that the group does not have is one that must be empty.
    let by_label = group_by.iter().map(|label| (label, labels.get(label).map_or("", String::as_str)));
    let labelled: BTreeMap<&String, &str> = by_label.collect();
    let own = [
        ("channel", Some(decision.channel.to_string())),
        ("group", Some(decision.group.clone())),
        ("group_by", Some(by.join(", ")).filter(|by| !by.is_empty())),
        ("group_labels", serde_json::to_string(&labelled).ok()),
        ("severity", decision.severity),
        ("runbook", decision.runbook),
        ("declare", decision.auto_declare.then(|| "true".to_owned())),
        ("muted_until", decision.muted_until.map(rfc3339)),
        ("silences", silences.then(|| "true".to_owned())),
        ("why", Some(decision.why.join("\n"))),
    ];
    let own =
        own.into_iter().filter_map(|(name, value)| Some(Argument { name: format!("drillbell.{name}"), value: value? }));
    AlertFired {
        source: name.to_owned(),
        fingerprint,
        status: if firing { "firing" } else { "resolved" }.to_owned(),
        title,
        labels: labels.into_iter().map(argument).collect(),
        annotations: annotations.into_iter().map(argument).chain(own).collect(),
        started_ms: started_ms.unwrap_or(now_ms),
        ended_ms: ended_ms.or_else(|| (!firing).then_some(now_ms)),
        url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env};
    use std::path::Path;

    #[test]
    fn an_alert_without_a_place_is_an_error_and_never_left_out() {
        let text = "[channels]\nalerts = \"console:#ops\"\n[alerts.prom]\nkind = \"generic\"\ntoken = { env = \"T\" }";
        let env: Env = [("T", "a-token-of-some-length")].into_iter().collect();
        let mut config = Config::parse(text, Path::new("drillbell.toml"), &env).unwrap();
        let alert = || Alert {
            fingerprint: "f1".to_owned(),
            firing: true,
            title: "Trouble".to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            started_ms: None,
            ended_ms: None,
            url: String::new(),
        };
        let events = of(&Routing::of(&config), "prom", "key", vec![alert(), alert()], 0).unwrap();
        assert_eq!(events.len(), 1);
        // No configuration is read that has no place; should one be, nobody is told "taken".
        config.channels.alerts = None;
        let turned = of(&Routing::of(&config), "prom", "key", vec![alert()], 0).unwrap_err();
        assert!(matches!(&turned, Turned::Nowhere(fingerprint) if fingerprint == "f1"), "{turned:?}");
    }
}

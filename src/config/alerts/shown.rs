//! `[alerts]` as it applies, with secrets shown by where they come from.

use super::{Alerts, Mapping, Route, Source};
use toml::{Table, Value};

/// The section as TOML that reads back as the same.
pub(in crate::config) fn table_of(alerts: &Alerts) -> Value {
    Value::Table(alerts.0.iter().map(|(name, source)| (name.clone(), source_table(source))).collect())
}

fn strings<T: ToString>(items: &[T]) -> Value {
    items.iter().map(|item| Value::String(item.to_string())).collect::<Vec<_>>().into()
}

fn source_table(source: &Source) -> Value {
    let Source { kind, token, secret, topic, api_url, api_token, channel, group_by, map, routes } = source;
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key.to_owned(), value));
    put("kind", kind.clone().into());
    for (key, secret) in [("token", token), ("secret", secret), ("api_token", api_token)] {
        if let Some(secret) = secret {
            put(key, secret.source());
        }
    }
    if let Some(topic) = topic {
        put("topic", topic.clone().into());
    }
    if let Some(url) = api_url {
        put("api_url", url.as_str().into());
    }
    if let Some(channel) = channel {
        put("channel", channel.to_string().into());
    }
    put("group_by", strings(group_by));
    if kind == "generic" {
        put("map", map_table(map));
    }
    if !routes.is_empty() {
        put("routes", routes.iter().map(route_table).collect::<Vec<_>>().into());
    }
    Value::Table(table)
}

fn map_table(map: &Mapping) -> Value {
    let Mapping { alerts, title, status, resolved, fingerprint, started, description, url, labels } = map;
    let texts = [
        ("alerts", alerts),
        ("title", title),
        ("status", status),
        ("fingerprint", fingerprint),
        ("started", started),
        ("description", description),
        ("url", url),
    ];
    let mut table: Table = texts.map(|(key, text)| (key.to_owned(), Value::String(text.clone()))).into_iter().collect();
    table.insert("resolved".to_owned(), strings(resolved));
    let labels = labels.iter().map(|(name, at)| (name.clone(), Value::String(at.clone())));
    table.insert("labels".to_owned(), Value::Table(labels.collect()));
    Value::Table(table)
}

fn route_table(route: &Route) -> Value {
    let Route { matchers, channel, severity, runbook, auto_declare, mute } = route;
    let mut table = Table::new();
    table.insert("match".to_owned(), strings(matchers));
    table.extend(channel.as_ref().map(|channel| ("channel".to_owned(), channel.to_string().into())));
    table.extend(severity.clone().map(|severity| ("severity".to_owned(), severity.into())));
    table.extend(runbook.clone().map(|runbook| ("runbook".to_owned(), runbook.into())));
    table.insert("auto_declare".to_owned(), (*auto_declare).into());
    table.insert("mute".to_owned(), strings(mute));
    Value::Table(table)
}

//! Any JSON, by the operator's mapping of JSON pointers.

use super::each;
use crate::alert::draft::Draft;
use crate::alert::read::{At, json, moment, scalar};
use crate::alert::{Alert, Input, Parsed, Reject};
use crate::config::alerts::Mapping;
use serde_json::Value;

/// Reads one alert, or a list of them.
pub(in crate::alert) fn parse(input: Input<'_>) -> Result<Parsed, Reject> {
    let map = input.map;
    let body = json(input.bytes)?;
    let path = map.alerts.trim_start_matches('/').replace('/', ".");
    let Some(found) = body.pointer(&map.alerts) else {
        return Err(Reject::whole(&path, "nothing stands where `map.alerts` points"));
    };
    match found {
        Value::Array(list) if list.is_empty() => {
            Err(Reject::whole(if path.is_empty() { "body" } else { &path }, "the list is empty"))
        }
        Value::Array(list) => each(list, &path, |at| alert(at, map)),
        Value::Object(_) => {
            let at = At { index: 0, path, value: found };
            Ok(Parsed { alerts: vec![alert(&at, map)?], ..Parsed::default() })
        }
        _ => {
            Err(Reject::whole(if path.is_empty() { "body" } else { &path }, "an object or a list of them was expected"))
        }
    }
}

fn alert(at: &At<'_>, map: &Mapping) -> Result<Alert, Reject> {
    let name = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
    let found = |pointer: &str| at.value.pointer(pointer).filter(|value| !value.is_null());
    let word = |pointer: &str| match found(pointer) {
        None => Ok(None),
        Some(value) => scalar(value).map(Some).ok_or_else(|| at.wrong(&name(pointer), "a text was expected")),
    };
    let Some(title) = word(&map.title)?.filter(|title| !title.trim().is_empty()) else {
        return Err(at.wrong(&name(&map.title), "it is missing: it says what the alert is about"));
    };
    let status = word(&map.status)?.unwrap_or_default();
    let started_ms = match found(&map.started) {
        None => None,
        Some(value) => moment(value).map_err(|()| at.wrong(&name(&map.started), "a time was expected"))?,
    };
    let mut labels = match map.labels.is_empty() {
        true => at.texts("labels")?,
        false => Vec::new(),
    };
    for (label, pointer) in &map.labels {
        labels.extend(word(pointer)?.map(|value| (label.clone(), value)));
    }
    if !labels.iter().any(|(name, _)| name == "alertname") {
        labels.push(("alertname".to_owned(), title.clone()));
    }
    let mut draft = Draft {
        firing: !map.resolved.contains(&status.trim().to_lowercase()),
        titles: vec![title],
        fingerprint: word(&map.fingerprint)?,
        started_ms,
        urls: word(&map.url)?.into_iter().collect(),
        labels,
        ..Draft::default()
    };
    draft.annotation("description", word(&map.description)?);
    draft.finish(at)
}

//! `[alerts.NAME.map]`: where things stand in a `generic` notification, as JSON pointers (RFC 6901) into each alert.

use crate::config::problem::Refusal;
use crate::config::section::Section;
use crate::config::tree::{Node, Value};
use crate::config::values;
use std::collections::BTreeMap;

/// Labels that a mapping may fill.
const LABELS: usize = 30;

/// Where things stand. Each pointer but the first starts at an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The list of alerts within the body; empty: the body itself, be it one alert or a list of them.
    pub alerts: String,
    /// The title. Default `/title`.
    pub title: String,
    /// The state. Default `/status`; an alert without one fires.
    pub status: String,
    /// Words for the state (in any case) that mean it is over. Default: `resolved`, `ok`, `recovered`, `closed`.
    pub resolved: Vec<String>,
    /// What is the same for the same trouble. Default `/fingerprint`; without it, the labels are.
    pub fingerprint: String,
    /// When it began: RFC 3339 or seconds since the epoch. Default `/started_at`.
    pub started: String,
    /// More words. Default `/description`.
    pub description: String,
    /// The sender's page. Default `/url`.
    pub url: String,
    /// Labels by name. Default: the fields of `/labels`, if that is an object of texts.
    pub labels: BTreeMap<String, String>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            alerts: String::new(),
            title: "/title".to_owned(),
            status: "/status".to_owned(),
            resolved: ["resolved", "ok", "recovered", "closed"].map(String::from).into(),
            fingerprint: "/fingerprint".to_owned(),
            started: "/started_at".to_owned(),
            description: "/description".to_owned(),
            url: "/url".to_owned(),
            labels: BTreeMap::new(),
        }
    }
}

impl Mapping {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let usual = Self::default();
        let labels = section.child("labels");
        let mut map = BTreeMap::new();
        for entry in labels.entries() {
            match pointer(&entry.node) {
                Ok(at) => drop(map.insert(entry.key.clone(), at)),
                Err(refusal) => labels.refuse(&entry.key, refusal),
            }
        }
        if map.len() > LABELS {
            section.refuse("labels", Refusal::expected(format!("at most {LABELS} labels")));
        }
        let word = |node: &Node| Ok(values::text(node)?.to_lowercase());
        let read = Self {
            alerts: section.read("alerts", whole_or_pointer).unwrap_or(usual.alerts),
            title: section.read("title", pointer).unwrap_or(usual.title),
            status: section.read("status", pointer).unwrap_or(usual.status),
            resolved: section.read_list("resolved", "a list of words", word).unwrap_or(usual.resolved),
            fingerprint: section.read("fingerprint", pointer).unwrap_or(usual.fingerprint),
            started: section.read("started", pointer).unwrap_or(usual.started),
            description: section.read("description", pointer).unwrap_or(usual.description),
            url: section.read("url", pointer).unwrap_or(usual.url),
            labels: map,
        };
        section.finish();
        read
    }
}

fn whole_or_pointer(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Text(text) if text.is_empty() => Ok(String::new()),
        _ => pointer(node),
    }
}

fn pointer(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => {
            Err(Refusal::expected("a JSON pointer, such as \"/labels/service\"").fix(format!("write \"/{text}\"")))
        }
    }
}

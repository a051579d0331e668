//! `[plugins.NAME]`: which plugins are loaded, and the operator's half of what they may do. No section, no plugin.

use super::grants::check_grant;
use super::limits::{CALL_MEMORY_MAX_BYTES, CALL_MEMORY_MIN_BYTES, CALL_TIME_MAX, CALL_TIME_MIN, Limits};
use super::problem::Refusal;
use super::section::{Context, Section};
use super::tree::{Node, Value};
use super::values;
use crate::model::ids::PluginId;
use serde_json::Map;
use std::path::PathBuf;
use std::time::Duration;

/// `[plugins.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    /// The section's name.
    pub name: PluginId,
    /// Where its component is. Required.
    pub source: Source,
    /// SHA-256 of the component, 64 lower-case hex digits; another one is refused. Default: any.
    pub sha256: Option<String>,
    /// What the operator grants; the plugin's own requests are the other key. Default: nothing.
    pub grants: Vec<String>,
    /// Bounds of each of its calls.
    pub limits: PluginLimits,
    /// Handed to the plugin as it stands, key by key. Default: empty.
    pub settings: Map<String, serde_json::Value>,
    /// `false` keeps it out. Default `true`.
    pub enabled: bool,
}

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Inside this program.
    Builtin(String),
    /// A file, resolved.
    File(PathBuf),
}

/// `limits` of a plugin; what is not set is taken from `[limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginLimits {
    /// Memory of a call, bytes.
    pub memory_bytes: u64,
    /// Wall-clock deadline of a call, host calls included.
    pub time: Duration,
}

impl Plugin {
    pub(super) fn read_all(section: &Section<'_>, defaults: &Limits) -> Vec<Self> {
        let named = section.named().filter_map(|(entry, plugin)| {
            // `drillbell` is the host's own command and author.
            let reserved = entry.key == "drillbell" || entry.key.starts_with("drillbell-");
            if reserved || !values::is_name(&entry.key, "-") || entry.key.ends_with('-') || entry.key.contains("--") {
                let expected = "a plugin's name: lower-case words joined by `-`, not `drillbell` itself";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            Self::read(&entry.key, plugin, defaults, || {
                let expected = "a source: \"builtin:NAME\" or \"file:PATH\"";
                section.cx.note(
                    &entry.place,
                    &section.path(&entry.key),
                    "no `source`".into(),
                    Refusal::expected(expected),
                );
            })
        });
        named.collect()
    }

    fn read(name: &str, mut section: Section<'_>, defaults: &Limits, no_source: impl FnOnce()) -> Option<Self> {
        let cx = section.cx;
        let source = section.read("source", |node| source(cx, name, node));
        if section.node("source").is_none() {
            no_source();
        }
        let sha256 = section.read("sha256", sha256);
        let grants = section.read_list("grants", "a list such as [\"kv\", \"post:console:*\"]", grant);
        let limits = PluginLimits::read(section.child("limits"), defaults);
        let enabled = section.read("enabled", values::boolean).unwrap_or(true);
        let settings = section.node("settings").map(|node| match &node.value {
            Value::Table(_) => settings(&section, "settings", node),
            _ => {
                section.refuse_node("settings", node, Refusal::expected("a table"));
                serde_json::Value::Null
            }
        });
        let settings = match settings {
            Some(serde_json::Value::Object(settings)) => settings,
            _ => Map::new(),
        };
        section.finish();
        let mut grants = grants.unwrap_or_default();
        grants.sort();
        grants.dedup();
        Some(Self { name: PluginId::from(name), source: source?, sha256, grants, limits, settings, enabled })
    }
}

impl PluginLimits {
    fn read(mut section: Section<'_>, defaults: &Limits) -> Self {
        let memory = section.read("memory", call_memory).unwrap_or(defaults.call_memory_bytes);
        let time = section.read("time", call_time).unwrap_or(defaults.call_time);
        section.finish();
        Self { memory_bytes: memory, time }
    }
}

/// A call's memory, bytes.
pub(super) fn call_memory(node: &Node) -> Result<u64, Refusal> {
    values::bytes(node, CALL_MEMORY_MIN_BYTES..=CALL_MEMORY_MAX_BYTES)
}

/// A call's deadline.
pub(super) fn call_time(node: &Node) -> Result<Duration, Refusal> {
    values::duration(node, CALL_TIME_MIN..=CALL_TIME_MAX)
}

fn source(cx: &Context<'_>, name: &str, node: &Node) -> Result<Source, Refusal> {
    let expected = || Refusal::expected("\"builtin:NAME\" or \"file:PATH\"");
    let text = values::text(node)?;
    match text.split_once(':') {
        Some(("builtin", builtin)) if values::is_name(builtin, "-") => Ok(Source::Builtin(builtin.to_owned())),
        Some(("builtin", _)) => Err(expected().fix(format!("write \"builtin:{name}\""))),
        Some(("file", path)) if !path.is_empty() && !path.ends_with('/') => Ok(Source::File(cx.resolve(path))),
        _ if text.ends_with(".wasm") => Err(expected().fix(format!("write \"file:{text}\""))),
        _ => Err(expected()),
    }
}

fn sha256(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let digest = text.strip_prefix("sha256:").unwrap_or(text).to_lowercase();
    let good = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    if good { Ok(digest) } else { Err(Refusal::expected("64 hex digits, as `sha256sum` prints them")) }
}

fn grant(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    check_grant(text)
        .map(|()| text.to_owned())
        .map_err(|fix| Refusal::expected("a grant (docs/config.md lists them)").fix(fix))
}

/// Settings as JSON; what JSON cannot hold is noted.
fn settings(section: &Section<'_>, key: &str, node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Text(text) | Value::Moment(text) => text.as_str().into(),
        Value::Int(number) => (*number).into(),
        Value::Bool(answer) => (*answer).into(),
        Value::Float(number) if number.is_finite() => (*number).into(),
        Value::Float(_) | Value::Huge(_) => {
            section.refuse_node(key, node, Refusal::expected("a number that JSON can hold").fix("write it as a text"));
            serde_json::Value::Null
        }
        Value::List(items) => items.iter().map(|item| settings(section, key, item)).collect(),
        Value::Table(table) => {
            let pairs = table
                .0
                .iter()
                .map(|entry| (entry.key.clone(), settings(section, &format!("{key}.{}", entry.key), &entry.node)));
            serde_json::Value::Object(pairs.collect())
        }
    }
}

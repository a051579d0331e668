//! What a run is asked to do, as JSON. What it names is checked when it is made into a plan.

use crate::ops::http::{Call, Capture};
use crate::ops::judge::Wanted;
use crate::ops::prometheus::instant::Query;
use crate::ops::sql::Question;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run: `{"steps": [{"command": "restart", "args": {"service": "web"}}], "on_failure": "undo"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// In order.
    pub steps: Vec<Step>,
    /// What to do when one fails. Default: stop.
    #[serde(default)]
    pub on_failure: OnFailure,
}

/// What to do when a step fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Nothing more.
    #[default]
    Stop,
    /// Take back what was done, last first.
    Undo,
    /// Go on: each step is looked at whatever came of the others. For steps that change nothing.
    #[serde(rename = "go-on")]
    GoOn,
}

/// One step: exactly one of `command`, `http`, `sql`, `promql` and `wait`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// What people read. Default: the command's name, the request, the wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A command of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The command's values; `{item}` and captured names may stand in them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// A request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Call>,
    /// A question to a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<Question>,
    /// An expression that Prometheus is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promql: Option<Query>,
    /// What must come of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<Wanted>,
    /// A duration such as `30s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// Do it once for each of these, one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// How it is taken back. Default: the command's own `undo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// How long it may take; no longer than the command's own `timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
    /// What later steps need of its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
}

/// What a step goes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Each {
    /// These.
    Items(Vec<String>),
    /// `"hosts"`: the hosts of the command.
    Word(String),
}

/// How a step is taken back: another command with its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// A command of the configuration.
    pub command: String,
    /// Its values.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
}

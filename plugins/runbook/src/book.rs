//! A runbook as the host tells it in JSON, and filling the places of a step when it runs.

use drillbell_sdk::{Bot, HostError, Result, internal, user, words};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A runbook.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Book {
    pub name: String,
    pub title: String,
    pub owner: String,
    pub review: String,
    pub risk: String,
    pub about: String,
    pub requirements: Vec<String>,
    pub schedule: Option<String>,
    pub zone: Option<String>,
    pub symptoms: Vec<String>,
    pub takes_ms: u64,
    pub values: BTreeMap<String, Place>,
    pub inputs: BTreeMap<String, Place>,
    pub sections: Vec<Section>,
    pub steps: Vec<Step>,
    pub unready: Vec<String>,
    pub digest: String,
}

/// A place that is filled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    pub about: String,
    /// What an input is if nobody says otherwise.
    pub default: Option<String>,
}

/// A section's prose.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Section {
    pub heading: String,
    pub text: String,
}

/// A step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    pub name: String,
    pub section: String,
    pub text: String,
    pub kind: String,
    pub risk: String,
    pub takes_ms: u64,
    pub go_on: bool,
    pub previous: Option<String>,
    pub does: Value,
    pub places: Vec<String>,
}

/// One by its name.
pub fn get(bot: &mut impl Bot, name: &str) -> Result<Book> {
    let text = match bot.runbook(name) {
        Ok(text) => text,
        Err(HostError::NotFound(why)) => return Err(user(format!("{why}. `/runbook list` names them all."))),
        Err(other) => return Err(other.into()),
    };
    serde_json::from_str(&text).map_err(|error| internal(format!("the runbook `{name}` reads wrong: {error}")))
}

impl Step {
    /// Whether people do it, with nothing for the host to do.
    pub fn by_hand(&self) -> bool {
        self.kind == "chat" && self.does.get("ask").is_some()
    }

    /// What it does, its places filled.
    pub fn filled(&self, values: &BTreeMap<String, String>) -> Value {
        let mut does = self.does.clone();
        let given: Map<String, Value> =
            self.places.iter().filter_map(|name| Some((name.clone(), json!(values.get(name)?)))).collect();
        for inner in ["http", "sql"] {
            let Some(part) = does.get_mut(inner).and_then(Value::as_object_mut) else { continue };
            if !given.is_empty() {
                let args = part.entry("args").or_insert_with(|| json!({}));
                if let Some(args) = args.as_object_mut() {
                    args.extend(given.clone());
                }
            }
        }
        for pointer in ["/args", "/undo/args", "/say", "/ask"] {
            if let Some(part) = does.pointer_mut(pointer) {
                fill(part, values);
            }
        }
        does
    }

    /// As the step of a job, called what the runbook calls it.
    pub fn as_job(&self, values: &BTreeMap<String, String>) -> Value {
        let mut does = self.filled(values);
        if let Some(fields) = does.as_object_mut() {
            fields.insert("name".to_owned(), json!(words::clip(&self.name, 90)));
        }
        does
    }

    /// What it does, for people.
    pub fn shown(&self, values: &BTreeMap<String, String>) -> String {
        let does = self.filled(values);
        let text = |pointer: &str| {
            let mut text = json!(does.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
            fill(&mut text, values);
            text.as_str().unwrap_or_default().to_owned()
        };
        match self.kind.as_str() {
            "http" => {
                let method = text("/http/method");
                format!("{} {}", if method.is_empty() { "GET" } else { &method }, text("/http/url"))
            }
            "sql" => format!("{}: {}", text("/sql/database"), text("/sql/query")),
            "command" => called(&text("/command"), does.get("args")),
            "backup" => format!("{} {}", text("/do"), text("/target")),
            "wait" => format!("wait {}", text("/wait")),
            "promql" => text("/promql/query"),
            _ => format!("{}{}", text("/say"), text("/ask")),
        }
    }

    /// What takes it back, for people.
    pub fn way_back(&self, values: &BTreeMap<String, String>) -> Option<String> {
        let does = self.filled(values);
        let undo = does.get("undo")?;
        Some(called(undo["command"].as_str()?, undo.get("args")))
    }

    /// What it expects, if it expects anything.
    pub fn expects(&self) -> Option<String> {
        let inner = ["http", "sql", "promql"].map(|kind| &self.does[kind]["expect"]);
        let said = inner.into_iter().chain([&self.does["expect"]]).find(|value| value.is_object())?;
        let previous = self.previous.as_ref().map(|how| format!(", {how} compared with the run before"));
        Some(format!("{said}{}", previous.unwrap_or_default()))
    }
}

/// A command with its arguments.
fn called(command: &str, args: Option<&Value>) -> String {
    let args = args.and_then(Value::as_object).into_iter().flatten();
    let args = args.map(|(name, value)| format!(" {name}={}", value.as_str().unwrap_or_default()));
    format!("{command}{}", args.collect::<String>())
}

fn fill(part: &mut Value, values: &BTreeMap<String, String>) {
    match part {
        Value::String(text) => {
            for (name, value) in values {
                *text = text.replace(&format!("{{{name}}}"), value);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, values)),
        Value::Array(items) => items.iter_mut().for_each(|value| fill(value, values)),
        _ => {}
    }
}

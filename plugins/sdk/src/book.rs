//! A runbook as the host tells it in JSON, what whoever starts it gives, and filling the places of a step when it runs.

use crate::bot::Bot;
use crate::error::{HostError, Result, internal, user};
use crate::{time, words};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Characters of an input.
const INPUT: usize = 500;

/// A runbook.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Book {
    /// What is typed to name it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Who keeps it true.
    pub owner: String,
    /// When it is to be read again, `2027-03-01`.
    pub review: String,
    /// The worst that a step does.
    pub risk: String,
    /// What it is for.
    pub about: String,
    /// What it answers.
    pub requirements: Vec<String>,
    /// When it starts by itself.
    pub schedule: Option<String>,
    /// Where those are the local times.
    pub zone: Option<String>,
    /// Steps that say whether it helps.
    pub symptoms: Vec<String>,
    /// How long it should take, milliseconds.
    pub takes_ms: u64,
    /// What configuration fills.
    pub values: BTreeMap<String, Place>,
    /// What whoever starts it gives.
    pub inputs: BTreeMap<String, Place>,
    /// The prose of its sections.
    pub sections: Vec<Section>,
    /// In order.
    pub steps: Vec<Step>,
    /// Why it cannot be started; empty if it can.
    pub unready: Vec<String>,
    /// Where it can be practised, and what each place is.
    pub gamedays: BTreeMap<String, String>,
    /// Another one whenever anything of it changes.
    pub digest: String,
}

/// A place that is filled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    /// What it is.
    pub about: String,
    /// What an input is if nobody says otherwise.
    pub default: Option<String>,
}

/// A section's prose.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Its prose.
    pub text: String,
}

/// A step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Its heading.
    pub name: String,
    /// The heading of its section.
    pub section: String,
    /// Its prose.
    pub text: String,
    /// `http`, `sql`, …
    pub kind: String,
    /// `read-only`, `change` or `dangerous`.
    pub risk: String,
    /// How long it should take, milliseconds.
    pub takes_ms: u64,
    /// Whether people are led on after a failure.
    pub go_on: bool,
    /// How it is compared with the run before.
    pub previous: Option<String>,
    /// What it does.
    pub does: Value,
    /// Names of places that are filled when it runs.
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

/// One as it was when something began that goes by it; `anew` says how to begin again.
pub fn as_begun(bot: &mut impl Bot, name: &str, digest: &str, began: &str, anew: &str) -> Result<Book> {
    let book = get(bot, name)?;
    match book.digest == digest {
        true => Ok(book),
        false => Err(user(format!("The runbook {name} has changed since {began} began. {anew}"))),
    }
}

/// What goes by a runbook goes on: refused once it has ended, with how it went.
pub fn must_go_on(id: &str, ended_ms: Option<u64>, tally: impl FnOnce() -> String) -> Result {
    match ended_ms {
        None => Ok(()),
        Some(at_ms) => Err(user(format!("{id} ended at {}: {}.", time::hour_minute(at_ms), tally()))),
    }
}

/// What somebody gives a runbook that they start: `name=value`, one after another.
pub fn inputs(text: &str) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for word in text.split_whitespace() {
        let Some((name, value)) = word.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty())
        else {
            return Err(user(format!("`{}` is no input: write name=value, without spaces.", words::clip(word, 60))));
        };
        if value.chars().count() > INPUT || value.contains(['{', '}']) {
            return Err(user(format!("`{name}` has at most {INPUT} characters, and no braces.")));
        }
        all.insert(name.to_owned(), value.to_owned());
    }
    Ok(all)
}

impl Book {
    /// All that a start needs: what was given, and defaults for the rest. `again` is the command that is to be typed anew if something
    /// is missing, without its inputs. Refused too if the runbook is not ready.
    pub fn filled_by(&self, mut values: BTreeMap<String, String>, again: &str) -> Result<BTreeMap<String, String>> {
        let name = &self.name;
        if !self.unready.is_empty() {
            return Err(user(format!("{name} is not ready:\n- {}", self.unready.join("\n- "))));
        }
        if let Some(stranger) = values.keys().find(|given| !self.inputs.contains_key(*given)) {
            return Err(user(format!("{name} asks for no `{stranger}`.")));
        }
        for (input, place) in &self.inputs {
            if let Some(default) = place.default.as_ref().filter(|_| !values.contains_key(input)) {
                values.insert(input.clone(), default.clone());
            }
        }
        let missing: Vec<_> = self.inputs.iter().filter(|(input, _)| !values.contains_key(*input)).collect();
        if missing.is_empty() {
            return Ok(values);
        }
        let told: Vec<_> = missing.iter().map(|(input, place)| format!("{input}: {}", place.about)).collect();
        let example: Vec<_> = missing.iter().map(|(input, _)| format!("{input}=…")).collect();
        Err(user(format!("{name} needs\n- {}\nSay `{again} {}`.", told.join("\n- "), example.join(" "))))
    }
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

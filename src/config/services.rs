//! `[services.NAME]`: how a service is stopped, brought up to date, started and asked whether it is well. A target names the
//! service that writes to it.

use super::commands::Commands;
use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::{Entry, Node};
use super::values;
use std::collections::BTreeMap;
use toml::{Table, Value};
use url::Url;

/// `[services]`: everything that runs, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services(pub BTreeMap<String, Service>);

/// `[services.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The section's name.
    pub name: String,
    /// An address that answers with success while it is well.
    pub health: Option<String>,
    /// The command of `[commands]` that keeps it from writing.
    pub stop: Option<String>,
    /// The one that lets it write again.
    pub start: Option<String>,
    /// The one that brings its database's schema up to date.
    pub migrate: Option<String>,
}

impl Services {
    pub(super) fn read(all: &Section<'_>, commands: &Commands) -> Self {
        let service = |(entry, mut section): (&Entry, Section<'_>)| {
            if !values::is_name(&entry.key, "-_ ") {
                all.refuse_name(entry, Refusal::expected("a name of lower-case letters, digits, - _ and blanks"));
            }
            let mut command = |key| section.read(key, |node| command(node, commands));
            let (stop, start, migrate) = (command("stop"), command("start"), command("migrate"));
            if stop.is_some() && start.is_none() {
                section.refuse("stop", Refusal::expected("`start` beside it: what is stopped is to be started again"));
            }
            let health = section.read("health", address);
            section.finish();
            (entry.key.clone(), Service { name: entry.key.clone(), health, stop, start, migrate })
        };
        Self(all.named().map(service).collect())
    }

    /// A service by its name.
    pub fn get(&self, name: &str) -> Option<&Service> {
        self.0.get(name)
    }
}

/// A command that needs no values: nobody is there to give any.
fn command(node: &Node, commands: &Commands) -> Result<String, Refusal> {
    let name = values::text(node)?;
    let Some(command) = commands.get(name) else {
        let known = commands.all.keys().map(String::as_str);
        let fix = did_you_mean(name, known).unwrap_or_else(|| format!("write [commands.{name}] with its argv"));
        return Err(Refusal::expected("the name of a section of [commands]").fix(fix));
    };
    match command.args.iter().find(|(_, arg)| arg.default.is_none()) {
        None => Ok(name.to_owned()),
        Some((place, _)) => Err(Refusal::expected("a command that can be run without values").fix(format!(
            "give [commands.{name}.args.{place}] a default, or write a command of its own for this service"
        ))),
    }
}

/// An address that may be asked.
pub(super) fn address(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected("an address, such as \"http://127.0.0.1:8000/readyz\"");
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(expected().found("an address with a name or password in it"))
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        Ok(_) => Err(expected().fix("begin with http:// or https://")),
        Err(why) => Err(expected().fix(format!("it is not a URL ({why})"))),
    }
}

/// `[services]` as it applies.
pub(super) fn table_of(services: &Services) -> Value {
    let service = |(name, service): (&String, &Service)| {
        let Service { name: _, health, stop, start, migrate } = service;
        let pairs = [("health", health), ("stop", stop), ("start", start), ("migrate", migrate)];
        let pairs = pairs.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.clone()?.into())));
        (name.clone(), Value::Table(pairs.collect::<Table>()))
    };
    Value::Table(services.0.iter().map(service).collect())
}

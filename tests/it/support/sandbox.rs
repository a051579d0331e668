//! A sandbox with plugins in it and nothing else of the bot: for tests of what a guest can and cannot do.

use super::memory::Memory;
use super::plugins::built;
use super::warm::compiled;
use drillbell::capability::escalation::EscalationSetup;
use drillbell::capability::incidents::NumberLane;
use drillbell::incident::{Severity, SeverityTable};
use drillbell::model::changes::Changes;
use drillbell::model::effect::Effect;
use drillbell::model::event::{Argument, Person};
use drillbell::model::manifest::ReplyMode;
use drillbell::plugin::{
    Builtins, CallInput, CallReport, Command, HandlerEvent, Origin, Plugin, PluginInfo, PluginSource, Registry,
    Sandbox, SandboxOptions, Shared,
};
use drillbell::router::check_declaration;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Every grant that `misbehaving` requests.
pub const ALL: &[&str] = &[
    "kv",
    "timers",
    "backups",
    "runbooks",
    "services",
    "incidents:write",
    "approvals",
    "post:console:#ops",
    "page:*",
    "alerts",
    "jobs:*",
    "deploys",
    "reactions",
];

/// A sandbox with plugins.
pub struct Bench {
    /// The plugins.
    pub registry: Registry,
    /// What they read.
    pub memory: Arc<Memory>,
}

/// A plugin from `plugins/misbehaving` under any name; a call has a minute and 64 MiB.
pub fn source(name: &str, grants: &[&str]) -> PluginSource {
    PluginSource {
        id: name.into(),
        origin: Origin::Builtin("misbehaving".into()),
        sha256: None,
        grants: grants.iter().map(ToString::to_string).collect(),
        memory_bytes: 64 << 20,
        time: Duration::from_secs(60),
        settings: serde_json::Map::new(),
    }
}

/// Options with room for a few calls and compiled plugins kept from run to run.
pub fn options() -> SandboxOptions {
    SandboxOptions { calls: 8, workers: 2, cache: Some(compiled().to_owned()), pooling: true }
}

impl Bench {
    /// A bench with these plugins on an empty database.
    pub async fn with(sources: Vec<PluginSource>) -> Self {
        Self::new(&options(), Memory::default(), sources).await
    }

    /// A bench of any size on any database.
    pub async fn new(options: &SandboxOptions, memory: Memory, sources: Vec<PluginSource>) -> Self {
        let builtins = [("misbehaving".to_owned(), Cow::Owned(built("misbehaving").to_vec()))].into();
        Self::of(options, memory, builtins, sources).await
    }

    /// The same with any built-in plugins.
    pub async fn of(options: &SandboxOptions, memory: Memory, builtins: Builtins, sources: Vec<PluginSource>) -> Self {
        let severity = |name: &str| Severity { name: name.into(), title: name.into(), ..Severity::default() };
        let shared = Shared {
            digest: None,
            notifiers: Arc::default(),
            places: Arc::default(),
            escalation: EscalationSetup::default(),
            backups: Arc::default(),
            runbooks: Arc::default(),
            services: Arc::default(),
            severities: Arc::new(SeverityTable::new(vec![severity("sev1"), severity("sev2")])),
            roles: Arc::new(["commander".to_owned()].into()),
            page: Some(Arc::new(super::public::page())),
            lane: NumberLane::default(),
            check_job: Arc::new(
                |kind, _, _, _| if kind == "scripted" { Ok(()) } else { Err("it is unknown".to_owned()) },
            ),
            check_command: check_declaration,
        };
        let registry = Registry::new(Sandbox::new(options).expect("a sandbox"), shared, builtins);
        registry.load_all(sources).await;
        Self { registry, memory: Arc::new(memory) }
    }

    /// One plugin, `misbehaving` with all grants.
    pub async fn misbehaving() -> Self {
        Self::with(vec![source("misbehaving", ALL)]).await
    }

    /// A plugin that runs.
    pub fn plugin(&self, name: &str) -> Arc<Plugin> {
        self.registry.get(&name.into()).unwrap_or_else(|| panic!("{name} does not run: {:?}", self.registry.list()))
    }

    /// The listing of a plugin.
    pub fn info(&self, name: &str) -> PluginInfo {
        self.registry.list().into_iter().find(|info| info.id.as_str() == name).expect("it is configured")
    }

    /// Lets a plugin handle an event from ana in `console:#here`.
    pub async fn tell(&self, plugin: &str, event: HandlerEvent) -> CallReport {
        self.plugin(plugin).call(self.input(event)).await
    }

    /// Lets a plugin handle `/misbehave SUBCOMMAND`.
    pub async fn misbehave(&self, plugin: &str, subcommand: &str, args: &[(&str, &str)]) -> CallReport {
        self.tell(plugin, command(subcommand, args)).await
    }

    /// What a plugin answers to `/misbehave SUBCOMMAND`.
    pub async fn answer(&self, plugin: &str, subcommand: &str) -> String {
        said(&self.misbehave(plugin, subcommand, &[]).await.outcome.expect("an answer"))
    }

    /// The input of a call.
    pub fn input(&self, event: HandlerEvent) -> CallInput {
        let by = Person { id: "ana".into(), name: "Ana".into() };
        CallInput {
            event,
            delivery: "d1".into(),
            conversation: "console:#here".into(),
            incident: None,
            author: by.id.clone(),
            by: Some(by),
            public_refusal: None,
            now_ms: 1_767_225_600_000,
            reply: ReplyMode::Channel,
            reads: self.memory.clone(),
        }
    }
}

/// `/misbehave SUBCOMMAND` with parsed arguments.
pub fn command(subcommand: &str, args: &[(&str, &str)]) -> HandlerEvent {
    let argument = |(name, value): &(&str, &str)| Argument { name: (*name).into(), value: (*value).into() };
    HandlerEvent::Command(Command {
        name: "misbehave".into(),
        subcommand: subcommand.into(),
        args: args.iter().map(argument).collect(),
        text: format!("/misbehave {subcommand}"),
        by: Person { id: "ana".into(), name: "Ana".into() },
    })
}

/// The messages of a call as plain text.
pub fn said(changes: &Changes) -> String {
    let posts = changes.effects.iter().filter_map(|effect| match effect {
        Effect::PostMessage { view, .. } => Some(view.to_plain()),
        _ => None,
    });
    posts.collect::<Vec<_>>().join("\n")
}

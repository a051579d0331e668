//! The kind `exercise`: steps of a runbook, as a game day does them. What runs them holds only what `[gamedays.NAME]` puts in
//! production's place: no command, database, address or secret of production's is in it, whoever asks and whatever they were granted.

use super::steps;
use crate::config::Config;
use crate::config::commands::Commands;
use crate::config::databases::Databases;
use crate::config::gamedays::{GameDay, StandIn};
use crate::config::metrics::MetricsSource;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::ops::http::{Call, Judge, Reach};
use crate::ops::steps::{Plan, Runner};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use url::Url;

/// Runs steps where they are practised.
pub struct ExerciseKind(BTreeMap<String, Ground>);

/// One place to practise at.
struct Ground {
    name: String,
    runner: Runner,
    origins: Vec<StandIn>,
    /// The handles that requests may name.
    handles: BTreeSet<String>,
}

impl ExerciseKind {
    /// The game days of a configuration; `whole` is what production's steps are run with.
    pub fn new(config: &Config, whole: &Runner) -> Self {
        Self(config.gamedays.0.iter().map(|(name, day)| (name.clone(), Ground::new(name, day, whole))).collect())
    }

    /// Where it is, and what is to be done there.
    fn read<'a>(&'a self, spec: &Value) -> Result<(&'a Ground, Plan), String> {
        let on = spec["on"].as_str().unwrap_or_default();
        let ground = self.0.get(on).ok_or_else(|| match self.0.is_empty() {
            true => "there is no place to practise at: the operator configures one as [gamedays.NAME]".to_owned(),
            false => format!(
                "there is no [gamedays.{on}]; there is {}",
                self.0.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        })?;
        let plan = ground.plan(spec)?;
        Ok((ground, plan))
    }
}

impl Ground {
    fn new(name: &str, day: &GameDay, whole: &Runner) -> Self {
        let GameDay { about: _, commands, databases, secrets, origins, prometheus } = day;
        // By the name that a runbook says, and by its own.
        let both = |map: &BTreeMap<String, String>| -> Vec<(String, String)> {
            map.iter().flat_map(|(from, to)| [(from.clone(), to.clone()), (to.clone(), to.clone())]).collect()
        };
        let Commands { all, path } = &*whole.commands;
        let commands: BTreeMap<_, _> =
            both(commands).into_iter().filter_map(|(name, to)| Some((name, all.get(&to)?.clone()))).collect();
        let databases =
            both(databases).into_iter().filter_map(|(name, to)| Some((name, whole.databases.get(&to)?.clone())));
        let named = both(secrets);
        let own: Vec<_> =
            commands.values().flat_map(|one| one.secrets.values().chain(one.secret_files.values())).collect();
        let pairs = own.iter().map(|own| (own.as_str(), own.as_str()));
        let secrets =
            whole.secrets.standing_in(named.iter().map(|(name, to)| (name.as_str(), to.as_str())).chain(pairs));
        let runner = Runner {
            databases: Arc::new(Databases(databases.collect())),
            metrics: Arc::new(MetricsSource { prometheus: prometheus.clone(), token: None }),
            secrets: Arc::new(secrets),
            commands: Arc::new(Commands { all: commands, path: path.clone() }),
            ..whole.clone()
        };
        let handles = named.into_iter().map(|(name, _)| name).collect();
        Self { name: name.to_owned(), runner, origins: origins.values().cloned().collect(), handles }
    }

    fn nothing(&self, what: &str, name: &str) -> String {
        let shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
        format!(
            "it was withheld: in the game day `{}` nothing stands in for the {what} `{shown}`, which is production's",
            self.name
        )
    }

    /// What is to be done, in the names and addresses of this place; refused if any of it is not of this place.
    fn plan(&self, spec: &Value) -> Result<Plan, String> {
        let mut steps = spec["steps"].clone();
        for step in steps.as_array_mut().into_iter().flatten() {
            if step.get("backup").is_some() {
                return Err("it was withheld: a game day takes no copies and reads none".to_owned());
            }
            for pointer in ["/command", "/undo/command"] {
                let named = step.pointer(pointer).and_then(Value::as_str);
                if let Some(name) = named.filter(|name| self.runner.commands.get(name).is_none()) {
                    return Err(self.nothing("command", name));
                }
            }
            let database = step.pointer("/sql/database").and_then(Value::as_str);
            if let Some(name) = database.filter(|name| self.runner.databases.get(name).is_none()) {
                return Err(self.nothing("database", name));
            }
            if step.get("promql").is_some() && self.runner.metrics.prometheus.is_none() {
                return Err(format!("it was withheld: the game day `{}` has no Prometheus of its own", self.name));
            }
            let call = step.get("http").and_then(|call| serde_json::from_value::<Call>(call.clone()).ok());
            let strange = |handle: &&str| !self.handles.contains(*handle);
            if let Some(handle) = call.iter().flat_map(Call::handles).find(strange) {
                return Err(self.nothing("secret", handle));
            }
            if let Some(Value::String(url)) = step.pointer_mut("/http/url") {
                *url = self.elsewhere(url)?;
            }
        }
        let text = json!({ "steps": steps }).to_string();
        let plan = Plan::read(&text, &self.runner.commands, &self.runner.secrets)?;
        plan.check_origins(self)?;
        Ok(plan)
    }

    /// The same address at what stands in for its origin.
    fn elsewhere(&self, url: &str) -> Result<String, String> {
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
        let (origin, rest) = url.split_at(end);
        let read = Url::parse(origin).map_err(|error| format!("`{origin}` is no address: {error}"))?;
        if self.is_here(&read) {
            return Ok(url.to_owned());
        }
        match self.origins.iter().find(|one| one.from.has(&read)) {
            Some(one) => Ok(format!("{}{rest}", one.to)),
            None => Err(self.nothing("address", &read.origin().ascii_serialization())),
        }
    }

    fn is_here(&self, url: &Url) -> bool {
        self.origins.iter().any(|one| one.to.has(url))
    }

    /// The names under which the operator knows what a plan runs.
    fn uses(&self, plan: &Plan) -> Vec<String> {
        let commands = plan.commands().into_iter().filter_map(|name| self.runner.commands.get(name));
        commands.map(|command| format!("command:{}", command.name)).collect()
    }
}

impl Judge for Ground {
    fn judge(&self, url: &Url) -> Result<Reach, String> {
        match self.is_here(url) {
            // The operator has named it, wherever it lies.
            true => Ok(Reach::Any),
            false => Err(self.nothing("address", &url.origin().ascii_serialization())),
        }
    }
}

impl Kind for ExerciseKind {
    fn name(&self) -> &'static str {
        "exercise"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn uses(&self, spec: &Value) -> Vec<String> {
        self.read(spec).map_or_else(|_| Vec::new(), |(ground, plan)| ground.uses(&plan))
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move {
            // The configuration may be another than when it was asked for.
            let (ground, plan) = self.read(job.spec()).map_err(JobError::failed)?;
            steps::carry_out(&ground.runner, &job, &plan, ground).await
        }
        .boxed()
    }

    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        async move {
            match self.read(job.spec()) {
                Ok((ground, plan)) => steps::look_at(&ground.runner, &job, &plan).await,
                Err(why) => Verified::Failed(why),
            }
        }
        .boxed()
    }
}

//! The stages of a rollback, made of its strategy: each does one thing, so that each can be known to be done or in doubt.

use super::spec::Asked;
use crate::config::services::{Container, Does, Strategy};

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage<'a> {
    /// What people read.
    pub(super) name: String,
    pub(super) act: Act<'a>,
}

/// What a stage does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act<'a> {
    /// Looks whether all of it can be done. Changes nothing.
    Check,
    /// A command of the configuration.
    Command(&'a str),
    /// Copies of everything that the service writes to.
    Safety,
    /// A copy takes its target's place.
    Put(&'a str),
    /// The commits in between are reverted.
    Revert(&'a Strategy),
    /// What was reverted is pushed.
    Push(&'a Strategy),
    /// The link is set to the old release.
    Switch(&'a Strategy),
    /// The image is fetched, before anything is changed.
    Pull(&'a Strategy),
    /// The variable names the old tag.
    Variable(&'a Strategy),
    /// The container is run anew.
    Up(&'a Strategy),
    /// The deployment's image is set.
    SetImage(&'a Strategy),
    /// Until the deployment runs it.
    Rollout(&'a Strategy),
    /// Until the service says that it is well.
    Health(&'a str),
    /// Nothing, and why.
    Skip(String),
}

impl<'a> Stage<'a> {
    fn new(name: &str, act: Act<'a>) -> Self {
        Self { name: name.to_owned(), act }
    }

    /// The command of the configuration that it runs.
    pub(super) fn command(&self) -> Option<&'a str> {
        match self.act {
            Act::Command(name) => Some(name),
            _ => None,
        }
    }
}

impl Act<'_> {
    /// It looks, or comes to the same when it is done twice. Of a command only its operator knows.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(
            self,
            Self::Check
                | Self::Safety
                | Self::Switch(_)
                | Self::Variable(_)
                | Self::Pull(_)
                | Self::Rollout(_)
                | Self::Health(_)
                | Self::Skip(_)
        )
    }
}

/// The stages, in order.
pub(super) fn stages<'a>(asked: &Asked<'a>) -> Vec<Stage<'a>> {
    let (service, strategy) = (asked.service, asked.strategy);
    let mut stages = vec![Stage::new("check", Act::Check)];
    // An image that cannot be had is noticed while the service still runs, and before any data is touched.
    if let Some(code) = asked.code.filter(|code| matches!(code.does, Does::Container(Container::Compose { .. }))) {
        stages.push(Stage::new("pull", Act::Pull(code)));
    }
    let modes = service.maintenance.as_ref().filter(|_| asked.spec.maintenance);
    if let Some(pair) = modes {
        stages.push(Stage::new("maintenance-on", Act::Command(&pair.on)));
    } else if asked.spec.maintenance {
        let missing = format!("[services.{}] has no `maintenance`", service.name);
        stages.push(Stage::new("maintenance-on", Act::Skip(missing)));
    }
    let stops = !strategy.does.is_code();
    if stops {
        stages.extend(service.stop.as_deref().map(|stop| Stage::new("stop-writers", Act::Command(stop))));
        stages.push(match asked.spec.safety {
            true => Stage::new("safety", Act::Safety),
            false => Stage::new("safety", Act::Skip("no safety copy was asked for".to_owned())),
        });
    }
    match &strategy.does {
        Does::Migration { preserve, migrate_down, .. } => {
            stages.push(Stage::new("preserve", Act::Command(preserve)));
            stages.push(Stage::new("migrate-down", Act::Command(migrate_down)));
        }
        Does::Restore { target, .. } => stages.push(Stage::new("restore", Act::Put(target))),
        Does::Git { .. } | Does::Release { .. } | Does::Container(_) => {}
    }
    if let Some(code) = asked.code {
        stages.extend(switch(code));
    }
    let after = strategy.after.iter().chain(asked.code.filter(|_| stops).into_iter().flat_map(|code| &code.after));
    if stops {
        let start = service.start.as_deref().map(|start| Stage::new("start-writers", Act::Command(start)));
        stages.extend(start);
    } else if !matches!(strategy.does, Does::Container(_)) {
        let named = |(at, command)| {
            let name = match (&service.restart, at) {
                (Some(_), _) => "restart",
                (None, 0) => "stop-writers",
                (None, _) => "start-writers",
            };
            Stage::new(name, Act::Command(command))
        };
        stages.extend(service.restarts().into_iter().enumerate().map(named));
    }
    stages.extend(after.map(|command| Stage::new(&format!("after: {command}"), Act::Command(command))));
    stages.push(match service.health.as_deref() {
        Some(url) => Stage::new("health", Act::Health(url)),
        None => Stage::new("health", Act::Skip(format!("[services.{}] has no `health`", service.name))),
    });
    if let Does::Migration { reimport: Some(reimport), .. } = &strategy.does {
        stages.push(Stage::new("reimport", Act::Command(reimport)));
    }
    stages.extend(modes.map(|pair| Stage::new("maintenance-off", Act::Command(&pair.off))));
    stages
}

/// How the code gets to the old version; images are fetched long before.
fn switch(code: &Strategy) -> Vec<Stage<'_>> {
    match &code.does {
        Does::Git { .. } => vec![Stage::new("revert", Act::Revert(code)), Stage::new("push", Act::Push(code))],
        Does::Release { .. } => vec![Stage::new("switch", Act::Switch(code))],
        Does::Container(Container::Compose { .. }) => {
            vec![Stage::new("variable", Act::Variable(code)), Stage::new("up", Act::Up(code))]
        }
        Does::Container(Container::Kubectl { .. }) => {
            vec![Stage::new("set-image", Act::SetImage(code)), Stage::new("rollout", Act::Rollout(code))]
        }
        Does::Migration { .. } | Does::Restore { .. } => Vec::new(),
    }
}

//! The stages of a rollback, made of its strategy: each does one thing, so that each can be known to be done or in doubt. What people
//! are told of them beforehand is made of the same list.

use crate::config::services::{Container, Does, Service, Strategy};

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage<'a> {
    /// What people read.
    pub(super) name: String,
    pub(super) act: Act<'a>,
    /// What a command is for: of the rest, what it does says that.
    what: &'static str,
}

/// What a command of the configuration changes when it passes, beyond what it does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turns {
    /// Nothing that is kept track of.
    Nothing,
    /// Whether anybody writes.
    Writers(bool),
    /// Whether people are shut out.
    Maintenance(bool),
}

/// What a stage does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act<'a> {
    /// Looks whether all of it can be done. Changes nothing.
    Check,
    /// A command of the configuration.
    Command(&'a str, Turns),
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
        Self { name: name.to_owned(), act, what: "" }
    }

    fn run(name: &str, what: &'static str, command: &'a str, turns: Turns) -> Self {
        Self { name: name.to_owned(), act: Act::Command(command, turns), what }
    }

    /// The command of the configuration that it runs.
    pub(super) fn command(&self) -> Option<&'a str> {
        match self.act {
            Act::Command(name, _) => Some(name),
            _ => None,
        }
    }

    /// What it does, as people read it before they agree: no address, no path.
    pub(super) fn words(&self) -> String {
        match &self.act {
            Act::Check => "look whether all of it can be done; nothing is changed".to_owned(),
            Act::Command(command, _) => format!("{} (`{command}`)", self.what),
            Act::Safety => "take a pinned copy of everything that the service writes to".to_owned(),
            Act::Put(target) => format!("put a copy of {target} in its place"),
            Act::Revert(_) => "revert the commits in between".to_owned(),
            Act::Push(code) => format!("push that to {}", place(code)),
            Act::Switch(_) => "set the link to the release of that version".to_owned(),
            Act::Pull(_) => "fetch the image of that version".to_owned(),
            Act::Variable(code) => format!("set {} to that version", place(code)),
            Act::Up(_) => "run it anew with Compose".to_owned(),
            Act::SetImage(code) => format!("set the image of {} to that version", place(code)),
            Act::Rollout(code) => format!("wait until {} runs it", place(code)),
            Act::Health(_) => "ask for its health until it is well".to_owned(),
            Act::Skip(why) => format!("do nothing, as {why}"),
        }
    }
}

/// Where a strategy changes the code.
fn place(code: &Strategy) -> String {
    match &code.does {
        Does::Git { remote, branch, .. } => format!("{remote} {branch}"),
        Does::Container(Container::Compose { variable, service, .. }) => format!("{variable} of {service}"),
        Does::Container(Container::Kubectl { service, .. }) => format!("the deployment {service}"),
        Does::Release { .. } | Does::Migration { .. } | Does::Restore { .. } => code.name.clone(),
    }
}

impl Service {
    /// What a rollback by one of its strategies does, a line a stage: the name that the job has for it, and what that is. Told of a job
    /// that spares nothing: data are copied first, and people are shut out meanwhile if there is a command for that.
    pub(crate) fn stages_told(&self, strategy: &Strategy) -> Vec<String> {
        let modes = !strategy.does.is_code() && self.maintenance.is_some();
        let stages = stages(self, strategy, self.code_of(strategy), true, modes);
        stages.iter().map(|stage| format!("{}: {}", stage.name, stage.words())).collect()
    }
}

impl Act<'_> {
    /// It looks, or comes to the same when it is done twice. Of a command only its operator knows.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(
            self,
            Self::Check
                | Self::Safety
                // What was cut off is taken back first, and nothing is reverted twice.
                | Self::Revert(_)
                | Self::Switch(_)
                | Self::Variable(_)
                | Self::Pull(_)
                | Self::Rollout(_)
                | Self::Health(_)
                | Self::Skip(_)
        )
    }
}

/// The stages, in order. `code` is the strategy that takes the code back, `safety` and `maintenance` are what was asked for.
pub(super) fn stages<'a>(
    service: &'a Service,
    strategy: &'a Strategy,
    code: Option<&'a Strategy>,
    safety: bool,
    maintenance: bool,
) -> Vec<Stage<'a>> {
    let mut stages = vec![Stage::new("check", Act::Check)];
    // An image that cannot be had is noticed while the service still runs, and before any data is touched.
    if let Some(code) = code.filter(|code| matches!(code.does, Does::Container(Container::Compose { .. }))) {
        stages.push(Stage::new("pull", Act::Pull(code)));
    }
    let modes = service.maintenance.as_ref().filter(|_| maintenance);
    if let Some(pair) = modes {
        stages.push(Stage::run("maintenance-on", "shut people out", &pair.on, Turns::Maintenance(true)));
    } else if maintenance {
        let missing = format!("[services.{}] has no `maintenance`", service.name);
        stages.push(Stage::new("maintenance-on", Act::Skip(missing)));
    }
    let stops = !strategy.does.is_code();
    if stops {
        let stop = |stop| Stage::run("stop-writers", "stop whoever writes", stop, Turns::Writers(false));
        stages.extend(service.stop.as_deref().map(stop));
        stages.push(match safety {
            true => Stage::new("safety", Act::Safety),
            false => Stage::new("safety", Act::Skip("no safety copy was asked for".to_owned())),
        });
    }
    match &strategy.does {
        Does::Migration { preserve, migrate_down, .. } => {
            stages.push(Stage::run("preserve", "save what would be lost", preserve, Turns::Nothing));
            stages.push(Stage::run("migrate-down", "take the schema back", migrate_down, Turns::Nothing));
        }
        Does::Restore { target, .. } => stages.push(Stage::new("restore", Act::Put(target))),
        Does::Git { .. } | Does::Release { .. } | Does::Container(_) => {}
    }
    if let Some(code) = code {
        stages.extend(switch(code));
    }
    let after = strategy.after.iter().chain(code.filter(|_| stops).into_iter().flat_map(|code| &code.after));
    if stops {
        let start = |start| Stage::run("start-writers", "let them write again", start, Turns::Writers(true));
        stages.extend(service.start.as_deref().map(start));
    } else if !matches!(strategy.does, Does::Container(_)) {
        let named = |(at, command)| match (&service.restart, at) {
            (Some(_), _) => Stage::run("restart", "run what was put there", command, Turns::Nothing),
            (None, 0) => Stage::run("stop-writers", "stop what runs", command, Turns::Writers(false)),
            (None, _) => Stage::run("start-writers", "run what was put there", command, Turns::Writers(true)),
        };
        stages.extend(service.restarts().into_iter().enumerate().map(named));
    }
    let then = "run when the old version is there";
    stages.extend(after.map(|command| Stage::run(&format!("after: {command}"), then, command, Turns::Nothing)));
    stages.push(match service.health.as_deref() {
        Some(url) => Stage::new("health", Act::Health(url)),
        None => Stage::new("health", Act::Skip(format!("[services.{}] has no `health`", service.name))),
    });
    if let Does::Migration { reimport: Some(reimport), .. } = &strategy.does {
        stages.push(Stage::run("reimport", "bring in again what was saved", reimport, Turns::Nothing));
    }
    let off = |off| Stage::run("maintenance-off", "let people in again", off, Turns::Maintenance(false));
    stages.extend(modes.map(|pair| off(&pair.off)));
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

#[cfg(test)]
mod tests {
    use super::super::spec::Asked;
    use crate::config::Config;
    use crate::config::env::Env;
    use serde_json::json;
    use std::path::Path;

    const FILE: &str = r#"
[commands]
stop = { argv = ["true"] }
start = { argv = ["true"] }
shut = { argv = ["true"] }
open = { argv = ["true"] }
tidy = { argv = ["true"] }
[targets.shop-db]
kind = "sqlite"
path = "shop.db"
service = "shop"
[services.shop]
stop = "stop"
start = "start"
health = "http://127.0.0.1:1/well"
maintenance = { on = "shut", off = "open" }
[services.shop.rollback]
order = ["release", "git", "image", "pods", "schema", "full"]
[services.shop.rollback.strategies]
release = { kind = "release", link = "/srv/current", releases = "/srv/releases", after = ["tidy"] }
git = { kind = "git", repo = "/srv/shop" }
image = { kind = "container", tool = "compose", file = "/srv/compose.yml", service = "web", variable = "TAG" }
pods = { kind = "container", tool = "kubectl", service = "web", image = "registry.example.org/shop" }
schema = { kind = "migration", preserve = "tidy", migrate_down = "tidy", reimport = "tidy", code = "release" }
full = { kind = "restore", target = "shop-db", code = "image", after = ["tidy"] }
"#;

    #[test]
    fn people_are_told_the_very_stages_that_the_job_does() {
        let config = Config::parse(FILE, Path::new("/etc/drillbell.toml"), &Env::none()).expect("it is well-formed");
        let shop = config.services.named("shop").unwrap();
        let rollback = shop.rollback.as_ref().unwrap();
        for strategy in rollback.order.iter().map(|name| &rollback.strategies[name]) {
            let spec = json!({
                "service": "shop", "strategy": strategy.name, "from": "2", "to": "1", "migrate_to": "0041", "object": "shop-db/1",
                "safety": true, "maintenance": !strategy.does.is_code(),
            });
            let asked = Asked::read(&spec, &config.services).unwrap();
            let done: Vec<String> = asked.stages().into_iter().map(|stage| stage.name).collect();
            let told = shop.stages_told(strategy);
            assert_eq!(told.len(), done.len(), "{told:?} {done:?}");
            for (told, name) in told.iter().zip(&done) {
                let words = told.strip_prefix(&format!("{name}: ")).unwrap_or_default();
                assert!(!words.is_empty(), "{name} is told as {told}");
                assert!(!told.contains("127.0.0.1") && !told.contains("/srv"), "no address and no path: {told}");
            }
        }
    }
}

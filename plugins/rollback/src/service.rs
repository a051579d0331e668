//! A service as the host tells it (`wit/deps/services`), as far as this plugin decides by it.

use drillbell_sdk::{Bot, Result, user};
use serde::{Deserialize, Serialize};

/// A configured service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// The name of `[services.NAME]`.
    pub name: String,
    /// Somebody can be asked whether it is well.
    pub health: bool,
    /// What runs can be made to take up what was switched.
    pub restart: bool,
    /// It has a maintenance mode: nobody is served.
    pub maintenance: bool,
    /// It has a read-only mode: people read and do not write.
    pub read_only: bool,
    /// The public page has words of its own for when it is closed, which need nobody's approval any more.
    pub notice: bool,
    /// Who is paged when rollbacks keep failing.
    pub vendors: Vec<String>,
    /// The targets it writes to.
    pub targets: Vec<String>,
    /// When to roll back.
    pub criteria: Vec<Criterion>,
    /// What must hold after a rollback.
    pub verify: Vec<Criterion>,
    /// How it is rolled back.
    pub rollback: Option<Rollback>,
}

/// Something that is looked at, by a probe.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Criterion {
    /// Its name.
    pub name: String,
    /// The probe's.
    pub probe: String,
    /// What decides, such as `> 5 %`; none when the probe has no number.
    pub bound: Option<String>,
    /// What is measured over so long, milliseconds; none: a single look.
    pub window_ms: Option<u64>,
}

/// `[services.NAME.rollback]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Rollback {
    /// What people may attest that speaks for a rollback.
    pub asks: Vec<String>,
    /// What speaks against one.
    pub against: Vec<String>,
    /// What people try out afterwards.
    pub checklist: Vec<String>,
    /// Requests that are asked after a rollback.
    pub smoke: u64,
    /// How long a deploy is watched, milliseconds.
    pub watch_ms: u64,
    /// The strategies, in order of preference.
    pub strategies: Vec<Strategy>,
    /// Feature flags that go off before a deploy and on again after it.
    pub undo_flags: Vec<Flag>,
}

/// A feature flag: the commands that turn it off, and on again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flag {
    /// Off.
    pub off: String,
    /// On again.
    pub on: String,
}

/// A way back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Strategy {
    /// Its name.
    pub name: String,
    /// `git`, `release`, `container`, `migration` or `restore`.
    pub kind: String,
    /// `low`, `medium` or `high`.
    pub risk: String,
    /// How long it should take, milliseconds.
    pub takes_ms: u64,
    /// The strategy that switches the code, of a migration or a restore.
    pub code: String,
    /// The target that a restore restores.
    pub target: String,
    /// What it does, in order and in clear.
    pub stages: Vec<String>,
}

impl Strategy {
    /// Only code goes back: what the schema became stays.
    pub fn is_code_only(&self) -> bool {
        !matches!(self.kind.as_str(), "migration" | "restore")
    }
}

impl Service {
    /// How it is rolled back; nothing of it is configured for many.
    pub fn ways(&self) -> Rollback {
        self.rollback.clone().unwrap_or_default()
    }
}

/// A service if it is still configured.
pub fn find(bot: &mut impl Bot, name: &str) -> Result<Option<Service>> {
    bot.find_service(name)
}

/// A service; whoever named another reads which there are.
pub fn need(bot: &mut impl Bot, name: &str) -> Result<Service> {
    if let Some(service) = find(bot, name)? {
        return Ok(service);
    }
    let names: Vec<_> = bot.services()?.into_iter().map(|known| known.name).collect();
    let known = match names.as_slice() {
        [] => "no [services.NAME] is configured".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    Err(user(format!("`{name}` is no service; {known}.")))
}

//! `[probes.NAME]`: what the bot measures by itself, how often, and from when on it is an alert. Looking is `crate::probes`;
//! here only what cannot be right is refused.

mod address;
mod fit;
mod look;
mod read;
mod shown;
mod threshold;

pub use address::Address;
pub use look::{Expect, Look, Measure, RedisRead, Statuses};
pub(super) use read::Known;
pub(super) use shown::table_of;
pub use threshold::{Side, Threshold, Unit};

use super::alerts::{Mapping, Matcher, Mute, Route, Source};
use super::section::Section;
use crate::model::ids::ConversationId;
use std::collections::BTreeMap;
use std::time::Duration;

/// How the source of the probes' alerts is called.
pub const SOURCE: &str = "probes";
/// Which label says that an alert is of the second threshold.
pub const LEVEL: &str = "level";

/// `[probes]`: everything that is measured, by name.
#[derive(Clone, Debug, Default)]
pub struct Probes(pub BTreeMap<String, Probe>);

/// `[probes.NAME]`.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The section's name.
    pub name: String,
    /// What is looked at.
    pub look: Look,
    /// How often; of a heartbeat, how often it must beat.
    pub every: Duration,
    /// How long a look may take.
    pub timeout: Duration,
    /// Over what a number is taken; of a number that is one moment's, for how long it must be beyond the threshold.
    pub window: Option<Duration>,
    /// How many looks in a row must fail before it is an alert.
    pub fail_after: u32,
    /// How many in a row must pass before that is over.
    pub pass_after: u32,
    /// What its number is a number of.
    pub unit: Unit,
    /// The service that it is about.
    pub service: Option<String>,
    /// The part of it.
    pub component: Option<String>,
    /// When its alerts are kept but not shown.
    pub mute: Vec<Mute>,
    /// From when on it is an alert, and which.
    pub level: Level,
    /// `[probes.NAME.also]`: a second threshold beyond the first, with an alert of its own.
    pub also: Option<Level>,
}

/// A threshold and what becomes of its alert.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Beyond it a look fails. None where the look itself says so.
    pub threshold: Option<Threshold>,
    /// The alert's severity: a word that `[severities]` knows.
    pub severity: Option<String>,
    /// Where it is told. Default: `[channels] alerts`.
    pub channel: Option<ConversationId>,
    /// The runbook that helps.
    pub runbook: Option<String>,
    /// Whether an incident is declared at once.
    pub auto_declare: bool,
}

impl Probe {
    /// Both levels, or the one.
    pub fn levels(&self) -> impl Iterator<Item = &Level> {
        [&self.level].into_iter().chain(&self.also)
    }

    /// How often it is looked at: a heartbeat oftener than it beats, so that a silence is noticed soon after its grace.
    pub fn looks_every(&self) -> Duration {
        match &self.look {
            Look::Heartbeat { grace, .. } => {
                (*grace / 4).clamp(Duration::from_secs(1), Duration::from_secs(60)).min(self.every)
            }
            _ => self.every,
        }
    }

    /// For how long a single number must be beyond its threshold. A number that is taken over the window is so at once.
    pub fn lasting(&self) -> Duration {
        match self.look.is_momentary() {
            true => self.window.unwrap_or_default(),
            false => Duration::ZERO,
        }
    }
}

impl Probes {
    pub(super) fn read(section: &Section<'_>, known: &Known<'_>) -> Self {
        Self(read::all(section, known))
    }

    /// A probe by its name.
    pub fn get(&self, name: &str) -> Option<&Probe> {
        self.0.get(name)
    }

    /// The source that their alerts come from, as routing knows sources; nobody outside can send as it. None without probes.
    pub fn source(&self) -> Option<Source> {
        if self.0.is_empty() {
            return None;
        }
        // Those of the second threshold before those of the first, which match them too.
        let routes = self.0.values().flat_map(|probe| {
            let also = probe.also.as_ref().map(|also| route(probe, also, true));
            also.into_iter().chain([route(probe, &probe.level, false)])
        });
        Some(Source {
            kind: SOURCE.to_owned(),
            token: None,
            secret: None,
            topic: None,
            api_url: None,
            api_token: None,
            channel: None,
            group_by: vec!["probe".to_owned()],
            map: Mapping::default(),
            routes: routes.collect(),
        })
    }

    /// What is allowed but unwise, each a sentence.
    pub(super) fn warnings(&self) -> Vec<String> {
        let written = self.0.values().filter(|probe| probe.look.address().is_some_and(Address::has_written_password));
        let sentence = |probe: &Probe| {
            let name = &probe.name;
            format!("probes.{name}.url holds a password: write {{ env = \"NAME\" }} or {{ file = \"PATH\" }} instead")
        };
        written.map(sentence).collect()
    }
}

fn route(probe: &Probe, level: &Level, also: bool) -> Route {
    let name = [format!("probe={}", probe.name)];
    let second = also.then(|| format!("{LEVEL}=also"));
    // Both are made of names that were looked at: there is nothing in them that a matcher could stumble over.
    let matchers = name.into_iter().chain(second).filter_map(|text| Matcher::parse(&text).ok());
    Route {
        matchers: matchers.collect(),
        channel: level.channel.clone(),
        severity: None,
        runbook: level.runbook.clone(),
        auto_declare: level.auto_declare,
        mute: probe.mute.clone(),
    }
}

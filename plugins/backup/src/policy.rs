//! What the operator wants done about a target, as far as this plugin carries it out.

use serde::Deserialize;

/// The policy of a target; the keys are told in `wit/deps/backups`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Whether copies are encrypted when they are stored.
    pub encrypted: bool,
    /// `[targets.NAME.backup]`.
    pub backup: Backup,
    /// `[targets.NAME.drill]`.
    pub drill: Drill,
    /// `[services.NAME]` of what writes to it; `None`: there is no such section, or the target names none.
    pub service: Option<Service>,
}

/// What the service that writes to a target has configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What keeps it from writing.
    pub stop: bool,
    /// What lets it write again.
    pub start: bool,
    /// What brings its database's schema up to date.
    pub migrate: bool,
    /// An address that says whether it is well.
    pub health: bool,
}

/// When copies are restored to see whether they can be; another plugin's work, told of here.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Drill {
    /// Five fields; `None`: only when somebody asks.
    pub schedule: Option<String>,
    /// When the schedule comes round next, milliseconds since the epoch.
    pub next_ms: Option<u64>,
    /// The last one, however it went.
    pub last: Option<LastDrill>,
}

/// A drill that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LastDrill {
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// `pass`, `fail` or `unknown`; or how its job ended.
    pub status: String,
    /// What says most.
    pub sentence: String,
}

/// When copies are taken, and how many are kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Backup {
    /// Five fields; `None`: only when somebody asks.
    pub schedule: Option<String>,
    /// The name of its time zone; empty is UTC.
    pub zone: String,
    /// How late one may begin, milliseconds.
    pub start_by_ms: Option<u64>,
    /// How long one may take, milliseconds.
    pub run_limit_ms: Option<u64>,
    /// How long reading one back may take, milliseconds.
    pub verify_limit_ms: Option<u64>,
    /// How many are kept.
    pub keep: Keep,
    /// Age beyond which a copy goes whatever tier it is of, milliseconds.
    pub expires_ms: Option<u64>,
    /// Age beyond which the newest copy is too old, milliseconds.
    pub max_age_ms: Option<u64>,
}

/// Disjoint tiers: what one keeps, no other counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Keep {
    /// The newest copies of so many hours.
    pub hourly: usize,
    /// The last copy of each of so many days before those.
    pub daily: usize,
    /// The last copy of each of so many weeks before those.
    pub weekly: usize,
    /// The last copy of each of so many months before those.
    pub monthly: usize,
}

impl Default for Keep {
    /// S4-04: 24 + 7 + 4 = 35 copies.
    fn default() -> Self {
        Self { hourly: 24, daily: 7, weekly: 4, monthly: 0 }
    }
}

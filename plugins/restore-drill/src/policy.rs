//! What the operator wants of drills, as far as this plugin carries it out.

use drillbell_sdk::{Result, Target};
use serde::Deserialize;

const HOUR_MS: u64 = 3_600_000;
/// Reminders of one drill at most: more is noise.
const REMINDERS: usize = 10;

/// The policy of a target; the keys are told in `wit/deps/backups`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Policy {
    drill: Drill,
    owner: Option<Owner>,
}

/// Somebody of `[people]` whom `owner` names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// How they are called.
    pub name: String,
    /// Where a direct message reaches them.
    pub chat: Option<String>,
}

/// `[targets.NAME.drill]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Drill {
    /// Five fields; `None`: only when somebody asks.
    pub schedule: Option<String>,
    /// The name of its time zone; empty is UTC.
    pub zone: String,
    /// How long one may take, milliseconds.
    pub run_limit_ms: Option<u64>,
    /// How long before a drill people are reminded, milliseconds; a day and an hour unless it is said otherwise.
    remind: Option<Vec<u64>>,
}

impl Drill {
    /// How long before a drill people are reminded, milliseconds, the longest first.
    pub fn reminders(&self) -> Vec<u64> {
        let mut all = self.remind.clone().unwrap_or_else(|| vec![24 * HOUR_MS, HOUR_MS]);
        all.retain(|before_ms| *before_ms > 0);
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.dedup();
        all.truncate(REMINDERS);
        all
    }
}

/// What is wanted of the drills of a target.
pub fn of(target: &Target) -> Result<Drill> {
    target.policy::<Policy>().map(|policy| policy.drill)
}

/// Whom the target's `owner` names, if that is somebody of `[people]`.
pub fn owner(target: &Target) -> Result<Option<Owner>> {
    target.policy::<Policy>().map(|policy| policy.owner)
}

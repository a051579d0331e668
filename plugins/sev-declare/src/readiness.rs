//! Whether the data behind an incident could be brought back: what was last proven, how long that takes, what would be lost now, and
//! by when which promise of its targets is broken. Only with the grant `backups`; without it nothing is said.

use drillbell_sdk::{BackupCopy, Bot, HostError, Incident, Level, Result, Target, words};
use serde::Deserialize;

/// Targets that a card tells of.
const TARGETS: usize = 3;
/// Copies that are looked at: more than retention keeps.
const COPIES: u32 = 200;

/// What a target's policy says that matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Policy {
    measured: Option<Measured>,
}

/// What the last drill that passed measured.
#[derive(Deserialize)]
struct Measured {
    rto_ms: u64,
}

/// How the data of an incident's service stands.
#[derive(Default)]
pub struct Readiness {
    /// A line a target.
    pub lines: Vec<String>,
    /// Within how long the service shall be back, by the strictest of the targets, milliseconds.
    pub rto_ms: Option<u64>,
    /// The target that would lose most of what it may lose, if one has a newest copy.
    pub risk: Option<Risk>,
}

/// What would be lost of a target now.
pub struct Risk {
    /// The target.
    pub target: String,
    /// When its newest copy that is not broken was taken: everything since is at risk.
    pub since_ms: u64,
    /// How much may be lost, milliseconds.
    pub rpo_ms: Option<u64>,
}

impl Risk {
    /// When more than may be lost would be.
    pub fn until_ms(&self) -> Option<u64> {
        Some(self.since_ms.saturating_add(self.rpo_ms?))
    }
}

/// Looks at each target that the incident's service is, or that it writes to.
pub fn of(bot: &mut impl Bot, incident: &Incident) -> Result<Readiness> {
    let mut found = Readiness::default();
    let Some(service) = incident.service.as_deref().filter(|_| incident.is_open()) else { return Ok(found) };
    let targets = match bot.targets() {
        // The operator may well not want backups told of on every card.
        Err(HostError::Denied(_)) => return Ok(found),
        other => other?,
    };
    let about = |target: &&Target| target.name == service || target.service == service;
    for target in targets.iter().filter(about).take(TARGETS) {
        let copies = bot.copies(Some(&target.name), COPIES, None)?;
        let newest = copies.iter().find(|copy| copy.verdict != "broken" && !copy.is_safety());
        found.lines.push(line(bot, target, &copies, newest));
        found.rto_ms = found.rto_ms.into_iter().chain(target.rto_ms).min();
        let risk =
            newest.map(|copy| Risk { target: target.name.clone(), since_ms: copy.taken_ms, rpo_ms: target.rpo_ms });
        // Whose promise is broken first; of those that promised nothing, whose copy is the oldest.
        let urgency = |risk: &Risk| (risk.until_ms().is_none(), risk.until_ms().unwrap_or(risk.since_ms));
        found.risk = found.risk.into_iter().chain(risk).min_by_key(urgency);
    }
    Ok(found)
}

fn line(bot: &mut impl Bot, target: &Target, copies: &[BackupCopy], newest: Option<&BackupCopy>) -> String {
    let now_ms = bot.now();
    let policy: Policy = serde_json::from_str(&target.policy).unwrap_or_else(|error| {
        bot.log(Level::Warn, &format!("the policy of the target {} reads wrong: {error}", target.name));
        Policy::default()
    });
    let proven = copies.iter().filter_map(|copy| Some((copy.proven_ms?, copy.name()))).max();
    let proven = match proven {
        Some((at_ms, copy)) => format!("last proven {} ago (`{copy}`)", words::span(now_ms.saturating_sub(at_ms))),
        None => "never proven".to_owned(),
    };
    let took = match policy.measured {
        Some(measured) => {
            format!("a restore took {}{}", words::took_ms(measured.rto_ms), allowed(measured.rto_ms, target.rto_ms))
        }
        None => "how long a restore takes was never measured".to_owned(),
    };
    let risk = match newest {
        Some(copy) => {
            let age_ms = now_ms.saturating_sub(copy.taken_ms);
            format!("at risk now: {}{}", words::span(age_ms), allowed(age_ms, target.rpo_ms))
        }
        None => "at risk now: everything, there is no copy that is not broken".to_owned(),
    };
    format!("{}: {proven}; {took}; {risk}", target.name)
}

/// What may be, where that is less.
fn allowed(is_ms: u64, may_ms: Option<u64>) -> String {
    match may_ms {
        Some(may) if is_ms > may => format!(", and only {} may be", words::span(may)),
        _ => String::new(),
    }
}

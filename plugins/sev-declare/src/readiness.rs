//! Whether the data behind an incident could be brought back: what was last proven, how long that takes, and what would be lost now. Only
//! with the grant `backups`; without it nothing is said.

use drillbell_sdk::{Bot, HostError, Incident, Level, Result, Target, words};
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

/// A line for each target that the incident's service is, or that it writes to.
pub fn of(bot: &mut impl Bot, incident: &Incident) -> Result<Vec<String>> {
    let Some(service) = incident.service.as_deref().filter(|_| incident.is_open()) else { return Ok(Vec::new()) };
    let targets = match bot.targets() {
        // The operator may well not want backups told of on every card.
        Err(HostError::Denied(_)) => return Ok(Vec::new()),
        other => other?,
    };
    let about = |target: &&Target| target.name == service || target.service == service;
    targets.iter().filter(about).take(TARGETS).map(|target| line(bot, target)).collect()
}

fn line(bot: &mut impl Bot, target: &Target) -> Result<String> {
    let (copies, now_ms) = (bot.copies(Some(&target.name), COPIES, None)?, bot.now());
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
    let risk = match copies.iter().find(|copy| copy.verdict != "broken") {
        Some(copy) => {
            let age_ms = now_ms.saturating_sub(copy.taken_ms);
            format!("at risk now: {}{}", words::span(age_ms), allowed(age_ms, target.rpo_ms))
        }
        None => "at risk now: everything, there is no copy that is not broken".to_owned(),
    };
    Ok(format!("{}: {proven}; {took}; {risk}", target.name))
}

/// What may be, where that is less.
fn allowed(is_ms: u64, may_ms: Option<u64>) -> String {
    match may_ms {
        Some(may) if is_ms > may => format!(", and only {} may be", words::span(may)),
        _ => String::new(),
    }
}

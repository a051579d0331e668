//! Which way back: the first of the operator's that is allowed, with the reasons for it and against every other. Pure.

use crate::chain::Between;
use crate::service::Strategy;
use drillbell_sdk::{BackupCopy, time, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How old a proof of a copy may be before one more person has to agree (S0-05).
pub const PROOF_MS: u64 = 31 * 24 * 3_600_000;

/// What is known when a strategy is chosen.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What lies between the versions.
    pub between: Between,
    /// The copies of each target, newest first.
    pub copies: BTreeMap<String, Vec<BackupCopy>>,
    /// Strategies that failed for this very rollback, and what became of each.
    pub failed: Vec<(String, String)>,
    /// The targets that the service writes to.
    pub targets: Vec<String>,
    /// Now, milliseconds since the epoch.
    pub now_ms: u64,
}

/// A strategy, and what speaks for and against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// The strategy.
    pub strategy: Strategy,
    /// Why it may not be used, a sentence each without a full stop; empty: it may.
    pub refused: Vec<String>,
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// It failed already: it is not chosen by itself.
    pub tried: Option<String>,
}

/// Every strategy, in the operator's order.
pub fn consider(strategies: &[Strategy], known: &Known) -> Vec<Considered> {
    let code = |name: &str| strategies.iter().find(|strategy| strategy.name == name);
    let one = |strategy: &Strategy| {
        let (refused, mut reasons) = match strategy.kind.as_str() {
            "migration" => migration(known),
            "restore" => restore(strategy, known),
            _ => code_only(known),
        };
        let switch = if strategy.is_code_only() { Some(strategy) } else { code(&strategy.code) };
        if switch.is_some_and(|switch| switch.kind == "git") {
            reasons.extend(no_commit(&known.between));
        }
        let tried = known.failed.iter().rev().find(|(name, _)| *name == strategy.name).map(|(_, said)| said.clone());
        Considered { strategy: strategy.clone(), refused, reasons, tried }
    };
    strategies.iter().map(one).collect()
}

/// The first that may be used and has not failed: code before schema before data, and among equals in the operator's order.
pub fn first(considered: &[Considered]) -> Option<&Considered> {
    let free = considered.iter().filter(|one| one.refused.is_empty() && one.tried.is_none());
    // The first of equals is what this gives.
    free.min_by_key(|one| depth(&one.strategy))
}

/// How deep a strategy reaches: code, schema or data.
pub fn depth(strategy: &Strategy) -> u8 {
    match strategy.kind.as_str() {
        "migration" => 1,
        "restore" => 2,
        _ => 0,
    }
}

fn code_only(known: &Known) -> (Vec<String>, Vec<String>) {
    let hazards = known.between.hazards();
    if !hazards.is_empty() {
        let (from, to) = (&known.between.from, &known.between.to);
        let refused =
            hazards.into_iter().map(|why| format!("{why}: the code of {to} may not run on the schema of {from}"));
        return (refused.collect(), Vec::new());
    }
    match known.between.stays() {
        stays if stays.is_empty() => {
            (Vec::new(), vec!["no migration lies between the two versions: code alone goes back".to_owned()])
        }
        stays => (Vec::new(), stays),
    }
}

fn migration(known: &Known) -> (Vec<String>, Vec<String>) {
    let (names, between) = (known.between.names(), &known.between);
    let mut refused = Vec::new();
    if known.targets.is_empty() {
        refused.push("no [targets.NAME] names this service, so that no safety copy can be taken first".to_owned());
    }
    if names.is_empty() {
        refused.push("no migration lies between the two versions: there is nothing to migrate back".to_owned());
    }
    match &between.before {
        Some(to) if refused.is_empty() => {
            let many = migrations(names.len());
            (refused, vec![format!("it takes the schema back to {to}, which undoes {many}: {}", names.join(", "))])
        }
        None if !names.is_empty() => {
            let (to, first) = (&between.to, between.first());
            refused.push(format!(
                "nobody knows which migration {to} was at: no deploy before {first} is recorded with one"
            ));
            (refused, Vec::new())
        }
        _ => (refused, Vec::new()),
    }
}

fn restore(strategy: &Strategy, known: &Known) -> (Vec<String>, Vec<String>) {
    let version = known.between.first();
    match copy_before(strategy, known) {
        Some(copy) => {
            let lost = words::span(known.now_ms.saturating_sub(copy.taken_ms));
            let (name, taken) = (copy.name(), time::day_hour_minute(copy.taken_ms));
            let why =
                format!("{name} of {taken} is the newest copy from before {version}; {lost} of changes would be lost");
            (Vec::new(), vec![why])
        }
        None => {
            let when = time::day_hour_minute(known.between.since_ms());
            let target = &strategy.target;
            (
                vec![format!("there is no copy of {target} from before {version} ({when}) that is not broken")],
                Vec::new(),
            )
        }
    }
}

/// The copy that a restore would bring back: the newest from before what is undone that is not known to be broken.
pub fn copy_before<'a>(strategy: &Strategy, known: &'a Known) -> Option<&'a BackupCopy> {
    let since_ms = known.between.since_ms();
    let copies = known.copies.get(&strategy.target)?;
    copies.iter().find(|copy| copy.taken_ms <= since_ms && copy.verdict != "broken")
}

fn no_commit(between: &Between) -> Option<String> {
    let version = match (between.from_commit.is_empty(), between.commit.is_empty()) {
        (true, _) => &between.from,
        (_, true) => &between.to,
        _ => return None,
    };
    Some(format!("no commit is recorded for {version}: git looks for a tag of that name"))
}

/// How many others have to agree, and why; by the plugin's own rules, besides what the operator's policy asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// So many; none: whatever the policy asks.
    pub count: u32,
    /// Why, a sentence each without a full stop.
    pub why: Vec<String>,
}

/// How many have to agree to a strategy (S3-07, S3-08). `again`: after two attempts have failed.
pub fn needs(strategy: &Strategy, known: &Known, again: bool) -> Needs {
    let mut needs = Needs::default();
    match strategy.kind.as_str() {
        "migration" => needs.add(2, "it changes the schema: two have to agree".to_owned()),
        "restore" => {
            needs.add(2, "it replaces data: two have to agree".to_owned());
            let target = &strategy.target;
            let proven = known.copies.get(target).into_iter().flatten().filter_map(|copy| copy.proven_ms).max();
            let age_ms = proven.map(|at_ms| known.now_ms.saturating_sub(at_ms));
            if age_ms.is_none_or(|age_ms| age_ms > PROOF_MS) {
                let when =
                    age_ms.map_or("never proven".to_owned(), |age| format!("last proven {} ago", words::span(age)));
                let why = "a proof is to be at most 31 days old: one more has to agree";
                needs.add(1, format!("a copy of {target} was {when}, and {why}"));
            }
        }
        _ => {}
    }
    if again {
        needs.add(1, "two attempts have failed already: one more has to agree".to_owned());
    }
    needs
}

impl Needs {
    fn add(&mut self, count: u32, why: String) {
        self.count += count;
        self.why.push(why);
    }
}

/// `1 migration`, `2 migrations`.
pub fn migrations(count: usize) -> String {
    if count == 1 { "1 migration".to_owned() } else { format!("{count} migrations") }
}

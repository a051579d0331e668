//! The bundled runbooks: all that were named are there, each looks at enough, and the catalogue says which requirement is answered where.

use super::*;
use std::collections::BTreeSet;

/// Those that the documents name: by where they come from.
const NAMED: [&str; 26] = [
    "db-down",
    "redis-down",
    "worker-down",
    "http-5xx-spike",
    "migration-lock",
    "error-rate-after-deploy",
    "slow-responses",
    "migration-failure",
    "high-response-time",
    "slow-query",
    "high-error-rate",
    "low-cache-hit",
    "sudden-degradation",
    "memory-growth",
    "cache-invalidation",
    "db-overload",
    "crash-loop",
    "git-revert",
    "container-revert",
    "migration-rollback",
    "full-restore",
    "rollback-failed",
    "data-corruption",
    "host-loss",
    "accidental-deletion",
    "failed-migration",
];

/// The procedures beside them.
const PROCEDURES: [&str; 12] = [
    "pre-deploy",
    "rolling-deploy",
    "post-deploy",
    "security-check",
    "manual-backup",
    "verify-backup",
    "verify-service",
    "restore-drill",
    "game-day",
    "daily-maintenance",
    "weekly-maintenance",
    "monthly-maintenance",
];

/// What runbooks are to answer. What a postmortem has (S0-20), the documents that are written out (S0-21), and the five sections that each
/// has (S0-22) are not theirs.
fn wanted() -> BTreeSet<String> {
    let ids = |of: &str, from: u32, to: u32| (from..=to).map(|number| format!("{of}-{number:02}")).collect::<Vec<_>>();
    let hazards = (1..=16).map(|number| format!("H{number}"));
    [ids("S0", 12, 19), ids("S0", 23, 26), ids("S1", 1, 26), ids("S2", 2, 19), ids("S3", 21, 22), ids("S4", 11, 14)]
        .concat()
        .into_iter()
        .chain(hazards)
        .collect()
}

fn bundled(name: &str) -> Runbook {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/runbooks/{name}.md"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    read(name, &text, &BTreeMap::new()).0
}

fn all() -> impl Iterator<Item = Runbook> {
    NAMED.iter().chain(&PROCEDURES).map(|name| bundled(name))
}

/// Whether a step says what is expected of what it sees.
fn expects(does: &Value) -> bool {
    match does {
        Value::Object(keys) => keys.contains_key("expect") || keys.values().any(expects),
        _ => false,
    }
}

#[test]
fn each_has_at_least_three_steps_that_expect_something_and_places_that_the_configuration_fills() {
    for runbook in all() {
        let looks = runbook.steps.iter().filter(|step| expects(&step.does)).count();
        assert!(looks >= 3, "{} expects something in {looks} steps", runbook.name);
        let filled = runbook.steps.iter().any(|step| step.does.to_string().contains('{'));
        assert!(filled && !runbook.values.is_empty(), "{} has nothing to fill", runbook.name);
        let headings: Vec<_> = runbook.sections.iter().map(|section| section.heading.as_str()).collect();
        assert_eq!(headings.len(), 5, "{}: {headings:?}", runbook.name);
    }
}

#[test]
fn every_requirement_is_answered_by_one_and_the_catalogue_says_by_which() {
    let answered: BTreeSet<String> = all().flat_map(|runbook| runbook.requirements).collect();
    let missing: Vec<_> = wanted().difference(&answered).cloned().collect();
    assert_eq!(missing, [] as [String; 0]);
    let catalogue = include_str!("../../../docs/runbooks-bundled.md");
    for runbook in all() {
        let line = catalogue.lines().find(|line| line.starts_with(&format!("| [`{}`]", runbook.name)));
        let cells: Vec<&str> = line.unwrap_or_default().split(" | ").collect();
        assert_eq!(cells.get(1), Some(&runbook.title.as_str()), "{}", runbook.name);
        let told: BTreeSet<&str> = cells[2].split(", ").collect();
        let said: BTreeSet<&str> = runbook.requirements.iter().map(String::as_str).collect();
        assert_eq!(told, said, "{}", runbook.name);
    }
}

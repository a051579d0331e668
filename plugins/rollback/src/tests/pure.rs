//! What lies between versions, which way back, what follows from verdicts, where the tree leads.

use super::{DAY_MS, HOUR_MS, MINUTE_MS, migration};
use crate::chain::{between, version_before, versions};
use crate::choose::{self, Known};
use crate::memory::Ran;
use crate::service::{Criterion, Strategy};
use crate::tree::{Clock, Leads, Tree};
use crate::verdict::{self, Advice, Attestations, Attested, Verdict};
use drillbell_sdk::{BackupCopy, Deployed};

fn deploy(version: &str, previous: &str, at_ms: u64, migrations: &[(&str, &str)]) -> Deployed {
    Deployed {
        version: version.to_owned(),
        previous: previous.to_owned(),
        commit: format!("commit-of-{version}"),
        schema: if migrations.is_empty() { "none" } else { "expand" }.to_owned(),
        migrations: migrations.iter().map(|(name, risk)| migration(name, risk)).collect(),
        at_ms,
        recorded_ms: at_ms,
        ..Deployed::default()
    }
}

/// v4, v3, v2, v1; v3 and v4 brought migrations, and so did v1.
fn history() -> Vec<Deployed> {
    vec![
        deploy("v4", "v3", 40, &[("0007", "safe")]),
        deploy("v3", "v2", 30, &[("0005", "safe"), ("0006", "safe")]),
        deploy("v2", "v1", 20, &[]),
        deploy("v1", "v0", 10, &[("0004", "safe")]),
    ]
}

#[test]
fn rolling_one_migration_back_implies_all_that_came_after_it() {
    let all = history();
    let found = between(&all, "v4", "v2").expect("v2 was there before");
    assert_eq!(found.names(), ["0005", "0006", "0007"]);
    assert_eq!(found.before.as_deref(), Some("0004"));
    assert_eq!((found.since_ms(), found.first()), (30, "v3"));
    assert_eq!((found.from_commit.as_str(), found.commit.as_str()), ("commit-of-v4", "commit-of-v2"));
    let oldest = between(&all, "v4", "v0").expect("v1 says what it replaced");
    assert_eq!((oldest.names().len(), oldest.before, oldest.commit.as_str()), (4, None, ""));
    assert_eq!(between(&all, "v2", "v4"), None, "what is newer is not behind");
    assert_eq!(between(&all, "v4", "v4"), None);
    assert_eq!(between(&all, "v4", "v9"), None);
    assert_eq!(between(&[], "v4", "v3"), None);
}

#[test]
fn what_a_rollback_undid_lies_between_nothing_any_more() {
    let back = |version: &str, previous: &str, at_ms: u64| Deployed {
        by: "rollback (job 0badcafe)".to_owned(),
        ..deploy(version, previous, at_ms, &[])
    };
    let mut all = history();
    all.insert(0, back("v2", "v4", 50));
    let found = between(&all, "v2", "v1").expect("v1 was there before");
    assert_eq!((found.names().len(), found.from_commit.as_str()), (0, "commit-of-v2"), "v3 and v4 are undone");
    assert_eq!(between(&all, "v4", "v2").expect("an attempt made again").names(), ["0005", "0006", "0007"]);
    assert_eq!(between(&all, "v2", "v4"), None, "v4 may need what was taken back with it");
    all.insert(0, deploy("v5", "v2", 60, &[("0008", "safe")]));
    assert_eq!(between(&all, "v5", "v1").expect("v1 was there before").names(), ["0008"]);
    assert_eq!(version_before(&all, "v5", &["v4".to_owned()]).as_deref(), Some("v2"));
}

/// `v5<v4:0008+0009`: v5 replaced v4 and brought two migrations; `=v2<v4:0008` is a rollback to v2 that left one.
fn one(text: &str) -> Deployed {
    let (by, text) = text.strip_prefix('=').map_or(("ci", text), |text| ("rollback (job 0badcafe)", text));
    let (names, migrations) = text.split_once(':').unwrap_or((text, ""));
    let (version, previous) = names.split_once('<').unwrap_or((names, ""));
    let named: Vec<_> = migrations.split('+').filter(|name| !name.is_empty()).map(|name| (name, "safe")).collect();
    Deployed { by: by.to_owned(), ..deploy(version, previous, 10, &named) }
}

#[test]
fn what_lies_between_is_what_the_table_says() {
    let table = include_str!("../../../../tests/fixtures/chains.txt").lines().filter(|line| !line.starts_with('#'));
    for line in table.filter(|line| !line.is_empty()) {
        let [deploys, from, to, expected] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("four parts: {line}")
        };
        let told = |deploy: &Deployed| {
            let names: Vec<_> = deploy.migrations.iter().map(|one| one.name.as_str()).collect();
            let colon = if names.is_empty() { "" } else { ":" };
            format!("{}{colon}{}", deploy.version, names.join("+"))
        };
        let deploys: Vec<_> = deploys.split_whitespace().map(one).collect();
        let found = between(&deploys, from, to);
        let found = found.map(|found| found.undone.iter().rev().map(told).collect::<Vec<_>>().join(" "));
        assert_eq!(found.as_deref().unwrap_or("unknown"), expected, "{line}");
    }
}

#[test]
fn what_code_alone_left_in_the_schema_is_named_by_the_next_plan_and_goes_down_with_it() {
    let mut all = history();
    let left = [("0005", "safe"), ("0006", "safe"), ("0007", "safe")];
    let back = Deployed { by: "rollback (job 0badcafe)".to_owned(), ..deploy("v2", "v4", 50, &left) };
    all.insert(0, back);
    all.insert(0, deploy("v5", "v2", 60, &[("0008", "safe")]));
    let found = between(&all, "v5", "v2").expect("v2 was there before");
    assert_eq!(found.names(), ["0005", "0006", "0007", "0008"], "all that is taken away is named");
    assert_eq!(found.before.as_deref(), Some("0004"), "down to what v2 was deployed with");
    assert_eq!((found.since_ms(), found.first()), (30, "v3"), "a copy from before has nothing of it");
    assert_eq!(found.hazards(), [""; 0], "code alone may still go back");
    assert_eq!(found.commit, "commit-of-v2");
    // Whoever deploys it once more may name what is there already.
    all.insert(0, deploy("v6", "v5", 70, &[("0007", "safe"), ("0009", "safe")]));
    let again = between(&all, "v6", "v2").expect("v2 was there before");
    assert_eq!(again.names(), ["0005", "0006", "0007", "0008", "0009"], "each once");
}

#[test]
fn the_version_before_is_the_one_that_was_not_rolled_back() {
    let all = history();
    assert_eq!(versions(&all), ["v4", "v3", "v2", "v1", "v0"]);
    assert_eq!(version_before(&all, "v4", &[]).as_deref(), Some("v3"));
    assert_eq!(version_before(&all, "v4", &["v3".to_owned()]).as_deref(), Some("v2"));
    assert_eq!(version_before(&all[3..], "v1", &["v0".to_owned()]), None);
    let ran = Ran { version: "v3".to_owned(), at_ms: 50, bad: vec!["v4".to_owned()] };
    assert_eq!(ran.now(&all).as_deref(), Some("v3"), "since a rollback");
    assert_eq!(Ran { at_ms: 39, ..ran }.now(&all).as_deref(), Some("v4"), "until the next deploy");
    assert_eq!(Ran::default().now(&[]), None);
}

#[test]
fn code_goes_back_alone_only_over_what_older_code_runs_with() {
    let one = |schema: &str, risk: &str| {
        let mut v2 = deploy("v2", "v1", 20, &[("0042", risk)]);
        v2.schema = schema.to_owned();
        between(&[v2, deploy("v1", "", 10, &[])], "v2", "v1").expect("v1 is behind").hazards()
    };
    for (schema, risk) in [("expand", "safe"), ("none", "safe")] {
        assert_eq!(one(schema, risk), [""; 0], "{schema} {risk}");
    }
    let refused =
        [one("contract", "safe"), one("none", "risky"), one("expand", "unknown"), one("contract", "risky")].concat();
    insta::assert_snapshot!(refused.join("\n"), @r"
        v2 was recorded with the contract migration 0042
        v2 brought 0042, which is risky (line 1 drops the column email of users)
        v2 brought 0042, and nobody has seen what it does
        v2 was recorded with the contract migration 0042 (line 1 drops the column email of users)
        ");
    let nameless = Deployed { schema: "contract".to_owned(), ..deploy("v2", "v1", 20, &[]) };
    let found = between(&[nameless], "v2", "v1").expect("it names what it replaced");
    assert_eq!(found.hazards(), ["v2 was recorded with a contract migration that has no name"]);
}

fn strategies() -> Vec<Strategy> {
    let strategy = |name: &str, kind: &str, target: &str, code: &str| Strategy {
        name: name.to_owned(),
        kind: kind.to_owned(),
        target: target.to_owned(),
        code: code.to_owned(),
        ..Strategy::default()
    };
    vec![
        strategy("full", "restore", "db", "release"),
        strategy("schema", "migration", "", "git"),
        strategy("release", "release", "", ""),
        strategy("git", "git", "", ""),
    ]
}

fn copy(short: &str, taken_ms: u64, verdict: &str) -> BackupCopy {
    BackupCopy {
        short: short.to_owned(),
        target: "db".to_owned(),
        taken_ms,
        verdict: verdict.to_owned(),
        ..BackupCopy::default()
    }
}

fn known(deploys: &[Deployed], copies: Vec<BackupCopy>) -> Known {
    Known {
        between: between(deploys, "v2", "v1").expect("v1 is behind"),
        copies: [("db".to_owned(), copies)].into(),
        targets: vec!["db".to_owned()],
        now_ms: 10 * HOUR_MS,
        ..Known::default()
    }
}

fn told(known: &Known) -> String {
    let considered = choose::consider(&strategies(), known);
    let line = |one: &choose::Considered| match (one.refused.as_slice(), &one.tried) {
        ([], None) => format!("{}: {}", one.strategy.name, one.reasons.join("; ")),
        ([], Some(said)) => format!("{}: tried: {said}", one.strategy.name),
        (refused, _) => format!("{}: refused: {}", one.strategy.name, refused.join("; ")),
    };
    let first = choose::first(&considered).map_or("none", |first| first.strategy.name.as_str());
    format!("first: {first}\n{}", considered.iter().map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn code_is_chosen_before_schema_and_schema_before_data_with_reasons() {
    let v1 = deploy("v1", "", HOUR_MS, &[("0041", "safe")]);
    let plain = [deploy("v2", "v1", 9 * HOUR_MS, &[]), v1.clone()];
    let copies = || {
        vec![
            copy("newer", 9 * HOUR_MS + 1, "proven"),
            copy("broken", 8 * HOUR_MS, "broken"),
            copy("good", 7 * HOUR_MS, "proven"),
        ]
    };
    let mut tried = known(&plain, copies());
    tried.failed = vec![("release".to_owned(), "it did not start".to_owned())];
    let mut contract = deploy("v2", "v1", 9 * HOUR_MS, &[("0042", "risky")]);
    contract.schema = "contract".to_owned();
    let contracted = [contract.clone(), v1];
    let mut lost = known(&[contract, deploy("v1", "", HOUR_MS, &[])], vec![copy("newer", 9 * HOUR_MS + 1, "proven")]);
    lost.between.commit = String::new();
    insta::assert_snapshot!([
        told(&known(&plain, copies())), told(&tried), told(&known(&contracted, copies())), told(&lost),
    ].join("\n\n"), @r"
    first: release
    full: good of 1 Jan 07:00 is the newest copy from before v2; 3 h of changes would be lost
    schema: refused: no migration lies between the two versions: there is nothing to migrate back
    release: no migration lies between the two versions: code alone goes back
    git: no migration lies between the two versions: code alone goes back

    first: git
    full: good of 1 Jan 07:00 is the newest copy from before v2; 3 h of changes would be lost
    schema: refused: no migration lies between the two versions: there is nothing to migrate back
    release: tried: it did not start
    git: no migration lies between the two versions: code alone goes back

    first: schema
    full: good of 1 Jan 07:00 is the newest copy from before v2; 3 h of changes would be lost
    schema: it takes the schema back to 0041, which undoes 1 migration: 0042
    release: refused: v2 was recorded with the contract migration 0042 (line 1 drops the column email of users): the code of v1 may not run on the schema of v2
    git: refused: v2 was recorded with the contract migration 0042 (line 1 drops the column email of users): the code of v1 may not run on the schema of v2

    first: none
    full: refused: there is no copy of db from before v2 (1 Jan 09:00) that is not broken
    schema: refused: nobody knows which migration v1 was at: no deploy before v2 is recorded with one
    release: refused: v2 was recorded with the contract migration 0042 (line 1 drops the column email of users): the code of v1 may not run on the schema of v2
    git: refused: v2 was recorded with the contract migration 0042 (line 1 drops the column email of users): the code of v1 may not run on the schema of v2
    ");
}

#[test]
fn what_touches_data_needs_two_and_a_stale_proof_one_more() {
    let plain = [deploy("v2", "v1", 9 * HOUR_MS, &[]), deploy("v1", "", HOUR_MS, &[])];
    let proven = |age_ms: Option<u64>| {
        let mut known = known(&plain, Vec::new());
        known.now_ms = 90 * DAY_MS;
        let proven_ms = age_ms.map(|age_ms| known.now_ms - age_ms);
        known.copies.insert("db".to_owned(), vec![BackupCopy { proven_ms, ..copy("one", 1, "proven") }]);
        known
    };
    let [full, schema, release, _] = strategies().try_into().expect("four");
    let count = |strategy: &Strategy, known: &Known, again| choose::needs(strategy, known, again).count;
    let fresh = proven(Some(DAY_MS));
    assert_eq!((count(&release, &fresh, false), count(&release, &fresh, true)), (0, 1));
    assert_eq!((count(&schema, &fresh, false), count(&schema, &fresh, true)), (2, 3));
    assert_eq!((count(&full, &fresh, false), count(&full, &fresh, true)), (2, 3));
    assert_eq!(count(&full, &proven(Some(choose::PROOF_MS)), false), 2);
    let stale = choose::needs(&full, &proven(Some(choose::PROOF_MS + HOUR_MS)), false);
    let never = choose::needs(&full, &proven(None), false);
    assert_eq!((stale.count, never.count, count(&full, &proven(None), true)), (3, 3, 4));
    insta::assert_snapshot!([stale.why.join("\n"), never.why.join("\n")].join("\n"), @r"
    it replaces data: two have to agree
    a copy of db was last proven 31 d 1 h ago, and a proof is to be at most 31 days old: one more has to agree
    it replaces data: two have to agree
    a copy of db was never proven, and a proof is to be at most 31 days old: one more has to agree
    ");
}

fn said(statuses: &[&str]) -> Vec<Verdict> {
    let one = |status: &&str| Verdict { status: (*status).to_owned(), ..Verdict::default() };
    statuses.iter().map(one).collect()
}

fn attested(count: usize) -> Attestations {
    (0..count).map(|number| (number, Attested { by: "Ana".to_owned(), at_ms: 1 })).collect()
}

#[test]
fn unknown_holds_and_never_counts_as_well() {
    let advice =
        |statuses: &[&str], asks, against| verdict::advice(&said(statuses), &attested(asks), &attested(against));
    assert_eq!(advice(&["not_met", "not_met"], 0, 0), Advice::Keep);
    assert_eq!(advice(&["not_met", "met"], 0, 0), Advice::RollBack);
    assert_eq!(advice(&["unknown", "met"], 0, 0), Advice::RollBack);
    assert_eq!(advice(&["not_met", "met"], 0, 1), Advice::Weigh);
    assert_eq!(advice(&["not_met"], 1, 0), Advice::RollBack);
    for odd in ["unknown", "", "pass", "NaN", "stale"] {
        assert_eq!(advice(&["not_met", odd], 0, 0), Advice::Hold, "{odd}");
        assert_eq!(verdict::holds(&said(&["pass", odd])), if odd == "pass" { "pass" } else { "unknown" }, "{odd}");
    }
    assert_eq!(advice(&[], 0, 0), Advice::Hold);
    assert_eq!((verdict::holds(&[]), verdict::holds(&said(&["unknown", "fail"]))), ("unknown", "fail"));
    let criterion = Criterion { name: "errors".to_owned(), ..Criterion::default() };
    let completed = verdict::complete(Vec::new(), &[criterion]);
    assert_eq!((completed.len(), completed[0].status.as_str()), (1, "unknown"), "who was not told of is not known");
    let because = [
        verdict::because("shop", &said(&[]), 0, 0),
        verdict::because("shop", &said(&["met"]), 0, 0),
        verdict::because("shop", &said(&["unknown"]), 0, 0),
        verdict::because("shop", &said(&["met", "unknown", "not_met"]), 1, 2),
    ];
    insta::assert_snapshot!(because.join("\n"), @r"
    No criterion is configured: [services.shop.criteria.NAME] names one.
    The one criterion is met.
    Nobody can tell of any criterion, and unknown never counts as healthy.
    1 of 3 criteria is met; of 1 nobody can tell, and unknown never counts as healthy; 1 attested for a rollback; 2 attested against one.
    ");
}

#[test]
fn the_tree_leads_to_one_of_three_ends_and_its_clock_runs() {
    let walk = |words: &[&str]| {
        let mut tree = Tree::default();
        let taken: Vec<_> = words.iter().map(|word| tree.answer(word)).collect();
        (taken, tree.leads(), tree.question())
    };
    assert_eq!(walk(&["lesser"]), (vec![true], Some(Leads::NextRelease), None));
    assert_eq!(walk(&["severe", "quick"]), (vec![true, true], Some(Leads::FixForward), None));
    assert_eq!(walk(&["severe", "slow"]), (vec![true, true], Some(Leads::RollBack), None));
    assert_eq!(walk(&["quick"]), (vec![false], None, Some("Is it P0 or P1?")));
    assert_eq!(walk(&["severe", "lesser"]), (vec![true, false], None, Some("Can it be fixed in under 10 minutes?")));
    assert_eq!(walk(&["lesser", "anew"]), (vec![true, true], None, Some("Is it P0 or P1?")));
    let clock = Clock { severity: "sev1".to_owned(), since_ms: 0, within_ms: 15 * MINUTE_MS, told: false };
    let stands = [0, 9 * MINUTE_MS, 15 * MINUTE_MS, 21 * MINUTE_MS].map(|now_ms| clock.stands(now_ms));
    insta::assert_snapshot!(stands.join("\n"), @r"
    15 min of the 15 min of sev1 are left
    6 min of the 15 min of sev1 are left
    the 15 min of sev1 are over since 0 s
    the 15 min of sev1 are over since 6 min
    ");
}

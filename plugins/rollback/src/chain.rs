//! What lies between two versions: the deploys that would be undone, and their migrations in the order in which they came (S3-18). Pure.

use drillbell_sdk::{Deployed, Migration};
use std::collections::BTreeSet;

/// What lies between the version that runs and the one to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// What runs.
    pub from: String,
    /// What shall run.
    pub to: String,
    /// The commit of what runs, or empty.
    pub from_commit: String,
    /// The commit of what shall run, or empty.
    pub commit: String,
    /// The deploys that would be undone, oldest first.
    pub undone: Vec<Deployed>,
    /// The newest migration that was there before them, if one is recorded.
    pub before: Option<String>,
}

/// A rollback has recorded itself: the host says so in place of who deployed, and lets no sender say so.
pub fn is_rollback(by: &str) -> bool {
    by.starts_with("rollback (job ")
}

/// A deploy that still counts.
struct Standing {
    deploy: Deployed,
    /// Its code was rolled back, and these of its migrations were left.
    only_schema: bool,
}

/// Of deploys newest first those that still stand: from a rollback it goes on with the deploy of the version that runs again, behind
/// the migrations that were left.
fn standing(newest_first: &[Deployed]) -> Vec<Standing> {
    let (mut all, mut rest) = (Vec::new(), newest_first);
    while let Some((first, older)) = rest.split_first() {
        let again = |deploy: &Deployed| !is_rollback(&deploy.by) && deploy.version == first.version;
        let at = older.iter().position(again).filter(|_| is_rollback(&first.by));
        rest = match at {
            Some(at) => {
                all.extend(left(&first.migrations, &older[..at]));
                &older[at..]
            }
            None => {
                all.push(Standing { deploy: first.clone(), only_schema: false });
                // What stood before the version that runs again is not known.
                if is_rollback(&first.by) { &[] } else { older }
            }
        };
    }
    all
}

/// The deploys that a rollback undid as far as it left their migrations, each migration once.
fn left(stays: &[Migration], undone: &[Deployed]) -> Vec<Standing> {
    let mut stays: Vec<&str> = stays.iter().map(|migration| migration.name.as_str()).collect();
    let mut all = Vec::new();
    for deploy in undone.iter().filter(|deploy| !is_rollback(&deploy.by)) {
        let mut deploy = deploy.clone();
        deploy.migrations.retain(|one| stays.contains(&one.name.as_str()));
        stays.retain(|name| deploy.migrations.iter().all(|one| one.name != *name));
        if !deploy.migrations.is_empty() {
            all.push(Standing { deploy, only_schema: true });
        }
    }
    all
}

/// What lies between two versions, of deploys newest first; `None` when `to` was not deployed before `from`. Of what a rollback has
/// undone meanwhile only the migrations that it left lie there. A version that was rolled back is none to go to: it may need what was
/// taken back with it.
///
/// The host has the same rules beneath this, and refuses by them whatever is planned here. The cases in `tests/fixtures/chains.txt`
/// hold for both.
pub fn between(newest_first: &[Deployed], from: &str, to: &str) -> Option<Between> {
    if from == to {
        return None;
    }
    let begins = newest_first.iter().position(|deploy| deploy.version == from)?;
    let standing = standing(&newest_first[begins..]);
    let runs = |one: &Standing, version: &str| !one.only_schema && one.deploy.version == version;
    let now = standing.iter().position(|one| runs(one, from))?;
    // A version may be known only as what another one replaced; what a rollback replaced is newer, not older.
    let replaced_it = |one: &Standing| !one.only_schema && !is_rollback(&one.deploy.by) && one.deploy.previous == to;
    let (until, commit) = match standing.iter().position(|one| runs(one, to)) {
        Some(at) => (at, standing[at].deploy.commit.clone()),
        None => (standing.iter().position(replaced_it)? + 1, String::new()),
    };
    let undone = standing[..until].iter().rev().map(|one| one.deploy.clone());
    let before = standing[until..].iter().find_map(|one| one.deploy.migrations.last());
    Some(Between {
        from: from.to_owned(),
        to: to.to_owned(),
        from_commit: standing[now].deploy.commit.clone(),
        commit,
        undone: undone.collect(),
        before: before.map(|migration| migration.name.clone()),
    })
}

/// The versions that were deployed, newest first, each once.
pub fn versions(newest_first: &[Deployed]) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    let all = newest_first.iter().flat_map(|deploy| [&deploy.version, &deploy.previous]);
    for version in all.filter(|version| !version.is_empty()) {
        if !known.contains(version) {
            known.push(version.clone());
        }
    }
    known
}

/// The version to go back to if nobody says: the one before what runs that was not itself rolled back.
pub fn version_before(newest_first: &[Deployed], from: &str, bad: &[String]) -> Option<String> {
    let now = newest_first.iter().position(|deploy| deploy.version == from)?;
    versions(&newest_first[now..]).into_iter().find(|version| version != from && !bad.contains(version))
}

impl Between {
    /// The migrations, oldest first, with the deploy that brought each. One that a later deploy names again is there once.
    pub fn migrations(&self) -> Vec<(&Deployed, &Migration)> {
        let mut known = BTreeSet::new();
        let all = self.undone.iter().flat_map(|deploy| deploy.migrations.iter().map(move |one| (deploy, one)));
        all.filter(|(_, one)| known.insert(one.name.as_str())).collect()
    }

    /// Their names, oldest first.
    pub fn names(&self) -> Vec<String> {
        self.migrations().into_iter().map(|(_, migration)| migration.name.clone()).collect()
    }

    /// When the oldest deploy that would be undone took place: what a copy must be older than to be without it.
    pub fn since_ms(&self) -> u64 {
        self.undone.first().map_or(0, |deploy| deploy.at_ms)
    }

    /// The oldest version that would be undone.
    pub fn first(&self) -> &str {
        self.undone.first().map_or("it", |deploy| deploy.version.as_str())
    }

    /// Why code from before may not run on the schema as it is, a sentence each without a full stop (H7). Empty: it may.
    pub fn hazards(&self) -> Vec<String> {
        self.undone.iter().flat_map(hazards).collect()
    }

    /// What stays in the schema when only code goes back, a sentence each without a full stop.
    pub fn stays(&self) -> Vec<String> {
        let line = |(deploy, migration): (&Deployed, &Migration)| {
            format!("{} of {} only adds: older code runs with it", migration.name, deploy.version)
        };
        self.migrations().into_iter().map(line).collect()
    }
}

fn hazards(deploy: &Deployed) -> Vec<String> {
    let (version, mut hazards) = (&deploy.version, Vec::new());
    if deploy.schema == "contract" && deploy.migrations.is_empty() {
        hazards.push(format!("{version} was recorded with a contract migration that has no name"));
    }
    for migration in &deploy.migrations {
        let name = &migration.name;
        let why = match migration.risk.as_str() {
            _ if deploy.schema == "contract" => format!("{version} was recorded with the contract migration {name}"),
            "risky" => format!("{version} brought {name}, which is risky"),
            "safe" => continue,
            // A claim that nobody could look at is none.
            _ => format!("{version} brought {name}, and nobody has seen what it does"),
        };
        let found = match migration.findings.as_slice() {
            [] => String::new(),
            findings => format!(" ({})", findings.join("; ")),
        };
        hazards.push(format!("{why}{found}"));
    }
    hazards
}

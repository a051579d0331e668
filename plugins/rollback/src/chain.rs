//! What lies between two versions: the deploys that would be undone, and their migrations in the order in which they came (S3-18). Pure.

use drillbell_sdk::{Deployed, Migration};

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

/// A rollback has recorded itself: the host says so in place of who deployed.
pub fn is_rollback(by: &str) -> bool {
    by.starts_with("rollback (job ")
}

/// Of deploys newest first those that still stand: from a rollback it goes on with the deploy of the version that runs again.
fn standing(newest_first: &[Deployed]) -> Vec<Deployed> {
    let (mut left, mut rest) = (Vec::new(), newest_first);
    while let Some((first, older)) = rest.split_first() {
        let again = |deploy: &Deployed| is_rollback(&first.by) && deploy.version == first.version;
        let at = older.iter().position(again);
        if at.is_none() {
            left.push(first.clone());
        }
        rest = match at {
            Some(at) => &older[at..],
            // What stood before the version that runs again is not known.
            None if is_rollback(&first.by) => &[],
            None => older,
        };
    }
    left
}

/// What lies between two versions, of deploys newest first; `None` when `to` was not deployed before `from`. What a rollback has undone
/// meanwhile is left out, and so is a version that was rolled back: it may need what was taken back with it.
pub fn between(newest_first: &[Deployed], from: &str, to: &str) -> Option<Between> {
    let now = newest_first.iter().position(|deploy| deploy.version == from)?;
    down_to(&standing(&newest_first[now..]), from, to)
}

fn down_to(newest_first: &[Deployed], from: &str, to: &str) -> Option<Between> {
    if from == to {
        return None;
    }
    let now = newest_first.iter().position(|deploy| deploy.version == from)?;
    let older = newest_first.iter().skip(now + 1).position(|deploy| deploy.version == to).map(|at| now + 1 + at);
    // A version may be known only as what another one replaced.
    let (until, commit) = match older {
        Some(at) => (at, newest_first[at].commit.clone()),
        None => {
            // What a rollback replaced is newer, not older.
            let replaced_it = |deploy: &Deployed| !is_rollback(&deploy.by) && deploy.previous == to;
            let replaced = newest_first.iter().skip(now).position(replaced_it)?;
            (now + replaced + 1, String::new())
        }
    };
    let mut undone = newest_first[now..until].to_vec();
    undone.reverse();
    let before = newest_first[until..].iter().find_map(|deploy| deploy.migrations.last());
    Some(Between {
        from: from.to_owned(),
        to: to.to_owned(),
        from_commit: newest_first[now].commit.clone(),
        commit,
        undone,
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
    /// The migrations, oldest first, with the deploy that brought each.
    pub fn migrations(&self) -> Vec<(&Deployed, &Migration)> {
        self.undone.iter().flat_map(|deploy| deploy.migrations.iter().map(move |one| (deploy, one))).collect()
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

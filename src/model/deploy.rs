//! A deploy that was recorded, what its migrations do to the schema, and which deploys lie between two versions.

use super::event::DeployRecorded;
use super::ids::DeliveryId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a migration's statements may do to whoever runs at the same time, or to the code from before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing that is known to hurt.
    Safe,
    /// It takes something away, narrows it, or holds others up.
    Risky,
    /// It could not be told; also when the statements were not shown.
    #[default]
    Unknown,
}

impl Risk {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Risky => "risky",
            Self::Unknown => "unknown",
        }
    }
}

/// A migration that a deploy brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Migration {
    /// What the deploy record calls it.
    pub name: String,
    /// What its statements do, as far as they were shown and understood.
    pub risk: Risk,
    /// Why it is not safe, a sentence each without a full stop, with the line meant.
    pub findings: Vec<String>,
}

/// A migration as events have it: earlier ones have its name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Whole {
        name: String,
        #[serde(default)]
        risk: Risk,
        #[serde(default)]
        findings: Vec<String>,
    },
}

impl From<Written> for Migration {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(name) => Self { name, ..Self::default() },
            Written::Whole { name, risk, findings } => Self { name, risk, findings },
        }
    }
}

/// A deploy as the table has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deploy {
    /// The delivery that brought the record: one a deploy.
    pub delivery: DeliveryId,
    /// When it was heard of.
    pub recorded_ms: i64,
    /// What was recorded.
    pub record: DeployRecorded,
}

impl Deploy {
    /// Where it stands in the list of all, newest first.
    pub fn place(&self) -> DeployPlace {
        DeployPlace {
            at_ms: self.record.at_ms,
            recorded_ms: self.recorded_ms,
            delivery: self.delivery.as_str().to_owned(),
        }
    }
}

/// A place in the list of deploys, newest first, by which the next page begins: `AT.RECORDED.DELIVERY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployPlace {
    /// When it was deployed.
    pub at_ms: i64,
    /// When it was heard of.
    pub recorded_ms: i64,
    /// Its delivery.
    pub delivery: String,
}

impl DeployPlace {
    /// Reads it back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (at_ms, recorded_ms) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { at_ms, recorded_ms, delivery: parts.next()?.to_owned() })
    }
}

impl fmt::Display for DeployPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at_ms, self.recorded_ms, self.delivery)
    }
}

/// How `by` begins in the record of a rollback. Plugins know one by it, so nobody else's record is accepted with it.
pub const ROLLBACK_BY: &str = "rollback (job ";

/// The deploys that going back from one version to another undoes, newest first: those from the newest record of `from` (of anything,
/// if it is empty) down to, and without, the next older one of `to`, or (where there is none) down to, and with, one that replaced `to`. Of
/// what a rollback has undone meanwhile only the migrations that it left in the schema are among them. `None` when one of the two is not among those that
/// stand: what lies between is not known then, and a version that was itself rolled back may need what was taken back with it.
/// `deploys` are newest first.
///
/// The plugin that plans has the same rules, for what it shows; what may be done is decided here, whatever a plugin makes of it. The
/// cases in `tests/fixtures/chains.txt` hold for both.
pub fn between(deploys: Vec<Deploy>, from: &str, to: &str) -> Option<Vec<Deploy>> {
    let begins = deploys.iter().position(|deploy| from.is_empty() || deploy.record.version == from)?;
    let mut standing = standing(&deploys[begins..]);
    // What a rollback replaced is newer, not older.
    let replaced_it = |one: &Standing| {
        !to.is_empty() && !one.only_schema && !one.deploy.record.rollback && one.deploy.record.previous == to
    };
    let until = match standing.iter().position(|one| !one.only_schema && one.deploy.record.version == to) {
        Some(at) => at,
        // `to` itself may be older than the records.
        None => standing.iter().position(replaced_it)? + 1,
    };
    standing.truncate(until);
    Some(standing.into_iter().map(|one| one.deploy).collect())
}

/// A deploy that still counts.
struct Standing {
    deploy: Deploy,
    /// Its code was rolled back, and these of its migrations were left.
    only_schema: bool,
}

/// Of deploys newest first those that still stand: from a rollback it goes on with the deploy of the version that runs again, behind
/// the migrations that were left.
fn standing(newest_first: &[Deploy]) -> Vec<Standing> {
    let (mut all, mut rest) = (Vec::new(), newest_first);
    while let Some((first, older)) = rest.split_first() {
        let again = |deploy: &Deploy| !deploy.record.rollback && deploy.record.version == first.record.version;
        let at = older.iter().position(again).filter(|_| first.record.rollback);
        rest = match at {
            Some(at) => {
                all.extend(left(&first.record.migrations, &older[..at]));
                &older[at..]
            }
            None => {
                all.push(Standing { deploy: first.clone(), only_schema: false });
                // What stood before the version that runs again is not known.
                if first.record.rollback { &[] } else { older }
            }
        };
    }
    all
}

/// The deploys that a rollback undid as far as it left their migrations, each migration once.
fn left(stays: &[Migration], undone: &[Deploy]) -> Vec<Standing> {
    let mut stays: Vec<&str> = stays.iter().map(|migration| migration.name.as_str()).collect();
    let mut all = Vec::new();
    for deploy in undone.iter().filter(|deploy| !deploy.record.rollback) {
        let mut deploy = deploy.clone();
        deploy.record.migrations.retain(|one| stays.contains(&one.name.as_str()));
        stays.retain(|name| deploy.record.migrations.iter().all(|one| one.name != *name));
        if !deploy.record.migrations.is_empty() {
            all.push(Standing { deploy, only_schema: true });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploy(version: &str, schema: &str) -> Deploy {
        let record = DeployRecorded {
            service: "shop".to_owned(),
            version: version.to_owned(),
            previous: String::new(),
            commit: String::new(),
            schema: schema.to_owned(),
            migrations: Vec::new(),
            disagrees: String::new(),
            by: String::new(),
            at_ms: 7,
            rollback: false,
        };
        Deploy { delivery: DeliveryId::new("a/deploys/shop/1.2.3".to_owned()), recorded_ms: 8, record }
    }

    fn versions(found: Option<Vec<Deploy>>) -> Option<Vec<String>> {
        found.map(|found| found.into_iter().map(|deploy| deploy.record.version).collect())
    }

    #[test]
    fn between_two_versions_lies_what_would_be_undone() {
        let all = || ["v4", "v1", "v3", "v2", "v1"].map(|version| deploy(version, "none")).to_vec();
        let of = |list: &[&str]| Some(list.iter().map(|&version| version.to_owned()).collect());
        assert_eq!(versions(between(all(), "v4", "v1")), of(&["v4"]), "down to the newest record of it");
        assert_eq!(versions(between(all(), "", "v3")), of(&["v4", "v1"]));
        assert_eq!(versions(between(all(), "v3", "v1")), of(&["v3", "v2"]));
        assert_eq!(versions(between(all(), "v1", "v1")), of(&[]), "there is nothing to undo");
        assert_eq!(versions(between(all(), "v4", "v0")), None, "what lies between is not known");
        assert_eq!(versions(between(all(), "v5", "v1")), None);
        assert_eq!(versions(between(all(), "v2", "v3")), None, "that would be going forward");
        assert_eq!(versions(between(Vec::new(), "", "v1")), None);
        let mut all = all();
        all[3].record.previous = "v0".to_owned();
        assert_eq!(versions(between(all, "v3", "v0")), of(&["v3", "v2"]), "what was replaced need not be on record");
    }

    #[test]
    fn what_a_rollback_undid_lies_between_nothing_any_more() {
        let list = |list: &[&str]| {
            let one = |version: &&str| match version.strip_prefix("back to ") {
                None => deploy(version, "none"),
                Some(version) => {
                    let mut back = deploy(version, "none");
                    back.record.rollback = true;
                    back
                }
            };
            list.iter().map(one).collect::<Vec<_>>()
        };
        let of = |list: &[&str]| Some(list.iter().map(|&version| version.to_owned()).collect());
        let all = || list(&["v3", "back to v1", "v2", "v1", "v0"]);
        assert_eq!(versions(between(all(), "v3", "v1")), of(&["v3"]));
        assert_eq!(versions(between(all(), "v3", "v0")), of(&["v3", "v1"]), "v2 was undone before");
        assert_eq!(versions(between(all(), "v1", "v0")), of(&["v1"]), "what runs again is the deploy of then");
        assert_eq!(versions(between(all(), "v2", "v1")), of(&["v2"]), "an attempt that is made again");
        let forward = "it may need what was taken back with it";
        assert_eq!(versions(between(all(), "v3", "v2")), None, "{forward}");
        let replaced = |mut list: Vec<Deploy>| {
            let back = list.iter_mut().find(|deploy| deploy.record.rollback).unwrap();
            back.record.previous = "v2".to_owned();
            list
        };
        assert_eq!(versions(between(replaced(list(&["back to v1", "v2", "v1"])), "v1", "v2")), None, "{forward}");
        assert_eq!(versions(between(replaced(list(&["back to v1", "v2", "v1"])), "", "v2")), None, "{forward}");
        let unknown = || replaced(list(&["v3", "back to v1", "v2", "v0"]));
        assert_eq!(versions(between(unknown(), "v3", "v1")), of(&["v3"]));
        assert_eq!(versions(between(unknown(), "v3", "v0")), None, "nobody recorded v1");
        assert_eq!(versions(between(unknown(), "v1", "v2")), None, "{forward}");
    }

    /// `v5<v4:0008+0009`: v5 replaced v4 and brought two migrations; `=v2<v4:0008` is a rollback to v2 that left one.
    fn one(text: &str) -> Deploy {
        let (is_back, text) = text.strip_prefix('=').map_or((false, text), |text| (true, text));
        let (names, migrations) = text.split_once(':').unwrap_or((text, ""));
        let (version, previous) = names.split_once('<').unwrap_or((names, ""));
        let mut deploy = deploy(version, "none");
        (deploy.record.previous, deploy.record.rollback) = (previous.to_owned(), is_back);
        let named = migrations.split('+').filter(|name| !name.is_empty());
        deploy.record.migrations =
            named.map(|name| Migration { name: name.to_owned(), ..Migration::default() }).collect();
        deploy
    }

    #[test]
    fn what_lies_between_is_what_the_table_says() {
        let table = include_str!("../../tests/fixtures/chains.txt").lines().filter(|line| !line.starts_with('#'));
        for line in table.filter(|line| !line.is_empty()) {
            let [deploys, from, to, expected] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
                panic!("four parts: {line}")
            };
            let told = |deploy: &Deploy| {
                let names: Vec<_> = deploy.record.migrations.iter().map(|one| one.name.as_str()).collect();
                let colon = if names.is_empty() { "" } else { ":" };
                format!("{}{colon}{}", deploy.record.version, names.join("+"))
            };
            let found = between(deploys.split_whitespace().map(one).collect(), from, to);
            let found = found.map(|found| found.iter().map(told).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref().unwrap_or("unknown"), expected, "{line}");
        }
    }

    #[test]
    fn a_place_survives_being_a_cursor_and_old_events_are_read() {
        let place = deploy("v1", "none").place();
        assert_eq!(DeployPlace::parse(&place.to_string()), Some(place));
        assert_eq!(DeployPlace::parse("x.1.a"), None);
        let read: Vec<Migration> = serde_json::from_str(r#"["0041", {"name": "0042", "risk": "risky"}]"#).unwrap();
        let seen: Vec<_> = read.iter().map(|migration| (migration.name.as_str(), migration.risk.as_str())).collect();
        assert_eq!(seen, [("0041", "unknown"), ("0042", "risky")]);
    }
}

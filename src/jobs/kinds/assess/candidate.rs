//! What is to be deployed, as the pipeline tells the gate: what it does to the schema, and how its own checks went. A claim that nobody makes
//! is none: what is not told is unknown.

use super::Found;
use crate::config::services::Rollback;
use crate::model::deploy::Risk;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Names that a gate is told at most, of migrations and of checks each.
const NAMES: usize = 200;
/// Characters of one of them.
const NAME_CHARS: usize = 200;

/// The deploy that is asked about.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Candidate {
    /// The version, for whoever reads it later.
    version: String,
    /// What is said of the schema: `none`, `expand` or `contract`; empty when nothing is.
    schema: String,
    migrations: Vec<Brought>,
    /// How the pipeline's own checks went, by name: `pass`, `fail`, or anything else for unknown.
    ci: BTreeMap<String, String>,
}

/// A migration that it brings, with what its statements were found to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    name: String,
    risk: Risk,
}

impl Candidate {
    /// What does not fit, as a part of a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        if !matches!(self.schema.as_str(), "" | "none" | "expand" | "contract") {
            return Err("`schema` is none, expand or contract".to_owned());
        }
        let names = self.migrations.iter().map(|one| &one.name).chain(self.ci.keys()).chain([&self.version]);
        let plain = |name: &String| name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control);
        let mut known = BTreeSet::new();
        if let Some(twice) = self.migrations.iter().find(|one| !known.insert(one.name.as_str())) {
            return Err(format!("it names the migration {:?} more than once", twice.name));
        }
        let few = self.migrations.len() <= NAMES && self.ci.len() <= NAMES;
        match few && names.into_iter().all(plain) {
            true => Ok(()),
            false => {
                Err(format!("it names at most {NAMES} migrations and checks, of at most {NAME_CHARS} characters each"))
            }
        }
    }

    /// Whether the version that runs now can live with the schema as it will be, so that going back to it stays possible for a release
    /// (S0-11).
    pub(super) fn schema(&self, at: &str) -> Found {
        let of = |risk: Risk| self.migrations.iter().filter(move |one| one.risk == risk).map(|one| one.name.as_str());
        let (risky, unseen) = (of(Risk::Risky).collect::<Vec<_>>(), of(Risk::Unknown).collect::<Vec<_>>());
        let (status, detail) = match self.schema.as_str() {
            "contract" => {
                ("fail", "it takes away what the version that runs may need: code alone could not go back".to_owned())
            }
            _ if !risky.is_empty() => {
                let names = risky.join(", ");
                ("fail", format!("the version that runs may not live with {names}: code alone could not go back"))
            }
            "none" if !self.migrations.is_empty() => {
                let names = self.migrations.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
                ("fail", format!("it says `none`, and yet it brings {names}: one of the two is wrong"))
            }
            _ if !unseen.is_empty() => ("unknown", format!("nobody has seen what {} does", unseen.join(", "))),
            "" if self.migrations.is_empty() => {
                ("unknown", "nobody said what the deploy does to the schema: none, expand or contract".to_owned())
            }
            "none" if self.migrations.is_empty() => ("pass", "it leaves the schema as it is".to_owned()),
            _ => ("pass", "it only adds: the version that runs can live with it".to_owned()),
        };
        Found::new("schema", status, "the pipeline", at, detail)
    }

    /// How the checks went that the configuration wants, and whatever else was told.
    pub(super) fn checks(&self, rollback: Option<&Rollback>, at: &str) -> Vec<Found> {
        let wanted = rollback.map(|rollback| rollback.ci.iter()).into_iter().flatten();
        let names: BTreeSet<&String> = wanted.chain(self.ci.keys()).collect();
        let one = |name: &String| {
            let (status, detail) = match self.ci.get(name).map(String::as_str) {
                Some("pass") => ("pass", "it passed"),
                Some("fail") => ("fail", "it failed"),
                Some(_) => ("unknown", "the pipeline does not know how it went"),
                None => ("unknown", "the pipeline says nothing of it"),
            };
            Found::new(&format!("ci {name}"), status, "the pipeline", at, detail)
        };
        names.into_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(told: Value) -> Candidate {
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn what_code_alone_could_not_go_back_from_is_a_no_and_what_nobody_told_is_no_yes() {
        let one = |risk: &str| json!([{"name": "0042", "risk": risk}]);
        for (told, expected) in [
            (json!({}), "unknown"),
            (json!({"schema": "none"}), "pass"),
            (json!({"schema": "expand"}), "pass"),
            (json!({"schema": "contract"}), "fail"),
            (json!({"schema": "contract", "migrations": one("safe")}), "fail"),
            (json!({"migrations": one("safe")}), "pass"),
            (json!({"schema": "none", "migrations": one("risky")}), "fail"),
            (json!({"schema": "none", "migrations": one("safe")}), "fail"),
            (json!({"schema": "none", "migrations": one("unknown")}), "fail"),
            (json!({"schema": "expand", "migrations": one("unknown")}), "unknown"),
        ] {
            assert_eq!(read(told.clone()).schema("").status, expected, "{told}");
        }
        assert!(read(json!({"schema": "other"})).check().is_err());
        let twice = json!({"migrations": [{"name": "0042", "risk": "risky"}, {"name": "0042", "risk": "safe"}]});
        assert!(read(twice).check().is_err_and(|why| why.contains("0042")));
        assert!(serde_json::from_value::<Candidate>(json!({"schemas": "none"})).is_err());
    }

    proptest! {
        /// Only the word `pass` is a yes, and no migration that is not safe lets the schema pass.
        #[test]
        fn nothing_but_a_pass_is_a_yes(word in "\\PC{0,8}", schema in "none|expand|contract|", risk in "safe|risky|unknown") {
            let told = read(json!({"schema": schema, "migrations": [{"name": "m", "risk": risk}], "ci": {"tests": word}}));
            let checks = told.checks(None, "");
            prop_assert_eq!(checks[0].status == "pass", word == "pass");
            let may_pass = risk == "safe" && schema != "contract" && schema != "none";
            prop_assert!(told.schema("").status != "pass" || may_pass);
        }
    }
}

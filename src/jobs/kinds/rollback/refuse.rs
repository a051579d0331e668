//! What is refused beneath every plugin: two rollbacks of one service at once, and code that goes back beneath a schema that it
//! cannot live with.

use super::deploys::{Between, between};
use super::spec::Asked;
use crate::jobs::kinds::backup::Restoring;
use crate::jobs::{JobContext, JobError};
use crate::model::deploy::{Deploy, Migration, Risk};
use crate::model::job::short;
use crate::store::Store;
use serde_json::Value;

/// Of two rollbacks of a service that have not ended, the later one is refused.
pub(super) async fn two_at_once(of: &Restoring, job: &JobContext, asked: &Asked<'_>) -> Result<(), JobError> {
    let service = &asked.service.name;
    let is_ours = |spec: &str| {
        serde_json::from_str::<Value>(spec).is_ok_and(|spec| spec["service"].as_str() == Some(service.as_str()))
    };
    let unfinished = of.unfinished().await?;
    // Ids grow with time.
    let earlier = unfinished
        .iter()
        .find(|other| other.kind == "rollback" && other.id.as_str() < job.id() && is_ours(&other.spec));
    match earlier {
        None => Ok(()),
        Some(other) => Err(JobError::failed(format!(
            "Another rollback of {service} has not ended ({}, {}): nothing was done. End that one first.",
            short(&other.id),
            other.state.as_str()
        ))),
    }
}

/// What is known of the migrations that lie between two versions, where that does not refuse anything.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is not known and yet let pass, to be said.
    pub(super) note: Option<String>,
    /// Those that stay in the schema when code alone goes back, in the order in which they came.
    pub(super) stays: Vec<Migration>,
}

/// Code alone does not go back over a migration that it cannot live with (H7), nor over what nobody knows.
pub(super) async fn migrations(store: &Store, asked: &Asked<'_>) -> Result<Found, JobError> {
    if !asked.strategy.does.is_code() {
        return Ok(Found::default());
    }
    let spec = &asked.spec;
    let between = between(store, &spec.service, &spec.from, &spec.to)
        .await
        .map_err(|why| JobError::retry(format!("What was deployed between the two versions cannot be read: {why}")))?;
    let (why, found) = match &between {
        Between::Recorded(between) => {
            (unsafe_for_code(between, &spec.migrations), Found { note: None, stays: stays(between) })
        }
        Between::Gap => {
            let why = format!(
                "nobody has recorded what lies between {} and {}: record the deploys, or choose a strategy that takes the schema along",
                spec.from, spec.to
            );
            (Some(why), Found::default())
        }
        // A house that records no deploys has only what it names.
        Between::NoRecords => {
            let note = format!("no deploy of {} is on record, so its migrations are not known", spec.service);
            (unsafe_for_code(&[], &spec.migrations), Found { note: Some(note), ..Found::default() })
        }
    };
    match why {
        None => Ok(found),
        Some(why) => Err(JobError::failed(format!(
            "Code alone is not rolled back from {} to {}: {why}. Nothing was done; a strategy of the kind migration or restore takes the \
             schema back with it.",
            spec.from, spec.to
        ))),
    }
}

/// The migrations of deploys that are newest first, oldest first and each once.
fn stays(between: &[Deploy]) -> Vec<Migration> {
    let mut stays: Vec<Migration> = Vec::new();
    for migration in between.iter().rev().flat_map(|deploy| &deploy.record.migrations) {
        if stays.iter().all(|known| known.name != migration.name) {
            stays.push(migration.clone());
        }
    }
    stays
}

/// Why the code of the old version could not live with the schema as it is now, if it could not; the migration is named.
fn unsafe_for_code(between: &[Deploy], named: &[String]) -> Option<String> {
    for deploy in between.iter().map(|deploy| &deploy.record) {
        // What nobody could tell is not let pass either.
        if let Some(risky) = deploy.migrations.iter().find(|migration| migration.risk != Risk::Safe) {
            return Some(format!("the migration {} of {} was not found to be safe", risky.name, deploy.version));
        }
        if deploy.schema == "contract" {
            let names: Vec<&str> = deploy.migrations.iter().map(|migration| migration.name.as_str()).collect();
            let names = if names.is_empty() { "without a name".to_owned() } else { names.join(", ") };
            return Some(format!("{} was recorded with a migration that takes away ({names})", deploy.version));
        }
    }
    let recorded = || between.iter().flat_map(|deploy| &deploy.record.migrations);
    let known = |name: &String| recorded().any(|migration| migration.name == *name);
    let stranger = named.iter().find(|name| !known(name))?;
    Some(format!("the migration {stranger} lies in between, and nobody has recorded that it is safe"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::DeployRecorded;
    use crate::model::ids::DeliveryId;

    fn deploy(schema: &str, migrations: &[(&str, Risk)]) -> Deploy {
        let one = |&(name, risk): &(&str, Risk)| Migration { name: name.to_owned(), risk, findings: Vec::new() };
        let record = DeployRecorded {
            service: "shop".to_owned(),
            version: "2.0".to_owned(),
            previous: "1.0".to_owned(),
            commit: String::new(),
            schema: schema.to_owned(),
            migrations: migrations.iter().map(one).collect(),
            disagrees: String::new(),
            by: String::new(),
            at_ms: 7,
            rollback: false,
        };
        Deploy { delivery: DeliveryId::new("d".to_owned()), recorded_ms: 8, record }
    }

    #[test]
    fn code_goes_back_alone_only_over_what_is_recorded_as_safe() {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(unsafe_for_code(&[], &[]), None);
        assert_eq!(unsafe_for_code(&[deploy("expand", &[("0041", Risk::Safe)])], &named(&["0041"])), None);
        for (between, named, expected) in [
            (vec![], named(&["0042_drop"]), "0042_drop"),
            (vec![deploy("expand", &[("0041", Risk::Safe)])], named(&["0041", "0042"]), "0042"),
            (vec![deploy("expand", &[("0042_drop", Risk::Risky)])], vec![], "0042_drop"),
            (vec![deploy("expand", &[("0042_odd", Risk::Unknown)])], vec![], "0042_odd"),
            (vec![deploy("contract", &[("0043_tidy", Risk::Safe)])], vec![], "0043_tidy"),
            (vec![deploy("contract", &[])], vec![], "takes away"),
        ] {
            let why = unsafe_for_code(&between, &named).unwrap();
            assert!(why.contains(expected), "{why}");
        }
    }
}

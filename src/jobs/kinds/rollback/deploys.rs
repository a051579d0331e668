//! What was deployed between two versions, as the house has it on record: what a plugin says of migrations is not believed alone.

use crate::model::deploy::{Migration, Risk};
use crate::model::event::DeployRecorded;
use crate::store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;

/// A deploy on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// What was deployed.
    pub version: String,
    /// `none`, `expand` or `contract`, as it was recorded.
    pub schema: String,
    /// Its migrations, each with whether it was found to be safe.
    pub migrations: Vec<(String, bool)>,
}

/// What is on record of the deploys between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Between {
    /// All of them.
    Recorded(Vec<Deployed>),
    /// The service has records, and they do not reach from the one version to the other.
    Gap,
    /// The service has no records at all: nobody keeps any for it.
    NoRecords,
}

/// Knows what was deployed.
pub trait Deploys: Send + Sync {
    /// The deploys of a service after `to`, up to `from`. The error is a sentence.
    fn between<'a>(&'a self, service: &'a str, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Between, String>>;
}

/// What is on record in the store.
impl Deploys for Store {
    fn between<'a>(&'a self, service: &'a str, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Between, String>> {
        async move {
            let found = self.deploys_between(service, from, to).await.map_err(|error| error.to_string())?;
            if let Some(found) = found {
                return Ok(Between::Recorded(found.into_iter().map(|deploy| told(deploy.record)).collect()));
            }
            let any = self.deploys(Some(service), 1, None).await.map_err(|error| error.to_string())?;
            Ok(if any.is_empty() { Between::NoRecords } else { Between::Gap })
        }
        .boxed()
    }
}

fn told(record: DeployRecorded) -> Deployed {
    let safe = |migration: Migration| (migration.name, migration.risk == Risk::Safe);
    Deployed {
        version: record.version,
        schema: record.schema,
        migrations: record.migrations.into_iter().map(safe).collect(),
    }
}

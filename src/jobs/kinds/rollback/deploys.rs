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

/// Knows what was deployed.
pub trait Deploys: Send + Sync {
    /// The deploys of a service after `to`, up to `from`. The error is a sentence.
    fn between<'a>(
        &'a self,
        service: &'a str,
        from: &'a str,
        to: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Deployed>, String>>;
}

/// What is on record in the store. Of a version that is not, nothing is known: then what the job is told of migrations counts as
/// what nobody has looked at.
impl Deploys for Store {
    fn between<'a>(
        &'a self,
        service: &'a str,
        from: &'a str,
        to: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Deployed>, String>> {
        async move {
            let found = self.deploys_between(service, from, to).await.map_err(|error| error.to_string())?;
            Ok(found.unwrap_or_default().into_iter().map(|deploy| told(deploy.record)).collect())
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

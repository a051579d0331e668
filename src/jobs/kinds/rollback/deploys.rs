//! What was deployed between two versions, as the house has it on record: what a plugin says of migrations is not believed alone.

use crate::config::limits::deploys::DEPLOYS_KEPT;
use crate::model::deploy::Deploy;
use crate::store::Store;

/// What is on record of the deploys between two versions.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Between {
    /// All of them, newest first.
    Recorded(Vec<Deploy>),
    /// The service has records, and they do not reach from the one version to the other.
    Gap,
    /// The service has no records at all: nobody keeps any for it.
    NoRecords,
}

/// The deploys of a service after `to`, up to `from`. The error is a sentence.
pub(super) async fn between(store: &Store, service: &str, from: &str, to: &str) -> Result<Between, String> {
    let found = store.deploys_between(service, from, to).await.map_err(|error| error.to_string())?;
    if let Some(found) = found {
        return Ok(Between::Recorded(found));
    }
    // That rollbacks record themselves does not mean that anybody records deploys.
    let all = store.deploys(Some(service), DEPLOYS_KEPT, None).await.map_err(|error| error.to_string())?;
    Ok(if all.iter().all(|deploy| deploy.record.rollback) { Between::NoRecords } else { Between::Gap })
}

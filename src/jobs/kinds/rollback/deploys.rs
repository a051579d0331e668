//! What was deployed between two versions, as the house has it on record: what a plugin says of migrations is not believed alone.

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

/// Nothing is on record.
pub(super) struct Unrecorded;

impl Deploys for Unrecorded {
    fn between<'a>(&'a self, _: &'a str, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Vec<Deployed>, String>> {
        async { Ok(Vec::new()) }.boxed()
    }
}

//! What runs, how it is rolled back, and what was deployed. Looking at a service and rolling it back are jobs; this is for knowing.

use crate::error::{HostError, HostResult, Result, internal};
use crate::ids::Conversation;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A configured service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Running {
    /// The name of `[services.NAME]`.
    pub name: String,
    /// The names of its strategies, in the operator's order of preference.
    pub strategies: Vec<String>,
    /// The targets it writes to.
    pub targets: Vec<String>,
}

/// A migration that a deploy brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// What the deploy record calls it.
    pub name: String,
    /// What the host makes of its statements: `safe`, `risky` or `unknown`.
    pub risk: String,
    /// Why it is not safe, a sentence each without a full stop, with the line meant.
    pub findings: Vec<String>,
}

/// A deploy that was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deployed {
    /// The service; it may be configured no longer.
    pub service: String,
    /// The version now.
    pub version: String,
    /// The version before, or empty.
    pub previous: String,
    /// The commit, or empty.
    pub commit: String,
    /// What the sender says of the schema: `none`, `expand` or `contract`.
    pub schema: String,
    /// The migrations it brought, in the sender's order.
    pub migrations: Vec<Migration>,
    /// Why what the sender says of the schema cannot be so; empty when nothing speaks against it.
    pub disagrees: String,
    /// Who or what deployed, or empty.
    pub by: String,
    /// When it was deployed, as the sender says, milliseconds since the epoch.
    pub at_ms: u64,
    /// When the host heard of it.
    pub recorded_ms: u64,
}

/// What the bot knows of services and deploys; a part of every [`Bot`](crate::Bot). All of it needs the grant `services`.
pub trait Services {
    /// The configured services, by name.
    fn services(&mut self) -> HostResult<Vec<Running>>;

    /// One of them as JSON; the keys are told in `wit/deps/services`. `NotFound` says which name may have been meant.
    fn service(&mut self, name: &str) -> HostResult<String>;

    /// The deploys of a service or of all, newest first; at most `limit` (the host's cap is 100). A glance: not checked when the call
    /// commits.
    fn deploys(&mut self, service: Option<&str>, limit: u32) -> HostResult<Vec<Deployed>>;

    /// The conversation behind a key of `[channels]`, as [`Runbooks::channel`](crate::Runbooks::channel) tells it, for who has this
    /// grant and not that one.
    fn services_channel(&mut self, key: &str) -> HostResult<Option<Conversation>>;

    /// One service as a type that names the keys it needs; `None` when it is not configured.
    fn find_service<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        let text = match self.service(name) {
            Ok(text) => text,
            Err(HostError::NotFound(_)) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let wrong = |error| internal(format!("what the host tells of the service {name} reads wrong: {error}"));
        serde_json::from_str(&text).map(Some).map_err(wrong)
    }
}

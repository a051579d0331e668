//! What the web needs of the house. Other parts are handed in as functions, so that the web knows neither plugins nor
//! platforms.

use super::api::plugins::Plugins;
use super::api::runbooks::LastRuns;
use super::attempts::Attempts;
use crate::board::Board;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::people::People;
use crate::escalation::Roster;
use crate::hooks::Hooks;
use crate::incident::SeverityTable;
use crate::model::event::Person;
use crate::model::ids::ConversationId;
use crate::model::manifest::CommandSpec;
use crate::model::target::TargetSeen;
use crate::probes::Beats;
use crate::runbook::Library;
use crate::scrub::Scrub;
use crate::store::Store;
use crate::telemetry::Metrics;
use futures::future::BoxFuture;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Everything that answering a request needs.
pub struct WebState {
    /// Reads, sessions, the console's stream.
    pub store: Store,
    /// Offers and follows commands.
    pub commands: Commands,
    /// The way in for alerts and deploy records.
    pub hooks: Arc<Hooks>,
    /// The way in for heartbeats.
    pub beats: Beats,
    /// For `/metrics`.
    pub metrics: Metrics,
    /// Now.
    pub clock: Clock,
    /// Who a console user is.
    pub people: People,
    /// The token of the API.
    pub api_token: ApiToken,
    /// The console's channels, each with its `#`, the default one first; empty if the console is off.
    pub channels: Vec<String>,
    /// What else must be well for the bot to be ready.
    pub readiness: Arc<dyn Readiness>,
    /// What may follow on a line being typed.
    pub completion: Complete,
    /// The plugins, as they are at this moment.
    pub plugins: Arc<dyn Fn() -> Plugins + Send + Sync>,
    /// The commands that can be typed, with what is configured among the choices of their arguments.
    pub catalog: Arc<dyn Fn() -> Vec<CommandSpec> + Send + Sync>,
    /// The configured severities, for their clocks.
    pub severities: Arc<SeverityTable>,
    /// The runbooks there are.
    pub library: Arc<Library>,
    /// How they went last.
    pub last_runs: LastRuns,
    /// What is backed up.
    pub targets: Arc<[TargetSeen]>,
    /// Who is on call.
    pub roster: Arc<Roster>,
    /// The bot's version.
    pub version: &'static str,
    /// Under which address people reach it; `https` makes cookies `Secure`.
    pub public_url: Option<String>,
    /// Keeps secrets in, whatever an answer says.
    pub scrub: Scrub,
    /// The public status page, if there is one.
    pub board: Option<Board>,
    /// Ends streams and waits for answers; the same that is given to `serve`.
    pub stop: CancellationToken,
}

/// The state as handlers share it.
pub(super) type Web = Arc<House>;

/// `WebState` and what the web keeps for itself.
pub(super) struct House {
    pub(super) state: WebState,
    pub(super) attempts: Attempts,
    /// Moves whenever something happened; see `api::changes`.
    pub(super) ticks: watch::Sender<i64>,
}

impl std::ops::Deref for House {
    type Target = WebState;

    fn deref(&self) -> &WebState {
        &self.state
    }
}

/// The local token of the API, as the digest to compare with.
#[derive(Clone)]
pub struct ApiToken {
    digest: [u8; 32],
}

impl ApiToken {
    /// The local token, which lies in a file beside the data. Whoever can read that file may act for any console user.
    pub fn local(token: &str) -> Self {
        Self { digest: Sha256::digest(token).into() }
    }

    /// Whether it is this one; takes as long for any other.
    pub(super) fn is(&self, presented: &str) -> bool {
        let presented: [u8; 32] = Sha256::digest(presented).into();
        self.digest.ct_eq(&presented).into()
    }
}

/// What else must be well for the bot to be ready, beside the database.
pub trait Readiness: Send + Sync {
    /// Looks, and names what it looked at: `plugins`, `slack`. A check that takes too long counts as failed.
    fn checks(&self) -> BoxFuture<'_, BTreeMap<String, CheckResult>>;
}

/// The answer of a readiness check. Anybody may read it: no addresses, no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CheckResult {
    /// How it is.
    pub status: CheckStatus,
    /// One sentence, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Well.
    Ok,
    /// Not as it should be, but the bot can work: a plugin that did not load.
    Degraded,
    /// The bot cannot work.
    Failed,
}

impl CheckResult {
    /// It is well.
    pub fn ok() -> Self {
        Self { status: CheckStatus::Ok, detail: None }
    }

    /// Something is wrong, and the bot works all the same.
    pub fn degraded(detail: impl Into<String>) -> Self {
        Self { status: CheckStatus::Degraded, detail: Some(detail.into()) }
    }

    /// The bot cannot work.
    pub fn failed(detail: impl Into<String>) -> Self {
        Self { status: CheckStatus::Failed, detail: Some(detail.into()) }
    }
}

/// What may follow on a line: the line up to the cursor, where it is typed, and by whom.
pub type Complete = Arc<dyn Fn(String, ConversationId, Person) -> BoxFuture<'static, Completion> + Send + Sync>;

/// What may come next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Completion {
    /// Byte offset in the line from which on a candidate replaces what stands there.
    pub start: usize,
    /// In the order to show them.
    pub candidates: Vec<Candidate>,
}

/// A word that may come next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Candidate {
    /// As it is to be inserted.
    pub value: String,
    /// What it is; may be empty.
    pub label: String,
}

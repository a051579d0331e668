//! The plugins that are loaded, and those that are not with the reason. Loading never fails as a whole: a broken plugin is
//! listed as broken, and the others run.

use super::engine::Sandbox;
use super::handlers::Handlers;
use super::load::{LoadError, load};
use super::package::Package;
use crate::capability::approvals::RoleNames;
use crate::capability::backups::BackupsSetup;
use crate::capability::conversations::Places;
use crate::capability::escalation::EscalationSetup;
use crate::capability::grants::{Denial, Grants, Need};
use crate::capability::incidents::NumberLane;
use crate::capability::jobs::CheckJob;
use crate::capability::runbooks::RunbooksSetup;
use crate::capability::services::ServicesSetup;
use crate::capability::settings::Settings;
use crate::capability::status::PublicPage;
use crate::incident::SeverityTable;
use crate::model::ids::{ConversationId, PluginId};
use crate::model::manifest::{CapabilityRequest, CommandSpec, Manifest};
use crate::model::page::Routes;
use futures::future::join_all;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tracing::{info, warn};

/// The plugins inside this program, by name.
pub type Builtins = BTreeMap<String, Cow<'static, [u8]>>;

/// A plugin as the operator configured it.
#[derive(Clone, Debug)]
pub struct PluginSource {
    /// Its configured name, which is its identity: memory, timers and messages belong to it. A copy under another name
    /// behaves the same on memory of its own.
    pub id: PluginId,
    /// Where its component is.
    pub origin: Origin,
    /// The SHA-256 that was approved, hex; any if `None`.
    pub sha256: Option<String>,
    /// What the operator grants: the second key.
    pub grants: Vec<String>,
    /// Memory of one call, bytes.
    pub memory_bytes: u64,
    /// Wall-clock deadline of one call, host calls included.
    pub time: Duration,
    /// Handed to the plugin as it stands.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Inside this program.
    Builtin(String),
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => write!(f, "builtin:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// A plugin that can be called. Calls in flight keep theirs when it is replaced.
pub struct Plugin {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) handlers: Arc<Handlers>,
    pub(super) grants: Arc<Grants>,
    pub(super) settings: Settings,
    pub(super) severities: Arc<SeverityTable>,
    pub(super) digest: Option<ConversationId>,
    pub(super) roles: RoleNames,
    pub(super) places: Arc<Places>,
    pub(super) page: PublicPage,
    pub(super) notifiers: Arc<Routes>,
    pub(super) escalation: EscalationSetup,
    pub(super) lane: NumberLane,
    pub(super) backups: Arc<BackupsSetup>,
    pub(super) runbooks: Arc<RunbooksSetup>,
    pub(super) services: Arc<ServicesSetup>,
    pub(super) check_job: CheckJob,
    pub(super) memory_bytes: u64,
    pub(super) time: Duration,
    pub(super) package: Package,
}

/// What plugins share with each other and the house.
#[derive(Clone)]
pub struct Shared {
    /// The configured severities.
    pub severities: Arc<SeverityTable>,
    /// Where incidents are told besides their own conversation.
    pub digest: Option<ConversationId>,
    /// The configured roles' names.
    pub roles: RoleNames,
    /// The public status page, if there is one.
    pub page: PublicPage,
    /// The lane that numbers incidents; one for each process.
    pub lane: NumberLane,
    /// What the operator says about conversations.
    pub places: Arc<Places>,
    /// Where the configured notifiers' pages go.
    pub notifiers: Arc<Routes>,
    /// Who is to be told when something is wrong.
    pub escalation: EscalationSetup,
    /// What is backed up.
    pub backups: Arc<BackupsSetup>,
    /// The runbooks there are.
    pub runbooks: Arc<RunbooksSetup>,
    /// What runs.
    pub services: Arc<ServicesSetup>,
    /// Which jobs make sense; whoever runs them knows.
    pub check_job: CheckJob,
    /// What is wrong with a declared command, a sentence each; the grammar's owner knows.
    pub check_command: fn(&CommandSpec) -> Vec<String>,
}

/// A plugin for a list: what it is, and whether it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Its configured name.
    pub id: PluginId,
    /// Where it comes from: `builtin:NAME` or `file:PATH`.
    pub origin: String,
    /// Whether it runs.
    pub state: PluginState,
    /// Its manifest; `None` if it could not be read.
    pub manifest: Option<Manifest>,
    /// SHA-256 of its bytes, hex; empty if they could not be read.
    pub digest: String,
    /// What it requests, each with its reason.
    pub requests: Vec<CapabilityRequest>,
    /// What the operator grants.
    pub grants: Vec<String>,
    /// What it requests and is not, or not wholly, granted.
    pub missing: Vec<String>,
    /// What the operator grants and it requests: both keys.
    pub effective: Vec<String>,
    /// The handlers it exports: `command`, `action`, …
    pub handlers: Vec<&'static str>,
}

/// Whether a plugin runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginState {
    /// It runs.
    Loaded,
    /// It does not, for this reason.
    Failed(String),
    /// It runs as it was before; the newest attempt to load it failed for this reason.
    Outdated(String),
}

/// All plugins.
pub struct Registry {
    sandbox: Arc<Sandbox>,
    shared: Shared,
    builtins: Builtins,
    entries: RwLock<BTreeMap<PluginId, Entry>>,
}

#[derive(Clone)]
struct Entry {
    source: PluginSource,
    running: Option<Arc<Plugin>>,
    failure: Option<String>,
}

impl Registry {
    /// A registry without plugins.
    pub fn new(sandbox: Arc<Sandbox>, shared: Shared, builtins: Builtins) -> Self {
        Self { sandbox, shared, builtins, entries: RwLock::default() }
    }

    /// Loads plugins side by side. Those that fail are listed with their reason.
    pub async fn load_all(&self, sources: Vec<PluginSource>) {
        join_all(sources.into_iter().map(|source| self.load(source))).await;
    }

    /// Loads a plugin, or replaces it in one step: calls in flight end on the old one. If it cannot be loaded and an
    /// earlier one runs, that one goes on.
    pub async fn load(&self, source: PluginSource) -> PluginInfo {
        let loaded = load(&self.sandbox, &self.shared, &self.builtins, &source).await;
        let (id, origin) = (source.id.clone(), source.origin.to_string());
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let entry = match loaded {
            Ok(plugin) => {
                let digest = &plugin.package.digest;
                info!(plugin.id = %id, plugin.version = %plugin.manifest().version, plugin.digest = %digest, "plugin loaded from {origin}");
                Entry { source, running: Some(Arc::new(plugin)), failure: None }
            }
            Err(LoadError(reason)) => {
                warn!(plugin.id = %id, "plugin not loaded from {origin}: {reason}");
                let running = entries.get(&id).and_then(|entry| entry.running.clone());
                Entry { source, running, failure: Some(reason) }
            }
        };
        let info = entry.info();
        entries.insert(id, entry);
        info
    }

    /// Loads a plugin again from where it came, for instance after its file was replaced; `None` if there is none such.
    pub async fn reload(&self, id: &PluginId) -> Option<PluginInfo> {
        let source = self.entry(id)?.source;
        Some(self.load(source).await)
    }

    /// A plugin that runs.
    pub fn get(&self, id: &PluginId) -> Option<Arc<Plugin>> {
        self.entry(id)?.running
    }

    /// The plugins that run, by name.
    pub fn running(&self) -> Vec<Arc<Plugin>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.values().filter_map(|entry| entry.running.clone()).collect()
    }

    /// The commands of the plugins that run, by plugin. Two plugins may declare the same one; who gets it is for the router.
    pub fn commands(&self) -> Vec<(PluginId, Vec<CommandSpec>)> {
        let all = self.running().into_iter();
        all.map(|plugin| (plugin.id().clone(), plugin.manifest().commands.clone())).collect()
    }

    /// Every plugin that is configured, by name.
    pub fn list(&self) -> Vec<PluginInfo> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.values().map(Entry::info).collect()
    }

    /// Both keys of every plugin that runs.
    pub fn grants(&self) -> BTreeMap<PluginId, Arc<Grants>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let running = entries.iter().filter_map(|(id, entry)| Some((id.clone(), entry.running.as_ref()?)));
        running.map(|(id, plugin)| (id, plugin.grants.clone())).collect()
    }

    fn entry(&self, id: &PluginId) -> Option<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

impl Plugin {
    /// Its configured name.
    pub fn id(&self) -> &PluginId {
        self.grants.plugin()
    }

    /// Which build of it runs: `sev-declare 0.1.0 sha256:4f5d…`, with the first digits of its digest.
    pub fn build(&self) -> String {
        let digest = self.package.digest.get(..16).unwrap_or(&self.package.digest);
        format!("{} {} sha256:{digest}", self.id(), self.package.manifest.version)
    }

    /// SHA-256 of its bytes, hex.
    pub fn digest(&self) -> &str {
        &self.package.digest
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.package.manifest
    }

    /// Whether it hears events of a kind (`command`, `alert`, …): it must export the handler, and for what does not
    /// concern it alone it must be granted. `Ok(false)`: no such handler.
    pub fn hears(&self, kind: &str) -> Result<bool, Denial> {
        if !self.handlers.kinds().contains(&kind) {
            return Ok(false);
        }
        let need = match kind {
            "alert" => Need::Alerts,
            "deploy" => Need::Deploys,
            "reaction" => Need::Reactions,
            "incident" => Need::IncidentsRead,
            _ => return Ok(true),
        };
        self.grants.check(need).map(|()| true)
    }
}

impl Entry {
    fn info(&self) -> PluginInfo {
        let plugin = self.running.as_ref();
        let state = match (plugin, &self.failure) {
            (_, None) => PluginState::Loaded,
            (Some(_), Some(reason)) => PluginState::Outdated(reason.clone()),
            (None, Some(reason)) => PluginState::Failed(reason.clone()),
        };
        PluginInfo {
            id: self.source.id.clone(),
            origin: self.source.origin.to_string(),
            state,
            manifest: plugin.map(|plugin| plugin.manifest().clone()),
            digest: plugin.map(|plugin| plugin.package.digest.clone()).unwrap_or_default(),
            requests: plugin.map(|plugin| plugin.manifest().capabilities.clone()).unwrap_or_default(),
            grants: self.source.grants.clone(),
            missing: plugin
                .map(|plugin| plugin.grants.missing().map(ToString::to_string).collect())
                .unwrap_or_default(),
            effective: plugin
                .map(|plugin| plugin.grants.effective().map(ToString::to_string).collect())
                .unwrap_or_default(),
            handlers: plugin.map(|plugin| plugin.handlers.kinds()).unwrap_or_default(),
        }
    }
}

//! The configured plugins, loaded: for the bot, and for whoever only looks at them.

use super::{services, severities, targets};
use crate::capability::conversations::Places;
use crate::capability::escalation::EscalationSetup;
use crate::capability::incidents::NumberLane;
use crate::capability::jobs::CheckJob;
use crate::capability::runbooks::RunbooksSetup;
use crate::config::Config;
use crate::config::plugins::Source;
use crate::incident::SeverityTable;
use crate::jobs::{KindCx, Kinds};
use crate::plugin::{Builtins, Origin, PluginInfo, PluginSource, Registry, Sandbox, SandboxOptions, Shared};
use crate::router::check_declaration;
use crate::runbook::Library;
use std::path::PathBuf;
use std::sync::Arc;

/// Loads the configured plugins as the bot would, without a bot around them: what `check` and `plugin` look at.
///
/// # Errors
/// The sandbox cannot be made. A plugin that does not load is listed with its reason.
pub async fn look_at_plugins(config: &Config, builtins: Builtins) -> anyhow::Result<Vec<PluginInfo>> {
    // Looking makes no folders.
    let cache = Some(config.server.data_dir.join("cache")).filter(|cache| cache.is_dir());
    let severities = Arc::new(severities::table(config));
    let escalation = EscalationSetup::default();
    let registry = load_plugins(config, severities, escalation, &Kinds::default(), builtins, cache).await?;
    Ok(registry.list())
}

pub(super) async fn load_plugins(
    config: &Config,
    severities: Arc<SeverityTable>,
    escalation: EscalationSetup,
    kinds: &Kinds,
    builtins: Builtins,
    cache: Option<PathBuf>,
) -> anyhow::Result<Arc<Registry>> {
    let options = SandboxOptions { calls: config.limits.lanes, cache, ..SandboxOptions::default() };
    let sandbox = Sandbox::new(&options)?;
    let sources = config.plugins.iter().filter(|plugin| plugin.enabled).map(|plugin| PluginSource {
        id: plugin.name.clone(),
        origin: match &plugin.source {
            Source::Builtin(name) => Origin::Builtin(name.clone()),
            Source::File(path) => Origin::File(path.clone()),
        },
        sha256: plugin.sha256.clone(),
        grants: plugin.grants.clone(),
        memory_bytes: plugin.limits.memory_bytes,
        time: plugin.limits.time,
        settings: plugin.settings.clone(),
    });
    let notifiers = Arc::new(config.notify.routes());
    let kinds = kinds.clone();
    let check_job: CheckJob =
        Arc::new(move |kind, spec, plugin, now_ms| kinds.check(kind, spec, &KindCx { plugin, now_ms }));
    let roles = Arc::new(config.roles.0.keys().cloned().collect());
    let (lane, places) = (NumberLane::default(), Arc::new(Places::of(config)));
    let check_command = check_declaration;
    let page = config.status.clone().map(Arc::new);
    let backups = Arc::new(targets::setup(config));
    let runbooks = Arc::new(runbooks(config));
    let services = Arc::new(services::setup(config));
    let digest = config.channels.incidents.clone();
    let shared = Shared {
        severities,
        digest,
        roles,
        page,
        places,
        notifiers,
        escalation,
        lane,
        backups,
        runbooks,
        services,
        check_job,
        check_command,
    };
    let registry = Registry::new(sandbox, shared, builtins);
    registry.load_all(sources.collect()).await;
    Ok(Arc::new(registry))
}

/// What plugins are told of runbooks. A folder that cannot be read is the operator's to hear of; the bundled ones are there.
fn runbooks(config: &Config) -> RunbooksSetup {
    let (library, unread) = Library::load(config);
    if let Some(why) = unread {
        tracing::warn!(why = %why, "the operator's runbooks are missing");
    }
    let channels = config.channels.all().into_iter().filter_map(|(key, id)| Some((key.to_owned(), id?.clone())));
    let gamedays = config.gamedays.0.iter().map(|(name, day)| (name.clone(), day.about.clone()));
    RunbooksSetup { library, channels: channels.collect(), gamedays: gamedays.collect() }
}

//! From a configured source to a plugin that can be called: read, judge, compile, link, find the handlers, try out.

use super::engine::Sandbox;
use super::handlers::Handlers;
use super::package::Package;
use super::registry::{Builtins, Origin, Plugin, PluginSource, Shared};
use crate::capability::grants::{Grant, GrantError, Grants};
use crate::config::limits::PLUGIN_FILE_BYTES;
use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::Component;

/// Why a plugin was not loaded: a sentence without its subject.
pub(super) struct LoadError(pub(super) String);

/// Loads one plugin. The error is for the operator.
pub(super) async fn load(
    sandbox: &Arc<Sandbox>,
    shared: &Shared,
    builtins: &Builtins,
    source: &PluginSource,
) -> Result<Plugin, LoadError> {
    let wasm = match &source.origin {
        Origin::Builtin(name) => Some(builtin(builtins, name)?),
        Origin::File(_) => None,
    };
    let (package, component) = compiled(Arc::clone(sandbox), source, wasm).await?;
    let wrong: Vec<_> = package.manifest.commands.iter().flat_map(shared.check_command).collect();
    if !wrong.is_empty() {
        return Err(LoadError(format!("its manifest declares what cannot be typed: {}", wrong.join(" "))));
    }
    let granted = grants(source.grants.iter().map(String::as_str), "the configuration grants")?;
    let requested = package.manifest.capabilities.iter().map(|request| request.grant.as_str());
    let requested = grants(requested, "its manifest requests")?;
    let pre = sandbox.linker.instantiate_pre(&component).map_err(|error| {
        LoadError(format!("it does not fit this host (was it built for another version of its interfaces?): {error:#}"))
    })?;
    let handlers = Handlers::of(pre);
    if !package.manifest.commands.is_empty() && !handlers.kinds().contains(&"command") {
        return Err(LoadError(
            "its manifest declares commands, but it exports no drillbell:plugin/on-command".to_owned(),
        ));
    }
    if package.manifest.wakes && !handlers.kinds().contains(&"timer") {
        return Err(LoadError(
            "its manifest says `wakes = true`, but it exports no drillbell:plugin/on-timer".to_owned(),
        ));
    }
    let settings = source.settings.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    let plugin = Plugin {
        sandbox: Arc::clone(sandbox),
        handlers: Arc::new(handlers),
        grants: Arc::new(Grants::new(source.id.clone(), requested, granted)),
        settings: Arc::new(settings),
        severities: Arc::clone(&shared.severities),
        digest: shared.digest.clone(),
        roles: Arc::clone(&shared.roles),
        places: Arc::clone(&shared.places),
        page: shared.page.clone(),
        notifiers: Arc::clone(&shared.notifiers),
        escalation: shared.escalation.clone(),
        lane: shared.lane.clone(),
        backups: Arc::clone(&shared.backups),
        runbooks: Arc::clone(&shared.runbooks),
        services: Arc::clone(&shared.services),
        check_job: Arc::clone(&shared.check_job),
        memory_bytes: source.memory_bytes,
        time: source.time,
        package,
    };
    plugin.try_out().await.map_err(LoadError)?;
    Ok(plugin)
}

/// Reads, judges and compiles on a thread of its own, for that takes CPU time.
async fn compiled(
    sandbox: Arc<Sandbox>,
    source: &PluginSource,
    builtin: Option<Cow<'static, [u8]>>,
) -> Result<(Package, Component), LoadError> {
    let (origin, pinned) = (source.origin.clone(), source.sha256.clone());
    let work = move || {
        let wasm = match (builtin, &origin) {
            (Some(wasm), _) => wasm,
            (None, Origin::File(path)) => Cow::Owned(file(path)?),
            (None, Origin::Builtin(name)) => return Err(LoadError(format!("there is no bundled plugin `{name}`"))),
        };
        let package = Package::read(&wasm, pinned.as_deref()).map_err(|error| LoadError(error.to_string()))?;
        let component = sandbox.cache.component(&sandbox.engine, &wasm, &package.digest);
        let component = component.map_err(|error| LoadError(format!("it cannot be compiled: {error:#}")))?;
        Ok((package, component))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(LoadError(format!("the host failed while compiling it: {error}"))))
}

fn builtin(builtins: &Builtins, name: &str) -> Result<Cow<'static, [u8]>, LoadError> {
    builtins.get(name).cloned().ok_or_else(|| {
        let known: Vec<_> = builtins.keys().map(String::as_str).collect();
        let known =
            if known.is_empty() { "none is bundled".to_owned() } else { format!("bundled are {}", known.join(", ")) };
        LoadError(format!("there is no bundled plugin `{name}`; {known}"))
    })
}

/// A file's bytes, not more than a plugin may have and one, so that an endless file ends.
fn file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |error: std::io::Error| LoadError(format!("{} cannot be read: {error}", path.display()));
    let mut wasm = Vec::new();
    File::open(path).map_err(failed)?.take(PLUGIN_FILE_BYTES + 1).read_to_end(&mut wasm).map_err(failed)?;
    Ok(wasm)
}

fn grants<'a>(texts: impl Iterator<Item = &'a str>, who: &str) -> Result<Vec<Grant>, LoadError> {
    let all: Result<Vec<_>, GrantError> = texts.map(Grant::parse).collect();
    all.map_err(|error| LoadError(format!("{who} what does not exist: {error}")))
}

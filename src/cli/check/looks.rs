//! The single looks of the doctor. Each answers pass, fail or unknown with its numbers; what one writes it takes away again.

use super::Check;
use crate::artifacts::Artifacts;
use crate::audit::read_checkpoints;
use crate::cli::{bot, reach};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::artifacts::ArtifactPlace;
use crate::config::database::DatabasePlace;
use crate::escalation::Roster;
use crate::plugin::{PluginInfo, PluginState};
use crate::store::{Schema, Store, StoreError};
use secrecy::ExposeSecret;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// A database that needs longer than this to say anything is as good as gone.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether the data folder can be used, by us and by nobody else.
pub(super) fn data_dir(folder: &Path) -> Check {
    let name = "data_dir";
    let shown = folder.display();
    let metadata = match std::fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Check::unknown(name, format!("{shown} is not there yet; the first start makes it"));
        }
        Err(error) => return Check::fail(name, format!("cannot look at {shown}: {error}")),
    };
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() {
        return Check::fail(name, format!("{shown} is not a folder: move it away, or correct server.data_dir"));
    }
    if mode & 0o022 != 0 {
        return Check::fail(name, format!("others may write to {shown} (mode {mode:03o}); run: chmod go-w {shown}"));
    }
    match tempfile(folder) {
        Ok(()) => Check::pass(name, format!("{shown} can be written (mode {mode:03o})")),
        Err(error) => Check::fail(name, format!("cannot write to {shown}: {error}")),
    }
}

/// Writes a file and removes it again.
fn tempfile(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".check-{}", std::process::id()));
    std::fs::write(&probe, b"drillbell check\n")?;
    std::fs::remove_file(&probe)
}

/// Whether a bot is running with this data, and whether it is ready.
pub(super) async fn bot(data_dir: &Path) -> Check {
    let name = "bot";
    let client = match reach::running(data_dir, "operator").await {
        Ok(Some(client)) => client,
        Ok(None) => return Check::unknown(name, "none is running with this data"),
        Err(failure) => return Check::fail(name, failure.sentence),
    };
    let url = client.url();
    match client.ready().await {
        Ok((true, _)) => Check::pass(name, format!("ready, at {url}")),
        Ok((false, body)) => {
            let checks = body.get("checks").cloned().unwrap_or_default();
            Check::fail(name, format!("at {url}, but not ready: {checks}"))
        }
        Err(error) => Check::fail(name, error.to_string()),
    }
}

/// The database, its tables, and the audit trail's end against the last checkpoint.
pub(super) async fn database(config: &Config) -> Vec<Check> {
    let name = "database";
    let shown = config.database.shown();
    let url = config.database.connect_url();
    let opened = tokio::time::timeout(PATIENCE, Store::read_only(url.expose_secret(), Clock::system())).await;
    let store = match opened {
        Ok(Ok(store)) => store,
        Ok(Err(StoreError::Missing { .. })) => {
            return vec![Check::unknown(name, format!("{shown} is not there yet; the first start makes it"))];
        }
        Ok(Err(error)) => return vec![Check::fail(name, format!("{shown}: {error}"))],
        Err(_) => return vec![Check::fail(name, format!("{shown} does not answer within {} s", PATIENCE.as_secs()))],
    };
    match store.schema().await {
        Err(error) => vec![Check::fail(name, format!("{shown}: {error}"))],
        Ok(schema) => {
            let check = migrations(&shown, &schema, matches!(config.database.place, DatabasePlace::Sqlite { .. }));
            let current = schema.applied == schema.known && schema.foreign.is_empty();
            let mut checks = vec![check];
            if current {
                checks.push(trail(&store, &config.server.data_dir).await);
                checks.extend(super::notices::all(&store, config).await);
            }
            checks
        }
    }
}

fn migrations(shown: &str, schema: &Schema, sqlite: bool) -> Check {
    let name = "database";
    let Schema { known, applied, foreign } = schema;
    if !foreign.is_empty() {
        let numbers: Vec<_> = foreign.iter().map(i64::to_string).collect();
        return Check::fail(
            name,
            format!(
                "{shown} has migrations that drillbell {} does not know ({}): a newer version has used it; run that one",
                env!("CARGO_PKG_VERSION"),
                numbers.join(", ")
            ),
        );
    }
    if applied < known {
        let when = if *applied == 0 && sqlite { "it is empty" } else { "an earlier version has used it" };
        let text = format!(
            "{shown}: {applied} of {known} migrations ({when}); the next start or `drillbell migrate` runs the rest"
        );
        return Check::unknown(name, text);
    }
    Check::pass(name, format!("{shown}: {applied} of {known} migrations"))
}

/// Not the whole walk, which `audit verify` does: only that the end has not been cut off or rewritten since it was signed.
async fn trail(store: &Store, data_dir: &Path) -> Check {
    let name = "audit";
    // Before the head: what is signed meanwhile would look cut off.
    let checkpoints = match read_checkpoints(data_dir) {
        Ok(checkpoints) => checkpoints,
        Err(error) => return Check::fail(name, error.to_string()),
    };
    let head = match store.audit_head().await {
        Ok((head, _)) => head,
        Err(error) => return Check::fail(name, error.to_string()),
    };
    if let Some(bad) = checkpoints.bad {
        return Check::fail(name, format!("{}; run `drillbell audit verify`", bad.sentence));
    }
    let Some(last) = checkpoints.valid.last() else {
        let text = format!("{head} records, and no signed checkpoint vouches for them yet");
        return if head == 0 { Check::pass(name, "no records yet") } else { Check::unknown(name, text) };
    };
    let seq = last.seq;
    match store.audit_page(seq - 1, 1).await {
        Err(error) => Check::fail(name, error.to_string()),
        Ok(found) if found.first().is_some_and(|record| record.seq == seq && record.hash == last.hash) => {
            let beyond = head - seq;
            Check::pass(name, format!("{head} records; the checkpoint of {} agrees, {beyond} came after it", last.at))
        }
        Ok(_) => Check::fail(
            name,
            format!("record {seq} is not the one that was signed at {}: run `drillbell audit verify`", last.at),
        ),
    }
}

/// The artifact store: something small is written, read back and deleted. A folder that is not there is not made by looking.
pub(super) async fn artifacts(config: &Config) -> Check {
    let name = "artifacts";
    let shown = config.artifacts.shown();
    if let ArtifactPlace::Folder(path) = &config.artifacts.place
        && !path.exists()
    {
        return Check::unknown(name, format!("{shown} is not there yet; the first artifact makes it"));
    }
    match Artifacts::new(&config.artifacts, Clock::system()).probe().await {
        Ok(probe) => {
            let [write, read, delete] = [probe.write, probe.read, probe.delete].map(|took| took.as_millis());
            Check::pass(name, format!("{shown}: written in {write} ms, read in {read} ms, deleted in {delete} ms"))
        }
        Err(error) => Check::fail(name, error.to_string()),
    }
}

/// The plugins: whether they load, and whether both keys fit.
pub(super) async fn plugins(config: &Config) -> Vec<Check> {
    match bot::plugins(config).await {
        Err(failure) => vec![Check::fail("plugins", failure.sentence)],
        Ok(plugins) if plugins.is_empty() => {
            vec![Check::unknown("plugins", "none is configured, so that only /drillbell works")]
        }
        Ok(plugins) => plugins.iter().map(plugin).chain(climbing(config, &plugins)).collect(),
    }
}

/// Ladders that no incident climbs, or no plugin may, page nobody.
fn climbing(config: &Config, plugins: &[PluginInfo]) -> Vec<Check> {
    const WANTED: [&str; 3] = ["escalation", "kv", "timers"];
    let may = |plugin: &PluginInfo| {
        matches!(plugin.state, PluginState::Loaded)
            && WANTED.iter().all(|grant| plugin.effective.iter().any(|it| it == grant))
    };
    let roster = Roster::of(config);
    let idle = roster.idle().into_iter().map(|ladder| {
        let fix = "give it `severities`, or a severity `escalation`";
        Check::fail("escalation", format!("no incident climbs [escalation.{ladder}]: {fix} = \"{ladder}\""))
    });
    let mut checks: Vec<_> = idle.collect();
    if roster.has_ladders() && !plugins.iter().any(may) {
        let wanted = WANTED.join(", ");
        let text = format!("nobody would be paged: no plugin that runs is granted {wanted} together");
        checks.push(Check::fail("escalation", text));
    }
    checks
}

fn plugin(plugin: &PluginInfo) -> Check {
    let name = format!("plugin {}", plugin.id);
    let digest = plugin.digest.get(..12).unwrap_or(&plugin.digest);
    match &plugin.state {
        PluginState::Failed(reason) | PluginState::Outdated(reason) => Check::fail(&name, reason.clone()),
        PluginState::Loaded if plugin.missing.is_empty() => {
            let version = plugin.manifest.as_ref().map_or("?", |manifest| manifest.version.as_str());
            Check::pass(&name, format!("{version}, sha256 {digest}…, may {}", plugin.grants.join(", ")))
        }
        PluginState::Loaded => Check::unknown(
            &name,
            format!(
                "sha256 {digest}…; it asks for {} without being granted it: grant it, or expect what needs it to be denied",
                plugin.missing.join(", ")
            ),
        ),
    }
}

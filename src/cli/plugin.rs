//! `drillbell plugin list|inspect`: what is configured, whether it loads, what it asks for and what it may do. Loads plugins
//! as the bot would, but calls none.

use super::bot;
use super::failure::{FAILED, Failure};
use super::output::print;
use super::place::ConfigFlag;
use super::progress::Progress;
use crate::config::Env;
use crate::config::limits::PLUGIN_FILE_BYTES;
use crate::model::manifest::{CommandSpec, Manifest};
use crate::platform::console::clean_line;
use crate::plugin::{Package, PluginInfo, PluginState};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

/// `drillbell plugin …`.
#[derive(Subcommand, Clone, Debug)]
pub enum PluginVerb {
    /// List the configured plugins; exit 1 when one does not load
    List(ListArgs),
    /// Show everything about one plugin
    Inspect(InspectArgs),
}

/// `drillbell plugin list …`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// `drillbell plugin inspect …`.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A configured plugin's name, or a .wasm file, which needs no configuration
    #[arg(value_name = "NAME|FILE")]
    plugin: String,
}

/// Does what the verb says.
pub async fn run(verb: &PluginVerb, env: &Env) -> Result<u8, Failure> {
    match verb {
        PluginVerb::List(args) => list(args, env).await,
        PluginVerb::Inspect(args) if args.plugin.ends_with(".wasm") => inspect_file(args),
        PluginVerb::Inspect(args) => inspect(args, env).await,
    }
}

async fn loaded(flag: &ConfigFlag, env: &Env) -> Result<Vec<PluginInfo>, Failure> {
    let config = flag.load(env)?;
    let _progress = Progress::start("the plugins to load");
    bot::plugins(&config).await
}

async fn list(args: &ListArgs, env: &Env) -> Result<u8, Failure> {
    let plugins = loaded(&args.config, env).await?;
    if args.json {
        let all: Vec<_> = plugins.iter().map(as_json).collect();
        print(&json!({"plugins": all}).to_string())?;
    } else if plugins.is_empty() {
        print("no plugin is configured: add a [plugins.NAME] section; drillbell.example.toml shows how")?;
    }
    for plugin in plugins.iter().filter(|_| !args.json) {
        print(&clean_line(&line(plugin)))?;
    }
    let all_well = plugins.iter().all(|plugin| plugin.state == PluginState::Loaded);
    Ok(if all_well { 0 } else { FAILED })
}

/// `pass sev-declare 0.1.0 handles command, action`.
fn line(plugin: &PluginInfo) -> String {
    let name = &plugin.id;
    match (&plugin.state, &plugin.manifest) {
        (PluginState::Failed(reason) | PluginState::Outdated(reason), _) => format!("fail {name}: {reason}"),
        (PluginState::Loaded, manifest) => {
            let version = manifest.as_ref().map_or("?", |manifest| manifest.version.as_str());
            let mut line = format!("pass {name} {version} handles {}", plugin.handlers.join(", "));
            if !plugin.missing.is_empty() {
                line.push_str(&format!("; asked for but not granted: {}", plugin.missing.join(", ")));
            }
            line
        }
    }
}

async fn inspect(args: &InspectArgs, env: &Env) -> Result<u8, Failure> {
    let plugins = loaded(&args.config, env).await?;
    let Some(plugin) = plugins.iter().find(|plugin| plugin.id.as_str() == args.plugin) else {
        let known: Vec<_> = plugins.iter().map(|plugin| plugin.id.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Failure::new(format!(
            "no plugin `{}` is configured in {} (there: {known}); for a file, name one that ends in .wasm",
            args.plugin,
            args.config.config.display()
        )));
    };
    if args.json {
        print(&as_json(plugin).to_string())?;
    } else {
        let mut lines = vec![line(plugin), format!("from     {}", plugin.origin)];
        lines.extend(about(plugin.manifest.as_ref(), &plugin.digest));
        for request in &plugin.requests {
            let missing = plugin.missing.contains(&request.grant);
            let mark = if missing { "NOT GRANTED" } else { "granted" };
            lines.push(format!("asks for {} ({mark}): {}", request.grant, request.reason));
        }
        lines.push(format!("granted  {}", plugin.grants.join(", ")));
        print_all(&lines)?;
    }
    Ok(if plugin.state == PluginState::Loaded { 0 } else { FAILED })
}

fn inspect_file(args: &InspectArgs) -> Result<u8, Failure> {
    let path = Path::new(&args.plugin);
    let cannot = |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
    let mut wasm = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(PLUGIN_FILE_BYTES + 1).read_to_end(&mut wasm).map_err(cannot)?;
    let package = Package::read(&wasm, None)
        .map_err(|error| Failure::new(format!("{} is not a plugin this bot can run: {error}", path.display())))?;
    if args.json {
        let manifest = json!(package.manifest);
        print(
            &json!({"origin": format!("file:{}", path.display()), "sha256": package.digest, "manifest": manifest})
                .to_string(),
        )?;
        return Ok(0);
    }
    let mut lines = vec![format!("{} {}", package.manifest.name, package.manifest.version)];
    lines.extend(about(Some(&package.manifest), &package.digest));
    let requests = &package.manifest.capabilities;
    lines.extend(requests.iter().map(|request| format!("asks for {}: {}", request.grant, request.reason)));
    print_all(&lines)?;
    Ok(0)
}

fn about(manifest: Option<&Manifest>, digest: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if !digest.is_empty() {
        lines.push(format!("sha256   {digest}"));
    }
    let Some(manifest) = manifest else { return lines };
    lines.push(format!("is       {} ({})", manifest.summary, manifest.license));
    if !manifest.homepage.is_empty() {
        lines.push(format!("home     {}", manifest.homepage));
    }
    lines.extend(manifest.commands.iter().map(command_line));
    lines
}

fn command_line(command: &CommandSpec) -> String {
    let words: Vec<_> = command.subcommands.iter().map(|sub| sub.name.as_str()).collect();
    format!("handles  /{} {}", command.name, words.join("|"))
}

fn print_all(lines: &[String]) -> Result<(), Failure> {
    lines.iter().try_for_each(|line| print(&clean_line(line)))
}

fn as_json(plugin: &PluginInfo) -> Value {
    let (state, reason) = match &plugin.state {
        PluginState::Loaded => ("pass", None),
        PluginState::Failed(reason) | PluginState::Outdated(reason) => ("fail", Some(reason)),
    };
    json!({
        "name": plugin.id, "status": state, "reason": reason, "origin": plugin.origin, "sha256": plugin.digest,
        "manifest": plugin.manifest, "handles": plugin.handlers, "grants": plugin.grants, "missing": plugin.missing,
    })
}

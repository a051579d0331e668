//! `drillbell slack …`: what is needed to set up the app at Slack.

use super::failure::Failure;
use super::output::{print, tell};
use super::place::ConfigFlag;
use crate::config::Env;
use crate::config::slack::Mode;
use crate::router::host_commands;
use clap::{Args, Subcommand, ValueEnum};

/// The verbs under `slack`.
#[derive(Subcommand, Debug)]
pub enum SlackVerb {
    /// Print the app's manifest (YAML), with every command that the installed plugins declare
    Manifest(ManifestArgs),
}

/// `drillbell slack manifest …`.
#[derive(Args, Debug)]
pub struct ManifestArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// How events shall arrive, if not as the configuration says (without one: by a socket)
    #[arg(long, value_enum)]
    mode: Option<Way>,
}

/// How events arrive.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    /// By a socket that the bot opens
    Socket,
    /// By requests to the bot
    Http,
}

/// Does what was asked.
pub async fn run(verb: &SlackVerb, env: &Env) -> Result<u8, Failure> {
    let SlackVerb::Manifest(args) = verb;
    let config = args.config.load(env)?;
    let mode = match args.mode {
        Some(Way::Socket) => Mode::Socket,
        Some(Way::Http) => Mode::Http,
        None => config.slack.as_ref().map(|slack| slack.mode).unwrap_or_default(),
    };
    let plugins = super::bot::plugins(&config).await?;
    let declared = plugins.into_iter().filter_map(|plugin| plugin.manifest).flat_map(|manifest| manifest.commands);
    let commands: Vec<_> = host_commands().into_iter().chain(declared).collect();
    let (text, left) = crate::platform::slack::manifest(&commands, mode, config.server.public_url.as_deref());
    print(text.trim_end())?;
    if let Some(left) = left {
        tell(&left);
    }
    if mode == Mode::Http && config.server.public_url.is_none() {
        tell(
            "server.public_url is not set: put the bot's https:// address in the place of https://drillbell.example.org",
        );
    }
    Ok(0)
}

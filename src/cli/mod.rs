//! The command line: one file per verb, each thin. Parsing here; what a verb does lives with it.

mod audit;
mod bot;
mod chat;
mod check;
mod client;
mod completions;
mod demo;
mod deploy;
mod failure;
mod footprint;
mod migrate;
pub mod mount;
mod oncall;
mod output;
mod place;
mod plugin;
mod progress;
mod reach;
mod run;
mod runbook;
mod serve;
mod signals;
mod slack;
mod sse;
mod token;
mod token_file;

pub use footprint::stay_lean;

use crate::config::Env;
use crate::scrub::Scrub;
use crate::telemetry::{LOG_VARIABLE, LogFormat};
use clap::{Parser, Subcommand};
use place::ConfigFlag;
use std::io::IsTerminal;

/// A chat-ops bot for production incidents: slash commands handled by sandboxed plugins, every step audited
#[derive(Parser, Debug)]
#[command(name = "drillbell", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 waits for an approval, 130 interrupted.\n\
                        Logs go to stderr; their level is DRILLBELL_LOG (error, warn, info, debug, trace)."
)]
pub struct Cli {
    /// How logs are written: for people on a terminal and JSON elsewhere, or always one of them
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Auto)]
    log_format: LogFormat,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Everything embedded, nothing to configure: start the bot and open its console
    Demo(demo::DemoArgs),
    /// Run the bot until it is stopped
    Serve(ConfigFlag),
    /// Run one slash command: the way in when chat itself is down
    Run(run::RunArgs),
    /// Open the console in this terminal, with completion; or carry out the lines of a pipe
    Chat(chat::ChatArgs),
    /// Look at everything the bot stands on; a line a check, exit 1 when any fails
    Check(check::CheckArgs),
    /// Say who is on call, from the configuration alone; or print it as a calendar
    Oncall(oncall::OncallArgs),
    /// Look at plugins
    #[command(subcommand)]
    Plugin(plugin::PluginVerb),
    /// Set up the app at Slack
    #[command(subcommand)]
    Slack(slack::SlackVerb),
    /// For those who write runbooks: check them
    #[command(subcommand)]
    Runbook(runbook::RunbookVerb),
    /// Verify, export or watch the tamper-evident trail
    #[command(subcommand)]
    Audit(audit::AuditVerb),
    /// For pipelines: record a deploy, list them, ask whether a service may be deployed
    #[command(subcommand)]
    Deploy(deploy::DeployVerb),
    /// API tokens for pipelines and programs: make, list, revoke
    #[command(subcommand)]
    Token(token::TokenVerb),
    /// Bring the database up to date without starting the bot
    Migrate(ConfigFlag),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// How logs are to be written.
    pub fn log_format(&self) -> LogFormat {
        self.log_format
    }

    /// The environment that the log is set up by. A bot that serves tells what it does; verbs that answer a question speak up
    /// only when something is wrong, and beside a console even a warning would tear the line being typed.
    pub fn log_env(&self, env: &Env) -> Env {
        if env.get(LOG_VARIABLE).is_ok_and(|level| !level.is_empty()) {
            return env.clone();
        }
        let terminal = std::io::stdin().is_terminal();
        let level = match &self.verb {
            Verb::Serve(_) => "info",
            Verb::Demo(_) if !terminal => "info",
            Verb::Demo(_) | Verb::Chat(_) => "error",
            _ => "warn",
        };
        let colour = env.get("NO_COLOR").unwrap_or("");
        [(LOG_VARIABLE, level), ("NO_COLOR", colour)].into_iter().collect()
    }

    /// Does what was asked; returns the exit code, having said what went wrong.
    pub async fn run(&self, env: &Env, scrub: &Scrub) -> u8 {
        let ended = match &self.verb {
            Verb::Demo(args) => demo::run(args, env, scrub).await,
            Verb::Serve(flag) => serve::run(flag, env, scrub).await,
            Verb::Run(args) => run::run(args, env, scrub).await,
            Verb::Chat(args) => chat::run(args, env, scrub).await,
            Verb::Check(args) => check::run(args, env, scrub).await,
            Verb::Oncall(args) => oncall::run(args, env),
            Verb::Plugin(verb) => plugin::run(verb, env).await,
            Verb::Slack(verb) => slack::run(verb, env).await,
            Verb::Runbook(verb) => runbook::run(verb, env),
            Verb::Audit(verb) => audit::run(verb, env).await,
            Verb::Deploy(verb) => deploy::run(verb, env, scrub).await,
            Verb::Token(verb) => token::run(verb, env).await,
            Verb::Migrate(flag) => migrate::run(flag, env).await,
            Verb::Completions { shell } => completions::run(*shell),
        };
        ended.unwrap_or_else(|failure| {
            if !failure.sentence.is_empty() {
                output::tell(&scrub.text(&format!("error: {failure}")));
            }
            failure.code
        })
    }
}

#[cfg(test)]
mod tests;

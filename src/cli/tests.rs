//! What the command line takes, and what it says of itself.

use super::Cli;
use clap::{CommandFactory, Parser};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn help_tells_every_verb() {
    insta::assert_snapshot!(Cli::command().term_width(100).render_help(), @r"
    A chat-ops bot for production incidents: slash commands handled by sandboxed plugins, every step
    audited

    Usage: drillbell [OPTIONS] <COMMAND>

    Commands:
      demo         Everything embedded, nothing to configure: start the bot and open its console
      serve        Run the bot until it is stopped
      run          Run one slash command: the way in when chat itself is down
      chat         Open the console in this terminal, with completion; or carry out the lines of a pipe
      check        Look at everything the bot stands on; a line a check, exit 1 when any fails
      oncall       Say who is on call, from the configuration alone; or print it as a calendar
      plugin       Look at plugins
      slack        Set up the app at Slack
      runbook      For those who write runbooks: check them
      audit        Verify, export or watch the tamper-evident trail
      deploy       For pipelines: record a deploy, list them, ask whether a service may be deployed
      token        API tokens for pipelines and programs: make, list, revoke
      migrate      Bring the database up to date without starting the bot
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --log-format <FORMAT>  How logs are written: for people on a terminal and JSON elsewhere, or
                                 always one of them [default: auto] [possible values: auto, human, json]
      -h, --help                 Print help (see more with '--help')
      -V, --version              Print version

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 waits for an approval, 130 interrupted.
    Logs go to stderr; their level is DRILLBELL_LOG (error, warn, info, debug, trace).
    ");
}

#[test]
fn every_verb_is_documented() {
    let document = include_str!("../../docs/cli.md");
    for verb in Cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()) {
        assert!(document.contains(&format!("`drillbell {verb}")), "docs/cli.md does not tell of `{verb}`");
    }
}

#[test]
fn help_of_run_tells_its_options() {
    let mut cli = Cli::command();
    let run = cli.find_subcommand_mut("run").unwrap();
    insta::assert_snapshot!(run.clone().term_width(100).render_help(), @"
    Run one slash command: the way in when chat itself is down

    Usage: run [OPTIONS] <COMMAND>

    Arguments:
      <COMMAND>  The slash command, quoted: '/sev list'

    Options:
          --config <FILE>      The configuration file [default: drillbell.toml]
          --as <USER>          In whose name: a console login; recorded as asserted. Default: your
                               system login
          --channel <CHANNEL>  In which channel of the console. Default: #incidents
          --json               Print one JSON object instead of cards
      -h, --help               Print help
    ");
}

#[test]
fn verbs_are_taken_with_their_options_in_any_order() {
    for line in [
        "drillbell demo",
        "drillbell demo --listen 127.0.0.1:0 --data x --no-scenario",
        "drillbell serve --config x.toml --log-format json",
        "drillbell --log-format human serve",
        "drillbell run /status --json --as ana --channel #ops",
        "drillbell run --config f --json /status",
        "drillbell chat --as ana --channel ops",
        "drillbell check --json",
        "drillbell plugin list",
        "drillbell plugin inspect x.wasm",
        "drillbell audit verify --config x.toml",
        "drillbell audit export",
        "drillbell audit tail -n 5 --follow",
        "drillbell migrate",
        "drillbell completions zsh",
    ] {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).err().unwrap());
    }
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for line in [
        "drillbell",
        "drillbell dance",
        "drillbell demo --listen localhost",
        "drillbell run",
        "drillbell run --as Ana! /x",
        "drillbell audit tail -n 0",
        "drillbell completions tcl",
    ] {
        let error = parse(line).err().unwrap_or_else(|| panic!("{line} was taken"));
        assert_eq!(error.exit_code(), 2, "{line}");
    }
    insta::assert_snapshot!(parse("drillbell run --as Ana /x").unwrap_err(), @"
    error: invalid value 'Ana' for '--as <USER>': a console login such as `ana`: at most 40 lower-case letters, digits, - _ .

    For more information, try '--help'.
    ");
}

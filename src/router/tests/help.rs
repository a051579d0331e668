//! Help, as people read it.

use super::{catalog, parse, read};
use crate::router::Routed;

fn help(line: &str) -> String {
    match parse(line) {
        Ok(Routed::Help(view)) => view.to_plain(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn every_way_of_asking_for_help_is_understood() {
    for line in ["/sev", "/sev help", "/sev --help", "/sev -h", "/sev —help", "/drillbell sev", "/drillbell help sev"]
    {
        assert_eq!(read(line), "help: /sev", "{line}");
    }
    for line in [
        "/sev declare --help",
        "/sev help declare",
        "/sev --help declare",
        "/sev declare sev9 --help",
        "/sev declare --service shop --help",
        "/drillbell help sev declare",
        "/drillbell help /sev Declare",
        "/drillbell sev declare --help",
    ] {
        assert_eq!(read(line), "help: /sev declare", "{line}");
    }
    for line in ["/drillbell", "/drillbell help", "/drillbell --help"] {
        assert_eq!(read(line), "help: Commands", "{line}");
    }
    assert_eq!(read("/drillbell help audit"), "help: /drillbell audit");
    assert_eq!(read("/ping --help"), "help: /ping");
    assert_eq!(read("/sev note run it with --help"), "sev note text=run it with --help", "that is text");
    insta::assert_snapshot!(read("/drillbell help svee"), @"
    There is no command '/svee'; did you mean '/sev'?
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read("/sev help declar"), @"
    /sev has no subcommand 'declar'; did you mean 'declare'?
    Usage: /sev declare|level|note|list
    ");
}

#[test]
fn the_overview_names_every_command() {
    insta::assert_snapshot!(help("/drillbell help"), @"
    Commands
    /every: All about every
    /ping: All about ping
    /say: All about say
    /sev: All about sev
    /drillbell: The bot itself; also reaches every other command
    Add --help to any command to see how it is typed. /drillbell followed by a command works everywhere.
    ");
}

#[test]
fn a_commands_help_shows_how_each_subcommand_is_typed() {
    insta::assert_snapshot!(help("/sev"), @"
    /sev
    All about sev
    /sev declare LEVEL TITLE… [--service NAME] [--quiet]: Does declare
    /sev level LEVEL [REASON]: Does level
    /sev note TEXT…: Does note
    /sev list [LIMIT] [--all]: Does list
    /sev SUBCOMMAND --help explains one of them. --incident INC-N says which incident is meant.
    ");
    assert_eq!(catalog().help().title, "Commands");
    assert_eq!(catalog().usage_lines("ping"), Some(vec![]));
    assert_eq!(catalog().usage_lines("say"), Some(vec!["/say WORDS…".to_owned()]));
    assert_eq!(catalog().usage_lines("nothing"), None);
}

#[test]
fn a_subcommands_help_explains_each_argument() {
    insta::assert_snapshot!(help("/sev declare --help"), @"
    /sev declare
    Does declare
    /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    LEVEL: The level
    TITLE: The title
    --service: The service
    --quiet: The quiet
    --incident: The incident meant; without it, the channel's or the only open one
    Options may stand before the text or at its end; after a lone -- everything is text.
    ");
    insta::assert_snapshot!(help("/every kind --help"), @r#"
    /every kind
    Does kind
    /every kind TEXT [--int N] [--duration DURATION] [--time TIME] [--user @WHO] [--channel #CHANNEL] [--choice Up|down|half-way] [--about INC-N] [--target NAME] [--service NAME] [--severity LEVEL] [--flag]
    TEXT: The text
    --int: The int
    --duration: The duration (such as 90s, 15m, 1h30m; default 15m)
    --time: The time (such as 14:30, "tomorrow 09:00", +15m, in UTC)
    --user: The user (such as @ana)
    --channel: The channel (such as #ops)
    --choice: The choice
    --about: The about (such as INC-7)
    --target: The target
    --service: The service
    --severity: The severity
    --flag: The flag
    --incident: The incident meant; without it, the channel's or the only open one
    "#);
    insta::assert_snapshot!(help("/drillbell help audit"), @"
    /drillbell audit
    The latest records of the audit trail
    /drillbell audit [LINES] [--verify]
    LINES: How many of the last records to show (default 10)
    --verify: Check that no record was changed, removed or added
    Only you see the answer.
    ");
}

//! What a plugin may not declare.

use super::{arg, command, option, required, rest, sub};
use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec};
use crate::router::{check_declaration, host_commands};

fn with(args: Vec<ArgSpec>) -> String {
    check_declaration(&command("sev", vec![sub("run", args)])).join("\n")
}

fn defaulted(kind: ArgKind, default: &str) -> ArgSpec {
    ArgSpec { default: Some(default.to_owned()), ..option("x", kind) }
}

#[test]
fn the_hosts_own_commands_are_well_declared() {
    for mut command in host_commands() {
        command.subcommands.retain(|sub| sub.name != "help");
        assert_eq!(check_declaration(&command), [""; 0]);
    }
}

#[test]
fn names_are_plain_words() {
    for name in ["", "Sev", "9lives", "-x", "a b", "é", "a_b", "\u{202e}sev", &"a".repeat(33)] {
        let named = CommandSpec { summary: "Fine".to_owned(), ..command(name, vec![]) };
        assert_eq!(check_declaration(&named).len(), 1, "{name}");
    }
    let hostile = CommandSpec { summary: "Fine".to_owned(), ..command("a\u{202e}b", vec![]) };
    let problems = check_declaration(&hostile).join("\n");
    insta::assert_snapshot!(problems, @r"command 'a\u{202e}b': a name is lower-case letters, digits and `-`, begins with a letter and has at most 32 characters.");
}

#[test]
fn nothing_is_declared_twice_or_under_a_name_of_the_hosts() {
    insta::assert_snapshot!(check_declaration(&command("sev", vec![sub("run", vec![]), sub("run", vec![])])).join("\n"), @"command 'sev', subcommand 'run': declared twice.");
    insta::assert_snapshot!(check_declaration(&command("sev", vec![sub("help", vec![])])).join("\n"), @"command 'sev', subcommand 'help': the name is the host's; `help` explains every command.");
    insta::assert_snapshot!(check_declaration(&command("sev", vec![sub("", vec![]), sub("run", vec![])])).join("\n"), @"command 'sev', subcommand '': a name is lower-case letters, digits and `-`, begins with a letter and has at most 32 characters.");
    insta::assert_snapshot!(with(vec![arg("x", ArgKind::Text), option("x", ArgKind::Text)]), @"command 'sev', subcommand 'run', argument 'x': declared twice.");
    insta::assert_snapshot!(with(vec![option("incident", ArgKind::Incident), option("help", ArgKind::Flag)]), @"
    command 'sev', subcommand 'run', argument 'incident': `--incident` is the host's own option; choose another name.
    command 'sev', subcommand 'run', argument 'help': `--help` is the host's own option; choose another name.
    ");
    assert_eq!(with(vec![required("incident", ArgKind::Incident)]), "", "as a positional it is the plugin's own");
}

#[test]
fn the_rest_comes_last_and_what_is_required_first() {
    insta::assert_snapshot!(with(vec![rest("x"), arg("y", ArgKind::Text)]), @"command 'sev', subcommand 'run', argument 'x': only the last positional argument can take the rest of the line, as text.");
    insta::assert_snapshot!(with(vec![ArgSpec { kind: ArgKind::Int, ..rest("x") }]), @"command 'sev', subcommand 'run', argument 'x': only the last positional argument can take the rest of the line, as text.");
    insta::assert_snapshot!(with(vec![arg("x", ArgKind::Text), required("y", ArgKind::Text)]), @"command 'sev', subcommand 'run', argument 'y': required, but it follows 'x', which may be left out.");
    assert_eq!(with(vec![rest("x"), option("y", ArgKind::Text)]), "");
}

#[test]
fn flags_choices_and_defaults_fit_their_kind() {
    insta::assert_snapshot!(with(vec![arg("x", ArgKind::Flag)]), @"command 'sev', subcommand 'run', argument 'x': a flag is an option that is there or not; it takes no `required` and no default.");
    insta::assert_snapshot!(with(vec![defaulted(ArgKind::Flag, "true")]), @"command 'sev', subcommand 'run', argument 'x': a flag is an option that is there or not; it takes no `required` and no default.");
    insta::assert_snapshot!(with(vec![option("x", ArgKind::Choice)]), @"command 'sev', subcommand 'run', argument 'x': 0 choices; 1 to 25 are needed.");
    insta::assert_snapshot!(with(vec![ArgSpec { choices: vec!["a".to_owned()], ..option("x", ArgKind::Text) }]), @"command 'sev', subcommand 'run', argument 'x': only an argument of type `choice` has choices.");
    let choices = vec!["a".to_owned(), "A".to_owned(), "b c".to_owned()];
    insta::assert_snapshot!(with(vec![ArgSpec { choices, ..option("x", ArgKind::Choice) }]), @"
    command 'sev', subcommand 'run', argument 'x': the choice 'A' stands there twice.
    command 'sev', subcommand 'run', argument 'x': the choice 'b c' must be one word.
    ");
    insta::assert_snapshot!(with(vec![ArgSpec { required: true, ..defaulted(ArgKind::Int, "1") }]), @"command 'sev', subcommand 'run', argument 'x': what is required needs no default.");
    for (kind, bad, good) in [
        (ArgKind::Int, "many", "-3"),
        (ArgKind::Duration, "15m", "900000"),
        (ArgKind::Time, "14:30", "2026-03-01T14:30:00Z"),
        (ArgKind::Incident, "7", "INC-7"),
        (ArgKind::Channel, "#ops", "slack:#ops"),
        (ArgKind::Text, " ", "x"),
    ] {
        assert!(with(vec![defaulted(kind, bad)]).contains("the default"), "{kind:?} {bad}");
        assert_eq!(with(vec![defaulted(kind, good)]), "", "{kind:?} {good}");
    }
}

#[test]
fn there_are_only_so_many() {
    let subs = (0..51).map(|n| sub(&format!("s{n}"), vec![])).collect();
    insta::assert_snapshot!(check_declaration(&command("sev", subs)).join("\n"), @"command 'sev': 51 subcommands; the limit is 50.");
    insta::assert_snapshot!(with((0..26).map(|n| arg(&format!("a{n}"), ArgKind::Text)).collect()), @"command 'sev', subcommand 'run': 26 arguments; the limit is 25.");
    let summary = CommandSpec { summary: "x".repeat(101), ..command("sev", vec![]) };
    insta::assert_snapshot!(check_declaration(&summary).join("\n"), @"command 'sev': the summary must be one visible line of 1 to 100 characters.");
}

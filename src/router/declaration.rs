//! Whether a declared command can be offered at all: checked once, when a plugin is loaded, so that parsing, help and
//! the platforms' own command registries can rely on it. The limits are those of the strictest platform.

use super::shown::{is_deceptive, shown};
use crate::model::ids::IncidentId;
use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec, SubcommandSpec};
use std::collections::BTreeSet;

/// The most subcommands of a command.
pub const MAX_SUBCOMMANDS: usize = 50;
/// The most arguments of a subcommand.
pub const MAX_ARGS: usize = 25;
/// The most choices of an argument.
pub const MAX_CHOICES: usize = 25;
/// The most characters of a name.
pub const MAX_NAME_CHARS: usize = 32;
/// The most characters of a summary, and of a choice.
pub const MAX_SUMMARY_CHARS: usize = 100;

/// Options that every command understands.
const RESERVED: [&str; 2] = ["incident", "help"];

/// What is wrong with a declared command, each a sentence for the plugin's author; empty when nothing is.
pub fn check_declaration(command: &CommandSpec) -> Vec<String> {
    let mut problems = Vec::new();
    let at = format!("command {}", shown(&command.name));
    check_name(&at, &command.name, &mut problems);
    check_summary(&at, &command.summary, &mut problems);
    if command.subcommands.len() > MAX_SUBCOMMANDS {
        problems.push(format!("{at}: {} subcommands; the limit is {MAX_SUBCOMMANDS}.", command.subcommands.len()));
        return problems;
    }
    let mut names = BTreeSet::new();
    for sub in &command.subcommands {
        // A command without subcommands carries its arguments in a single nameless one.
        if sub.name.is_empty() && command.subcommands.len() == 1 {
            check_subcommand(&at, sub, &mut problems);
            continue;
        }
        let at = format!("{at}, subcommand {}", shown(&sub.name));
        check_name(&at, &sub.name, &mut problems);
        if sub.name == "help" {
            problems.push(format!("{at}: the name is the host's; `help` explains every command."));
        }
        if !names.insert(&sub.name) {
            problems.push(format!("{at}: declared twice."));
        }
        check_subcommand(&at, sub, &mut problems);
    }
    problems
}

fn check_subcommand(at: &str, sub: &SubcommandSpec, problems: &mut Vec<String>) {
    if !sub.name.is_empty() || !sub.summary.is_empty() {
        check_summary(at, &sub.summary, problems);
    }
    if sub.args.len() > MAX_ARGS {
        problems.push(format!("{at}: {} arguments; the limit is {MAX_ARGS}.", sub.args.len()));
        return;
    }
    let mut names = BTreeSet::new();
    let mut optional_seen = None;
    let last_positional = sub.args.iter().rposition(|arg| !arg.option);
    for (index, arg) in sub.args.iter().enumerate() {
        let at = format!("{at}, argument {}", shown(&arg.name));
        check_name(&at, &arg.name, problems);
        check_summary(&at, &arg.summary, problems);
        if RESERVED.contains(&arg.name.as_str()) && (arg.option || arg.name == "help") {
            problems.push(format!("{at}: `--{}` is the host's own option; choose another name.", arg.name));
        }
        if !names.insert(&arg.name) {
            problems.push(format!("{at}: declared twice."));
        }
        if arg.rest && (arg.option || Some(index) != last_positional || arg.kind != ArgKind::Text) {
            problems.push(format!("{at}: only the last positional argument can take the rest of the line, as text."));
        }
        if !arg.option {
            match optional_seen {
                Some(earlier) if arg.required => {
                    problems.push(format!("{at}: required, but it follows {}, which may be left out.", shown(earlier)))
                }
                None if !arg.required => optional_seen = Some(&arg.name),
                _ => {}
            }
        }
        check_kind(&at, arg, problems);
    }
}

fn check_kind(at: &str, arg: &ArgSpec, problems: &mut Vec<String>) {
    if arg.kind == ArgKind::Flag && (!arg.option || arg.required || arg.default.is_some()) {
        problems
            .push(format!("{at}: a flag is an option that is there or not; it takes no `required` and no default."));
    }
    if arg.required && arg.default.is_some() {
        problems.push(format!("{at}: what is required needs no default."));
    }
    if arg.kind == ArgKind::Choice {
        check_choices(at, arg, problems);
    } else if !arg.choices.is_empty() {
        problems.push(format!("{at}: only an argument of type `choice` has choices."));
    }
    let Some(default) = arg.default.as_deref().filter(|_| arg.kind != ArgKind::Flag) else { return };
    let form = match arg.kind {
        ArgKind::Int => default.parse::<i64>().is_err().then_some("a whole number in decimal"),
        ArgKind::Duration => default.parse::<u32>().is_err().then_some("a number of milliseconds"),
        ArgKind::Time => chrono::DateTime::parse_from_rfc3339(default).is_err().then_some("RFC 3339"),
        ArgKind::Choice => (!arg.choices.iter().any(|choice| choice == default)).then_some("one of the choices"),
        ArgKind::Incident => {
            let same = IncidentId::parse(default).is_some_and(|id| id.as_str() == default);
            (!same).then_some("an incident such as INC-7")
        }
        ArgKind::Channel => (!default.contains(':')).then_some("a channel with its platform, such as slack:#ops"),
        _ => default.trim().is_empty().then_some("not empty"),
    };
    if let Some(form) = form {
        problems.push(format!("{at}: the default {} must be {form}.", shown(default)));
    }
}

fn check_choices(at: &str, arg: &ArgSpec, problems: &mut Vec<String>) {
    if arg.choices.is_empty() || arg.choices.len() > MAX_CHOICES {
        problems.push(format!("{at}: {} choices; 1 to {MAX_CHOICES} are needed.", arg.choices.len()));
        return;
    }
    let mut seen = BTreeSet::new();
    for choice in &arg.choices {
        let bad = |c: char| c.is_whitespace() || is_deceptive(c);
        if choice.is_empty() || choice.chars().count() > MAX_SUMMARY_CHARS || choice.contains(bad) {
            problems.push(format!("{at}: the choice {} must be one word.", shown(choice)));
        }
        if !seen.insert(choice.to_lowercase()) {
            problems.push(format!("{at}: the choice {} stands there twice.", shown(choice)));
        }
    }
}

fn check_name(at: &str, name: &str, problems: &mut Vec<String>) {
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(tail);
    if !good || name.len() > MAX_NAME_CHARS {
        problems.push(format!(
            "{at}: a name is lower-case letters, digits and `-`, begins with a letter and has at most {MAX_NAME_CHARS} characters."
        ));
    }
}

fn check_summary(at: &str, summary: &str, problems: &mut Vec<String>) {
    let chars = summary.chars().count();
    if summary.trim().is_empty() || chars > MAX_SUMMARY_CHARS || summary.contains(is_deceptive) {
        problems.push(format!("{at}: the summary must be one visible line of 1 to {MAX_SUMMARY_CHARS} characters."));
    }
}

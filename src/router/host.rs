//! The bot's own commands, declared like any plugin's.

use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec, ReplyMode, SubcommandSpec};

/// The bot's own command, which also reaches every plugin's: `/drillbell sev list`.
pub const HOST_COMMAND: &str = "drillbell";
/// The command that only the demo has.
pub const DEMO_COMMAND: &str = "demo";

/// Declared commands with what is configured as the choices of the arguments that name it: the names of severities, of people and of targets.
pub fn with_choices(
    mut commands: Vec<CommandSpec>,
    severities: &[String],
    people: &[String],
    targets: &[String],
) -> Vec<CommandSpec> {
    for arg in commands.iter_mut().flat_map(|command| &mut command.subcommands).flat_map(|sub| &mut sub.args) {
        match arg.kind {
            ArgKind::Severity => arg.choices = severities.to_vec(),
            ArgKind::User => arg.choices = people.to_vec(),
            ArgKind::Target => arg.choices = targets.to_vec(),
            _ => {}
        }
    }
    commands
}

/// What the bot itself answers. `help` is answered by [`Catalog::parse`](super::Catalog::parse) with a view; the others
/// come out of it as invocations owned by the host.
pub fn host_commands() -> Vec<CommandSpec> {
    let command = arg("command", ArgKind::Text, false, "The command to explain");
    let subcommand = arg("subcommand", ArgKind::Text, false, "One of its subcommands");
    let lines = ArgSpec {
        default: Some("10".to_owned()),
        ..arg("lines", ArgKind::Int, false, "How many of the last records to show")
    };
    let break_glass = arg("break-glass", ArgKind::Text, true, "It cannot wait for the others: why; everybody is told");
    let cancel = arg("cancel", ArgKind::Text, true, "The id of a job that is to end, or the end of it");
    let retry =
        arg("retry", ArgKind::Text, true, "The id of a message that was given up, or `all`: it is sent after all");
    let verify = arg("verify", ArgKind::Flag, true, "Check that no record was changed, removed or added");
    let test = arg("test", ArgKind::Flag, true, "Page all of them now, with a message that says that it is a test");
    let labels =
        ArgSpec { rest: true, ..arg("labels", ArgKind::Text, false, "What the alert says, such as severity=critical") };
    let source = arg("source", ArgKind::Text, true, "Only for this source of alerts");
    vec![CommandSpec {
        name: HOST_COMMAND.to_owned(),
        summary: "The bot itself; also reaches every other command".to_owned(),
        subcommands: vec![
            sub("help", "What can be typed here", vec![command, subcommand]),
            sub("whoami", "Who the bot takes you for", vec![]),
            sub("status", "How the bot and what it depends on are, and which jobs are at hand", vec![cancel, retry]),
            sub("oncall", "Who is on call, in every rotation", vec![]),
            sub("contacts", "Whether those who are to be paged can be reached", vec![test]),
            sub("route", "Where an alert with these labels would go, and why", vec![labels, source]),
            sub("plugins", "The plugins: what they do, what they may, what failed to load", vec![]),
            decision("approve", "Say yes to what waits for it; alone: what waits", vec![break_glass]),
            decision("deny", "Say no to what waits for a yes, or take your own request back", Vec::new()),
            sub("login", "A link that signs you in on the web, for your eyes only", vec![]),
            sub("audit", "The latest records of the audit trail", vec![lines, verify]),
        ],
    }]
}

/// What the bot itself answers in the demo and nowhere else: it breaks and mends the demo's shop. `faults` are what can be broken; the
/// first is the default.
pub fn demo_command(faults: &[&str]) -> CommandSpec {
    let what = ArgSpec {
        choices: faults.iter().map(|fault| (*fault).to_owned()).collect(),
        default: faults.first().map(|fault| (*fault).to_owned()),
        ..arg("what", ArgKind::Choice, false, "What goes wrong: a bad release, some errors, slow pages, or all of it")
    };
    let everybody = |sub| SubcommandSpec { reply: ReplyMode::Channel, ..sub };
    CommandSpec {
        name: DEMO_COMMAND.to_owned(),
        summary: "Breaks the demo's shop, and mends it".to_owned(),
        subcommands: vec![
            everybody(sub("break", "Something goes wrong with the shop; an alert tells of it soon", vec![what])),
            everybody(sub("heal", "The shop is mended, whatever was wrong with it", vec![])),
        ],
    }
}

fn decision(name: &str, summary: &str, options: Vec<ArgSpec>) -> SubcommandSpec {
    let id = arg("id", ArgKind::Text, false, "Which one, such as A-7K2M9XQD");
    let reason = ArgSpec { rest: true, ..arg("reason", ArgKind::Text, false, "Why; others will read it") };
    sub(name, summary, [vec![id, reason], options].concat())
}

fn sub(name: &str, summary: &str, args: Vec<ArgSpec>) -> SubcommandSpec {
    SubcommandSpec { name: name.to_owned(), summary: summary.to_owned(), reply: ReplyMode::Private, args }
}

fn arg(name: &str, kind: ArgKind, option: bool, summary: &str) -> ArgSpec {
    ArgSpec {
        name: name.to_owned(),
        kind,
        summary: summary.to_owned(),
        option,
        required: false,
        rest: false,
        choices: Vec::new(),
        default: None,
    }
}

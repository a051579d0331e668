//! Help as views, made from the declarations alone: what there is, how it is typed and what each argument means.

use super::args::label;
use super::catalog::{Catalog, Command, Owner, nameless};
use super::host::HOST_COMMAND;
use super::time::show_duration;
use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec, ReplyMode, SubcommandSpec};
use crate::model::view::{Block, Tone, View};

/// With more choices than this, a usage line shows the argument's name instead.
const MOST_CHOICES_INLINE: usize = 4;

impl Catalog {
    /// Every command with its line of explanation.
    pub fn help(&self) -> View {
        overview(self)
    }

    /// How a command is typed, a line for each of its subcommands; `None` if there is no such command.
    pub fn usage_lines(&self, command: &str) -> Option<Vec<String>> {
        let spec = &self.command(command)?.spec;
        Some(spec.subcommands.iter().map(|sub| usage(spec, sub)).collect())
    }
}

pub(super) fn overview(catalog: &Catalog) -> View {
    let mut view = titled("Commands");
    let commands = catalog.commands().filter(|command| command.owner != Owner::Host);
    let own = catalog.commands().filter(|command| command.owner == Owner::Host);
    for command in commands.chain(own) {
        view.blocks.push(field(format!("/{}", command.spec.name), command.spec.summary.clone()));
    }
    let hint = format!(
        "Add --help to any command to see how it is typed. /{HOST_COMMAND} followed by a command works everywhere."
    );
    view.blocks.push(Block::Context { text: hint });
    view
}

pub(super) fn command_view(command: &Command) -> View {
    let spec = &command.spec;
    if let Some(sub) = nameless(spec) {
        return subcommand_view(command, sub);
    }
    let mut view = titled(&format!("/{}", spec.name));
    view.blocks.push(Block::Text { text: spec.summary.clone() });
    if spec.subcommands.is_empty() {
        view.blocks.push(Block::Code { text: format!("/{}", spec.name) });
        return view;
    }
    for sub in &spec.subcommands {
        view.blocks.push(field(usage(spec, sub), sub.summary.clone()));
    }
    let mut hint = format!("/{} SUBCOMMAND --help explains one of them.", spec.name);
    if command.owner != Owner::Host {
        hint.push_str(" --incident INC-N says which incident is meant.");
    }
    view.blocks.push(Block::Context { text: hint });
    view
}

pub(super) fn subcommand_view(command: &Command, sub: &SubcommandSpec) -> View {
    let spec = &command.spec;
    let mut view = titled(&path(spec, sub));
    let summary = if sub.summary.is_empty() { &spec.summary } else { &sub.summary };
    view.blocks.push(Block::Text { text: summary.clone() });
    view.blocks.push(Block::Code { text: usage(spec, sub) });
    for arg in &sub.args {
        view.blocks.push(field(label(arg), describe(arg)));
    }
    if command.owner != Owner::Host {
        view.blocks.push(field(
            "--incident".to_owned(),
            "The incident meant; without it, the channel's or the only open one".to_owned(),
        ));
    }
    let mut hints = Vec::new();
    if sub.args.iter().any(|arg| arg.rest) {
        hints.push("Options may stand before the text or at its end; after a lone -- everything is text.");
    }
    if sub.reply == ReplyMode::Private {
        hints.push("Only you see the answer.");
    }
    if !hints.is_empty() {
        view.blocks.push(Block::Context { text: hints.join(" ") });
    }
    view
}

/// How a subcommand is typed: `/sev declare LEVEL TITLE… [--service NAME]`.
pub(super) fn usage(command: &CommandSpec, sub: &SubcommandSpec) -> String {
    let positionals = sub.args.iter().filter(|arg| !arg.option);
    let options = sub.args.iter().filter(|arg| arg.option);
    let words = positionals.chain(options).map(|arg| {
        let word = match (arg.option, arg.kind) {
            (false, _) => placeholder(arg),
            (true, ArgKind::Flag) => label(arg),
            (true, _) => format!("{} {}", label(arg), placeholder(arg)),
        };
        if arg.required { word } else { format!("[{word}]") }
    });
    std::iter::once(path(command, sub)).chain(words).collect::<Vec<_>>().join(" ")
}

/// The subcommands of a command in one line: `/sev declare|list|show`.
pub(super) fn command_usage(command: &CommandSpec) -> String {
    match nameless(command) {
        Some(sub) => usage(command, sub),
        None if command.subcommands.is_empty() => format!("/{}", command.name),
        None => {
            let names: Vec<&str> = command.subcommands.iter().map(|sub| sub.name.as_str()).collect();
            format!("/{} {}", command.name, names.join("|"))
        }
    }
}

fn path(command: &CommandSpec, sub: &SubcommandSpec) -> String {
    if sub.name.is_empty() { format!("/{}", command.name) } else { format!("/{} {}", command.name, sub.name) }
}

fn placeholder(arg: &ArgSpec) -> String {
    let few = arg.choices.len() <= MOST_CHOICES_INLINE;
    match arg.kind {
        ArgKind::Choice if few => arg.choices.join("|"),
        _ if !arg.option => format!("{}{}", label(arg), if arg.rest { "…" } else { "" }),
        ArgKind::Text | ArgKind::Choice => arg.name.to_uppercase(),
        ArgKind::Int => "N".to_owned(),
        ArgKind::Duration => "DURATION".to_owned(),
        ArgKind::Time => "TIME".to_owned(),
        ArgKind::User => "@WHO".to_owned(),
        ArgKind::Channel => "#CHANNEL".to_owned(),
        ArgKind::Incident => "INC-N".to_owned(),
        ArgKind::Target | ArgKind::Service => "NAME".to_owned(),
        ArgKind::Severity => "LEVEL".to_owned(),
        ArgKind::Flag => String::new(),
    }
}

fn describe(arg: &ArgSpec) -> String {
    let form = match arg.kind {
        ArgKind::Choice if arg.choices.len() > MOST_CHOICES_INLINE => format!("one of {}", arg.choices.join(", ")),
        ArgKind::Duration => "such as 90s, 15m, 1h30m".to_owned(),
        ArgKind::Time => "such as 14:30, \"tomorrow 09:00\", +15m, in UTC".to_owned(),
        ArgKind::User => "such as @ana".to_owned(),
        ArgKind::Channel => "such as #ops".to_owned(),
        ArgKind::Incident => "such as INC-7".to_owned(),
        _ => String::new(),
    };
    let default = arg.default.as_deref().map(|text| match (arg.kind, text.parse()) {
        (ArgKind::Duration, Ok(ms)) => format!("default {}", show_duration(ms)),
        _ => format!("default {text}"),
    });
    let optional = (!arg.required && !arg.option && default.is_none()).then(|| "may be left out".to_owned());
    let required = (arg.required && arg.option).then(|| "required".to_owned());
    let extras: Vec<String> =
        [Some(form).filter(|form| !form.is_empty()), default, optional, required].into_iter().flatten().collect();
    if extras.is_empty() { arg.summary.clone() } else { format!("{} ({})", arg.summary, extras.join("; ")) }
}

fn titled(title: &str) -> View {
    View { title: title.to_owned(), tone: Tone::Info, blocks: Vec::new() }
}

fn field(name: String, value: String) -> Block {
    Block::Field { name, value }
}

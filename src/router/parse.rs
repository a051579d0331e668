//! A typed line becomes an invocation of somebody's command, or help, or one sentence saying what is wrong with it.

use super::args::{Stop, read_args, unclosed_sentence};
use super::catalog::{Catalog, Command, Owner, nameless, subcommand};
use super::help;
use super::host::HOST_COMMAND;
use super::line::{Word, clean, next_word};
use super::shown::{did_you_mean, nearest, shown};
use super::world::World;
use crate::model::event::Argument;
use crate::model::ids::IncidentId;
use crate::model::manifest::{ArgKind, ReplyMode, SubcommandSpec};
use crate::model::view::View;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Routed {
    /// A command to be carried out.
    Call {
        /// By whom.
        owner: Owner,
        /// What.
        invocation: Invocation,
    },
    /// An explanation, to be shown to the one who asked; nothing is carried out.
    Help(View),
}

/// A command with its arguments, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Without the slash: `sev`.
    pub command: String,
    /// `declare`, or empty when the command has none.
    pub subcommand: String,
    /// Canonical values in the order of declaration; only what was given or has a default.
    pub args: Vec<Argument>,
    /// Who sees the answer.
    pub reply: ReplyMode,
    /// Whether `--incident` said which incident is meant.
    pub incident: IncidentMention,
}

/// Whether the line itself says which incident is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentMention {
    /// `--incident` names it. Whether it exists is not known here.
    Given(IncidentId),
    /// To be found otherwise: the conversation's, else the only open one.
    Unspecified,
}

/// What is wrong with a line: one sentence, and how the command is typed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// One sentence for the person who typed it; what it repeats of the line is bounded and visible.
    pub message: String,
    /// How to type it: `/sev declare LEVEL TITLE… [--service NAME]`.
    pub usage: Option<String>,
}

impl ParseError {
    fn new(message: impl Into<String>, usage: impl Into<String>) -> Self {
        Self { message: message.into(), usage: Some(usage.into()) }
    }
}

impl Catalog {
    /// Reads a line such as `/sev declare sev1 checkout is down --service shop`, with or without its slash.
    ///
    /// `/drillbell` reaches every plugin's command as well. The length limit is checked before anything else.
    pub fn parse(&self, line: &str, world: &World) -> Result<Routed, ParseError> {
        let line = clean(line).map_err(|message| ParseError { message, usage: None })?;
        let start = line.trim_start();
        let at = line.len() - start.len() + usize::from(start.starts_with('/'));
        let Some(name) = word_at(&line, at)? else {
            return Err(ParseError::new("No command was typed.", overview_hint()));
        };
        let Some(command) = self.command(&name.text) else { return Err(self.unknown_command(&name.text)) };
        if command.reaches_others()
            && let Some(next) = word_at(&line, name.end)?
            && subcommand(&command.spec, &next.text).is_none()
            && let Some(other) = self.command(next.text.strip_prefix('/').unwrap_or(&next.text))
            && !other.reaches_others()
        {
            return self.parse_command(other, &line, next.end, world);
        }
        self.parse_command(command, &line, name.end, world)
    }

    fn parse_command(&self, command: &Command, line: &str, at: usize, world: &World) -> Result<Routed, ParseError> {
        let next = match next_word(line, at) {
            Ok(next) => next,
            Err(_) if nameless(&command.spec).is_some() => None,
            Err(unclosed) => {
                return Err(ParseError::new(unclosed_sentence(line, &unclosed), help::command_usage(&command.spec)));
            }
        };
        let asks_help = next.as_ref().is_some_and(asks_for_help);
        if let Some(sub) = nameless(&command.spec) {
            // Only alone: `/page help me` pages somebody.
            if asks_help && next.is_some_and(|word| line[word.end..].trim().is_empty()) {
                return Ok(Routed::Help(help::subcommand_view(command, sub)));
            }
            return self.parse_arguments(command, sub, line, at, world);
        }
        let Some(next) = next else {
            return match (command.reaches_others(), command.spec.subcommands.is_empty()) {
                (true, _) => Ok(Routed::Help(help::overview(self))),
                (false, true) => self.parse_arguments(command, &no_subcommand(), line, at, world),
                (false, false) => Ok(Routed::Help(help::command_view(command))),
            };
        };
        if asks_help {
            return self.answer_help(command, line, next.end);
        }
        if let Some(sub) = subcommand(&command.spec, &next.text) {
            return self.parse_arguments(command, sub, line, next.end, world);
        }
        if command.spec.subcommands.is_empty() {
            return self.parse_arguments(command, &no_subcommand(), line, at, world);
        }
        Err(self.unknown_subcommand(command, &next.text))
    }

    fn parse_arguments(
        &self,
        command: &Command,
        sub: &SubcommandSpec,
        line: &str,
        at: usize,
        world: &World,
    ) -> Result<Routed, ParseError> {
        let of_plugin = command.owner != Owner::Host;
        let given = match read_args(line, at, &sub.args, of_plugin, world) {
            Ok(given) => given,
            Err(Stop::Help) => return Ok(Routed::Help(help::subcommand_view(command, sub))),
            // Whoever adds --help to a line that is wrong wants to know how it is right.
            Err(Stop::Wrong(_)) if line.trim_end().to_lowercase().ends_with(" --help") => {
                return Ok(Routed::Help(help::subcommand_view(command, sub)));
            }
            Err(Stop::Wrong(message)) => return Err(ParseError::new(message, help::usage(&command.spec, sub))),
        };
        // `/sev reopen INC-3` names its incident as clearly as `/sev reopen --incident INC-3` does.
        let incident = given.incident.clone().or_else(|| {
            let named = sub.args.iter().find(|spec| spec.kind == ArgKind::Incident && !spec.option)?;
            let value = &given.args.iter().find(|arg| arg.name == named.name)?.value;
            IncidentId::parse(value)
        });
        let invocation = Invocation {
            command: command.spec.name.clone(),
            subcommand: sub.name.clone(),
            args: given.args,
            reply: sub.reply,
            incident: incident.map_or(IncidentMention::Unspecified, IncidentMention::Given),
        };
        Ok(Routed::Call { owner: command.owner.clone(), invocation })
    }

    /// `help`, `help SUBCOMMAND`; the host's also `help COMMAND` and `help COMMAND SUBCOMMAND`.
    fn answer_help(&self, command: &Command, line: &str, at: usize) -> Result<Routed, ParseError> {
        let Some(first) = word_at(line, at)? else {
            let is_host = command.reaches_others();
            return Ok(Routed::Help(if is_host { help::overview(self) } else { help::command_view(command) }));
        };
        if let Some(sub) = subcommand(&command.spec, &first.text) {
            return Ok(Routed::Help(help::subcommand_view(command, sub)));
        }
        if !command.reaches_others() {
            return Err(self.unknown_subcommand(command, &first.text));
        }
        let name = first.text.strip_prefix('/').unwrap_or(&first.text);
        let Some(other) = self.command(name) else { return Err(self.unknown_command(name)) };
        match word_at(line, first.end)? {
            None => Ok(Routed::Help(help::command_view(other))),
            Some(second) => match subcommand(&other.spec, &second.text) {
                Some(sub) => Ok(Routed::Help(help::subcommand_view(other, sub))),
                None => Err(self.unknown_subcommand(other, &second.text)),
            },
        }
    }

    fn unknown_command(&self, name: &str) -> ParseError {
        let near = nearest(name, self.names()).map(|near| format!("/{near}"));
        let message = format!("There is no command {}{}", shown(&format!("/{name}")), did_you_mean(near));
        ParseError::new(message, overview_hint())
    }

    fn unknown_subcommand(&self, command: &Command, name: &str) -> ParseError {
        let spec = &command.spec;
        let own = spec.subcommands.iter().map(|sub| sub.name.as_str());
        let others = self.names().filter(|other| command.reaches_others() && *other != name);
        let near = nearest(name, own.chain(others)).map(str::to_owned);
        let message = format!("/{} has no subcommand {}{}", spec.name, shown(name), did_you_mean(near));
        ParseError::new(message, help::command_usage(spec))
    }
}

fn word_at(line: &str, at: usize) -> Result<Option<Word>, ParseError> {
    next_word(line, at).map_err(|unclosed| ParseError::new(unclosed_sentence(line, &unclosed), overview_hint()))
}

fn asks_for_help(word: &Word) -> bool {
    let text = word.text.to_lowercase();
    !word.quoted && matches!(text.as_str(), "help" | "--help" | "-h" | "—help" | "–help")
}

fn overview_hint() -> String {
    format!("/{HOST_COMMAND} help")
}

/// What a command without any declared arguments takes: nothing.
fn no_subcommand() -> SubcommandSpec {
    SubcommandSpec { name: String::new(), summary: String::new(), reply: ReplyMode::Channel, args: Vec::new() }
}

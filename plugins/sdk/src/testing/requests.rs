//! Commands and clicks as people send them, with sensible values for whatever a test does not care about.

use super::{START_MS, person};
use crate::args::Args;
use crate::events::{Action, Command, Person};
use crate::ids::{Conversation, IncidentId, MessageRef};

/// A command as Ana types it in `console:#incidents`; change what matters.
#[derive(Clone, Debug)]
pub struct CommandBuilder {
    line: String,
    args: Vec<(String, String)>,
    by: Person,
    conversation: Conversation,
    incident: Option<IncidentId>,
}

/// Begins a command: `command("sev declare").arg("level", "sev1")`.
pub fn command(name_and_subcommand: &str) -> CommandBuilder {
    CommandBuilder {
        line: name_and_subcommand.to_owned(),
        args: Vec::new(),
        by: person("ana", "Ana"),
        conversation: Conversation::from("console:#incidents"),
        incident: None,
    }
}

impl CommandBuilder {
    /// Gives an argument, in the host's canonical text.
    #[must_use]
    pub fn arg(mut self, name: &str, value: &str) -> Self {
        self.args.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives a flag.
    #[must_use]
    pub fn flag(self, name: &str) -> Self {
        self.arg(name, "true")
    }

    /// Somebody else types it.
    #[must_use]
    pub fn by(mut self, id: &str, name: &str) -> Self {
        self.by = person(id, name);
        self
    }

    /// Somewhere else.
    #[must_use]
    pub fn at(mut self, conversation: &str) -> Self {
        self.conversation = Conversation::from(conversation);
        self
    }

    /// With `--incident`.
    #[must_use]
    pub fn incident(mut self, id: &str) -> Self {
        self.incident = Some(IncidentId::from(id));
        self
    }
}

impl From<CommandBuilder> for Command {
    fn from(built: CommandBuilder) -> Self {
        let (name, subcommand) = built.line.split_once(' ').unwrap_or((&built.line, ""));
        Self {
            name: name.to_owned(),
            subcommand: subcommand.to_owned(),
            args: built.args.into_iter().collect(),
            line: format!("/{}", built.line),
            by: built.by,
            conversation: built.conversation,
            incident: built.incident,
            at_ms: START_MS,
        }
    }
}

/// A click as Ana makes it in `console:#incidents`; change what matters.
#[derive(Clone, Debug)]
pub struct ActionBuilder(Action);

/// Begins a click: `click("resolve", "INC-1")`.
pub fn click(action: &str, value: &str) -> ActionBuilder {
    ActionBuilder(Action {
        card: MessageRef::from("m1"),
        action: action.to_owned(),
        value: value.to_owned(),
        fields: Args::default(),
        by: person("ana", "Ana"),
        conversation: Conversation::from("console:#incidents"),
        incident: None,
        at_ms: START_MS,
    })
}

impl ActionBuilder {
    /// Somebody else clicks.
    #[must_use]
    pub fn by(mut self, id: &str, name: &str) -> Self {
        self.0.by = person(id, name);
        self
    }

    /// On this card.
    #[must_use]
    pub fn card(mut self, card: &MessageRef) -> Self {
        self.0.card = card.clone();
        self
    }

    /// On the card of this incident.
    #[must_use]
    pub fn incident(mut self, id: &str) -> Self {
        self.0.incident = Some(IncidentId::from(id));
        self
    }
}

impl From<ActionBuilder> for Action {
    fn from(built: ActionBuilder) -> Self {
        built.0
    }
}

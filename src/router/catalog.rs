//! Every command there is and whose it is. Two plugins may declare one name; who wins does not depend on the order in
//! which they were loaded, and the operator is told who lost.

use super::host::HOST_COMMAND;
use crate::model::ids::PluginId;
use crate::model::manifest::{CommandSpec, SubcommandSpec};
use std::collections::BTreeMap;

/// Whose a command is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The bot's own.
    Host,
    /// A plugin's.
    Plugin(PluginId),
}

/// A command and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Whose it is.
    pub owner: Owner,
    /// As declared.
    pub spec: CommandSpec,
}

impl Command {
    /// Whether it is the bot's own, through which every other command is reached too: `/drillbell sev list`.
    pub(super) fn reaches_others(&self) -> bool {
        self.owner == Owner::Host && self.spec.name == HOST_COMMAND
    }
}

/// A command name that was claimed twice. `Display` is the sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("/{command} of the plugin {loser} is not offered: {}", reason(.winner, .loser))]
pub struct Clash {
    /// The name, without its slash.
    pub command: String,
    /// Who has it.
    pub winner: Owner,
    /// Who does not.
    pub loser: PluginId,
}

fn reason(winner: &Owner, loser: &PluginId) -> String {
    match winner {
        Owner::Host => "the name is the bot's own.".to_owned(),
        Owner::Plugin(winner) if winner == loser => "the plugin declares it twice.".to_owned(),
        Owner::Plugin(winner) => format!("the plugin {winner} has the name; remove one of the two."),
    }
}

/// The commands by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    commands: BTreeMap<String, Command>,
}

impl Catalog {
    /// Gathers what the loaded plugins declare beside the host's own. The host's names always win; of two plugins, the
    /// first in the order of their names. The declarations must have passed [`check_declaration`](super::check_declaration).
    pub fn new(mut plugins: Vec<(PluginId, Vec<CommandSpec>)>, host: Vec<CommandSpec>) -> (Self, Vec<Clash>) {
        plugins.sort_by(|(a, _), (b, _)| a.cmp(b));
        let own = host.into_iter().map(|spec| (spec.name.to_lowercase(), Command { owner: Owner::Host, spec }));
        let mut commands: BTreeMap<String, Command> = own.collect();
        let mut clashes = Vec::new();
        for (plugin, specs) in plugins {
            for spec in specs {
                let name = spec.name.to_lowercase();
                if let Some(known) = commands.get(&name) {
                    let winner = known.owner.clone();
                    clashes.push(Clash { command: name, winner, loser: plugin.clone() });
                } else {
                    commands.insert(name, Command { owner: Owner::Plugin(plugin.clone()), spec });
                }
            }
        }
        (Self { commands }, clashes)
    }

    /// The commands in the order of their names.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.commands.values()
    }

    /// The command of that name, without its slash, in any case.
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.get(&name.to_lowercase())
    }

    /// The names of the commands, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.commands.keys().map(String::as_str)
    }
}

/// The subcommand of that name, in any case.
pub(super) fn subcommand<'a>(spec: &'a CommandSpec, name: &str) -> Option<&'a SubcommandSpec> {
    let name = name.to_lowercase();
    spec.subcommands.iter().find(|sub| !sub.name.is_empty() && sub.name == name)
}

/// The arguments of a command that has no subcommands: its one nameless subcommand's.
pub(super) fn nameless(spec: &CommandSpec) -> Option<&SubcommandSpec> {
    spec.subcommands.iter().find(|sub| sub.name.is_empty())
}

//! What the loaded plugins answer to: their commands in one catalog, their subscriptions in one list.

use crate::config::policy::{Rule, What};
use crate::model::ids::PluginId;
use crate::model::manifest::CommandSpec;
use crate::router::{Catalog, Clash, Owner, Subscriber, host_commands};

/// The commands and subscriptions of the loaded plugins.
#[derive(Debug)]
pub struct Directory {
    /// Every command that can be typed.
    pub catalog: Catalog,
    /// Who hears events.
    pub subscribers: Vec<Subscriber>,
    /// Commands that two claim; each reads as a sentence for the operator.
    pub clashes: Vec<Clash>,
}

impl Directory {
    /// Puts the plugins' declarations together with the host's own; `demo` is what only the demo has of those.
    pub fn new(
        commands: Vec<(PluginId, Vec<CommandSpec>)>,
        subscribers: Vec<Subscriber>,
        demo: Option<CommandSpec>,
    ) -> Self {
        let own = host_commands().into_iter().chain(demo).collect();
        let (catalog, clashes) = Catalog::new(commands, own);
        Self { catalog, subscribers, clashes }
    }

    /// The commands that a plugin has, under which rules are about its buttons.
    pub fn commands_of(&self, plugin: &PluginId) -> Vec<String> {
        let own = self.catalog.commands().filter(|command| command.owner == Owner::Plugin(plugin.clone()));
        own.map(|command| command.spec.name.clone()).collect()
    }

    /// Rules about commands that nobody has, each a sentence for the operator: such a rule protects nothing, and most often
    /// something is protected less than it was meant to be.
    pub fn strangers(&self, rules: &[Rule]) -> Vec<String> {
        let unknown = |what: &What| {
            let (command, sub) = match what {
                What::Command(command) | What::Action(command, _) => (command, None),
                What::Subcommand(command, sub) => (command, Some(sub)),
                What::Everything | What::Job(_) | What::Capability(_) => return false,
            };
            let Some(known) = self.catalog.command(command) else { return true };
            sub.is_some_and(|sub| known.owner == Owner::Host && known.spec.subcommands.iter().all(|s| s.name != *sub))
        };
        let strangers = rules.iter().filter(|rule| unknown(&rule.what));
        let sentence = |rule: &Rule| {
            let (key, value) = rule.what.written();
            format!("[[policy]] {key} = \"{value}\" protects nothing: no loaded plugin has that command")
        };
        strangers.map(sentence).collect()
    }
}

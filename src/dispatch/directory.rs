//! What the loaded plugins answer to: their commands in one catalog, their subscriptions in one list.

use crate::model::ids::PluginId;
use crate::model::manifest::CommandSpec;
use crate::router::{Catalog, Clash, Subscriber, host_commands};

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
    /// Puts the plugins' declarations together with the host's own.
    pub fn new(commands: Vec<(PluginId, Vec<CommandSpec>)>, subscribers: Vec<Subscriber>) -> Self {
        let (catalog, clashes) = Catalog::new(commands, host_commands());
        Self { catalog, subscribers, clashes }
    }
}

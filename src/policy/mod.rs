//! Who may do what, where, and with whose approval: pure decisions over the configured rules, and the counting of votes. Asks no
//! database and says every refusal as a sentence that names who could.

mod decide;
mod people;
mod vote;

#[cfg(test)]
mod tests;

pub use decide::{Asker, Decision, Need, Subject};
pub use people::{Group, Groups, NoGroups};
pub use vote::{Ballot, Tally, expired, void};

use crate::config::Config;
use crate::config::people::People;
use crate::config::policy::Rule;
use crate::config::roles::{Member, Roles};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rules of one bot.
#[derive(Clone)]
pub struct Policy {
    rules: Vec<Rule>,
    roles: BTreeMap<String, Vec<Member>>,
    people: People,
    groups: Arc<dyn Groups>,
    demo: bool,
}

impl Policy {
    /// The configured rules; `groups` knows who is in a platform's own groups. In the `demo` an asserted name counts as that
    /// person, because one human plays everybody.
    pub fn new(rules: Vec<Rule>, roles: Roles, people: People, groups: Arc<dyn Groups>, demo: bool) -> Self {
        Self { rules, roles: roles.0, people, groups, demo }
    }

    /// The rules of a configuration.
    pub fn of(config: &Config, groups: Arc<dyn Groups>) -> Self {
        let Config { policy, roles, people, demo, .. } = config;
        Self::new(policy.clone(), roles.clone(), people.clone(), groups, *demo)
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

//! Who is in the user groups that roles name. Read now and then and when Slack tells of a change; what has not been read for an
//! hour counts for nobody. <https://docs.slack.dev/reference/methods/usergroups.users.list>

use super::api::Api;
use super::names::SLACK;
use super::refusal::CallError;
use crate::config::Config;
use crate::config::limits::GROUP_FRESH;
use crate::config::roles::Member;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock};
use tokio::time::Instant;

/// The groups of the configuration, and their members.
pub(super) struct Groups {
    named: BTreeSet<String>,
    members: RwLock<BTreeMap<String, (Instant, BTreeSet<String>)>>,
}

impl Groups {
    pub(super) fn of(config: &Config) -> Self {
        let members = config.roles.0.values().flatten();
        let named = members.filter_map(|member| match member {
            Member::Group(platform, id) if platform == SLACK => Some(id.clone()),
            _ => None,
        });
        Self { named: named.collect(), members: RwLock::default() }
    }

    /// Whether a member id is in a group, as far as is known now.
    pub(super) fn has(&self, group: &str, user: &str) -> bool {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.get(group).is_some_and(|(read, users)| read.elapsed() < GROUP_FRESH && users.contains(user))
    }

    /// Reads all of them anew; the first that could not be read.
    pub(super) async fn refresh(&self, api: &Api) -> Result<(), CallError> {
        let mut failed = Ok(());
        for group in &self.named {
            match api.group(group).await {
                Ok(users) => {
                    let users = (Instant::now(), users.into_iter().collect());
                    self.members.write().unwrap_or_else(PoisonError::into_inner).insert(group.clone(), users);
                }
                Err(error) => {
                    tracing::warn!(group, error = error.sentence(), "the members of a user group cannot be read");
                    failed = failed.and(Err(error));
                }
            }
        }
        failed
    }
}

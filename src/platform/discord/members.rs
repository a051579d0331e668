//! Which roles of Discord's people have, as Discord says with everything that they do. Asking for all of them would need an intent
//! that Discord grants to few.

use crate::config::limits::GROUP_FRESH;
use crate::config::people::People;
use crate::model::ids::PersonId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// People remembered; beyond it all are forgotten until they do something.
const REMEMBERED: usize = 10_000;

/// The roles of those who did something not long ago, with when that was: who lost a role shall not have it for ever.
#[derive(Default)]
pub(super) struct Members(Mutex<HashMap<String, (Instant, Vec<String>)>>);

impl Members {
    /// Notes somebody's roles as they are now.
    pub(super) fn learn(&self, user: &str, roles: &[String]) {
        self.learn_at(user, roles, Instant::now());
    }

    fn learn_at(&self, user: &str, roles: &[String], at: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(user.to_owned(), (at, roles.to_vec()));
    }

    /// Whether a person has a role, as far as is known.
    pub(super) fn has(&self, people: &People, role: &str, person: &PersonId) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let roles = people.user_on(super::inbound::DISCORD, person).and_then(|user| known.get(user));
        roles.is_some_and(|(said, roles)| said.elapsed() < GROUP_FRESH && roles.iter().any(|has| has == role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_had_by_whom_discord_last_said_so() {
        let (members, people) = (Members::default(), People::default());
        let ana = PersonId::from("discord:80");
        assert!(!members.has(&people, "7", &ana));
        members.learn("80", &["7".to_owned()]);
        assert!(members.has(&people, "7", &ana) && !members.has(&people, "8", &ana));
        members.learn("80", &[]);
        assert!(!members.has(&people, "7", &ana));
        assert!(!members.has(&people, "7", &PersonId::from("slack:80")));
        // Where the machine has not run for an hour there is no such moment.
        if let Some(long_ago) = Instant::now().checked_sub(GROUP_FRESH) {
            members.learn_at("80", &["7".to_owned()], long_ago);
            assert!(!members.has(&people, "7", &ana), "what was said an hour ago counts no more");
        }
    }
}

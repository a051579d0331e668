//! Which roles of Discord's people have, as Discord says with everything that they do. Asking for all of them would need an intent
//! that Discord grants to few.

use crate::config::people::People;
use crate::model::ids::PersonId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// People remembered; beyond it all are forgotten until they do something.
const REMEMBERED: usize = 10_000;

/// The roles of those who did something since the bot started.
#[derive(Default)]
pub(super) struct Members(Mutex<HashMap<String, Vec<String>>>);

impl Members {
    /// Notes somebody's roles as they are now.
    pub(super) fn learn(&self, user: &str, roles: &[String]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(user.to_owned(), roles.to_vec());
    }

    /// Whether a person has a role, as far as is known.
    pub(super) fn has(&self, people: &People, role: &str, person: &PersonId) -> bool {
        let configured = people.0.get(person.as_str()).and_then(|known| known.identities.get("discord"));
        let user = configured.map(String::as_str).or_else(|| person.as_str().strip_prefix("discord:"));
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        user.and_then(|user| known.get(user)).is_some_and(|roles| roles.iter().any(|has| has == role))
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
    }
}

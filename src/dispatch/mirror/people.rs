//! What the operator says about one incident on several platforms: where it is shown, and who is brought in there.

use crate::config::Config;
use crate::config::roles::Member;
use crate::model::conversation::PlaceAct;
use crate::model::ids::{ConversationId, PersonId};
use crate::store::CONSOLE;
use std::collections::{BTreeMap, BTreeSet};

/// Where incidents are shown, and who is on which platform.
#[derive(Clone, Debug, Default)]
pub struct Mirroring {
    /// One a platform; none: incidents stay on the platform where they were declared.
    rooms: Vec<ConversationId>,
    /// The identities of people: platforms that a person is on.
    on: BTreeMap<PersonId, BTreeSet<String>>,
    /// Whom a severity invites, by its name.
    invited: BTreeMap<String, Vec<Member>>,
}

impl Mirroring {
    /// Reads it out of the configuration.
    pub fn of(config: &Config) -> Self {
        let on = config.people.0.iter().map(|(name, person)| {
            (PersonId::from(name.as_str()), person.identities.keys().map(ToString::to_string).collect())
        });
        let members = |roles: &[String]| -> Vec<Member> {
            roles.iter().filter_map(|role| config.roles.0.get(role)).flatten().cloned().collect()
        };
        let severities = config.severities.0.iter();
        Self {
            rooms: config.channels.of_incidents(),
            on: on.collect(),
            invited: severities.map(|severity| (severity.name.clone(), members(&severity.invite))).collect(),
        }
    }

    /// Nothing is shown anywhere else.
    pub(in crate::dispatch) fn is_off(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Whether incidents are shown on a platform.
    pub(super) fn has(&self, platform: &str) -> bool {
        self.rooms.iter().any(|room| room.platform() == platform)
    }

    /// Whether incidents are shown in a conversation.
    pub(super) fn is_room(&self, conversation: &ConversationId) -> bool {
        self.rooms.contains(conversation)
    }

    /// The incidents' channels of all platforms but one.
    pub(super) fn besides<'a>(&'a self, platform: &'a str) -> impl Iterator<Item = &'a ConversationId> {
        self.rooms.iter().filter(move |room| room.platform() != platform)
    }

    /// Where else something is said that was said in `here` about an incident that lives in `home`, neither being a place of the
    /// incident's own: once on each other platform, and in the incidents' channel of its own if that of another heard of it.
    pub(super) fn targets(&self, here: &ConversationId, home: &ConversationId) -> Vec<ConversationId> {
        let mut rooms: Vec<ConversationId> = Vec::new();
        for room in self.besides(here.platform()) {
            if room.platform() != home.platform() || self.rooms.contains(here) {
                rooms.push(room.clone());
            }
        }
        if home.platform() != here.platform() && !rooms.contains(home) {
            rooms.push(home.clone());
        }
        rooms
    }

    /// Whoever a severity invites, as far as they are on a platform.
    pub(super) fn invitation(&self, severity: &str, platform: &str) -> Option<PlaceAct> {
        let (mut people, mut groups) = (Vec::new(), Vec::new());
        for member in self.invited.get(severity)? {
            match member {
                Member::Person(person) if self.is_on(person, platform) => people.push(person.clone()),
                Member::Group(of, group) if of == platform => groups.push(group.clone()),
                Member::Person(_) | Member::Group(..) => {}
            }
        }
        people.sort();
        people.dedup();
        (!people.is_empty() || !groups.is_empty()).then_some(PlaceAct::Invite { people, groups })
    }

    /// Those of some people who are on a platform.
    pub(super) fn those_on(&self, people: &[PersonId], platform: &str) -> Vec<PersonId> {
        people.iter().filter(|person| self.is_on(person, platform)).cloned().collect()
    }

    fn is_on(&self, person: &PersonId, platform: &str) -> bool {
        match (person.as_str().split_once(':'), self.on.get(person)) {
            (_, Some(identities)) => identities.contains(platform),
            (Some((theirs, _)), None) => theirs == platform,
            // Only the console knows people by nothing but a name.
            (None, None) => platform == CONSOLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirroring() -> Mirroring {
        let rooms = ["slack:#incidents", "discord:#incidents"].into_iter().map(ConversationId::from).collect();
        Mirroring { rooms, ..Mirroring::default() }
    }

    fn targets(here: &str, home: &str) -> Vec<String> {
        mirroring().targets(&here.into(), &home.into()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_said_at_home_is_said_once_on_each_other_platform() {
        assert_eq!(targets("slack:#checkout", "slack:#checkout"), ["discord:#incidents"]);
        assert_eq!(targets("console:#incidents", "console:#incidents"), ["slack:#incidents", "discord:#incidents"]);
    }

    #[test]
    fn what_is_said_away_from_home_is_said_at_home() {
        assert_eq!(targets("discord:#general", "slack:#checkout"), ["slack:#checkout"]);
        assert_eq!(targets("discord:#incidents", "slack:#checkout"), ["slack:#incidents", "slack:#checkout"]);
        assert_eq!(targets("discord:#incidents", "slack:#incidents"), ["slack:#incidents"]);
        assert_eq!(targets("discord:#general", "console:#ops"), ["slack:#incidents", "console:#ops"]);
    }

    #[test]
    fn who_is_nowhere_on_a_platform_is_not_invited_there() {
        let on = [("ana", vec!["slack", "discord"]), ("ben", vec!["slack"])];
        let on = on.map(|(name, all)| (PersonId::from(name), all.into_iter().map(str::to_owned).collect()));
        let mirroring = Mirroring { on: on.into(), ..mirroring() };
        let people = ["ana", "ben", "discord:4", "carla"].map(PersonId::from);
        assert_eq!(mirroring.those_on(&people, "discord"), ["ana", "discord:4"].map(PersonId::from));
        assert_eq!(mirroring.those_on(&people, "console"), [PersonId::from("carla")]);
    }
}

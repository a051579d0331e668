//! Which events wait for each other. Order holds within a lane and nowhere else, so a slow plugin delays only its own.

use crate::model::ids::{ConversationId, IncidentId, MessageRef, PluginId};
use std::fmt;

/// The name of a lane: equal for events that must be handled one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey(String);

impl LaneKey {
    /// The name, for storing and for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The lane of an event for a plugin (`None`: the host itself): its incident's, else its card's, else its
/// conversation's. Two plugins never share a lane.
pub fn lane_of(
    plugin: Option<&PluginId>,
    incident: Option<&IncidentId>,
    card: Option<&MessageRef>,
    conversation: &ConversationId,
) -> LaneKey {
    // Neither a plugin's name nor the second word contains a slash, so no two different lanes read the same.
    let whose = plugin.map_or("", PluginId::as_str);
    LaneKey(match (incident, card) {
        (Some(incident), _) => format!("{whose}/incident/{incident}"),
        (None, Some(card)) => format!("{whose}/card/{card}"),
        (None, None) => format!("{whose}/conversation/{conversation}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_goes_before_a_card_and_a_card_before_the_conversation() {
        let (sev, backup) = (PluginId::from("sev-declare"), PluginId::from("backup"));
        let (incident, card) = (IncidentId::numbered(7), MessageRef::from("m1"));
        let (ops, dev) = (ConversationId::from("console:#ops"), ConversationId::from("console:#dev"));
        let lane = |plugin, incident, card, place| lane_of(plugin, incident, card, place).as_str().to_owned();
        assert_eq!(lane(Some(&sev), Some(&incident), Some(&card), &ops), "sev-declare/incident/INC-7");
        assert_eq!(lane(Some(&sev), Some(&incident), None, &dev), "sev-declare/incident/INC-7");
        assert_eq!(lane(Some(&sev), None, Some(&card), &dev), "sev-declare/card/m1");
        assert_eq!(lane(Some(&sev), None, None, &dev), "sev-declare/conversation/console:#dev");
        assert_ne!(lane(Some(&backup), None, None, &dev), lane(Some(&sev), None, None, &dev));
        assert_eq!(lane(None, None, None, &dev), "/conversation/console:#dev");
    }
}

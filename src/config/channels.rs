//! `[channels]`: where the bot speaks when nobody asked.

use super::chat::Chats;
use super::problem::Refusal;
use super::section::Section;
use super::tree::Node;
use crate::model::ids::ConversationId;

/// `[channels]`: platform-qualified conversations, `console:#ops`. Absent: the bot stays silent there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// News of incidents that happen elsewhere.
    pub incidents: Option<ConversationId>,
    /// Where other platforms than that one read and handle the same incidents, at most one a platform. Empty: nowhere.
    pub incidents_elsewhere: Vec<ConversationId>,
    /// Alerts.
    pub alerts: Option<ConversationId>,
    /// Backups and drills.
    pub backups: Option<ConversationId>,
    /// Deployments.
    pub deployments: Option<ConversationId>,
    /// The bot's own troubles: failing plugins, checkpoints, what could not be delivered.
    pub ops: Option<ConversationId>,
    /// The same on another platform, for when that one is deaf.
    pub ops_elsewhere: Option<ConversationId>,
}

impl Channels {
    pub(super) fn read(mut section: Section<'_>, chats: &Chats<'_>) -> Self {
        let read = |node: &Node| chats.conversation(node);
        let incidents = section.read("incidents", read);
        let of_what = "a list of conversations such as [\"discord:#incidents\"]";
        let elsewhere = section.read_list("incidents_elsewhere", of_what, read).unwrap_or_default();
        if let Some(refusal) = apart(incidents.as_ref(), &elsewhere) {
            section.refuse("incidents_elsewhere", refusal);
        }
        let channels = Self {
            incidents,
            incidents_elsewhere: elsewhere,
            alerts: section.read("alerts", read),
            backups: section.read("backups", read),
            deployments: section.read("deployments", read),
            ops: section.read("ops", read),
            ops_elsewhere: section.read("ops_elsewhere", read),
        };
        section.finish();
        channels
    }

    /// Where incidents are told on each platform; empty unless the operator wants them on several.
    pub fn of_incidents(&self) -> Vec<ConversationId> {
        match self.incidents_elsewhere.as_slice() {
            [] => Vec::new(),
            elsewhere => self.incidents.iter().chain(elsewhere).cloned().collect(),
        }
    }

    /// All that have a key of their own, with it.
    pub fn all(&self) -> [(&'static str, Option<&ConversationId>); 6] {
        [
            ("incidents", self.incidents.as_ref()),
            ("alerts", self.alerts.as_ref()),
            ("backups", self.backups.as_ref()),
            ("deployments", self.deployments.as_ref()),
            ("ops", self.ops.as_ref()),
            ("ops_elsewhere", self.ops_elsewhere.as_ref()),
        ]
    }
}

/// What is wrong with the channels of other platforms: each must be the only one of its platform.
fn apart(incidents: Option<&ConversationId>, elsewhere: &[ConversationId]) -> Option<Refusal> {
    let (Some(first), false) = (incidents, elsewhere.is_empty()) else {
        let expected = "`incidents` beside it, for it names what other platforms have instead";
        return (!elsewhere.is_empty()).then(|| Refusal::expected(expected));
    };
    let mut platforms = vec![first.platform()];
    for one in elsewhere {
        if platforms.contains(&one.platform()) {
            let platform = one.platform();
            return Some(Refusal::expected(format!(
                "one conversation a platform, `incidents` included; {platform} has two"
            )));
        }
        platforms.push(one.platform());
    }
    None
}

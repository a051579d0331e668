//! `[channels]`: where the bot speaks when nobody asked.

use super::chat::Chats;
use super::section::Section;
use super::tree::Node;
use crate::model::ids::ConversationId;

/// `[channels]`: platform-qualified conversations, `console:#ops`. Absent: the bot stays silent there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// News of incidents that happen elsewhere.
    pub incidents: Option<ConversationId>,
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
        let channels = Self {
            incidents: section.read("incidents", read),
            alerts: section.read("alerts", read),
            backups: section.read("backups", read),
            deployments: section.read("deployments", read),
            ops: section.read("ops", read),
            ops_elsewhere: section.read("ops_elsewhere", read),
        };
        section.finish();
        channels
    }

    /// All of them with their keys.
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

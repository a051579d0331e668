//! One incident on several platforms: what stands for what.

use super::ids::{ConversationId, IncidentId};

/// A copy on another platform, of a message or of a conversation that the bot opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The reference of the copy.
    pub copy: String,
    /// The reference of what it is a copy of.
    pub original: String,
    /// The incident that both belong to.
    pub incident: IncidentId,
    /// Where the copy stands; of a conversation, itself.
    pub conversation: ConversationId,
}

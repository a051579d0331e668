//! Messages that this bot posted.

use super::ids::{ConversationId, PersonId, PluginId};

/// Whose a message is, and where it stands; neither ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageOwner {
    /// The plugin that posted it: who may edit it.
    pub plugin: PluginId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Only this person sees it; `None` is everybody.
    pub private_to: Option<PersonId>,
}

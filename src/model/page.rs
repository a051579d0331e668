//! Pages as words: what is asked of a notifier, and where each notifier's pages go. How they get there is `crate::notify`.

use super::ids::{ConversationId, PersonId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The platform of notifiers that are no chat: `notify:oncall`.
pub const NOTIFY: &str = "notify";
/// What the keys of the host's own pages begin with; no plugin's may.
pub const OWN_KEYS: &str = "drillbell:";
/// The key of the pages that test whether people can be reached.
pub const CONTACT_TEST: &str = "drillbell:contact-test";

/// What a page wants of whoever is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageAction {
    /// Somebody shall look, now.
    Trigger,
    /// Somebody does.
    Acknowledge,
    /// It is over.
    Resolve,
}

impl PageAction {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
        }
    }
}

/// Where a notifier's pages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// A chat's conversation, or `notify:NAME`.
    pub to: ConversationId,
    /// In a chat: only this person sees it.
    pub private_to: Option<PersonId>,
}

/// Every configured notifier's route, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(pub BTreeMap<String, Route>);

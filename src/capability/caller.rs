//! Who is calling, for whom, and with what rights: the part of a call's state that every capability needs.
//! What the call has asked for so far is in the capabilities' own fields.

use super::deadline::Deadline;
use super::grants::{Grants, Need};
use super::meter::Meter;
use super::reads::{ReadError, Reads};
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::model::event::Person;
use crate::model::ids::{ConversationId, IncidentId, PersonId, PluginId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest name of a conversation, in bytes; beyond any platform's.
const CONVERSATION_BYTES: usize = 200;

/// The caller of host functions in one call.
pub struct Caller {
    /// Both keys of the plugin that runs.
    pub grants: Arc<Grants>,
    /// The account of this call.
    pub meter: Meter,
    /// The database, for reading.
    pub reads: Arc<dyn Reads>,
    /// The moment that the whole call sees, milliseconds since the epoch.
    pub now_ms: i64,
    /// Where the event came from.
    pub conversation: ConversationId,
    /// The incident that the event is about.
    pub incident: Option<IncidentId>,
    /// Who caused the event, if a person did.
    pub by: Option<Person>,
    /// Who signs timeline lines: that person's id, or `plugin:NAME`.
    pub author: PersonId,
    /// Why whoever caused the event may not propose words for the public page, by the rules; none if they may.
    pub public_refusal: Option<String>,
    /// When the call must end.
    pub deadline: Arc<Deadline>,
    /// The first read that failed. The call cannot succeed any more and is tried again by the host.
    pub failure: Option<ReadError>,
    /// The first refusal for want of a grant: if the call fails, people should read which grant it was.
    pub denial: Option<String>,
    /// Conversations that this call opens; it may speak there.
    pub opened: BTreeSet<ConversationId>,
    /// Where the event's incident lives, once it was asked.
    incident_home: Option<ConversationId>,
}

/// What a caller is made of, besides the account it starts with.
pub struct CallerSetup {
    /// Both keys of the plugin that runs.
    pub grants: Arc<Grants>,
    /// The database, for reading.
    pub reads: Arc<dyn Reads>,
    /// The moment that the whole call sees, milliseconds since the epoch.
    pub now_ms: i64,
    /// Where the event came from.
    pub conversation: ConversationId,
    /// The incident that the event is about.
    pub incident: Option<IncidentId>,
    /// Who caused the event, if a person did.
    pub by: Option<Person>,
    /// Who signs timeline lines.
    pub author: PersonId,
    /// Why whoever caused the event may not propose words for the public page, by the rules; none if they may.
    pub public_refusal: Option<String>,
    /// When the call must end.
    pub deadline: Arc<Deadline>,
}

impl Caller {
    /// A caller that has asked for nothing yet.
    pub fn new(setup: CallerSetup) -> Self {
        let CallerSetup { grants, reads, now_ms, conversation, incident, by, author, public_refusal, deadline } = setup;
        Self {
            grants,
            meter: Meter::default(),
            reads,
            now_ms,
            conversation,
            incident,
            by,
            author,
            public_refusal,
            deadline,
            failure: None,
            denial: None,
            opened: BTreeSet::new(),
            incident_home: None,
        }
    }

    /// The plugin that runs.
    pub fn plugin(&self) -> &PluginId {
        self.grants.plugin()
    }

    /// Asks the grants.
    pub fn need(&mut self, need: Need<'_>) -> Result<(), HostError> {
        self.grants.check(need).map_err(|denial| {
            let sentence = denial.to_string();
            self.denial.get_or_insert_with(|| sentence.clone());
            HostError::Denied(sentence)
        })
    }

    /// Passes a read's answer on; a failure is remembered, because it dooms the call. The guest learns no internals.
    pub fn settle<T>(&mut self, answer: Result<T, ReadError>) -> Result<T, HostError> {
        answer.map_err(|error| {
            self.failure.get_or_insert(error);
            HostError::Unavailable("the database did not answer; the host will run this call again".into())
        })
    }

    /// Reads a conversation's name and asks whether the plugin may speak there. The event's own conversation is open to
    /// it, and so is that of the event's incident, and what it opened itself.
    pub async fn place(&mut self, name: String) -> Result<ConversationId, HostError> {
        let to = conversation(name)?;
        if to == self.conversation || self.opened.contains(&to) || self.incident_home().await? == Some(&to) {
            return Ok(to);
        }
        if self.grants.check(Need::Conversations).is_ok() && self.looks_after(&to).await? {
            return Ok(to);
        }
        self.need(Need::Post(&to))?;
        Ok(to)
    }

    /// Whether the plugin opened a conversation in an earlier call.
    pub(super) async fn looks_after(&mut self, conversation: &ConversationId) -> Result<bool, HostError> {
        let answer = self.reads.conversation(conversation).await;
        Ok(self.settle(answer)?.is_some_and(|opened| opened.plugin == *self.plugin()))
    }

    /// Where something belongs that names no place: the event's incident's home, else where somebody caused the event.
    pub async fn natural_place(&mut self) -> Result<Option<ConversationId>, HostError> {
        if let Some(home) = self.incident_home().await? {
            return Ok(Some(home.clone()));
        }
        Ok(self.by.is_some().then(|| self.conversation.clone()))
    }

    /// Where the event's incident lives, as committed: an incident declared in this very call opens no door.
    async fn incident_home(&mut self) -> Result<Option<&ConversationId>, HostError> {
        if let (None, Some(id)) = (&self.incident_home, &self.incident) {
            let answer = self.reads.incident(id).await;
            self.incident_home = self.settle(answer)?.map(|incident| incident.conversation);
        }
        Ok(self.incident_home.as_ref())
    }
}

/// A conversation's name, if it is one: `platform:name`, without control characters.
fn conversation(name: String) -> Result<ConversationId, HostError> {
    let whole = name.split_once(':').is_some_and(|(platform, local)| !platform.is_empty() && !local.is_empty());
    if whole && name.len() <= CONVERSATION_BYTES && !name.chars().any(char::is_control) {
        return Ok(ConversationId::new(name));
    }
    Err(HostError::Invalid(format!(
        "{} is no conversation: expected PLATFORM:NAME, such as `console:#ops`, of at most {CONVERSATION_BYTES} bytes",
        quoted(&name)
    )))
}

/// Foreign text for an error message: on one line, escaped, and short.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::super::fake::{caller, incident};
    use super::*;

    #[tokio::test]
    async fn denies_a_conversation_that_is_not_the_events_own() {
        let mut caller = caller(&["kv"]);
        let refused = caller.place("console:#elsewhere".into()).await.unwrap_err();
        assert!(matches!(&refused, HostError::Denied(text) if text.contains("post:console:#elsewhere")), "{refused:?}");
        assert_eq!(caller.place("console:#ops".into()).await.unwrap().as_str(), "console:#ops");
    }

    #[tokio::test]
    async fn the_conversation_of_the_events_incident_needs_no_grant() {
        let mut caller = caller(&[]);
        let reads = super::super::fake::FakeReads::default().with_incident(incident(7, "console:#inc-7"));
        caller.reads = Arc::new(reads);
        assert!(caller.place("console:#inc-7".into()).await.is_err());
        caller.incident = Some(IncidentId::numbered(7));
        assert!(caller.place("console:#inc-7".into()).await.is_ok());
    }

    #[tokio::test]
    async fn refuses_what_is_no_conversation() {
        let mut caller = caller(&["post:*"]);
        for name in ["", "ops", ":", "console:", ":#ops", "console:#o\nps", &format!("console:{}", "x".repeat(300))] {
            let refused = caller.place(name.into()).await.unwrap_err();
            assert!(matches!(refused, HostError::Invalid(_)), "{name:?}");
        }
    }

    #[test]
    fn foreign_text_is_shown_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), "`a\\nb`");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 63);
    }
}

//! Conversations as the fake bot opens them: the host's names and the host's rules, in short.

use super::{FakeBot, Said};
use crate::error::{HostError, HostResult};
use crate::ids::{Conversation, IncidentId, MessageRef};
use crate::incident::Entry;
use crate::place::Format;

/// Characters of a topic, as with the real host.
const TOPIC_CHARS: usize = 250;

impl FakeBot {
    pub(super) fn open(&mut self, near: &Conversation, name: &str) -> HostResult<Conversation> {
        self.granted("conversations")?;
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let name = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
        let platform = near.as_str().split_once(':').map_or("console", |(platform, _)| platform);
        let mut id = Conversation::from(format!("{platform}:#{name}"));
        let mut n = 1;
        while self.opened.contains_key(&id) {
            n += 1;
            id = Conversation::from(format!("{platform}:#{name}-{n}"));
        }
        self.opened.insert(id.clone(), near.clone());
        Ok(id)
    }

    pub(super) fn move_home(&mut self, id: &IncidentId, to: &Conversation) -> HostResult {
        self.in_own(to)?;
        self.granted("incidents:write")?;
        self.find(id)?;
        for incident in self.incidents.iter_mut().filter(|incident| incident.id == *id) {
            incident.conversation = to.clone();
        }
        Ok(())
    }

    pub(super) fn in_own(&self, conversation: &Conversation) -> HostResult {
        self.granted("conversations")?;
        if self.opened.contains_key(conversation) {
            return Ok(());
        }
        Err(HostError::NotFound(format!("this plugin opened no conversation `{conversation}`")))
    }

    pub(super) fn does(&mut self, to: &Conversation, what: String) -> HostResult {
        self.in_own(to)?;
        self.said.push(Said::Place { to: to.clone(), what });
        Ok(())
    }

    pub(super) fn topic(&mut self, to: &Conversation, topic: &str) -> HostResult {
        if topic.chars().count() > TOPIC_CHARS {
            return Err(HostError::TooLarge(format!("a topic may have {TOPIC_CHARS} characters")));
        }
        self.in_own(to)?;
        if self.topics.get(to).is_some_and(|now| now == topic) {
            return Ok(());
        }
        self.topics.insert(to.clone(), topic.to_owned());
        self.does(to, format!("topic: {topic}"))
    }

    /// As with the host, asking for what is so already does nothing.
    pub(super) fn close(&mut self, to: &Conversation, archived: bool) -> HostResult {
        self.in_own(to)?;
        let changed = if archived { self.archived.insert(to.clone()) } else { self.archived.remove(to) };
        match changed {
            true => self.does(to, String::from(if archived { "archive" } else { "unarchive" })),
            false => Ok(()),
        }
    }

    pub(super) fn bring(&mut self, to: &Conversation, role: &str) -> HostResult {
        self.in_own(to)?;
        if !self.roles.contains(role) {
            return Err(HostError::Invalid(format!("there is no role `{role}`")));
        }
        self.does(to, format!("invite {role}"))
    }

    pub(super) fn fix(&mut self, to: &Conversation, message: &MessageRef, what: &str) -> HostResult {
        self.granted("conversations")?;
        if self.messages.get(message) != Some(to) {
            return Err(HostError::Invalid(String::from("a message is pinned where it stands")));
        }
        // As with the host, a channel of the console that was not opened for an incident has no pins.
        if to.as_str().starts_with("console:") && !self.opened.contains_key(to) {
            return Ok(());
        }
        self.said.push(Said::Place { to: to.clone(), what: format!("{what} {message}") });
        Ok(())
    }

    /// The lines in short; the host's own documents have more in them, and its own tests.
    pub(super) fn document(&self, id: &IncidentId, format: Format) -> HostResult<String> {
        let incident = self.find(id)?;
        let lines = self.entries.iter().filter(|(of, _)| of == id).map(|(_, entry)| entry);
        let line = |entry: &Entry| format!("- {} {}: {}\n", entry.author, entry.kind, entry.text);
        let text: String = lines.map(line).collect();
        Ok(match format {
            Format::Markdown => format!("# {}: {}\n\n{text}", incident.id, incident.title),
            Format::Json => serde_json::json!({ "incident": incident.id.as_str(), "text": text }).to_string(),
        })
    }
}

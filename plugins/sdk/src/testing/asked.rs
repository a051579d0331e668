//! What more than one of the fake bot's answers needs: fresh references, whose a message is, and the longer answers.

use super::{FakeBot, Said};
use crate::bot::PageAction;
use crate::error::{HostError, HostResult};
use crate::ids::{Conversation, MessageRef};
use crate::schedule::Scheduled;
use crate::view::View;

/// Bytes of a page's key, as with the real host.
const PAGE_KEY_BYTES: usize = 255;

impl FakeBot {
    pub(super) fn mint(&mut self, to: &Conversation) -> MessageRef {
        let message = MessageRef::from(format!("m{}", self.messages.len() + 1));
        self.messages.insert(message.clone(), to.clone());
        message
    }

    pub(super) fn own(&self, message: &MessageRef) -> HostResult {
        if self.messages.contains_key(message) {
            return Ok(());
        }
        Err(HostError::NotFound(format!("this plugin posted no message `{message}`")))
    }

    pub(super) fn may_read(&self) -> HostResult {
        if self.denied.contains("incidents:write") { self.granted("incidents:read") } else { Ok(()) }
    }

    pub(super) fn page_by(&mut self, notifier: &str, key: &str, action: PageAction, view: View) -> HostResult {
        self.granted(&format!("page:{notifier}"))?;
        if !self.notifiers.contains(notifier) {
            return Err(HostError::NotFound(format!("there is no notifier `{notifier}`")));
        }
        if key.is_empty() || key.len() > PAGE_KEY_BYTES || key.chars().any(char::is_control) {
            return Err(HostError::Invalid(format!("`{key}` is no key of a page")));
        }
        let (notifier, key) = (notifier.to_owned(), key.to_owned());
        self.said.push(Said::Page { notifier, key, action, view });
        Ok(())
    }

    pub(super) fn scheduled(&self) -> HostResult<Vec<Scheduled>> {
        self.granted("schedules")?;
        let scheduled = self.schedules.iter().map(|(name, schedule)| Scheduled {
            name: name.clone(),
            expression: schedule.expression.clone(),
            zone: schedule.zone.clone(),
            next_ms: None,
            last_due_ms: None,
            last_outcome: String::new(),
        });
        Ok(scheduled.collect())
    }
}

//! What more than one of the fake bot's answers needs: fresh references, whose a message is, and the longer answers.

use super::{FakeBot, Said};
use crate::bot::PageAction;
use crate::error::{HostError, HostResult};
use crate::ids::{Conversation, MessageRef};
use crate::schedule::{Schedule, Scheduled};
use crate::view::View;

/// Bytes of a page's key, as with the real host.
const PAGE_KEY_BYTES: usize = 255;
/// Schedules of a plugin, as with the real host.
const SCHEDULES: usize = 100;
/// Timers that one call may set or cancel, as with the real host.
const TIMERS_PER_CALL: usize = 100;

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
        self.says(Said::Page { notifier, key, action, view });
        Ok(())
    }

    pub(super) fn scheduled(&self) -> HostResult<Vec<Scheduled>> {
        self.granted("schedules")?;
        let scheduled = self.schedules.iter().map(|(name, schedule)| {
            let (next_ms, last_due_ms) = self.dues.get(name).copied().unwrap_or_default();
            let (expression, zone) = (schedule.expression.clone(), schedule.zone.clone());
            Scheduled { name: name.clone(), expression, zone, next_ms, last_due_ms, last_outcome: String::new() }
        });
        Ok(scheduled.collect())
    }

    /// Only the host understands expressions; what is no five words is none to anybody.
    pub(super) fn schedule(&mut self, name: &str, schedule: &Schedule) -> HostResult<Option<u64>> {
        self.granted("schedules")?;
        let expression = &schedule.expression;
        if !expression.starts_with('@') && expression.split_whitespace().count() != 5 {
            return Err(HostError::Invalid(format!(
                "the schedule `{name}` is not understood: `{expression}` has no five fields"
            )));
        }
        if self.schedules.len() >= SCHEDULES && !self.schedules.contains_key(name) {
            return Err(HostError::TooLarge(format!("a plugin may have {SCHEDULES} schedules")));
        }
        self.schedules.insert(name.to_owned(), schedule.clone());
        Ok(self.dues.get(name).and_then(|(next_ms, _)| *next_ms))
    }

    pub(super) fn time(&mut self, name: &str, set: Option<(u64, String)>) -> HostResult {
        self.granted("timers")?;
        self.event.timers.insert(name.to_owned());
        if self.event.timers.len() > TIMERS_PER_CALL {
            return Err(HostError::TooLarge(format!("one call may set or cancel {TIMERS_PER_CALL} timers")));
        }
        match set {
            Some(timer) => self.timers.insert(name.to_owned(), timer),
            None => self.timers.remove(name),
        };
        Ok(())
    }
}

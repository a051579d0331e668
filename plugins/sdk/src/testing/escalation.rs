//! Escalation as the host has it: ladders that a test made, and pages and posts that are only remembered.

use super::{FakeBot, Said};
use crate::bot::PageAction;
use crate::error::{HostError, HostResult};
use crate::escalation::{Contact, Step};
use crate::ids::{Conversation, IncidentId, MessageRef};
use crate::view::{Block, View};

/// The operators' channel.
const OPS: &str = "console:#ops";

impl FakeBot {
    /// Configures a ladder that incidents of a severity climb: for each level after how many milliseconds, and who.
    pub fn with_ladder(&mut self, severity: &str, ladder: &str, levels: &[(u64, &[Contact])]) {
        let steps = levels.iter().zip(1..).map(|((after_ms, _), level)| Step { after_ms: *after_ms, level, round: 0 });
        let contacts = levels.iter().map(|(_, contacts)| contacts.to_vec()).collect();
        self.ladders.insert(ladder.to_owned(), (steps.collect(), contacts));
        self.ladder_of.insert(severity.to_owned(), ladder.to_owned());
    }

    /// Has a level (from 1) of a ladder paged again so many times, each so many milliseconds after the one before; a panic if there
    /// is no such level.
    pub fn with_repeat(&mut self, ladder: &str, level: u32, times: u32, every_ms: u64) {
        let (steps, _) = self.ladders.get_mut(ladder).unwrap_or_else(|| panic!("there is no ladder `{ladder}`"));
        let first = steps.iter().find(|step| step.level == level && step.round == 0).copied();
        let first = first.unwrap_or_else(|| panic!("there is no level {level} in a ladder `{ladder}`"));
        let again = |round: u32| Step { after_ms: first.after_ms + every_ms * u64::from(round), level, round };
        steps.extend((1..=times).map(again));
        steps.sort_by_key(|step| (step.after_ms, step.level));
    }

    pub(super) fn steps_of(&self, ladder: &str) -> HostResult<Vec<Step>> {
        self.granted("escalation")?;
        let missing = || HostError::NotFound(format!("there is no ladder `{ladder}`"));
        self.ladders.get(ladder).map(|(steps, _)| steps.clone()).ok_or_else(missing)
    }

    pub(super) fn level_of(&self, ladder: &str, level: u32) -> HostResult<Vec<Contact>> {
        self.granted("escalation")?;
        let missing = || HostError::NotFound(format!("there is no level {level} in a ladder `{ladder}`"));
        let (_, levels) = self.ladders.get(ladder).ok_or_else(missing)?;
        let index = usize::try_from(level).ok().and_then(|level| level.checked_sub(1));
        index.and_then(|index| levels.get(index)).cloned().ok_or_else(missing)
    }

    pub(super) fn named_contact(&self, name: &str) -> HostResult<Contact> {
        self.granted("escalation")?;
        let mut all = self.ladders.values().flat_map(|(_, levels)| levels.iter().flatten());
        let missing = || HostError::NotFound(format!("nobody is called `{name}`"));
        all.find(|contact| contact.who == name).cloned().ok_or_else(missing)
    }

    pub(super) fn page_named(
        &mut self,
        who: &str,
        incident: &IncidentId,
        action: PageAction,
        view: View,
    ) -> HostResult<Vec<String>> {
        let contact = self.named_contact(who)?;
        self.find(incident)?;
        let (notifier, key) = (contact.who, incident.to_string());
        self.says(Said::Page { notifier: notifier.clone(), key, action, view });
        Ok(vec![notifier])
    }

    pub(super) fn tell_of(&mut self, incident: &IncidentId, alarm: bool, view: View) -> HostResult<MessageRef> {
        self.granted("escalation")?;
        let home = self.find(incident)?.conversation;
        let message = self.mint(&home);
        let ops = Conversation::from(OPS);
        let mut copy = view.clone();
        // The operators are told; what is to be done is done where the incident lives.
        copy.blocks.retain(|block| !matches!(block, Block::Button(_) | Block::Form(..) | Block::Select(..)));
        let is_elsewhere = home != ops;
        self.says(Said::Post { message: message.clone(), to: home, view });
        if alarm && is_elsewhere {
            let message = self.mint(&ops);
            self.says(Said::Post { message, to: ops, view: copy });
        }
        Ok(message)
    }
}

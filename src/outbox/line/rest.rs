//! What a line does while there is nothing to deliver: it waits for rows, for a topic that was put off, and for pages that go first.
//! Platforms take few changes of a topic, and what people read does not stand in line behind one.

use super::{IDLE, Line, Step, Waiting};
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use crate::outbox::fold::fold;
use crate::outbox::urgent;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A topic that the platform will not take yet, out of everybody's way until it is due.
pub(super) struct PutOff {
    pub(super) waiting: Waiting,
    due: Instant,
    attempts: u32,
}

impl Line {
    /// Whatever is no page waits until the pages that its platform did not take yet were tried once more.
    pub(super) async fn lets_pages_go_first(&self, stop: &CancellationToken) {
        if !self.pages {
            tokio::select! {
                () = self.shared.urgent.goes_first(self.conversation.platform()) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Says how a page fared, to whatever waits behind it.
    pub(super) fn tells_how_its_page_is(&self, step: &Step) {
        match step {
            _ if !self.pages => {}
            Step::Done(_) => self.shared.urgent.is_over(&self.conversation),
            Step::Wait(again) | Step::PutOff(again) => self.shared.urgent.waits(&self.conversation, again.asked),
            Step::Hold(_) => self.shared.urgent.waits(&self.conversation, None),
        }
    }

    /// Waits until something waits behind this page, as long as the platform wants to be left alone at least.
    pub(super) async fn is_waited_for(&self, asked: Option<Duration>) {
        tokio::time::sleep(asked.unwrap_or_default().max(urgent::APART)).await;
        self.shared.urgent.is_waited_for(&self.conversation).await;
    }

    /// Takes the first row out of everybody's way.
    pub(super) fn put_off(&mut self, wait: Duration, attempts: u32) {
        let due = Instant::now() + wait;
        self.put_off = self.waiting.pop_front().map(|waiting| PutOff { waiting, due, attempts });
    }

    /// Folds what is newer into the first row, or into the topic that was put off.
    pub(super) fn fold(&mut self) {
        if let Some(put_off) = &mut self.put_off {
            fold(&mut put_off.waiting, &mut self.waiting);
        }
        let Some(mut first) = self.waiting.pop_front() else { return };
        fold(&mut first, &mut self.waiting);
        self.waiting.push_front(first);
    }

    /// A topic that was put off goes first again once its time has come. Nothing is archived before it, for then it would be refused.
    pub(super) fn take_up(&mut self, attempts: &mut u32) {
        if let Some(put_off) = self.put_off.take_if(|put_off| put_off.due <= Instant::now()) {
            self.waiting.push_front(put_off.waiting);
            *attempts = put_off.attempts;
        }
    }

    /// Whether there is nothing to do now: nothing waits, or what is first waits for the topic that was put off.
    pub(super) fn rests(&self) -> bool {
        let archives = |one: &Waiting| matches!(one.row.effect, Effect::Place { act: PlaceAct::Archive { .. }, .. });
        self.waiting.front().is_none_or(|first| self.put_off.is_some() && archives(first))
    }

    /// Waits for a row, or until the topic that was put off is due; `false`: for so long nothing came, or it is to stop.
    pub(super) async fn rest(&mut self, stop: &CancellationToken) -> bool {
        let due = self.put_off.as_ref().map(|put_off| put_off.due);
        tokio::select! {
            row = self.rows.recv() => match row {
                Some(row) => {
                    self.waiting.push_back(row);
                    true
                }
                None => false,
            },
            () = stop.cancelled() => false,
            () = tokio::time::sleep_until(due.unwrap_or_else(|| Instant::now() + IDLE)) => due.is_some(),
        }
    }
}

//! One conversation's deliveries, in order. Edits of a message that still waits are folded into it; an edit of a message
//! that was never delivered becomes the message.

mod rest;

use super::grip::Grip;
use super::place::{self, Sent};
use super::{Shared, backoff, late, outdated, page};
use crate::model::conversation::{PlaceAct, Shape};
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef};
use crate::model::page::NOTIFY;
use crate::platform::{DeliverError, Request};
use crate::store::{Mark, OutboxRow, StoreError};
use crate::telemetry::metrics::Delivery;
use futures::FutureExt;
use rest::PutOff;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A line with nothing to do ends after this long.
const IDLE: Duration = Duration::from_secs(30);
/// How many messages' native ids a line remembers; the others are read from the store.
const REMEMBERED: usize = 256;
/// How often an edit looks whether its message, which somebody else is posting, is there by now.
const LOOK: Duration = Duration::from_millis(250);

/// What one line is for: a conversation's pages or the rest of it, so that neither waits for the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LineKey {
    conversation: ConversationId,
    pages: bool,
}

impl LineKey {
    pub(super) fn of(row: &OutboxRow) -> Self {
        Self { conversation: row.effect.conversation().clone(), pages: row.effect.is_page() }
    }
}

pub(super) struct Line {
    shared: Arc<Shared>,
    conversation: ConversationId,
    pages: bool,
    rows: mpsc::UnboundedReceiver<Waiting>,
    waiting: VecDeque<Waiting>,
    natives: HashMap<MessageRef, String>,
    /// Since when the platform takes nothing, milliseconds since the epoch.
    refusing_ms: Option<i64>,
    put_off: Option<PutOff>,
}

/// A row, and those whose words it has taken over, which are done when it is.
pub(super) struct Waiting {
    pub(super) row: OutboxRow,
    pub(super) grip: Grip,
    pub(super) folded: Vec<Grip>,
}

enum Step {
    Done(Mark),
    /// It was tried, and must be tried again.
    Wait(Again),
    /// The same, and all else goes on meanwhile.
    PutOff(Again),
    /// It was not tried, because something goes before it; what stands behind it may go on.
    Hold(Duration),
}

/// When and why something must be tried again.
struct Again {
    wait: Duration,
    reason: String,
    /// How long the platform asked to be left alone, if it did.
    asked: Option<Duration>,
}

impl Waiting {
    pub(super) fn new(grip: Grip, row: OutboxRow) -> Self {
        Self { row, grip, folded: Vec::new() }
    }
}

/// Whether what is asked for a conversation is about a message that stands somewhere.
fn is_about_a_message(act: &PlaceAct) -> bool {
    matches!(act, PlaceAct::Pin | PlaceAct::Unpin | PlaceAct::Open { shape: Shape::Thread, .. })
}

/// What is known of a message's id on its platform.
enum Known {
    /// It is this, or it was never posted.
    As(Option<String>),
    /// Somebody is still posting it.
    NotYet,
}

/// Whether an effect is for whoever caused it, rather than for a conversation at large.
fn answers(effect: &Effect) -> bool {
    matches!(effect, Effect::PostMessage { reply: true, .. }) || effect.private_to().is_some()
}

impl Line {
    pub(super) fn new(shared: Arc<Shared>, key: LineKey, rows: mpsc::UnboundedReceiver<Waiting>) -> Self {
        let LineKey { conversation, pages } = key;
        let (waiting, natives) = (VecDeque::new(), HashMap::new());
        Self { shared, conversation, pages, rows, waiting, natives, refusing_ms: None, put_off: None }
    }

    /// Delivers until idle; once stopped, what waits is tried once more and the rest given back. Returns which line
    /// it was.
    pub(super) async fn run(mut self, stop: CancellationToken) -> LineKey {
        let mut attempts = 0_u32;
        loop {
            self.take_waiting();
            self.take_up(&mut attempts);
            self.fold();
            if self.rests() {
                if !self.rest(&stop).await {
                    // Closed first, then emptied: a row sent meanwhile is either here or goes back to its sender.
                    self.rows.close();
                    self.take_waiting();
                    if self.rests() {
                        self.give_back("its turn had not come");
                        return self.key();
                    }
                }
                continue;
            }
            self.lets_pages_go_first(&stop).await;
            let step = self.step(attempts).await;
            self.tells_how_its_page_is(&step);
            let Again { wait, reason, asked } = match step {
                Step::Done(mark) => {
                    attempts = 0;
                    let late_since = self.late_since(&mark);
                    self.finish(mark, &stop).await;
                    if let Some(since_ms) = late_since {
                        self.say_late(since_ms).await;
                    }
                    continue;
                }
                Step::Hold(wait) => Again { wait, reason: "it waits for what goes before it".to_owned(), asked: None },
                Step::PutOff(again) => {
                    self.must_wait(&again).await;
                    self.put_off(again.wait, std::mem::take(&mut attempts).saturating_add(1));
                    continue;
                }
                Step::Wait(again) => {
                    attempts = attempts.saturating_add(1);
                    let now_ms = self.shared.store.now_ms();
                    self.refusing_ms.get_or_insert(now_ms);
                    self.must_wait(&again).await;
                    again
                }
            };
            tokio::select! {
                () = stop.cancelled() => {
                    self.give_back(&reason);
                    return self.key();
                }
                () = tokio::time::sleep(wait) => {}
                () = self.is_waited_for(asked), if self.pages => {}
            }
        }
    }

    /// What is said of a first row that must be tried again.
    async fn must_wait(&self, Again { wait, reason, .. }: &Again) {
        self.shared.metrics.delivered(self.conversation.platform(), Delivery::Retried);
        let row = &self.waiting[0].row;
        if self.pages {
            page::tried(&self.shared, row, reason).await;
        }
        tracing::warn!(
            outbox.id = row.id, conversation = %self.conversation, wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            error = %reason, "a delivery must wait"
        );
    }

    /// Since when the platform took nothing, if what it took now is a message that everybody there reads late. Pages say nothing
    /// of it: whoever is paged has other worries, and each names its moment.
    fn late_since(&mut self, mark: &Mark) -> Option<i64> {
        let row = &self.waiting.front().filter(|_| matches!(mark, Mark::Sent { .. }))?.row;
        if self.shared.store.now_ms() - row.created_ms < late::WORTH_MS {
            self.refusing_ms = None;
        }
        let is_read = matches!(row.effect, Effect::PostMessage { private_to: None, .. }) && !self.pages;
        is_read.then(|| self.refusing_ms.take()).flatten()
    }

    async fn say_late(&mut self, since_ms: i64) {
        let Some(platform) = self.shared.platforms.get(self.conversation.platform()).cloned() else { return };
        self.take_waiting();
        let posts = self.waiting.iter().filter(|it| matches!(it.row.effect, Effect::PostMessage { .. })).count();
        let Ok(to) = place::really(&self.shared, self.conversation.clone()).await else { return };
        late::say(platform.as_ref(), &to, since_ms, self.shared.store.now_ms(), posts).await;
    }

    fn key(self) -> LineKey {
        LineKey { conversation: self.conversation, pages: self.pages }
    }

    /// What was not delivered is anybody's at once, in its order.
    fn give_back(&mut self, reason: &str) {
        self.take_waiting();
        if self.pages {
            self.shared.urgent.is_over(&self.conversation);
        }
        let put_off = self.put_off.take().map(|put_off| put_off.waiting);
        let all = put_off.into_iter().chain(self.waiting.drain(..));
        for grip in all.flat_map(|waiting| waiting.folded.into_iter().chain([waiting.grip])) {
            self.shared.store.mark(grip.id().to_owned(), Mark::Later { delay_ms: 0, error: reason.to_owned() });
        }
    }

    fn take_waiting(&mut self) {
        while let Ok(row) = self.rows.try_recv() {
            self.waiting.push_back(row);
        }
    }

    /// Tries the first row once.
    async fn step(&mut self, attempts: u32) -> Step {
        let row = self.waiting[0].row.clone();
        let platform = self.conversation.platform();
        let Some(platform) = self.shared.platforms.get(platform).cloned() else {
            return Step::Done(Mark::Dead { error: format!("no platform `{platform}` is connected") });
        };
        let effect = match outdated::turned(&self.shared, &self.waiting[0]).await {
            Ok(Sent::As(effect)) => *effect,
            Ok(Sent::Nothing) => return Step::Done(Mark::Sent { native: None }),
            // All that waits here waits for the same.
            Ok(Sent::NotYet) => return Step::Hold(LOOK),
            Err(error) => return self.unanswered(attempts, &error),
        };
        let native = match &effect {
            Effect::PostMessage { .. } | Effect::Page { .. } => None,
            Effect::Place { act, .. } if !is_about_a_message(act) => None,
            other => match self.native(other.message(), &row.id).await {
                Ok(Known::As(native)) => native,
                // What is asked for a conversation keeps its order, topics apart: nothing overtakes the opening or the pin.
                Ok(Known::NotYet) if matches!(other, Effect::Place { .. }) => return Step::Hold(LOOK),
                Ok(Known::NotYet) => return self.hold(other.message().clone()),
                Err(error) => return self.unanswered(attempts, &error),
            },
        };
        let effect = match (effect, &native) {
            // The post was given up; its newest content is what people should see.
            (Effect::EditMessage { message, to, view, private_to }, None) => {
                Effect::PostMessage { message, to, view, private_to, reply: false }
            }
            // To a chat a page is a message that was in a hurry.
            (Effect::Page { message, to, view, private_to, .. }, _) if to.platform() != NOTIFY => {
                Effect::PostMessage { message, to, view, private_to, reply: false }
            }
            // What never stood there needs no taking off.
            (Effect::Place { act: PlaceAct::Unpin, .. }, None) => return Step::Done(Mark::Sent { native: None }),
            (Effect::AddReaction { .. } | Effect::Place { act: PlaceAct::Pin, .. }, None) => {
                return Step::Done(Mark::Dead { error: "the message was never delivered".to_owned() });
            }
            (effect, _) => effect,
        };
        let route = match answers(&effect) {
            false => None,
            // Without it the answer goes the long way, which is better than waiting for a database that does not answer.
            true => self.shared.store.route(&row.inbox, &row.root).await.unwrap_or_else(|error| {
                tracing::warn!(error = %error, outbox.id = row.id, "cannot look for the way back");
                None
            }),
        };
        let again = row.taken_over || row.attempts > 0 || attempts > 0;
        let (native, route) = (native.as_deref(), route.as_ref());
        let request = Request { id: &row.id, effect: &effect, native, route, again };
        // A panic is a bug of ours, and must not take the conversation with it.
        let delivered = AssertUnwindSafe(platform.deliver(request)).catch_unwind().await.unwrap_or_else(|_| {
            let reason = "delivering it panicked; the log has the place".to_owned();
            Err(DeliverError::Later { reason, after: None })
        });
        match delivered {
            Ok(posted) => {
                // Only a post gives a message its id, whatever a platform says of edits.
                let opens = place::opens(&effect);
                let posted =
                    posted.filter(|_| opens || matches!(effect, Effect::PostMessage { .. } | Effect::Page { .. }));
                if let Some(posted) = posted.as_ref().filter(|_| !opens) {
                    self.remember(effect.message().clone(), posted.clone());
                }
                Step::Done(Mark::Sent { native: posted })
            }
            Err(DeliverError::Never { reason }) => Step::Done(place::refused(&row.id, &effect, reason)),
            Err(DeliverError::Later { reason, after }) => {
                let tried = attempts.saturating_add(u32::try_from(row.attempts).unwrap_or(0));
                let age_ms = u64::try_from(self.shared.store.now_ms() - row.created_ms).unwrap_or(0);
                if Duration::from_millis(age_ms) > backoff::GIVE_UP {
                    if self.pages {
                        // How often it was tried is on record, attempt by attempt.
                        return Step::Done(Mark::Dead { error: reason });
                    }
                    let tries = if tried == 0 { "1 try".to_owned() } else { format!("{} tries", tried + 1) };
                    return Step::Done(Mark::Dead { error: format!("given up after {tries}: {reason}") });
                }
                let spread = row.id.bytes().last().unwrap_or(0);
                let wait = backoff::wait(tried + 1, after, spread, self.pages);
                let again = Again { wait, reason, asked: after };
                match effect {
                    // Platforms take few changes of a topic; what people read does not stand in line behind one.
                    Effect::Place { act: PlaceAct::Topic { .. }, .. } => Step::PutOff(again),
                    _ => Step::Wait(again),
                }
            }
        }
    }

    /// The database did not say what goes before it, or where it goes.
    fn unanswered(&self, attempts: u32, error: &StoreError) -> Step {
        let wait = backoff::wait(attempts.saturating_add(1), None, 0, self.pages);
        Step::Wait(Again { wait, reason: error.to_string(), asked: None })
    }

    async fn finish(&mut self, mark: Mark, stop: &CancellationToken) {
        // What is held is let go of at the end, when its fate is on its way into the table.
        let Some(Waiting { row, grip: _grip, folded }) = self.waiting.pop_front() else { return };
        let platform = self.conversation.platform().to_owned();
        match &mark {
            Mark::Sent { .. } => self.shared.metrics.delivered(&platform, Delivery::Delivered),
            Mark::Dead { error } => {
                self.shared.metrics.delivered(&platform, Delivery::Failed);
                tracing::error!(
                    outbox.id = row.id, conversation = %self.conversation, effect.kind = row.effect.kind(), error = %error,
                    "a delivery was given up"
                );
            }
            Mark::Later { .. } => {}
        }
        if self.pages {
            return page::ended(&self.shared, row, mark, stop).await;
        }
        if place::opens(&row.effect) {
            return place::ended(&self.shared, row, mark, stop).await;
        }
        for grip in &folded {
            // Folded edits share the fate of what they were folded into, but name no message of their own.
            let fate = match &mark {
                Mark::Sent { .. } => Mark::Sent { native: None },
                other => other.clone(),
            };
            self.shared.store.mark(grip.id().to_owned(), fate);
        }
        self.shared.store.mark(row.id, mark);
    }

    /// Lets what posts a message go before its edit, where both wait here; otherwise another replica has it in hand, and the
    /// edit goes to the end: that one may be stuck, and the others' words shall not be stuck with it.
    fn hold(&mut self, message: MessageRef) -> Step {
        let posts = |it: &Waiting| matches!(&it.row.effect, Effect::PostMessage { message: of, .. } if *of == message);
        match self.waiting.iter().position(posts).and_then(|at| self.waiting.remove(at)) {
            Some(post) => {
                // The edit folds into it, and with it what was folded into the edit.
                self.waiting.push_front(post);
                Step::Hold(Duration::ZERO)
            }
            None => {
                self.waiting.rotate_left(1);
                Step::Hold(LOOK)
            }
        }
    }

    /// How the platform calls a message. Asked in this order: once nothing of it is under way, its id is in the store or
    /// will never be.
    async fn native(&mut self, message: &MessageRef, row: &str) -> Result<Known, StoreError> {
        if let Some(known) = self.natives.get(message) {
            return Ok(Known::As(Some(known.clone())));
        }
        if self.shared.store.is_under_way(message, row).await? {
            return Ok(Known::NotYet);
        }
        let stored = self.shared.store.native_id(message).await?;
        if let Some(native) = &stored {
            self.remember(message.clone(), native.clone());
        }
        Ok(Known::As(stored))
    }

    fn remember(&mut self, message: MessageRef, native: String) {
        if self.natives.len() >= REMEMBERED {
            self.natives.clear();
        }
        self.natives.insert(message, native);
    }
}

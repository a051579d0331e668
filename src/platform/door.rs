//! All that a chat platform's inbound side is given: the way in, who somebody is, and the few answers that cannot wait for a
//! plugin (a form that opens, what may come next on a line, who may see a reply).

use crate::config::people::People;
use crate::intake::{Admission, Intake};
use crate::model::event::{Event, Person};
use crate::model::form::Form;
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId};
use crate::model::manifest::CommandSpec;
use crate::model::route::Route;
use crate::model::view::{Control, View};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer may take that a platform waits for; beyond it, it is of no use. Slack and Discord give up after 3 s.
const ANSWER: Duration = Duration::from_millis(1500);

/// What the rest of the house answers at once, with no plugin running (but a read-only `suggest`).
pub trait Asks: Send + Sync {
    /// A message of ours as it stands, with where it is; `None` if there is none.
    ///
    /// # Errors
    /// The database does not say.
    fn message<'a>(&'a self, message: &'a MessageRef) -> BoxFuture<'a, Result<Option<Seen>, Unknown>>;

    /// The message that a platform knows under this id; `None` if there is none.
    ///
    /// # Errors
    /// The database does not say.
    fn message_by_native<'a>(
        &'a self,
        platform: &'a str,
        native: &'a str,
    ) -> BoxFuture<'a, Result<Option<Seen>, Unknown>>;

    /// The message that asks somebody in a conversation to take something up; `None` if none does.
    ///
    /// # Errors
    /// The database does not say.
    fn asked<'a>(
        &'a self,
        conversation: &'a ConversationId,
        by: &'a PersonId,
    ) -> BoxFuture<'a, Result<Option<Seen>, Unknown>>;

    /// The incident whose timeline keeps what becomes of messages in a conversation, and under the message that a thread there
    /// begins with; `None` if none does.
    ///
    /// # Errors
    /// The database does not say.
    fn keeper<'a>(
        &'a self,
        conversation: &'a ConversationId,
        root: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<IncidentId>, Unknown>>;

    /// What may come next on a line.
    fn complete<'a>(
        &'a self,
        line: &'a str,
        conversation: &'a ConversationId,
        by: &'a Person,
    ) -> BoxFuture<'a, Vec<Suggested>>;

    /// Every command that is declared, the host's own among them, with what is configured as the choices of the arguments
    /// that name it.
    fn commands(&self) -> Vec<CommandSpec>;

    /// Takes the line to a platform, or keeps it: one process of all has it, for as long as a lease lasts.
    fn hold(&self, line: &'static str) -> BoxFuture<'_, Held>;

    /// Lets somebody else have it at once.
    fn let_go(&self, line: &'static str) -> BoxFuture<'_, ()>;

    /// How far whoever had the line has come.
    fn kept(&self, line: &'static str) -> BoxFuture<'_, Option<String>>;

    /// Keeps how far it has come, under the epoch of [`Asks::hold`].
    fn keep(&self, line: &'static str, epoch: i64, value: String) -> BoxFuture<'_, ()>;

    /// Whether only the asker sees the answer to a line.
    fn is_private(&self, line: &str, conversation: &ConversationId) -> bool;
}

/// What became of something that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Heard {
    /// It is stored, its way back with it; the platform may be told so.
    Durable,
    /// It was stored before, its way back with it: a repeat. The platform may be told so once more.
    Known,
    /// Nothing was stored: too much is waiting, or the database does not answer. The platform should not be told that it
    /// arrived, so that it sends it again.
    NotNow,
}

/// Who has a line of which there may be one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// This process, under this epoch.
    Ours(i64),
    /// Another one.
    Others,
    /// The database does not say; it is whose it was.
    Unknown,
}

/// Whether there is such a message cannot be told now: not the same as that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database does not answer in time")]
pub struct Unknown;

/// A message of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its reference.
    pub message: MessageRef,
    /// Where it stands.
    pub conversation: ConversationId,
    /// What it shows now.
    pub view: View,
}

impl Seen {
    /// The form that a button of it opens.
    pub fn form(&self, action: &str) -> Option<Form> {
        match self.view.control(action)? {
            Control::Form(form) => Some(form.clone()),
            Control::Button(_) | Control::Select(_) => None,
        }
    }
}

/// A candidate for what is being typed: the whole of the last word or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// What is put into the line.
    pub value: String,
    /// What people read beside it; may be empty.
    pub label: String,
}

/// The door of one platform. Clones are the same door.
#[derive(Clone)]
pub struct Door {
    intake: Intake,
    people: Arc<People>,
    asks: Arc<dyn Asks>,
}

async fn in_time<T>(answer: impl Future<Output = Result<T, Unknown>>) -> Result<T, Unknown> {
    timeout(ANSWER, answer).await.unwrap_or(Err(Unknown))
}

impl Door {
    /// A door to this intake.
    pub fn new(intake: Intake, people: Arc<People>, asks: Arc<dyn Asks>) -> Self {
        Self { intake, people, asks }
    }

    /// Who a platform's user is by the configuration; somebody nobody configured is called `shown`.
    pub fn person(&self, platform: &str, user: &str, shown: &str) -> Person {
        self.people.person(platform, user, shown)
    }

    /// Offers what happened. A repeat of the same `id` is kept once.
    pub async fn offer(
        &self,
        id: DeliveryId,
        conversation: ConversationId,
        event: Event,
        route: Option<Route>,
    ) -> Heard {
        match self.intake.offer_with(id, conversation, event, route).await {
            Ok(Admission::Accepted) => Heard::Durable,
            Ok(Admission::Duplicate(_)) => Heard::Known,
            Ok(Admission::Busy) => Heard::NotNow,
            Err(error) => {
                tracing::error!(error = %error, "what a chat platform sent cannot be stored");
                Heard::NotNow
            }
        }
    }

    /// A message of ours; `None` if there is none.
    ///
    /// # Errors
    /// The database does not say, or not within the 1.5 s in which an answer is of use.
    pub async fn seen(&self, message: &MessageRef) -> Result<Option<Seen>, Unknown> {
        in_time(self.asks.message(message)).await
    }

    /// The message that a platform knows under this id; `None` if there is none.
    ///
    /// # Errors
    /// As [`Door::seen`].
    pub async fn seen_by_native(&self, platform: &str, native: &str) -> Result<Option<Seen>, Unknown> {
        in_time(self.asks.message_by_native(platform, native)).await
    }

    /// The message that asks somebody in a conversation to take something up.
    ///
    /// # Errors
    /// As [`Door::seen`].
    pub async fn asked(&self, conversation: &ConversationId, by: &PersonId) -> Result<Option<Seen>, Unknown> {
        in_time(self.asks.asked(conversation, by)).await
    }

    /// The incident whose timeline keeps what becomes of messages in a conversation.
    ///
    /// # Errors
    /// As [`Door::seen`].
    pub async fn keeper(&self, there: &ConversationId, root: Option<&str>) -> Result<Option<IncidentId>, Unknown> {
        in_time(self.asks.keeper(there, root)).await
    }

    /// What may come next on a line; nothing if that cannot be told in time.
    pub async fn complete(&self, line: &str, conversation: &ConversationId, by: &Person) -> Vec<Suggested> {
        timeout(ANSWER, self.asks.complete(line, conversation, by)).await.unwrap_or_default()
    }

    /// Takes a line of which there may be one only, or keeps it. To be repeated every second.
    pub async fn hold(&self, line: &'static str) -> Held {
        self.asks.hold(line).await
    }

    /// Lets another process have the line at once.
    pub async fn let_go(&self, line: &'static str) {
        self.asks.let_go(line).await;
    }

    /// How far whoever had the line has come.
    pub async fn kept(&self, line: &'static str) -> Option<String> {
        self.asks.kept(line).await
    }

    /// Keeps how far it has come.
    pub async fn keep(&self, line: &'static str, epoch: i64, value: String) {
        self.asks.keep(line, epoch, value).await;
    }

    /// Every command that is declared.
    pub fn commands(&self) -> Vec<CommandSpec> {
        self.asks.commands()
    }

    /// Whether only the asker sees the answer to a line: a platform wants to know when it defers its answer.
    pub fn is_private(&self, line: &str, conversation: &ConversationId) -> bool {
        self.asks.is_private(line, conversation)
    }
}

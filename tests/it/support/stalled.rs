//! A database that does not answer, as the chat platforms' adapters see it.

use drillbell::model::event::Person;
use drillbell::model::ids::{ConversationId, IncidentId, MessageRef, PersonId};
use drillbell::model::manifest::CommandSpec;
use drillbell::platform::door::{Asks, Door, Held, Seen, Suggested, Unknown};
use futures::FutureExt;
use futures::future::{BoxFuture, pending, ready};
use std::sync::Arc;

use super::bot::TestBot;

/// A door into a bot whose database stalls now.
pub fn stalled(bot: &TestBot) -> Door {
    let people = Arc::new(bot.app.config().people.clone());
    Door::new(bot.app.house().intake.clone(), people, Arc::new(Stalled))
}

/// Nothing can be told now.
struct Stalled;

impl Asks for Stalled {
    fn message<'a>(&'a self, _: &'a MessageRef) -> BoxFuture<'a, Result<Option<Seen>, Unknown>> {
        ready(Err(Unknown)).boxed()
    }

    fn message_by_native<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Option<Seen>, Unknown>> {
        pending().boxed()
    }

    fn asked<'a>(&'a self, _: &'a ConversationId, _: &'a PersonId) -> BoxFuture<'a, Result<Option<Seen>, Unknown>> {
        pending().boxed()
    }

    fn keeper<'a>(
        &'a self,
        _: &'a ConversationId,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<IncidentId>, Unknown>> {
        pending().boxed()
    }

    fn complete<'a>(&'a self, _: &'a str, _: &'a ConversationId, _: &'a Person) -> BoxFuture<'a, Vec<Suggested>> {
        ready(Vec::new()).boxed()
    }

    fn commands(&self) -> Vec<CommandSpec> {
        Vec::new()
    }

    fn hold(&self, _: &'static str) -> BoxFuture<'_, Held> {
        ready(Held::Unknown).boxed()
    }

    fn let_go(&self, _: &'static str) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    fn kept(&self, _: &'static str) -> BoxFuture<'_, Option<String>> {
        ready(None).boxed()
    }

    fn keep(&self, _: &'static str, _: i64, _: String) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    fn is_private(&self, _: &str, _: &ConversationId) -> bool {
        true
    }
}

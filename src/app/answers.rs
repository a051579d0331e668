//! What the house answers to a chat platform at once.

use crate::config::Config;
use crate::dispatch::House;
use crate::model::event::Person;
use crate::model::ids::{ConversationId, IncidentId, MessageRef, PersonId};
use crate::model::manifest::{CommandSpec, ReplyMode};
use crate::platform::door::{Asks, Held, Seen, Suggested, Unknown};
use crate::router::{Routed, with_choices};
use crate::store::{MessageRow, StoreError};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;

/// The answers of one house.
pub(super) struct Answers {
    house: Arc<House>,
    severities: Vec<String>,
    people: Vec<String>,
    targets: Vec<String>,
}

impl Answers {
    pub(super) fn new(house: &Arc<House>, config: &Config) -> Self {
        let severities = config.severities.0.iter().map(|severity| severity.name.clone()).collect();
        let people = config.people.0.keys().cloned().collect();
        let targets = config.targets.names().map(str::to_owned).collect();
        Self { house: house.clone(), severities, people, targets }
    }
}

fn seen(found: Result<Option<MessageRow>, StoreError>) -> Result<Option<Seen>, Unknown> {
    let row = told(found, "look at a message for").ok_or(Unknown)?;
    Ok(row.map(|row| Seen { message: row.id, conversation: row.conversation, view: row.view }))
}

/// What the database said, or a line in the log; it is tried again.
fn told<T>(answer: Result<T, StoreError>, what: &str) -> Option<T> {
    answer.map_err(|error| tracing::warn!(error = %error, "cannot {what} a chat platform")).ok()
}

impl Asks for Answers {
    fn message<'a>(&'a self, message: &'a MessageRef) -> BoxFuture<'a, Result<Option<Seen>, Unknown>> {
        async move { seen(self.house.store.message(message).await) }.boxed()
    }

    fn message_by_native<'a>(
        &'a self,
        platform: &'a str,
        native: &'a str,
    ) -> BoxFuture<'a, Result<Option<Seen>, Unknown>> {
        async move { seen(self.house.store.message_by_native(platform, native).await) }.boxed()
    }

    fn asked<'a>(
        &'a self,
        conversation: &'a ConversationId,
        by: &'a PersonId,
    ) -> BoxFuture<'a, Result<Option<Seen>, Unknown>> {
        async move { seen(self.house.asked(conversation, by).await) }.boxed()
    }

    fn keeper<'a>(
        &'a self,
        conversation: &'a ConversationId,
        root: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<IncidentId>, Unknown>> {
        async move {
            let keeper = self.house.keeper(conversation, root).await;
            told(keeper, "look up a conversation's incident for").ok_or(Unknown)
        }
        .boxed()
    }

    fn complete<'a>(
        &'a self,
        line: &'a str,
        conversation: &'a ConversationId,
        by: &'a Person,
    ) -> BoxFuture<'a, Vec<Suggested>> {
        async move {
            let found = self.house.complete(line, conversation, by).await;
            found.candidates.into_iter().map(|one| Suggested { value: one.value, label: one.label }).collect()
        }
        .boxed()
    }

    fn commands(&self) -> Vec<CommandSpec> {
        let commands = self.house.directory.catalog.commands().map(|command| command.spec.clone()).collect();
        with_choices(commands, &self.severities, &self.people, &self.targets)
    }

    fn hold(&self, line: &'static str) -> BoxFuture<'_, Held> {
        async move {
            match told(self.house.store.lease(line).await, "take the line to") {
                Some(Some(epoch)) => Held::Ours(epoch),
                Some(None) => Held::Others,
                None => Held::Unknown,
            }
        }
        .boxed()
    }

    fn let_go(&self, line: &'static str) -> BoxFuture<'_, ()> {
        async move { _ = told(self.house.store.release(line).await, "let go of the line to") }.boxed()
    }

    fn kept(&self, line: &'static str) -> BoxFuture<'_, Option<String>> {
        async move { told(self.house.store.line(line).await, "read the line to").flatten() }.boxed()
    }

    fn keep(&self, line: &'static str, epoch: i64, value: String) -> BoxFuture<'_, ()> {
        async move { _ = told(self.house.store.keep_line(line, epoch, value).await, "keep the line to") }.boxed()
    }

    fn is_private(&self, line: &str, conversation: &ConversationId) -> bool {
        let world = self.house.names.world(conversation, self.house.store.now_ms());
        match self.house.directory.catalog.parse(line, &world) {
            Ok(Routed::Call { invocation, .. }) => invocation.reply == ReplyMode::Private,
            // Help, and what was wrong with a line, are for whoever typed it.
            Ok(Routed::Help(_)) | Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_does_not_say_is_not_that_there_is_nothing() {
        assert_eq!(seen(Ok(None)), Ok(None));
        assert_eq!(seen(Err(StoreError::Newer(7))), Err(Unknown));
    }
}

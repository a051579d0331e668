//! Conversations that the bot opens: where they really are. Whatever is asked for in one waits until it is opened; where the
//! platform will not open it, what would be said there is said where it was asked for, and says so.

use super::Shared;
use crate::model::conversation::{Opened, PlaceAct};
use crate::model::effect::Effect;
use crate::model::ids::ConversationId;
use crate::model::view::{Block, View};
use crate::store::{Mark, OpeningEnd, OutboxRow, StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to wait for a database that cannot note where a conversation is.
const AGAIN: Duration = Duration::from_secs(1);

/// What is to be done instead of an effect for a conversation of ours.
pub(super) enum Sent {
    /// This.
    As(Box<Effect>),
    /// Nothing: it makes no sense where everything goes now.
    Nothing,
    /// It waits until the conversation is opened.
    NotYet,
}

/// Turns an effect to where its conversation really is.
pub(super) async fn turned(shared: &Shared, effect: Effect) -> Result<Sent, StoreError> {
    if let Effect::Place { message, to, act: PlaceAct::Open { shape, name, near } } = effect {
        let near = really(shared, near).await?;
        return Ok(Sent::As(Box::new(Effect::Place { message, to, act: PlaceAct::Open { shape, name, near } })));
    }
    let id = effect.conversation();
    if !id.is_opened() {
        return Ok(Sent::As(Box::new(effect)));
    }
    // Asked in this order: once nothing opens it any more, where it is has been written down, or never will be.
    let opening = shared.store.is_opening(id).await?;
    let Some(opened) = shared.store.conversation(id).await? else { return Ok(Sent::As(Box::new(effect))) };
    let there = match &opened.lives_in {
        Some(there) => there.clone(),
        None if opening => return Ok(Sent::NotYet),
        // Its opening was lost with its row; people shall read what is said all the same.
        None => really(shared, opened.near.clone()).await?,
    };
    let instead = opened.problem.is_some();
    Ok(match effect {
        // The other conversation keeps its own topic, pins and people.
        Effect::Place { .. } if instead => Sent::Nothing,
        effect => Sent::As(Box::new(moved(effect, there, &opened))),
    })
}

/// Where a conversation is that may be one of ours too.
pub(super) async fn really(shared: &Shared, id: ConversationId) -> Result<ConversationId, StoreError> {
    if !id.is_opened() {
        return Ok(id);
    }
    let opened = shared.store.conversation(&id).await?;
    Ok(opened.and_then(|opened| opened.lives_in).unwrap_or(id))
}

fn moved(effect: Effect, there: ConversationId, opened: &Opened) -> Effect {
    match effect {
        Effect::PostMessage { message, view, private_to, reply, .. } => {
            Effect::PostMessage { message, to: there, view: explained(view, opened), private_to, reply }
        }
        Effect::EditMessage { message, view, private_to, .. } => {
            Effect::EditMessage { message, to: there, view: explained(view, opened), private_to }
        }
        Effect::AddReaction { message, emoji, private_to, .. } => {
            Effect::AddReaction { message, to: there, emoji, private_to }
        }
        Effect::Page { message, view, private_to, notifier, key, action, incident, .. } => {
            Effect::Page { message, to: there, view, private_to, notifier, key, action, incident }
        }
        Effect::Place { message, act, .. } => Effect::Place { message, to: there, act },
    }
}

/// A message that says why it does not stand where it should.
fn explained(mut view: View, opened: &Opened) -> View {
    if let Some(problem) = &opened.problem {
        let text =
            format!("Its {} {} could not be opened ({problem}), so it is here.", opened.shape.as_str(), opened.name);
        view.blocks.push(Block::Context { text });
    }
    view
}

/// Whether an effect opens a conversation, whose end is more than a mark.
pub(super) fn opens(effect: &Effect) -> bool {
    matches!(effect, Effect::Place { act: PlaceAct::Open { .. }, .. })
}

/// How a row ends that its platform refuses for good. Where the bot may not pin, nothing that anybody should read is missing.
pub(super) fn refused(id: &str, effect: &Effect, reason: String) -> Mark {
    if matches!(effect, Effect::Place { act: PlaceAct::Pin | PlaceAct::Unpin, .. }) {
        tracing::warn!(
            outbox.id = id, conversation = %effect.conversation(), error = %reason, "a message is not pinned or keeps its pin"
        );
        return Mark::Sent { native: None };
    }
    Mark::Dead { error: reason }
}

/// Notes how an opening ended, until the database takes it or the bot stops: then it is tried again after the next start, and
/// the platform recognises it by its id.
pub(super) async fn ended(shared: &Shared, row: OutboxRow, mark: Mark, stop: &CancellationToken) {
    let Effect::Place { to, act: PlaceAct::Open { near, .. }, .. } = &row.effect else { return };
    let (to, near) = (to.clone(), near.clone());
    loop {
        let end = match &mark {
            // A platform that has no id of its own for it knows it by ours.
            Mark::Sent { native } => OpeningEnd::There(
                native.as_ref().map_or(to.clone(), |native| ConversationId::new(format!("{}:{native}", to.platform()))),
            ),
            Mark::Dead { error } => {
                let near = really(shared, near.clone()).await.unwrap_or_else(|_| near.clone());
                OpeningEnd::Instead { near, problem: error.clone() }
            }
            Mark::Later { .. } => return shared.store.mark(row.id.clone(), mark.clone()),
        };
        match shared.store.opening_ended(row.clone(), end).await {
            Ok(true) | Err(StoreError::Closing) => return,
            Ok(false) => {
                tracing::warn!(outbox.id = row.id, "another process took an opening over");
                return;
            }
            Err(error) => {
                tracing::warn!(outbox.id = row.id, error = %error, "cannot note where a conversation is; trying again")
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_lets_the_bot_pin_nothing_loses_nothing() {
        let place = |act| Effect::Place { message: "m1".into(), to: "slack:#incidents".into(), act };
        for act in [PlaceAct::Pin, PlaceAct::Unpin] {
            let mark = refused("r1", &place(act), "no_permission".to_owned());
            assert!(matches!(mark, Mark::Sent { native: None }), "{mark:?}");
        }
        let mark = refused("r1", &place(PlaceAct::Archive { archived: true }), "no_permission".to_owned());
        assert!(matches!(&mark, Mark::Dead { error } if error == "no_permission"), "{mark:?}");
    }
}

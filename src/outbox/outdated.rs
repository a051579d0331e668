//! What was claimed from the table may be older than what people see: its mark got lost, or the answer to its commit, and newer words
//! of the same message went before it. Then it is done without being said.

use super::Shared;
use super::line::Waiting;
use super::place::{self, Sent};
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use crate::store::{StoreError, Words};

/// As what, and where, a row goes out; as nothing if something newer stands in its place.
pub(super) async fn turned(shared: &Shared, waiting: &Waiting) -> Result<Sent, StoreError> {
    if waiting.row.taken_over && is_outdated(shared, waiting).await? {
        return Ok(Sent::Nothing);
    }
    place::turned(shared, waiting.row.effect.clone()).await
}

async fn is_outdated(shared: &Shared, Waiting { row, folded, .. }: &Waiting) -> Result<bool, StoreError> {
    let conversation = row.effect.conversation();
    let words = |by, message| Words { conversation, message, by };
    let words = match &row.effect {
        Effect::EditMessage { message, .. } => words(row.effect.kind(), Some(message)),
        Effect::Place { message, act, .. } => match act {
            PlaceAct::Topic { .. } => words(act.kind(), None),
            PlaceAct::Archive { archived } => words(PlaceAct::Archive { archived: !archived }.kind(), None),
            PlaceAct::Pin => words(PlaceAct::Unpin.kind(), Some(message)),
            PlaceAct::Unpin => words(PlaceAct::Pin.kind(), Some(message)),
            PlaceAct::Open { .. } | PlaceAct::Invite { .. } => return Ok(false),
        },
        Effect::PostMessage { .. } | Effect::Page { .. } | Effect::AddReaction { .. } => return Ok(false),
    };
    // What was folded into it is newer than itself.
    let newest = folded.iter().map(|grip| grip.id()).max().unwrap_or(&row.id).max(&row.id);
    shared.store.is_outdated(words, newest).await
}

//! Which part of a view stands in which message: the first holds the beginning and everything that can be clicked, the rest goes
//! to its thread, and what would be too many messages is a file there. What is not in the first message is announced in it.

use super::render::{fallback, note, nothing, pieces};
use crate::config::limits::{SLACK_BLOCKS, SLACK_FOLLOW_UPS, SLACK_MESSAGE_CHARS};
use crate::model::ids::MessageRef;
use crate::model::view::View;
use slack_morphism::blocks::SlackBlock;

/// Rows of buttons that the first message takes before its text; more stand where they stood.
const ROWS_FIRST: usize = 12;
/// Characters for the line that says that there is more.
const NOTE_CHARS: usize = 120;

/// A block, and how much of a message it takes.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    block: SlackBlock,
    chars: usize,
    control: bool,
}

impl Piece {
    /// Something to read.
    pub(super) fn content(block: SlackBlock, chars: usize) -> Self {
        Self { block, chars, control: false }
    }

    /// Something to click.
    pub(super) fn control(block: SlackBlock) -> Self {
        Self { block, chars: 0, control: true }
    }
}

/// A view as Slack can show it.
#[derive(Clone, Debug)]
pub(super) struct Rendered {
    /// What stands in notifications.
    pub(super) text: String,
    /// The message.
    pub(super) first: Vec<SlackBlock>,
    /// Messages in its thread.
    pub(super) more: Vec<Vec<SlackBlock>>,
    /// The whole as plain text, for a file in its thread: where the thread would be too long.
    pub(super) file: Option<String>,
}

/// Where the rest of a long message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// In its thread.
    Thread,
    /// Nobody else may see it: behind it, a file among direct messages.
    Direct,
}

/// Renders a view. `nonce` tells this rendering from others of the same card.
pub(super) fn render(view: &View, card: &MessageRef, nonce: &str, rest: Rest) -> Rendered {
    let text = fallback(view);
    let pieces = pieces(view, card, nonce);
    if fits(&pieces) {
        let mut first: Vec<_> = pieces.into_iter().map(|piece| piece.block).collect();
        if first.is_empty() {
            first.push(nothing());
        }
        return Rendered { text, first, more: Vec::new(), file: None };
    }
    let mut rows = 0;
    let (controls, content): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|piece| {
        rows += usize::from(piece.control);
        piece.control && rows <= ROWS_FIRST
    });
    let mut content = content.into_iter().peekable();
    let mut first = take(&mut content, SLACK_BLOCKS - controls.len() - 1, SLACK_MESSAGE_CHARS - NOTE_CHARS);
    let mut more = Vec::new();
    while content.peek().is_some() {
        more.push(take(&mut content, SLACK_BLOCKS, SLACK_MESSAGE_CHARS));
    }
    let file = (more.len() > SLACK_FOLLOW_UPS).then(|| view.to_plain());
    let said = match (&file, rest, more.len()) {
        (Some(_), Rest::Thread, _) => "↳ Too long for a message: the whole of it is a file in the thread.".to_owned(),
        (Some(_), Rest::Direct, _) => "↳ Too long for a message: the whole of it is a file among your direct messages.".to_owned(),
        (None, Rest::Thread, 1) => "↳ It goes on in the thread.".to_owned(),
        (None, Rest::Thread, n) => format!("↳ It goes on in the thread, in {n} messages."),
        (None, Rest::Direct, _) => "↳ It goes on in the next message.".to_owned(),
    };
    if file.is_some() {
        more.clear();
    }
    first.push(note(&said));
    first.extend(controls.into_iter().map(|piece| piece.block));
    Rendered { text, first, more, file }
}

fn fits(pieces: &[Piece]) -> bool {
    pieces.len() <= SLACK_BLOCKS && pieces.iter().map(|piece| piece.chars).sum::<usize>() <= SLACK_MESSAGE_CHARS
}

/// As many as fit; at least one, since every piece fits by itself.
fn take(from: &mut std::iter::Peekable<impl Iterator<Item = Piece>>, blocks: usize, chars: usize) -> Vec<SlackBlock> {
    let mut taken = Vec::new();
    let mut used = 0;
    while let Some(piece) = from.next_if(|next| taken.is_empty() || (taken.len() < blocks && used + next.chars <= chars)) {
        used += piece.chars;
        taken.push(piece.block);
    }
    taken
}

/// How a view looks on Slack: its blocks, what stands in notifications, and what goes to its thread. For tests and pictures.
pub fn shown(view: &View, card: &MessageRef) -> serde_json::Value {
    let Rendered { text, first, more, file } = render(view, card, "00000000", Rest::Thread);
    serde_json::json!({"text": text, "blocks": first, "thread": more, "file": file})
}

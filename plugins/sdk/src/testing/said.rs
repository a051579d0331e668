//! What the plugin wanted said, in the order it wanted it.

use crate::bot::PageAction;
use crate::ids::{Conversation, MessageRef};
use crate::view::View;
use similar::{ChangeTag, TextDiff};
use std::fmt;

/// One thing that was said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// An answer to whoever caused the event.
    Reply {
        /// The reference minted for it.
        message: MessageRef,
        /// What.
        view: View,
    },
    /// A post.
    Post {
        /// The reference minted for it.
        message: MessageRef,
        /// Where.
        to: Conversation,
        /// What.
        view: View,
    },
    /// A message replaced.
    Edit {
        /// Which.
        message: MessageRef,
        /// By what.
        view: View,
    },
    /// A reaction added.
    React {
        /// To which message.
        message: MessageRef,
        /// A short name such as `eyes`.
        emoji: String,
    },
    /// Somebody paged.
    Page {
        /// The notifier's name.
        notifier: String,
        /// What it is about.
        key: String,
        /// What it wants.
        action: PageAction,
        /// What is said.
        view: View,
    },
    /// Something asked for a conversation that the plugin opened.
    Place {
        /// Which.
        to: Conversation,
        /// What: `topic: …`, `invite ROLE`, `pin MESSAGE`, `archive`, `unarchive`, `open near PLACE`.
        what: String,
    },
}

impl Said {
    /// The message it is about; a page is none.
    pub fn message(&self) -> Option<&MessageRef> {
        match self {
            Self::Reply { message, .. }
            | Self::Post { message, .. }
            | Self::Edit { message, .. }
            | Self::React { message, .. } => Some(message),
            Self::Page { .. } | Self::Place { .. } => None,
        }
    }

    /// What is shown, unless it is a reaction.
    pub fn view(&self) -> Option<&View> {
        match self {
            Self::Reply { view, .. } | Self::Post { view, .. } | Self::Edit { view, .. } | Self::Page { view, .. } => {
                Some(view)
            }
            Self::React { .. } | Self::Place { .. } => None,
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply { message, view } => write!(f, "reply {message}\n{view}"),
            Self::Post { message, to, view } => write!(f, "post {message} to {to}\n{view}"),
            Self::Edit { message, view } => write!(f, "edit {message}\n{view}"),
            Self::Page { notifier, key, action, view } => {
                let action = format!("{action:?}").to_lowercase();
                write!(f, "page {notifier} {action} {key}\n{view}")
            }
            Self::Place { to, what } => write!(f, "{to} {what}"),
            Self::React { message, emoji } => write!(f, "react {message} {emoji}"),
        }
    }
}

/// The lines in which two versions of a message differ.
pub(super) fn changed(before: &View, after: &View) -> String {
    let (before, after) = (format!("{before}\n"), format!("{after}\n"));
    let diff = TextDiff::from_lines(&before, &after);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let lines: Vec<_> = changes.map(|change| format!("{} {}", change.tag(), change.value().trim_end())).collect();
    if lines.is_empty() { String::from("as it was") } else { lines.join("\n") }
}

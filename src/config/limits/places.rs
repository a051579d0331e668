//! The bounds of conversations that the bot opens and of timelines as documents, each with its reason.

use std::time::Duration;

/// How long after its end an incident's channel is archived when nobody says: people still talk the next morning.
pub const ARCHIVE_AFTER: Duration = Duration::from_secs(86_400);
/// Characters of a conversation's name: what Slack takes.
pub const CONVERSATION_NAME_CHARS: usize = 80;
/// Bytes of it, so that a reference of ours stays short in any script.
pub const CONVERSATION_NAME_BYTES: usize = 120;
/// Characters of a conversation's topic: what Slack takes.
pub const TOPIC_CHARS: usize = 250;
/// Numbers tried at the end of a name that is taken.
pub const NAME_TRIES: u32 = 50;
/// Lines of a timeline in one document.
pub const EXPORT_LINES: i64 = 10_000;

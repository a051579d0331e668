//! Bounds of what the host itself hears in conversations and writes into timelines.

/// Open incidents that are looked through for a deploy's service: twice what the bench has open.
pub const OPEN_INCIDENTS_LOOKED_AT: i64 = 1000;
/// Characters of somebody's words in a line about a changed message: a timeline is no second chat.
pub const TIMELINE_QUOTE_CHARS: usize = 1000;
/// Characters of a changed message that are taken in at all.
pub const CHANGED_CHARS: usize = 4000;
/// Messages that are looked through for the one that a reply means: the newest of the open incidents in a conversation.
pub const ASKED_LOOKED_AT: i64 = 50;

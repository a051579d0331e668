//! What the grammar must know of the world to read a line: names, the time and where it was typed. Borrowed, plain, and
//! empty by default, so that a test says only what it is about.

use super::shown::nearest;
use crate::model::ids::{ConversationId, PersonId};

/// Something configured that a command can name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// As configured; what an argument's canonical text becomes.
    pub name: String,
    /// What it is, for completion; may be empty.
    pub title: String,
    /// Other words for it.
    pub also: Vec<String>,
}

impl Named {
    /// A name without a title and without other words.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// The world as a line sees it.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Now, milliseconds since the epoch: what `14:30` and `+15m` count from.
    pub now_ms: i64,
    /// Where the line was typed. Its platform is the one that `#ops` and `@ana` are of; `console` if there is none.
    pub conversation: Option<&'a ConversationId>,
    /// The severities, most severe first, each with the other vocabularies' words for it.
    pub severities: &'a [Named],
    /// The configured people.
    pub people: &'a [Named],
    /// The backup targets.
    pub targets: &'a [Named],
    /// The services. With none configured, any word is a service.
    pub services: &'a [Named],
    /// The configured channels by their names: `ops` and what it stands for.
    pub channels: &'a [(String, ConversationId)],
    /// Who a platform's user (platform, user id or name) is, where the platform or the configuration knows.
    pub person: &'a (dyn Fn(&str, &str) -> Option<PersonId> + Send + Sync),
}

fn nobody(_platform: &str, _user: &str) -> Option<PersonId> {
    None
}

impl Default for World<'_> {
    fn default() -> Self {
        Self {
            now_ms: 0,
            conversation: None,
            severities: &[],
            people: &[],
            targets: &[],
            services: &[],
            channels: &[],
            person: &nobody,
        }
    }
}

impl World<'_> {
    /// The platform that the line was typed on.
    pub(super) fn platform(&self) -> &str {
        self.conversation.map_or("console", ConversationId::platform)
    }
}

/// Which of `list` a word names: exactly, then without regard to case, spaces, `-` and `_`, then by another word for it.
pub(super) fn find<'a>(list: &'a [Named], word: &str) -> Option<&'a Named> {
    let plain = squash(word);
    list.iter()
        .find(|named| named.name == word)
        .or_else(|| list.iter().find(|named| squash(&named.name) == plain))
        .or_else(|| list.iter().find(|named| named.also.iter().any(|also| squash(also) == plain)))
}

/// The configured name that a mistyped word probably means.
pub(super) fn guess(list: &[Named], word: &str) -> Option<String> {
    let words = list.iter().flat_map(|named| std::iter::once(&named.name).chain(&named.also));
    let near = nearest(word, words.map(String::as_str))?;
    find(list, near).map(|named| named.name.clone())
}

fn squash(word: &str) -> String {
    let plain = word.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'));
    plain.flat_map(char::to_lowercase).collect()
}

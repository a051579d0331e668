//! The secrets that are known by value, and all their spellings in one automaton.

use super::{Span, forms};
use crate::config::limits::CAPTURED_SECRETS;
use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// A shorter value would be found in ordinary words.
pub(super) const LEAST_BYTES: usize = 6;
/// Values that stand in many an ordinary text; to mark them there would garble it and give them away.
const COMMON: [&str; 8] =
    ["postgres", "password", "drillbell", "secret", "changeme", "default", "database", "localhost"];
/// Characters of a name in a marker.
const NAME_CHARS: usize = 40;

/// A secret that cannot be masked, because it cannot be told from ordinary text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret {name} is {why}, so it cannot be told from ordinary text and is not masked: choose a longer random one"
)]
pub struct TooCommon {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

#[derive(Clone)]
struct Entry {
    name: String,
    value: SecretString,
    /// Captured ones are forgotten in the end, configured ones are not.
    captured: bool,
}

/// What is known.
#[derive(Clone, Default)]
pub(super) struct Known {
    entries: Vec<Entry>,
    automaton: Option<AhoCorasick>,
    /// Which entry a pattern of the automaton belongs to.
    whose: Vec<usize>,
    /// Spellings that span several lines.
    of_several_lines: Vec<String>,
    longest: usize,
}

impl Known {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn name(&self, at: usize) -> Option<&str> {
        self.entries.get(at).map(|entry| entry.name.as_str())
    }

    /// Bytes of the longest spelling.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    pub(super) fn of_several_lines(&self) -> &[String] {
        &self.of_several_lines
    }

    pub(super) fn learn(&mut self, name: &str, value: SecretString) -> Result<(), TooCommon> {
        self.add(name, value, false)
    }

    pub(super) fn capture(&mut self, name: &str, value: SecretString) -> Result<(), TooCommon> {
        self.add(name, value, true)?;
        let captured = self.entries.iter().filter(|entry| entry.captured).count();
        if captured > CAPTURED_SECRETS
            && let Some(oldest) = self.entries.iter().position(|entry| entry.captured)
        {
            self.entries.remove(oldest);
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: SecretString, captured: bool) -> Result<(), TooCommon> {
        let name: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.:".contains(*c)).take(NAME_CHARS).collect();
        let text = value.expose_secret();
        if text.len() < LEAST_BYTES {
            return Err(TooCommon { name, why: "shorter than six bytes" });
        }
        if COMMON.contains(&text.to_lowercase().as_str()) || text.trim().is_empty() {
            return Err(TooCommon { name, why: "an ordinary word" });
        }
        if !self.entries.iter().any(|entry| entry.value.expose_secret() == text) {
            self.entries.push(Entry { name, value, captured });
        }
        Ok(())
    }

    /// The same with its automaton made anew.
    pub(super) fn built(mut self) -> Self {
        let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            for form in forms::of(entry.value.expose_secret()) {
                patterns.entry(form).or_insert(at);
            }
        }
        self.longest = patterns.keys().map(String::len).max().unwrap_or(0);
        self.of_several_lines = patterns.keys().filter(|form| form.contains('\n')).cloned().collect();
        let (patterns, whose): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        self.whose = whose;
        // Standard, so that overlapping secrets are all found.
        let built = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns);
        self.automaton = match patterns.is_empty() {
            true => None,
            false => Some(built.expect("secrets are bounded far below what an automaton can hold")),
        };
        self
    }

    pub(super) fn find(&self, text: &str, spans: &mut Vec<Span>) {
        let Some(automaton) = &self.automaton else { return };
        spans.extend(automaton.find_overlapping_iter(text).map(|found| Span {
            from: found.start(),
            start: found.start(),
            end: found.end(),
            name: self.whose.get(found.pattern().as_usize()).copied(),
            open: false,
        }));
    }
}

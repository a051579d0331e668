//! Completion while typing: the terminal's own words, and whatever the running bot suggests in time. Called by the line
//! editor on its own thread, so it may block, but not for long.

use super::typed::OWN;
use crate::cli::client::Client;
use crate::platform::console::clean_line;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;

/// What comes later than this is of no use to somebody who pressed Tab.
const PATIENCE: Duration = Duration::from_millis(1200);

/// Where the one who types is; changes with `/channel`.
pub(super) type Here = Arc<Mutex<String>>;

/// The line editor's helper: completion only.
pub(super) struct Words {
    pub(super) client: Client,
    pub(super) here: Here,
    pub(super) channels: Vec<String>,
    pub(super) runtime: Handle,
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..pos).unwrap_or(line);
        if let Some(found) = own(before, &self.channels) {
            return Ok(found);
        }
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = self.runtime.block_on(self.client.complete(before, &here, PATIENCE));
        let Ok(completion) = answer else { return Ok((pos, Vec::new())) };
        // An offset from outside: never beyond the cursor, never inside a letter.
        if completion.start > before.len() || !before.is_char_boundary(completion.start) {
            return Ok((pos, Vec::new()));
        }
        let mut pairs: Vec<_> =
            completion.candidates.iter().map(|candidate| pair(&candidate.value, &candidate.label)).collect();
        if completion.start == 0 {
            pairs.extend(OWN.iter().filter(|(word, _)| word.starts_with(before)).map(|(word, what)| pair(word, what)));
        }
        Ok((completion.start, pairs))
    }
}

/// Completes the argument of `/channel`.
fn own(before: &str, channels: &[String]) -> Option<(usize, Vec<Pair>)> {
    let typed = before.strip_prefix("/channel ")?;
    let fits = |name: &&String| name.starts_with(typed) || name.trim_start_matches('#').starts_with(typed);
    let pairs = channels.iter().filter(fits).map(|name| pair(name, "")).collect();
    Some((before.len() - typed.len(), pairs))
}

fn pair(value: &str, label: &str) -> Pair {
    let replacement = clean_line(value);
    let display = if label.is_empty() { replacement.clone() } else { format!("{replacement}  {}", clean_line(label)) };
    Pair { display, replacement }
}

impl Helper for Words {}
impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_completed_with_or_without_their_sign() {
        let channels = ["#incidents".to_owned(), "#ops".to_owned()];
        for typed in ["/channel #o", "/channel o"] {
            let (start, pairs) = own(typed, &channels).unwrap();
            assert_eq!((start, pairs.len()), (9, 1));
            assert_eq!(pairs[0].replacement, "#ops");
        }
        assert_eq!(own("/channel ", &channels).unwrap().1.len(), 2);
        assert!(own("/channelx", &channels).is_none());
    }

    #[test]
    fn a_suggestion_cannot_type_for_you() {
        let pair = pair("x\n/sev resolve\u{1b}[A", "l\u{7}");
        assert_eq!((pair.replacement.as_str(), pair.display.as_str()), ("x /sev resolve␛[A", "x /sev resolve␛[A  l␇"));
    }
}

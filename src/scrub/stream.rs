//! Scrubbing text that comes in pieces, such as a child's output: as much is held back as a secret cut in two needs.

use super::known::Known;
use super::{Scrub, Span, replaced};

/// Bytes held back of a line without end, beyond the longest known secret: more than any token is long.
const HOLD: usize = 16 * 1024;
/// Bytes kept while looking for the end of a key that is longer than what is held.
const END_MARK: usize = 128;

/// A scrubber in the middle of a text.
pub struct Stream {
    scrub: Scrub,
    /// The beginning of a character whose rest has not come.
    partial: Vec<u8>,
    held: String,
    inside: Option<Inside>,
}

/// In the middle of a secret that is longer than what is held back; its marker is out already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// A token; it ends with the first blank or quote.
    Token,
    /// A private key; it ends with its last line.
    Key,
}

impl Stream {
    pub(super) fn new(scrub: Scrub) -> Self {
        Self { scrub, partial: Vec::new(), held: String::new(), inside: None }
    }

    /// Takes the next bytes; returns what is certain to hold no secret. Whole lines come out at once.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.take(bytes);
        let mut out = String::new();
        while let Some(more) = self.advance() {
            out.push_str(&more);
        }
        out
    }

    /// The text has ended: the rest of it.
    pub fn finish(mut self) -> String {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.held.push(char::REPLACEMENT_CHARACTER);
        }
        self.skip();
        if self.inside.is_some() {
            return String::new();
        }
        self.scrub.text(&self.held).into_owned()
    }

    /// Decodes; what is not UTF-8 becomes the replacement character.
    fn take(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.partial);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.held.push_str(text),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.held.push_str(&String::from_utf8_lossy(good));
                    let Some(length) = error.error_len() else {
                        self.partial = bad.to_vec();
                        return;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    rest = &bad[length..];
                }
            }
        }
    }

    /// The next stretch that may go, if any.
    fn advance(&mut self) -> Option<String> {
        self.skip();
        let known = self.scrub.known();
        let hold = HOLD + known.longest();
        let full = self.held.len() > 2 * hold;
        if self.inside.is_some() || self.held.is_empty() || !(full || self.held.contains('\n')) {
            return None;
        }
        let spans = self.scrub.spans(&known, &self.held);
        let across = |cut: usize| {
            let across = spans.iter().find(|span| span.from < cut && (span.end > cut || span.open));
            across.map_or(cut, |span| span.from)
        };
        let mut cut = self.held.rfind('\n').map_or(0, |at| at + 1);
        // The first lines of a known secret of several lines wait for the rest.
        let waiting = known.of_several_lines().iter().flat_map(|form| {
            let ends = form.match_indices('\n').map(|(at, _)| at + 1).filter(|end| *end < form.len());
            ends.filter(|end| self.held[..cut].ends_with(&form[..*end])).max()
        });
        cut = across(cut - waiting.max().unwrap_or(0));
        if cut == 0 && full {
            // What begins before this place and could be a secret has come to its end, or is longer than any that is known.
            cut = across(self.held.floor_char_boundary(self.held.len() - hold));
        }
        if cut == 0 {
            return self.give_way(&known, spans.first().filter(|_| full)?);
        }
        let within: Vec<Span> = spans.into_iter().filter(|span| span.end <= cut).collect();
        let clean = replaced(&known, &self.held[..cut], &within);
        self.held.drain(..cut);
        Some(clean)
    }

    /// Nothing can go because one secret fills all that is held: its marker goes, the rest of it is dropped as it comes.
    fn give_way(&mut self, known: &Known, span: &Span) -> Option<String> {
        if span.open || span.end == self.held.len() {
            self.inside = Some(if span.open { Inside::Key } else { Inside::Token });
        }
        let clean = replaced(known, &self.held[..span.end], std::slice::from_ref(span));
        self.held.drain(..span.end);
        Some(clean)
    }

    /// Drops the rest of a secret whose marker is out.
    fn skip(&mut self) {
        let end = match self.inside {
            None => return,
            Some(Inside::Token) => self.held.find(|c: char| c.is_whitespace() || "\"'`".contains(c)),
            Some(Inside::Key) => {
                let end = self.held.find("-----END");
                end.and_then(|at| self.held[at + 8..].find("-----").map(|more| at + 8 + more + 5))
            }
        };
        match end {
            Some(end) => {
                self.held.drain(..end);
                self.inside = None;
            }
            None => {
                let keep = if self.inside == Some(Inside::Key) { END_MARK } else { 0 };
                let to = self.held.floor_char_boundary(self.held.len().saturating_sub(keep));
                self.held.drain(..to);
            }
        }
    }
}

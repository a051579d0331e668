//! What a program says: lines for people, and as much of them as is kept.

use crate::config::limits::{OUTPUT_HEAD_BYTES, OUTPUT_LINE_BYTES, OUTPUT_TAIL_BYTES};

/// The beginning and the end of an output; what lies between is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    head: String,
    tail: String,
    dropped: u64,
}

impl Kept {
    /// Adds a line.
    pub(super) fn push(&mut self, line: &str) {
        let begun = !self.tail.is_empty() || self.dropped > 0;
        if !begun && self.head.len() + line.len() < OUTPUT_HEAD_BYTES {
            self.head.push_str(line);
            self.head.push('\n');
            return;
        }
        self.tail.push_str(line);
        self.tail.push('\n');
        // Seldom, so that moving the rest costs little.
        if self.tail.len() > 2 * OUTPUT_TAIL_BYTES {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        let from = self.tail.len().saturating_sub(OUTPUT_TAIL_BYTES);
        let from = self.tail.ceil_char_boundary(from);
        let from = self.tail[from..].find('\n').map_or(from, |end| from + end + 1);
        self.dropped += from as u64;
        self.tail.drain(..from);
    }

    /// Bytes that were dropped in the middle.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    /// All that is kept, with a line in the place of what is not.
    pub fn text(&self) -> String {
        match self.dropped {
            0 => format!("{}{}", self.head, self.tail),
            dropped => format!("{}… {dropped} bytes left out …\n{}", self.head, self.tail),
        }
    }

    /// The last lines, at most so many bytes of them.
    pub fn last(&self, bytes: usize) -> String {
        let text = self.text();
        let text = text.trim_end();
        let from = text.ceil_char_boundary(text.len().saturating_sub(bytes));
        match from {
            0 => text.to_owned(),
            from => format!("…{}", &text[from..]),
        }
    }
}

/// Cuts a text that comes in pieces into lines. A carriage return ends a line too: progress bars are made of them.
#[derive(Default)]
pub(super) struct Lines {
    partial: String,
}

impl Lines {
    /// Takes the next piece.
    pub(super) fn push(&mut self, text: &str, mut line: impl FnMut(&str)) {
        for piece in text.split_inclusive(['\n', '\r']) {
            self.partial.push_str(piece.trim_end_matches(['\n', '\r']));
            if piece.ends_with(['\n', '\r']) || self.partial.len() > OUTPUT_LINE_BYTES {
                // `\r\n` is one end, and a bar that was wiped says nothing.
                let whole = std::mem::take(&mut self.partial);
                if !(whole.is_empty() && piece.len() == 1 && text.contains('\r')) {
                    line(&plain(&whole));
                }
            }
        }
    }

    /// The text has ended.
    pub(super) fn finish(self, line: impl FnOnce(&str)) {
        if !self.partial.is_empty() {
            line(&plain(&self.partial));
        }
    }
}

/// A line without colours and other control characters, cut to what anybody reads.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len().min(OUTPUT_LINE_BYTES));
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() >= OUTPUT_LINE_BYTES {
            out.push('…');
            break;
        }
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' => out.push('\t'),
            // Reordering would show another text than the one that is there.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Passes over the rest of an escape sequence: `[…letter`, `]…BEL`, or a single character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        Some(']') => while chars.next().is_some_and(|c| c != '\u{7}' && c != '\u{1b}') {},
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let (mut out, mut lines) = (Vec::new(), Lines::default());
        for piece in pieces {
            lines.push(piece, |line| out.push(line.to_owned()));
        }
        lines.finish(|line| out.push(line.to_owned()));
        out
    }

    #[test]
    fn lines_come_whole_and_plain() {
        assert_eq!(
            lines(&["a", "b\nc\r\n", "10%\r20%\r", "\u{1b}[31mred\u{1b}[0m\u{7}\n\nlast"]),
            ["ab", "c", "10%", "20%", "red", "", "last"]
        );
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let long = "x".repeat(3 * OUTPUT_LINE_BYTES);
        assert!(lines(&[&long, &long, "\n"]).iter().all(|line| line.len() <= OUTPUT_LINE_BYTES + '…'.len_utf8()));
    }

    #[test]
    fn beginning_and_end_are_kept_and_the_middle_is_counted() {
        let mut kept = Kept::default();
        for n in 0..50_000 {
            kept.push(&format!("line {n}"));
        }
        let text = kept.text();
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("\nline 49999\n"));
        assert!(text.contains(&format!("\n… {} bytes left out …\nline ", kept.dropped())), "whole lines");
        assert!(text.len() < OUTPUT_HEAD_BYTES + 2 * OUTPUT_TAIL_BYTES + 100);
        assert_eq!(kept.last(11), "…\nline 49999");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_no_control_character_passes(pieces in prop::collection::vec("(\\PC|\r|\n|\u{1b}|\\[|\u{7}){0,20}", 0..8)) {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert!(lines(&pieces).iter().all(|line| !line.contains(|c: char| c.is_control() && c != '\t')));
        }
    }
}

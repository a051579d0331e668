//! Lines by the columns they take on a screen, not by bytes or letters. Takes clean text only.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns a text takes.
pub fn cells(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Breaks text into lines of at most `width` columns (at least 2): at spaces where it can, else anywhere. A line's own
/// indentation stays.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    text.split('\n').flat_map(|line| wrap_line(line, width)).collect()
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut used = 0;
    for word in line.split_word_starts() {
        let bare = word.trim_end_matches(' ');
        let wide = cells(bare);
        if used > 0 && used + wide > width {
            lines.push(std::mem::take(&mut current));
            used = 0;
        }
        if wide > width {
            for piece in cut(bare, width) {
                if used > 0 {
                    lines.push(std::mem::take(&mut current));
                }
                used = cells(&piece);
                current = piece;
            }
        } else {
            current.push_str(bare);
            used += wide;
        }
        let spaces = word.len() - bare.len();
        current.push_str(&" ".repeat(spaces));
        used += spaces;
    }
    lines.push(current);
    lines.iter().map(|line| line.trim_end_matches(' ').to_owned()).collect()
}

/// Cuts text into pieces of at most `width` columns, whatever it says; for code and addresses.
pub(super) fn cut(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for sign in text.graphemes(true) {
        let wide = sign.width();
        if used + wide > width {
            pieces.push(String::new());
            used = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(sign);
        }
        used += wide;
    }
    pieces
}

trait Words {
    /// Words, each with the spaces that follow it; leading spaces are a word of their own.
    fn split_word_starts(&self) -> impl Iterator<Item = &str>;
}

impl Words for str {
    fn split_word_starts(&self) -> impl Iterator<Item = &str> {
        let mut rest = self;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let word = rest.find(' ').unwrap_or(rest.len());
            let spaces = rest[word..].find(|c| c != ' ').unwrap_or(rest.len() - word);
            let (first, after) = rest.split_at(word + spaces);
            rest = after;
            Some(first)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_and_cuts_what_has_none() {
        assert_eq!(wrap("checkout is down since noon", 12), ["checkout is", "down since", "noon"]);
        assert_eq!(wrap("aaaaaaaaaa bb", 4), ["aaaa", "aaaa", "aa", "bb"]);
        assert_eq!(wrap("a\n\nb", 10), ["a", "", "b"]);
    }

    #[test]
    fn wide_signs_take_two_columns() {
        assert_eq!(cells("日本"), 4);
        assert_eq!(wrap("日本語です", 4), ["日本", "語で", "す"]);
    }

    #[test]
    fn indentation_stays() {
        assert_eq!(wrap("  - one two", 9), ["  - one", "two"]);
    }
}

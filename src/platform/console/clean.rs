//! Makes text from outside harmless in a terminal: what could move the cursor, recolour, reorder or hide is shown as a visible
//! mark or dropped. Nothing else is changed; width and wrapping are `wrap`'s.

use unicode_width::UnicodeWidthChar;

/// Marks stacked on one letter beyond this many are dropped: real scripts need three or four, a pile of them climbs over
/// the lines above.
const STACKED_MARKS: usize = 4;

/// The text with its line breaks, and nothing in it that a terminal would obey.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\n' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push_str("    "),
            // U+2400 and on are pictures of the C0 controls.
            '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => out.push('\u{2421}'),
            c if reorders(c) || c.is_control() => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            c if is_hidden(c) => continue,
            // With nothing before it to join, it would change the width of whatever a card puts there.
            c if joins(c) && out.chars().next_back().is_none_or(char::is_whitespace) => continue,
            c if c.width() == Some(0) && !joins(c) => {
                marks += 1;
                if marks <= STACKED_MARKS {
                    out.push(c);
                }
                continue;
            }
            c => out.push(c),
        }
        marks = 0;
    }
    out
}

/// The same on one line: line breaks become spaces.
pub fn clean_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// Direction overrides and the like: they make a line read otherwise than it is.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Takes no room and says nothing: good only for hiding text or making two words look alike.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Joins two characters into one sign; emoji need it.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_and_not_obeyed() {
        insta::assert_snapshot!(clean("\u{1b}[2J\u{1b}]0;owned\u{7}hi\u{9b}31m\u{8}\u{7f}"), @"␛[2J␛]0;owned␇hi<U+009B>31m␈␡");
    }

    #[test]
    fn text_cannot_be_reordered_or_hidden() {
        insta::assert_snapshot!(clean("pay \u{202e}evil\u{2066} ad\u{200b}min"), @"pay <U+202E>evil<U+2066> admin");
    }

    #[test]
    fn lines_tabs_and_joined_emoji_stay_what_they_are() {
        assert_eq!(clean("a\r\nb\tc\u{2028}d"), "a\nb    c\nd");
        assert_eq!(clean_line("a\nb"), "a b");
        assert_eq!(clean("\u{fe0f}a \u{fe0f}b\n\u{200d}c"), "a b\nc", "nothing to join");
        assert_eq!(clean("👩\u{200d}🚒 ❤\u{fe0f}"), "👩\u{200d}🚒 ❤\u{fe0f}");
    }

    #[test]
    fn a_pile_of_marks_is_cut() {
        let pile = format!("e{}x", "\u{301}".repeat(500));
        assert_eq!(clean(&pile).chars().count(), 1 + STACKED_MARKS + 1);
        assert_eq!(clean("ế"), "ế");
    }
}

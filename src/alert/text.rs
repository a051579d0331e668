//! Outside text made fit to be shown: bounded, on one line where it must be, without what steers a screen or its direction.

use crate::model::unseen::is_invisible;
use url::Url;

/// What hides in a text or turns it around. Line and paragraph separators become spaces; joiners are of no use in an alert.
fn is_hidden(c: char) -> bool {
    (is_invisible(c) && !matches!(c, '\u{2028}' | '\u{2029}')) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// At most `most` characters on one line; what is cut is marked.
pub(super) fn line(text: &str, most: usize) -> String {
    clean(text, most, false)
}

/// At most `most` characters; lines are kept.
pub(super) fn lines(text: &str, most: usize) -> String {
    clean(text, most, true)
}

fn clean(text: &str, most: usize, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len().min(most * 4));
    let (mut count, mut cut) = (0_usize, false);
    for c in text.trim().chars() {
        if is_hidden(c) {
            continue;
        }
        if count >= most {
            cut = true;
            break;
        }
        count += 1;
        match c {
            '\n' if keep_lines => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c => out.push(c),
        }
    }
    let mut out = out.trim_end().to_owned();
    if cut {
        out.push('…');
    }
    out
}

/// An address that may become a link, else nothing.
pub(super) fn address(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.len() > most {
        return String::new();
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.password().is_none() => String::from(url),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_screen_is_gone_and_what_is_too_long_is_cut() {
        assert_eq!(line(" a\u{1b}[31m\r\nb\u{202e}c\u{0}", 20), "a [31m  bc");
        assert_eq!(lines("a\nb\tc", 20), "a\nb c");
        assert_eq!(line("äöüß", 3), "äöü…");
        assert_eq!(address("javascript:alert(1)", 100), "");
        assert_eq!(address("https://a.example/x?y=1", 100), "https://a.example/x?y=1");
    }
}

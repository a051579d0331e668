//! Showing people what they (or somebody hostile) typed: bounded, and with the characters visible that hide or
//! reorder text. And the guess at what a mistyped word was meant to be.

/// The most characters of foreign text that a message repeats.
pub const MAX_SHOWN_CHARS: usize = 60;

/// Longer words than this are nobody's typing mistake; comparing them would only cost time.
const LONGEST_TYPO_CHARS: usize = 40;

/// The text in single quotes, on one line, at most [`MAX_SHOWN_CHARS`] characters of it, with control characters, bidi
/// controls and invisible characters written as `\u{202e}`.
pub fn shown(text: &str) -> String {
    let mut out = String::from("'");
    let mut chars = 0;
    for c in text.chars() {
        let piece = match c {
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            _ if is_deceptive(c) => c.escape_unicode().to_string(),
            _ => c.to_string(),
        };
        chars += piece.chars().count();
        if chars > MAX_SHOWN_CHARS {
            out.push('…');
            break;
        }
        out.push_str(&piece);
    }
    out.push('\'');
    out
}

/// The text with its line breaks, and everything in it visible that hides or reorders text: for what somebody decides by
/// reading it.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_deceptive(c) && !matches!(c, '\n' | '\t') {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

/// Characters that are not seen, or change how their neighbours are seen.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The one of `known` that `word` was probably meant to be: a slip or two away, or begun the same way.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    if length == 0 || length > LONGEST_TYPO_CHARS {
        return None;
    }
    let allowed = if length < 3 { 1 } else { 2 };
    let slips = |other: &str| {
        let lower = other.to_lowercase();
        let begun = length >= 2 && lower.starts_with(&word);
        let distance = strsim::osa_distance(&word, &lower);
        // Two slips in a word of two letters is another word.
        (begun || (distance <= allowed && distance < length.min(lower.chars().count()))).then_some((!begun, distance))
    };
    let scored = known.into_iter().filter_map(|other| Some((slips(other)?, other)));
    scored.min_by_key(|(score, _)| *score).map(|(_, other)| other)
}

/// `; did you mean 'x'?`, or a full stop.
pub(super) fn did_you_mean(guess: Option<String>) -> String {
    guess.map_or_else(|| ".".to_owned(), |guess| format!("; did you mean {}?", shown(&guess)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_bounded_and_visible() {
        assert_eq!(shown("sev9"), "'sev9'");
        assert_eq!(shown("a\u{202e}b\u{200b}\n"), r"'a\u{202e}b\u{200b}\n'");
        assert_eq!(shown("\u{1b}[31m"), r"'\u{1b}[31m'");
        assert_eq!(shown(&"x".repeat(1_000)), format!("'{}…'", "x".repeat(60)));
        assert!(shown(&"\u{202e}".repeat(1_000)).chars().count() <= 63);
        assert_eq!(shown("naïve 🙂 日本"), "'naïve 🙂 日本'");
    }

    #[test]
    fn a_slip_is_recognised_and_a_strange_word_is_not() {
        let known = ["declare", "update", "level", "list"];
        for (word, meant) in [("delcare", "declare"), ("decl", "declare"), ("Updat", "update"), ("levle", "level")] {
            assert_eq!(nearest(word, known), Some(meant), "{word}");
        }
        for word in ["", "x", "banana", &"declare".repeat(100)] {
            assert_eq!(nearest(word, known), None, "{word}");
        }
    }
}

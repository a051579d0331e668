//! A command line as words. A quote opens at the start of a word and closes at the end of one, so that `isn't` and
//! `5"` are what they look like; the quotes and dashes that phones substitute are read as what was meant.

use std::borrow::Cow;

/// The longest command line, bytes. A form or a file is the place for more.
pub const MAX_LINE_BYTES: usize = 8 * 1024;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Without its quotes and escapes.
    pub text: String,
    /// Byte offset of its first character, quote included.
    pub start: usize,
    /// Byte offset just past it.
    pub end: usize,
    /// It was quoted as a whole, so it is no option, whatever it says.
    pub quoted: bool,
}

/// A quote that was opened and never closed at the end of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    /// Byte offset of the quote.
    pub at: usize,
    quote: Quote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
}

impl Quote {
    fn opened_by(c: char) -> Option<Self> {
        match c {
            '"' | '“' | '”' | '„' => Some(Self::Double),
            // Not ’ as well: it starts words of its own (’tis).
            '\'' | '‘' => Some(Self::Single),
            _ => None,
        }
    }

    fn closed_by(self, c: char) -> bool {
        match self {
            Self::Double => Self::opened_by(c) == Some(Self::Double),
            Self::Single => c == '’' || Self::opened_by(c) == Some(Self::Single),
        }
    }
}

/// The line fit for reading: of a sane length, line breaks as `\n`, and without control characters, which terminals
/// obey and databases refuse. The error is a sentence.
pub(super) fn clean(line: &str) -> Result<Cow<'_, str>, String> {
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("That command is {} bytes long; the limit is {MAX_LINE_BYTES}.", line.len()));
    }
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let line = if line.contains('\r') {
        Cow::Owned(line.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(line)
    };
    match line.chars().enumerate().find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\t')) {
        None => Ok(line),
        Some((position, c)) => Err(format!(
            "The command contains a control character (U+{:04X}) at position {}; take it out.",
            u32::from(c),
            position + 1
        )),
    }
}

/// The byte offset of the first character at or after `from` that is no white space; `from` must be a boundary.
pub(super) fn skip_space(line: &str, from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    line.len() - rest.trim_start().len()
}

/// The next word at or after `from`; `None` at the end of the line.
pub(super) fn next_word(line: &str, from: usize) -> Result<Option<Word>, Unclosed> {
    read_word(line, from, &[])
}

/// The words of free text from `from` on: a quote that is never closed is a letter like any other.
pub(super) fn loose_words(line: &str, from: usize) -> Vec<Word> {
    // Where one quote finds no end, no later one of its kind does: without this, reading would be quadratic.
    let (mut words, mut at, mut letters) = (Vec::new(), from, Vec::new());
    loop {
        match read_word(line, at, &letters) {
            Ok(None) => return words,
            Ok(Some(word)) => {
                at = word.end;
                words.push(word);
            }
            Err(unclosed) => letters.push(unclosed.quote),
        }
    }
}

/// The next word, quotes of the kinds in `letters` being letters.
fn read_word(line: &str, from: usize, letters: &[Quote]) -> Result<Option<Word>, Unclosed> {
    let start = skip_space(line, from);
    let rest = &line[start..];
    let Some(first) = rest.chars().next() else { return Ok(None) };
    let opened = match Quote::opened_by(first) {
        Some(quote) => Some((0, quote)),
        None => option_value_quote(rest),
    };
    let Some((open, quote)) = opened.filter(|(_, quote)| !letters.contains(quote)) else {
        return Ok(Some(plain_word(line, start)));
    };
    let Some((inner, length)) = read_quoted(&rest[open..], quote) else {
        return Err(Unclosed { at: start + open, quote });
    };
    let text = format!("{}{inner}", &rest[..open]);
    Ok(Some(Word { text, start, end: start + open + length, quoted: open == 0 }))
}

/// The word at `start` up to the next white space, quotes being letters like any others.
pub(super) fn plain_word(line: &str, start: usize) -> Word {
    let rest = &line[start..];
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    Word { text: rest[..length].to_owned(), start, end: start + length, quoted: false }
}

/// Where the quote of `--name="a value"` opens.
fn option_value_quote(rest: &str) -> Option<(usize, Quote)> {
    option_body(rest)?;
    let equals = rest.find(|c: char| c == '=' || c.is_whitespace())?;
    let after = rest[equals..].strip_prefix('=')?;
    Some((equals + 1, Quote::opened_by(after.chars().next()?)?))
}

/// The text within the quotes at the start of `rest`, and how many bytes they and it take.
fn read_quoted(rest: &str, quote: Quote) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match next {
            Some(escaped) if c == '\\' && quote == Quote::Double && (escaped == '\\' || quote.closed_by(escaped)) => {
                inner.push(escaped);
                chars.next();
            }
            _ if quote.closed_by(c) && next.is_none_or(char::is_whitespace) => return Some((inner, at + c.len_utf8())),
            _ => inner.push(c),
        }
    }
    None
}

/// What follows the dashes of an option; empty for a bare `--`. Phones turn `--` into a dash of their own.
pub(super) fn option_body(word: &str) -> Option<&str> {
    if let Some(body) = word.strip_prefix("--").or_else(|| word.strip_prefix('—')) {
        return Some(body);
    }
    word.strip_prefix('–').filter(|body| body.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The text as one quoted word, to be read back as it is.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if c == '\\' || Quote::Double.closed_by(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Result<Vec<String>, usize> {
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some(word) = next_word(line, at).map_err(|unclosed| unclosed.at)? {
            at = word.end;
            out.push(word.text);
        }
        Ok(out)
    }

    #[test]
    fn quotes_group_words_and_apostrophes_do_not() {
        for (line, expected) in [
            (r#"a "b c" d"#, vec!["a", "b c", "d"]),
            (r#"'don't do it' now"#, vec!["don't do it", "now"]),
            ("checkout isn't up", vec!["checkout", "isn't", "up"]),
            (r#""say \"hi\" \\ there""#, vec![r#"say "hi" \ there"#]),
            ("“typed on a phone” ‘this too’", vec!["typed on a phone", "this too"]),
            (r#"--name="a b" c"#, vec!["--name=a b", "c"]),
            (r#"  "" '' "#, vec!["", ""]),
            (r#""a"b c""#, vec![r#"a"b c"#]),
            ("it’s", vec!["it’s"]),
            ("a\u{a0}b\u{3000}c\nd", vec!["a", "b", "c", "d"]),
            (r#"C:\dir 5" "C:\dir""#, vec![r"C:\dir", "5\"", r"C:\dir"]),
        ] {
            assert_eq!(words(line), Ok(expected.into_iter().map(str::to_owned).collect()), "{line}");
        }
        assert_eq!(words(r#"a "b c"#), Err(2));
        assert_eq!(words(r#"x --name='b c"#), Err(9));
    }

    #[test]
    fn in_free_text_a_quote_without_an_end_is_a_letter() {
        let loose = |line| loose_words(line, 0).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(loose(r#"'tis "5 'o clock "x y""#), ["'tis", "5 'o clock \"x y"]);
        assert_eq!(loose(r#"'tis "5 feet"#), ["'tis", "\"5", "feet"]);
        assert_eq!(loose(r#"a 'b "c d" e"#), ["a", "'b", "c d", "e"]);
        // As long as a line may be, and every quote open: still one pass.
        let worst = r#""\" "#.repeat(MAX_LINE_BYTES / 4);
        assert_eq!(loose(&worst).len(), MAX_LINE_BYTES / 4);
    }

    #[test]
    fn a_line_is_refused_for_its_length_and_its_control_characters() {
        assert_eq!(clean("a\r\nb\rc").as_deref(), Ok("a\nb\nc"));
        let long = clean(&"x".repeat(1_000_000)).map(|_| ());
        assert_eq!(long, Err("That command is 1000000 bytes long; the limit is 8192.".to_owned()));
        let hidden = clean("ab\u{7}").map(|_| ());
        assert_eq!(
            hidden,
            Err("The command contains a control character (U+0007) at position 3; take it out.".to_owned())
        );
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back_as_it_was(text in r#"(?s)[a \n"'“”„’\\—=-]{0,12}|.{0,30}"#) {
            let line = format!("x {} y", quote(&text));
            prop_assert_eq!(words(&line), Ok(vec!["x".to_owned(), text, "y".to_owned()]));
        }
    }
}

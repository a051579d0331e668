//! Cuts a text into words and signs, each with its line. What one of the two databases would take for a comment or a text and the other
//! would run is not cut but refused.

/// A piece of a text; comments are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The line it begins on, from 1.
    pub(super) line: usize,
    pub(super) piece: Piece,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// In lower case.
    Word(String),
    /// `"name"`, as it stands, without its quotes.
    Quoted(String),
    /// A text.
    Text,
    Sign(char),
}

/// Why a text was not cut.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) why: &'static str,
}

impl Token {
    pub(super) fn is(&self, sign: char) -> bool {
        self.piece == Piece::Sign(sign)
    }

    pub(super) fn word(&self) -> &str {
        match &self.piece {
            Piece::Word(word) => word,
            _ => "",
        }
    }
}

/// All pieces.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Unreadable> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(c) = rest.chars().next() {
        let (piece, length) = next(rest, c, tokens.last()).map_err(|why| Unreadable { line, why })?;
        tokens.extend(piece.map(|piece| Token { line, piece }));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    Ok(tokens)
}

fn next(rest: &str, c: char, before: Option<&Token>) -> Result<(Option<Piece>, usize), &'static str> {
    let after = &rest[c.len_utf8()..];
    Ok(match c {
        ' ' | '\t' | '\n' | '\r' | '\u{c}' => (None, 1),
        '-' if after.starts_with('-') => (None, line_comment(rest)?),
        '/' if after.starts_with('*') => (None, comment(rest)?),
        // PostgreSQL would go on the text before with this one, escapes and all.
        '\'' if before.is_some_and(|before| before.piece == Piece::Text) => {
            return Err("a text stands right after a text");
        }
        '\'' => (Some(Piece::Text), plain(rest)?),
        // One with a quote in it by an escape ends elsewhere for others, and is refused.
        'e' | 'E' if after.starts_with('\'') => (Some(Piece::Text), 1 + plain(after)?),
        'u' | 'U' if after.starts_with("&'") || after.starts_with("&\"") => {
            return Err("a text or a name with U& is not read here");
        }
        '"' => {
            let length = quoted(rest, '"').ok_or("a name in quotes has no end")?;
            (Some(Piece::Quoted(rest[1..length - 1].to_owned())), length)
        }
        '$' => match dollar(rest) {
            Some(length) => (Some(Piece::Text), length),
            None => return Err("a $ begins no text that ends"),
        },
        '\\' => return Err("a backslash stands outside of texts"),
        '`' | '#' => return Err("databases disagree about this sign"),
        '[' if bracket(after) => return Err("databases disagree about what stands in brackets"),
        c if c.is_control() => return Err("a control character stands in it"),
        c if begins_name(c) => {
            let end = rest.find(|c: char| !(begins_name(c) || c.is_ascii_digit() || c == '$')).unwrap_or(rest.len());
            (Some(Piece::Word(rest[..end].to_ascii_lowercase())), end)
        }
        c => (Some(Piece::Sign(c)), c.len_utf8()),
    })
}

/// What is not ASCII is a letter to both.
fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn line_comment(text: &str) -> Result<usize, &'static str> {
    let end = text.find('\n').unwrap_or(text.len());
    match text[..end].trim_end_matches('\r').contains('\r') {
        // To one the comment ends there, to the other it goes on.
        true => Err("a comment has a carriage return in it"),
        false => Ok(end),
    }
}

/// To one comments nest, to the other they do not.
fn comment(text: &str) -> Result<usize, &'static str> {
    let end = text[2..].find("*/").ok_or("a comment has no end")?;
    let inside = &text[2..2 + end];
    match inside.contains("/*") || inside.starts_with(['!', '+']) {
        true => Err("databases disagree about this comment"),
        false => Ok(end + 4),
    }
}

/// A text without escapes. A backslash before its end would be one elsewhere.
fn plain(text: &str) -> Result<usize, &'static str> {
    let length = quoted(text, '\'').ok_or("a text has no end")?;
    match text[..length].contains("\\'") {
        true => Err("a backslash stands before a quote"),
        false => Ok(length),
    }
}

/// The length of what stands between quotes, of which two are one, with both of them.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// The length of a text in dollar quotes, which begin at a `$`.
fn dollar(text: &str) -> Option<usize> {
    let tag = text[1..].find('$').map(|end| &text[..end + 2])?;
    let name = &tag[1..tag.len() - 1];
    let good = name.chars().all(|c| begins_name(c) || c.is_ascii_digit());
    if !good || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text[tag.len()..].find(tag).map(|end| tag.len() + end + tag.len())
}

/// Whether what stands in brackets could be a name with signs in it: to one it is a name, to the other an index.
fn bracket(after: &str) -> bool {
    let end = after.find(']').unwrap_or(after.len());
    !after[..end].chars().all(|c| c.is_ascii_alphanumeric() || "_ :".contains(c))
}

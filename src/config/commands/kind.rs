//! What a place may be filled with: each type has a grammar of its own, and none of them has room for a blank, a quote, a
//! control character or anything else that a shell on the other side would make something of.

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

/// Characters of one value: more than any name or path of sense.
const MOST_CHARS: usize = 255;

/// The type of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of these.
    Choice(Vec<String>),
    /// Letters, digits, `.` `_` `-`, beginning with a letter or digit; at most so many characters.
    Word(usize),
    /// A whole number within these bounds.
    Int(i64, i64),
    /// A path beneath this folder, given relative to it or whole.
    Path(PathBuf),
    /// A DNS name or an IP address.
    Host,
    /// A version, tag or commit: letters, digits, `.` `_` `-` `+`, beginning with a letter or digit.
    Version,
}

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found}; expected {expected}")]
pub struct BadValue {
    /// What was given, so that it can be shown.
    pub found: String,
    /// What would fit.
    pub expected: String,
}

impl Kind {
    /// The types' words.
    pub const WORDS: [&'static str; 6] = ["choice", "word", "int", "path", "host", "version"];

    /// The type's word in the file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Choice(_) => "choice",
            Self::Word(_) => "word",
            Self::Int(..) => "int",
            Self::Path(_) => "path",
            Self::Host => "host",
            Self::Version => "version",
        }
    }

    /// What fits, in words.
    pub fn expected(&self) -> String {
        match self {
            Self::Choice(values) => format!("one of {}", values.join(", ")),
            Self::Word(most) => format!("at most {most} letters, digits and . _ - that begin with a letter or digit"),
            Self::Int(least, most) => format!("a whole number from {least} to {most}"),
            Self::Path(under) => {
                format!("a path beneath {}, without `..`, of letters, digits and . _ - + @ = ,", under.display())
            }
            Self::Host => "a host name or IP address".to_owned(),
            Self::Version => "a version: letters, digits and . _ - + that begin with a letter or digit".to_owned(),
        }
    }

    /// What is put into the place for this value: itself, or for a path the whole of it.
    ///
    /// # Errors
    /// It does not fit; the error shows it with everything odd escaped.
    pub fn accept(&self, value: &str) -> Result<String, BadValue> {
        let fits = match self {
            Self::Choice(values) => values.iter().any(|one| one == value),
            Self::Word(most) => value.len() <= *most && is_wordlike(value, "._-"),
            Self::Int(least, most) => int(value).is_some_and(|number| (*least..=*most).contains(&number)),
            Self::Path(under) => return path(under, value).ok_or_else(|| self.refuse(value)),
            Self::Host => is_host(value),
            Self::Version => value.len() <= 128 && is_wordlike(value, "._-+") && !value.contains(".."),
        };
        if fits && value.len() <= MOST_CHARS { Ok(value.to_owned()) } else { Err(self.refuse(value)) }
    }

    fn refuse(&self, value: &str) -> BadValue {
        let found = if value.is_empty() { "nothing was given".to_owned() } else { shown(value) };
        BadValue { found, expected: self.expected() }
    }
}

fn shown(value: &str) -> String {
    let clipped: String = value.chars().take(60).collect();
    let more = if clipped.len() < value.len() { "…" } else { "" };
    format!("{clipped:?}{more} was given")
}

fn is_wordlike(text: &str, also: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

/// A number as it is always written, so that no two texts are one number.
fn int(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn is_host(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            && label.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && !label.ends_with('-')
    };
    // `1.2.3` and `0x7f.1` are neither names nor addresses to people, yet addresses to many programs.
    let numeric = text.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    text.len() <= 253 && !numeric && text.split('.').all(label)
}

fn path(under: &Path, value: &str) -> Option<String> {
    let segment = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-+@=,".contains(c))
    };
    let whole = if value.starts_with('/') { PathBuf::from(value) } else { under.join(value) };
    let rest = whole.strip_prefix(under).ok()?;
    let text = rest.to_str()?;
    // `Path` overlooks `//`, `/./` and a slash at the end.
    let given = if value.starts_with('/') { value.strip_prefix(under.to_str()?)?.strip_prefix('/')? } else { value };
    let plain = rest.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && text == given && given.split('/').all(segment) && value.len() <= MOST_CHARS)
        .then(|| whole.to_string_lossy().into_owned())
}

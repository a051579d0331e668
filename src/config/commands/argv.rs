//! One argument of a command as it is written: fixed text, or fixed text with one place in it.

use super::names;
use crate::config::mask;
use std::fmt;

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What comes before the place, or all of it.
    pub before: String,
    /// The place's name.
    pub place: Option<String>,
    /// What comes after the place.
    pub after: String,
}

impl Piece {
    /// Reads `text`, `{place}` or `--to={place}`; `{{` and `}}` are braces. The error is what to do about it.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, String> {
        let braces = || "write {{ and }} for braces that are no place".to_owned();
        let (mut before, mut place, mut after) = (String::new(), None, String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let fixed = if place.is_none() { &mut before } else { &mut after };
            match c {
                '\0' => return Err("leave out the NUL character".to_owned()),
                '{' | '}' if chars.peek() == Some(&c) => {
                    chars.next();
                    fixed.push(c);
                }
                '{' => {
                    let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                    if !names::is_place(&name) {
                        return Err(format!("a place is called in lower-case letters, digits and _; {}", braces()));
                    }
                    if place.replace(name).is_some() {
                        return Err("put one place into an argument".to_owned());
                    }
                }
                '}' => return Err(braces()),
                c => fixed.push(c),
            }
        }
        Ok(Self { before, place, after })
    }

    /// Fixed text, if it has no place.
    pub fn fixed(&self) -> Option<&str> {
        self.place.is_none().then_some(self.before.as_str())
    }

    /// The argument with its place filled.
    pub fn filled(&self, value: &str) -> String {
        format!("{}{value}{}", self.before, self.after)
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape = |text: &str| text.replace('{', "{{").replace('}', "}}");
        f.write_str(&escape(&self.before))?;
        if let Some(place) = &self.place {
            write!(f, "{{{place}}}")?;
        }
        f.write_str(&escape(&self.after))
    }
}

/// Programs that read a program from an argument, and the flags that say so.
const INTERPRETERS: [(&str, &[&str]); 14] = [
    ("sh", &["c"]),
    ("bash", &["c"]),
    ("dash", &["c"]),
    ("ash", &["c"]),
    ("zsh", &["c"]),
    ("ksh", &["c"]),
    ("fish", &["c"]),
    ("su", &["c"]),
    ("python", &["c"]),
    ("perl", &["e", "E"]),
    ("ruby", &["e"]),
    ("node", &["e", "p"]),
    ("php", &["r"]),
    ("psql", &["c"]),
];

/// The place that would become part of a program's text, which is how injections come about.
pub(super) fn place_in_a_script(argv: &[Piece]) -> Option<&str> {
    argv.windows(2).enumerate().find_map(|(at, pair)| {
        let flags = argv[..=at].iter().filter_map(Piece::fixed).find_map(flags_of)?;
        let flag = pair[0].fixed()?.strip_prefix('-')?;
        let reads = !flag.starts_with('-') && flags.iter().any(|letter| flag.ends_with(letter));
        pair[1].place.as_deref().filter(|_| reads)
    })
}

fn flags_of(word: &str) -> Option<&'static [&'static str]> {
    let name = word.rsplit('/').next().unwrap_or(word).trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.iter().find(|(program, _)| *program == name).map(|(_, flags)| *flags)
}

/// The flag that gives a secret on the command line, where everybody who can list processes reads it.
pub(super) fn secret_flag(argv: &[Piece]) -> Option<String> {
    argv.iter().enumerate().skip(1).find_map(|(at, piece)| {
        let whole = piece.to_string();
        let (flag, value) = match whole.split_once('=') {
            Some((flag, value)) => (flag, !value.is_empty()),
            // Of two arguments, the second is the value unless it is a flag itself.
            None => (whole.as_str(), argv.get(at + 1).is_some_and(|next| !next.before.starts_with('-'))),
        };
        let name = flag.trim_start_matches('-');
        let variable = flag == name && whole.contains('=');
        let switch = flag != name && !name.starts_with("no-") && !name.starts_with("no_");
        (value && (variable || switch) && mask::ends_sensitive(name)).then(|| flag.to_owned())
    })
}

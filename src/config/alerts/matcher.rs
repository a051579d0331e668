//! One condition on an alert's labels, as Alertmanager writes them: `a=b`, `a!=b`, `a=~b.*`, `a!~b.*`.

use crate::config::problem::Refusal;
use regex::{Regex, RegexBuilder};
use std::fmt;

/// Bytes that a compiled expression may take: many times what labels need.
const EXPRESSION_BYTES: usize = 256 * 1024;

/// A condition on one label. A label that is not there reads as empty, as in Alertmanager.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// As written, without the label and the sign.
    value: String,
    test: Test,
    negated: bool,
}

#[derive(Clone, Debug)]
enum Test {
    Equal,
    Expression(Regex),
}

impl Matcher {
    /// Reads one; `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// Reads one. An expression must match the whole value, as in Alertmanager.
    ///
    /// # Errors
    /// What was expected instead.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, Refusal> {
        let expected = || Refusal::expected("a matcher such as \"severity=critical\" or \"service=~shop|pay\"");
        let end = text.find(['=', '!']).ok_or_else(expected)?;
        let (label, rest) = text.split_at(end);
        let (negated, expression, value) = match rest {
            _ if rest.starts_with("=~") => (false, true, &rest[2..]),
            _ if rest.starts_with("!~") => (true, true, &rest[2..]),
            _ if rest.starts_with("!=") => (true, false, &rest[2..]),
            _ if rest.starts_with('=') => (false, false, &rest[1..]),
            _ => return Err(expected()),
        };
        let label = label.trim();
        if label.is_empty() || label.contains(char::is_whitespace) {
            return Err(expected());
        }
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        let test = match expression {
            false => Test::Equal,
            true => {
                let whole = RegexBuilder::new(&format!("^(?:{value})$")).size_limit(EXPRESSION_BYTES).build();
                Test::Expression(whole.map_err(|_| Refusal::expected("a regular expression after the `~`"))?)
            }
        };
        Ok(Self { label: label.to_owned(), value: value.to_owned(), test, negated })
    }

    /// Whether a label's value (empty if it is not there) fulfils it.
    pub fn matches(&self, value: &str) -> bool {
        let does = match &self.test {
            Test::Equal => value == self.value,
            Test::Expression(expression) => expression.is_match(value),
        };
        does != self.negated
    }
}

/// As it is written in the file.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (&self.test, self.negated) {
            (Test::Equal, false) => "=",
            (Test::Equal, true) => "!=",
            (Test::Expression(_), false) => "=~",
            (Test::Expression(_), true) => "!~",
        };
        write!(f, "{}{sign}{}", self.label, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_read_as_alertmanager_reads_them() {
        for (text, value, does) in [
            ("a=b", "b", true),
            ("a=b", "bb", false),
            ("a!=b", "", true),
            ("a=~b|c", "c", true),
            ("a=~b", "abc", false),
            ("a!~b.*", "bcd", false),
            ("a=\"\"", "", true),
        ] {
            let matcher = Matcher::parse(text).unwrap();
            assert_eq!(matcher.matches(value), does, "{text} on {value:?}");
        }
        assert_eq!(Matcher::parse("a =~ b|c").unwrap().to_string(), "a=~b|c");
        for wrong in ["", "a", "=b", "a b=c", "a=~(", "a!b"] {
            assert!(Matcher::parse(wrong).is_err(), "{wrong}");
        }
    }
}

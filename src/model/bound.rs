//! A bound on a number, as people write it: `< 0.05`, `>= 1`.

use std::fmt;

/// A bound: an operator and a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    sign: Sign,
    number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    More,
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Sign); 6] = [
    ("<=", Sign::AtMost),
    (">=", Sign::AtLeast),
    ("!=", Sign::Unequal),
    ("<", Sign::Less),
    (">", Sign::More),
    ("=", Sign::Equal),
];

impl Bound {
    /// Reads `< 0.05`; `None` if it is no bound.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text, number)
    }

    /// The same where the number is written in a unit, which `amount` reads: `< 5%`, `> 2s`.
    pub fn read(text: &str, amount: impl FnOnce(&str) -> Option<f64>) -> Option<Self> {
        let text = text.trim();
        let (sign, rest) = SIGNS.iter().find_map(|(word, sign)| Some((*sign, text.strip_prefix(word)?)))?;
        Some(Self { sign, number: amount(rest.trim())? })
    }

    /// As people read it, the number as `shown` shows it: `> 5 %`.
    pub fn show(self, shown: impl FnOnce(f64) -> String) -> String {
        format!("{} {}", self.word(), shown(self.number))
    }

    fn word(self) -> &'static str {
        SIGNS.iter().find(|(_, sign)| *sign == self.sign).map_or("", |(word, _)| *word)
    }

    /// Whether a number keeps to it.
    pub fn holds(self, value: f64) -> bool {
        match self.sign {
            Sign::Less => value < self.number,
            Sign::AtMost => value <= self.number,
            Sign::Equal => value == self.number,
            Sign::Unequal => value != self.number,
            Sign::AtLeast => value >= self.number,
            Sign::More => value > self.number,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.word(), self.number)
    }
}

/// A finite number in a text, with nothing but space around it.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // `inf`, `nan` and the like are words here.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_a_sign_and_a_number() {
        for (text, value, holds) in [
            ("< 0.05", 0.04, true),
            ("<0.05", 0.05, false),
            ("<= 5", 5.0, true),
            (" > 1e3 ", 1000.0, false),
            (">= -1", -1.0, true),
            ("= 0", 0.0, true),
            ("!= 0", 0.0, false),
        ] {
            assert_eq!(Bound::parse(text).unwrap().holds(value), holds, "{text} {value}");
        }
        for text in ["", "5", "<", "< x", "< nan", "< inf", "=< 5", "< 5%", "< 5 6"] {
            assert_eq!(Bound::parse(text), None, "{text}");
        }
        assert_eq!(Bound::parse("<=5.50").unwrap().to_string(), "<= 5.5");
    }
}

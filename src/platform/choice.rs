//! Choices on the wire: a chat platform carries a choice as a short value of our own making, and it may come back when the choices are
//! others by now. What comes back is the choice that was shown, or none.

use crate::model::form::Choice;
use sha2::{Digest, Sha256};

/// Bytes of a hash that stand for a value too long to be sent.
const HASH_BYTES: usize = 12;

/// `3:sev1`: a number, and what tells whether the same still stands there: the value itself, or its hash where both together take
/// more than `most` UTF-16 units (at least 40).
pub fn numbered(number: usize, value: &str, most: usize) -> String {
    let whole = format!("{number}:{value}");
    if whole.encode_utf16().count() <= most {
        return whole;
    }
    format!("{number}:#{}", hex::encode(&Sha256::digest(value.as_bytes())[..HASH_BYTES]))
}

/// The choice that such a value stands for; `None` if another one stands there by now.
pub fn chosen<'a>(choices: &'a [Choice], came: &str, most: usize) -> Option<&'a Choice> {
    let number: usize = came.split_once(':')?.0.parse().ok()?;
    choices.get(number).filter(|choice| numbered(number, &choice.value, most) == came)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(value: &str) -> Choice {
        Choice { value: value.to_owned(), label: value.to_uppercase() }
    }

    #[test]
    fn a_choice_is_found_again_unless_another_one_stands_there() {
        const MOST: usize = 75;
        let long = "x".repeat(400);
        let all =
            [choice("low"), choice("high"), choice(&long), choice(""), choice("low"), choice(&"\u{1f525}".repeat(60))];
        for (number, one) in all.iter().enumerate() {
            let value = numbered(number, &one.value, MOST);
            assert!(value.encode_utf16().count() <= MOST, "{value}");
            assert_eq!(chosen(&all, &value, MOST), Some(one));
        }
        assert_eq!(chosen(&all, "0:high", MOST), None, "moved");
        let other = [choice("a"), choice("b"), choice(&format!("{}y", "x".repeat(399)))];
        assert_eq!(chosen(&other, &numbered(2, &long, MOST), MOST), None, "another with the same beginning");
        for value in ["", "high", "9:high", "-1:low", ":", "#0"] {
            assert_eq!(chosen(&all, value, MOST), None, "{value}");
        }
    }
}

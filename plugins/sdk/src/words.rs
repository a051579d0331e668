//! Sizes, counts and spans as people read them.

use crate::time;
use std::time::Duration;

/// Bytes in the largest unit that leaves a number of at most four digits: `512 B`, `3.2 MB`, `41 GB`. Powers of ten.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut scale: u64 = 1_000;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // What would be rounded up to 1000 of a unit is one of the next.
        if count < scale * 1_000 - scale / 2 {
            break;
        }
        scale *= 1_000;
        unit = next;
    }
    let tenths = count.saturating_add(scale / 20) / (scale / 10);
    match tenths {
        0..100 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", count.saturating_add(scale / 2) / scale),
    }
}

/// A number in groups of three: `1 204 311`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let groups =
        std::iter::once(&digits[..first]).chain((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.filter(|group| !group.is_empty()).collect::<Vec<_>>().join("\u{a0}")
}

/// A span of milliseconds: `42 min`.
pub fn span(ms: u64) -> String {
    time::span(Duration::from_millis(ms))
}

/// Seconds with one digit below ten: `4.2 s`, `38 s`, `12 min`.
pub fn took(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "an unknown time".to_owned(),
        s if s < 10.0 => format!("{s:.1} s"),
        s => time::span(Duration::from_secs_f64(s.min(1e9).round())),
    }
}

/// The same of milliseconds, in them below a second: `120 ms`.
pub fn took_ms(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => span(ms),
    }
}

/// A text with its first letter in upper case.
pub fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", characters.as_str())
}

/// Half a sentence as a whole one.
pub fn sentence(text: &str) -> String {
    format!("{}.", capital(text))
}

/// A text's first so many characters; what was cut off is a `…`.
pub fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_they_are_thought_of_in() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (3_249_000, "3.2 MB"),
            (9_960_000, "10 MB"),
            (99_499, "99 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (41_000_000_000, "41 GB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(bytes(count), text);
        }
        assert_eq!(
            (number(0), number(999), number(1_204_311)),
            ("0".into(), "999".into(), "1\u{a0}204\u{a0}311".into())
        );
        assert_eq!((took(4.21), took(38.2), took(750.0)), ("4.2 s".into(), "38 s".into(), "12 min".into()));
    }

    #[test]
    fn a_text_is_cut_between_characters_and_begins_as_a_sentence_does() {
        for (text, most, cut) in [("abc", 2, "ab…"), ("ab", 2, "ab"), ("äöü", 2, "äö…"), ("a", 0, "…"), ("", 0, "")]
        {
            assert_eq!(clip(text, most), cut);
        }
        for (text, whole) in [("", ""), ("a b", "A b"), ("éa", "Éa"), ("ßa", "SSa"), ("Ab", "Ab")] {
            assert_eq!((capital(text), sentence(text)), (whole.to_owned(), format!("{whole}.")));
        }
    }
}

//! Durations and sizes as people write them: `90s`, `1h30m`, `64MiB`.

use super::limits::{KIB, MIB};
use std::time::Duration;

const DURATIONS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const SIZES: [(&str, u64); 7] =
    [("GiB", 1024 * MIB), ("MiB", MIB), ("KiB", KIB), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1)];

/// Reads `90s`, `15m`, `2h`, `7d`, `1h30m`, `250ms`; nothing else, and nothing beyond a century.
pub fn parse_duration(text: &str) -> Option<Duration> {
    const CENTURY_MS: u64 = 36_525 * 86_400_000;
    let mut rest = text.trim();
    let mut total: u64 = 0;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let (_, ms) = DURATIONS.iter().find(|(unit, _)| *unit == &rest[digits..unit_end])?;
        total = total.checked_add(number.checked_mul(*ms)?)?;
        rest = &rest[unit_end..];
        if rest.is_empty() {
            return (total <= CENTURY_MS).then(|| Duration::from_millis(total));
        }
    }
}

/// Reads `64MiB`, `512 KiB`, `1GB`, `100B`; a unit is required.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim_start();
    let (_, bytes) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*bytes)
}

/// The shortest form that `parse_duration` reads back.
pub fn show_duration(value: Duration) -> String {
    let mut ms = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    let mut shown = String::new();
    // Weeks are left out: people say 7d and 90d.
    for (unit, size) in &DURATIONS[1..] {
        if ms >= *size {
            shown.push_str(&format!("{}{unit}", ms / size));
            ms %= size;
        }
    }
    if shown.is_empty() { "0s".to_owned() } else { shown }
}

/// The shortest exact form.
pub fn show_bytes(value: u64) -> String {
    let fitting = SIZES.iter().find(|(_, size)| value >= *size && value.is_multiple_of(*size));
    fitting.map_or_else(|| format!("{value}B"), |(unit, size)| format!("{}{unit}", value / size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_durations_as_people_write_them() {
        for (text, ms) in [("90s", 90_000), ("1h30m", 5_400_000), ("250ms", 250), ("7d", 604_800_000), ("0s", 0)] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "s", "5 s", "-5s", "1.5h", "5S", "5x", "99999999999w", "1h30", "５s", "5s🙂"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn reads_sizes_as_people_write_them() {
        for (text, bytes) in [("64MiB", 64 * MIB), ("512 kib", 512 * KIB), ("1GB", 1_000_000_000), ("0B", 0)] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in ["", "64", "MiB", "-1B", "1.5MiB", "99999999999999999999B", "99999999999GiB", "6４MiB"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(ms in 0_u64..3_000_000_000_000, bytes: u64) {
            prop_assert_eq!(parse_duration(&show_duration(Duration::from_millis(ms))), Some(Duration::from_millis(ms)));
            prop_assert_eq!(parse_bytes(&show_bytes(bytes)), Some(bytes));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = (parse_duration(&text), parse_bytes(&text));
        }
    }
}

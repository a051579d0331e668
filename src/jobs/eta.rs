//! How fast something goes and when it will be done, from what has been seen since its stage began. Pure; said in the words
//! of people, and only what can be known.

use super::context::Kept;
use crate::model::job::Unit;

/// Below this a rate is a guess.
const SEEN_MS: i64 = 1_000;
/// Beyond this nobody should believe an estimate.
const FAR_S: u64 = 7 * 86_400;

/// `1.5 GiB of 4.0 GiB · 35 MiB/s · about 1 min 12 s left`; empty if nothing is known.
pub(super) fn line(kept: &Kept, now_ms: i64) -> String {
    let progress = &kept.progress;
    let (done, total) = (progress.done, progress.total);
    let mut parts = Vec::new();
    match (done, total) {
        (0, 0) => return String::new(),
        (done, 0) => parts.push(amount(done, progress.unit)),
        (done, total) if progress.unit == Unit::Steps => parts.push(format!("step {done} of {total}")),
        (done, total) => parts.push(format!("{} of {}", amount(done, progress.unit), amount(total, progress.unit))),
    }
    let seen_ms = now_ms.saturating_sub(kept.stage_ms);
    let made = done.saturating_sub(kept.from);
    if kept.stage_ms > 0 && seen_ms >= SEEN_MS && made > 0 && progress.unit != Unit::Steps {
        let seen_ms = u128::try_from(seen_ms).unwrap_or(1);
        let per_s = u64::try_from(u128::from(made) * 1000 / seen_ms).unwrap_or(u64::MAX);
        if per_s > 0 {
            parts.push(format!("{}/s", amount(per_s, progress.unit)));
        }
        let left = u128::from(total.saturating_sub(done));
        let left_s = u64::try_from(left * seen_ms / u128::from(made) / 1000).unwrap_or(u64::MAX);
        if left > 0 && left_s < FAR_S {
            parts.push(format!("about {} left", span(left_s.max(1))));
        }
    }
    parts.join(" · ")
}

/// A number in the words of its unit.
pub(super) fn amount(n: u64, unit: Unit) -> String {
    let plain = |n: u64, one: &str, many: &str| format!("{} {}", grouped(n), if n == 1 { one } else { many });
    match unit {
        Unit::Count => grouped(n),
        Unit::Rows => plain(n, "row", "rows"),
        Unit::Steps => plain(n, "step", "steps"),
        Unit::Bytes => bytes(n),
    }
}

fn bytes(n: u64) -> String {
    const NAMES: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    // The largest unit of which there is one; 2^10 to 2^60.
    let power = (n.ilog2() / 10).clamp(1, 6);
    let tenths = u64::try_from((u128::from(n) * 10) >> (10 * power)).unwrap_or(u64::MAX);
    let name = NAMES[usize::try_from(power - 1).unwrap_or(0)];
    match tenths {
        0..100 => format!("{}.{} {name}", tenths / 10, tenths % 10),
        _ => format!("{} {name}", grouped(tenths / 10)),
    }
}

/// `1 234 567`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A length of time in its two largest units: `1 h 5 min`, `12 s`.
pub(super) fn span(seconds: u64) -> String {
    let (days, hours, minutes, rest) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")];
    let from = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
    let told: Vec<String> =
        parts[from..].iter().take(2).filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if told.is_empty() { "less than a second".to_owned() } else { told.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::Progress;
    use proptest::prelude::*;

    fn kept(done: u64, total: u64, unit: Unit) -> Kept {
        let progress = Progress { stage: "copy".to_owned(), done, total, unit, note: String::new() };
        Kept { progress, stage_ms: 1_000, ..Kept::default() }
    }

    #[test]
    fn says_how_much_how_fast_and_how_long() {
        insta::assert_snapshot!(line(&kept(1 << 30, 4 << 30, Unit::Bytes), 31_000), @"1.0 GiB of 4.0 GiB · 34 MiB/s · about 1 min 30 s left");
        insta::assert_snapshot!(line(&kept(12_345, 0, Unit::Rows), 11_000), @"12 345 rows · 1 234 rows/s");
        insta::assert_snapshot!(line(&kept(2, 7, Unit::Steps), 11_000), @"step 2 of 7");
        insta::assert_snapshot!(line(&kept(1, 3, Unit::Count), 1_500), @"1 of 3");
        insta::assert_snapshot!(line(&kept(0, 0, Unit::Count), 9_000), @"");
        insta::assert_snapshot!(line(&kept(5, 5, Unit::Count), 6_000), @"5 of 5 · 1/s");
    }

    #[test]
    fn spans_and_sizes_are_told_in_two_units_at_most() {
        let spans: Vec<_> = [0, 1, 59, 60, 3_600, 3_661, 90_061].map(span).to_vec();
        assert_eq!(spans, ["less than a second", "1 s", "59 s", "1 min", "1 h", "1 h 1 min", "1 d 1 h"]);
        let sizes: Vec<_> =
            [0, 1023, 1024, 10 * 1024, 1 << 20, 150 << 20, u64::MAX].map(|n| amount(n, Unit::Bytes)).to_vec();
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "10 KiB", "1.0 MiB", "150 MiB", "15 EiB"]);
    }

    proptest! {
        #[test]
        fn no_number_breaks_it(done in any::<u64>(), total in any::<u64>(), from in any::<u64>(), stage in any::<i64>(), now in any::<i64>()) {
            for unit in [Unit::Count, Unit::Bytes, Unit::Rows, Unit::Steps] {
                let told = line(&Kept { stage_ms: stage, from, ..kept(done, total, unit) }, now);
                prop_assert!(told.chars().count() < 140, "{}", told);
            }
        }
    }
}

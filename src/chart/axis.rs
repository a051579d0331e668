//! Where the axes have their ticks and what stands there: round values in a fitting unit, round moments in UTC.

use super::data::{Line, within};
use crate::model::chart::{Chart, Unit};
use chrono::{DateTime, Utc};
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use std::ops::Range;

/// Ticks of the value axis, about.
const VALUES: f64 = 5.0;
/// Ticks of the time axis at most.
const MOMENTS: i64 = 8;
/// What lies between two moments, milliseconds.
const STEPS_MS: [i64; 25] = [
    1,
    10,
    100,
    1_000,
    5_000,
    10_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    91 * DAY,
    365 * DAY,
];
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// An axis as the drawing library wants it, with ticks of our own choice.
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        // A float becomes the nearest whole number that there is, whatever it is.
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// An axis of values.
pub(super) struct Values {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    divisor: f64,
    suffix: &'static str,
    decimals: usize,
}

impl Values {
    /// One that holds all lines and thresholds, from zero on where nothing is below it.
    pub(super) fn of(chart: &Chart, lines: &[Line]) -> Self {
        let drawn = lines.iter().flat_map(|line| line.runs.iter().flatten()).map(|(_, value)| *value);
        let limits = chart.thresholds.iter().map(|threshold| within(threshold.value.get()));
        let (lowest, highest) = drawn.chain(limits).fold((0.0_f64, 0.0_f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
        let (divisor, suffix) = scale(chart.unit, lowest.abs().max(highest));
        let (lowest, mut highest) = (lowest / divisor, highest / divisor);
        if chart.unit == Unit::Percent && (50.0..=100.0).contains(&highest) {
            highest = 100.0;
        }
        if lowest == highest {
            highest = 1.0;
        }
        // Nothing that is measured needs more than six decimals in its own unit.
        let span = (highest - lowest).max(1e-5);
        let step = round_step(span / VALUES);
        let (first, last) = ((lowest / step).floor(), ((lowest + span) / step - 1e-9).ceil());
        let count = (last - first).clamp(1.0, 20.0) as i32;
        let ticks: Vec<f64> = (0..=count).map(|n| (first + f64::from(n)) * step * divisor).collect();
        let decimals = (0..6).find(|n| (step * 10_f64.powi(*n)).fract().abs() < 1e-6).unwrap_or(6);
        Self {
            low: first * step * divisor,
            high: (first + f64::from(count)) * step * divisor,
            ticks,
            divisor,
            suffix,
            decimals: usize::try_from(decimals).unwrap_or(0),
        }
    }

    /// What stands at a tick.
    pub(super) fn label(&self, value: f64) -> String {
        if value == 0.0 && matches!(self.suffix, "k" | "M" | "G" | "T") {
            return "0".to_owned();
        }
        // Adding zero makes a negative zero an ordinary one.
        format!("{:.*}{}", self.decimals, value / self.divisor + 0.0, self.suffix)
    }
}

/// The unit that suits values of this size.
fn scale(unit: Unit, size: f64) -> (f64, &'static str) {
    let of = |steps: &[(f64, &'static str)]| {
        let fits = steps.iter().rev().find(|(divisor, _)| size >= 1.5 * divisor);
        fits.or(steps.first()).copied().unwrap_or((1.0, ""))
    };
    match unit {
        Unit::Percent => (1.0, "%"),
        Unit::Count => match size {
            size if size >= 1e13 => (1e12, "T"),
            size if size >= 1e10 => (1e9, "G"),
            size if size >= 1e7 => (1e6, "M"),
            size if size >= 1e4 => (1e3, "k"),
            _ => (1.0, ""),
        },
        Unit::Milliseconds => of(&[(1.0, " ms"), (1e3, " s"), (6e4, " min"), (3.6e6, " h"), (8.64e7, " d")]),
        Unit::Seconds if size > 0.0 && size < 1.5 => (1e-3, " ms"),
        Unit::Seconds => of(&[(1.0, " s"), (60.0, " min"), (3600.0, " h"), (86_400.0, " d")]),
        Unit::Bytes => of(&[
            (1.0, " B"),
            (1024.0, " KiB"),
            (1_048_576.0, " MiB"),
            (1_073_741_824.0, " GiB"),
            (1_099_511_627_776.0, " TiB"),
        ]),
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, not less than `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let fits = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|factor| factor * power >= least * (1.0 - 1e-9));
    fits.unwrap_or(10.0) * power
}

/// An axis of moments, milliseconds since the epoch.
pub(super) struct Moments {
    pub(super) ticks: Vec<i64>,
    step: i64,
}

impl Moments {
    pub(super) fn of((from, to): (i64, i64)) -> Self {
        let span = to - from;
        let fits = STEPS_MS.into_iter().find(|step| span / step <= MOMENTS);
        // Beyond decades: whole years, as many as it takes.
        let step = fits.unwrap_or_else(|| 365 * DAY * (span / (365 * DAY * MOMENTS) + 1));
        let first = from.div_euclid(step) * step;
        let ticks = (0..=MOMENTS + 1).map(|n| first + n * step).filter(|at| (from..=to).contains(at)).collect();
        Self { ticks, step }
    }

    /// What stands at a tick, in UTC: the time, and at midnight the day.
    pub(super) fn label(&self, at_ms: i64) -> String {
        let Some(at) = DateTime::<Utc>::from_timestamp_millis(at_ms) else { return String::new() };
        let form = match self.step {
            step if step >= 365 * DAY => "%Y",
            step if step >= 30 * DAY => "%-d %b %Y",
            step if step >= DAY => "%-d %b",
            _ if at_ms.rem_euclid(DAY) == 0 => "%-d %b",
            step if step >= 60_000 => "%H:%M",
            step if step >= 1_000 => "%H:%M:%S",
            _ => "%H:%M:%S%.3f",
        };
        at.format(form).to_string()
    }
}

/// From when to when, for the corner: `1 Jan 2026, UTC` or `1 Jan – 3 Jan 2026, UTC`.
pub(super) fn days((from, to): (i64, i64)) -> String {
    let day = |at_ms: i64, form: &str| {
        DateTime::<Utc>::from_timestamp_millis(at_ms).map_or_else(String::new, |at| at.format(form).to_string())
    };
    let (first, last) = (day(from, "%-d %b %Y"), day(to, "%-d %b %Y"));
    match (first == last, day(from, "%Y") == day(to, "%Y")) {
        (true, _) => format!("{last}, UTC"),
        (false, true) => format!("{} – {last}, UTC", day(from, "%-d %b")),
        (false, false) => format!("{first} – {last}, UTC"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chart::{Number, Threshold};

    fn ticks(unit: Unit, low: f64, high: f64) -> String {
        let threshold = |value| Threshold { label: String::new(), value: Number::new(value).unwrap() };
        let chart = Chart { unit, thresholds: vec![threshold(low), threshold(high)], ..Chart::default() };
        let axis = Values::of(&chart, &[]);
        axis.ticks.iter().map(|tick| axis.label(*tick)).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn values_are_round_and_in_a_unit_that_suits_them() {
        let all = [
            ticks(Unit::Count, 0.0, 7.0),
            ticks(Unit::Count, -300.0, 900.0),
            ticks(Unit::Count, 0.0, 123_456.0),
            ticks(Unit::Percent, 0.0, 99.9),
            ticks(Unit::Percent, 0.0, 0.4),
            ticks(Unit::Milliseconds, 0.0, 870.0),
            ticks(Unit::Milliseconds, 0.0, 4_200.0),
            ticks(Unit::Seconds, 0.0, 0.3),
            ticks(Unit::Seconds, 0.0, 7_300.0),
            ticks(Unit::Bytes, 0.0, 5.3e9),
            ticks(Unit::Count, 0.0, 0.0),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        0 | 2 | 4 | 6 | 8
        -500 | -250 | 0 | 250 | 500 | 750 | 1000
        0 | 25k | 50k | 75k | 100k | 125k
        0% | 20% | 40% | 60% | 80% | 100%
        0.0% | 0.1% | 0.2% | 0.3% | 0.4%
        0 ms | 200 ms | 400 ms | 600 ms | 800 ms | 1000 ms
        0 s | 1 s | 2 s | 3 s | 4 s | 5 s
        0 ms | 100 ms | 200 ms | 300 ms
        0.0 h | 0.5 h | 1.0 h | 1.5 h | 2.0 h | 2.5 h
        0 GiB | 1 GiB | 2 GiB | 3 GiB | 4 GiB | 5 GiB
        0.0 | 0.2 | 0.4 | 0.6 | 0.8 | 1.0
        ");
    }

    fn moments(from: i64, to: i64) -> String {
        let axis = Moments::of((from, to));
        let labels: Vec<_> = axis.ticks.iter().map(|tick| axis.label(*tick)).collect();
        format!("{} ({})", labels.join(" | "), days((from, to)))
    }

    #[test]
    fn moments_are_round_and_say_which_day_it_is() {
        const T: i64 = 1_767_225_600_000;
        let all = [
            moments(T, T + 300),
            moments(T + 1, T + 60_000),
            moments(T - HOUR, T + HOUR),
            moments(T, T + DAY),
            moments(T, T + 7 * DAY),
            moments(T, T + 90 * DAY),
            moments(T, T + 3_650 * DAY),
            moments(-62_135_596_800_000, 253_402_300_799_000),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        1 Jan | 00:00:00.100 | 00:00:00.200 | 00:00:00.300 (1 Jan 2026, UTC)
        00:00:10 | 00:00:20 | 00:00:30 | 00:00:40 | 00:00:50 | 00:01:00 (1 Jan 2026, UTC)
        23:00 | 23:15 | 23:30 | 23:45 | 1 Jan | 00:15 | 00:30 | 00:45 | 01:00 (31 Dec 2025 – 1 Jan 2026, UTC)
        1 Jan | 03:00 | 06:00 | 09:00 | 12:00 | 15:00 | 18:00 | 21:00 | 2 Jan (1 Jan – 2 Jan 2026, UTC)
        1 Jan | 2 Jan | 3 Jan | 4 Jan | 5 Jan | 6 Jan | 7 Jan | 8 Jan (1 Jan – 8 Jan 2026, UTC)
        1 Jan | 15 Jan | 29 Jan | 12 Feb | 26 Feb | 12 Mar | 26 Mar (1 Jan – 1 Apr 2026, UTC)
        2027 | 2029 | 2031 | 2033 | 2035 (1 Jan 2026 – 30 Dec 2035, UTC)
        0719 | 1970 | 3220 | 4470 | 5720 | 6970 | 8220 | 9471 (1 Jan 0001 – 31 Dec 9999, UTC)
        ");
    }
}

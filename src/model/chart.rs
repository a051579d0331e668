//! A chart as data: series over time with thresholds and marks. Drawn by `crate::chart` where there are pictures; where there
//! are none its words stand for it.

use crate::clock::rfc3339;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Series and marks that the words of a chart name; the rest is counted.
const NAMED: usize = 8;

/// A chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What its values are.
    #[serde(default)]
    pub unit: Unit,
    /// The lines.
    #[serde(default)]
    pub series: Vec<Series>,
    /// Values that matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Threshold>,
    /// Moments that matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// Where the time begins, milliseconds since the epoch; `None` is with the first point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Where it ends; `None` is with the last point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<i64>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// Moments (milliseconds since the epoch) and values; `None` is a gap.
    pub points: Vec<(i64, Option<Number>)>,
}

/// A value that matters, such as an objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Threshold {
    /// What it is called.
    pub label: String,
    /// Where it lies.
    pub value: Number,
}

/// A moment that matters, such as a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mark {
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// What happened.
    pub label: String,
}

/// What values are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Things.
    #[default]
    Count,
    /// Parts of a hundred.
    Percent,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes, shown in powers of 1024.
    Bytes,
}

/// A finite number, so that a chart can be compared and written as JSON.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Number(f64);

impl Number {
    /// `None` for what is no number or without end.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl Unit {
    /// A value as people read it: `1.2 s`, `85%`, `1.5 GiB`, `12.3k`.
    pub fn show(self, value: f64) -> String {
        let size = value.abs();
        let pick = |steps: &[(f64, &'static str)]| {
            let fits = steps.iter().rev().find(|(least, _)| size >= *least);
            fits.or(steps.first()).map_or((1.0, ""), |(least, name)| (if *least == 0.0 { 1.0 } else { *least }, *name))
        };
        let (divisor, name) = match self {
            Self::Percent => (1.0, "%"),
            Self::Count => pick(&[(0.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")]),
            Self::Bytes => pick(&[
                (0.0, " B"),
                (1024.0, " KiB"),
                (1_048_576.0, " MiB"),
                (1_073_741_824.0, " GiB"),
                (1_099_511_627_776.0, " TiB"),
            ]),
            Self::Milliseconds => pick(&[(0.0, " ms"), (1e3, " s"), (6e4, " min"), (3.6e6, " h"), (8.64e7, " d")]),
            Self::Seconds if size < 1.0 && size > 0.0 => return Self::Milliseconds.show(value * 1e3),
            Self::Seconds => pick(&[(0.0, " s"), (60.0, " min"), (3600.0, " h"), (86_400.0, " d")]),
        };
        format!("{}{name}", significant(value / divisor))
    }
}

/// Three digits, and no zeros at the end of a fraction.
fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 1e6 => return format!("{value:.2e}"),
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The chart in words, for a terminal, a log, and whoever does not see pictures.
impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![self.title.clone()];
        for series in self.series.iter().take(NAMED) {
            let mut values = series.points.iter().filter_map(|(_, value)| value.map(Number::get));
            let ends = values.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
            lines.push(match values.next_back() {
                Some(last) => {
                    let [last, low, high] = [last, ends.0, ends.1].map(|value| self.unit.show(value));
                    format!("{}: {last} at the end, {low} to {high}", series.name)
                }
                None => format!("{}: no data", series.name),
            });
        }
        if self.series.len() > NAMED {
            lines.push(format!("and {} more", self.series.len() - NAMED));
        }
        if self.series.is_empty() {
            lines.push("no data".to_owned());
        }
        let limits =
            self.thresholds.iter().take(NAMED).map(|t| format!("{} {}", t.label, self.unit.show(t.value.get())));
        lines.extend(limits);
        lines.extend(self.marks.iter().take(NAMED).map(|mark| format!("{} {}", rfc3339(mark.at_ms), mark.label)));
        if self.marks.len() > NAMED {
            lines.push(format!("and {} more events", self.marks.len() - NAMED));
        }
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_shown_as_people_read_them() {
        let cases = [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 12_345.0, "12.3k"),
            (Unit::Count, -2_000_000.0, "-2M"),
            (Unit::Percent, 99.95, "100%"),
            (Unit::Percent, 5.25, "5.25%"),
            (Unit::Milliseconds, 120.0, "120 ms"),
            (Unit::Milliseconds, 2_340.0, "2.34 s"),
            (Unit::Seconds, 0.25, "250 ms"),
            (Unit::Seconds, 90.0, "1.5 min"),
            (Unit::Bytes, 1_610_612_736.0, "1.5 GiB"),
            (Unit::Count, -1.5e300, "-1.50e288T"),
        ];
        for (unit, value, shown) in cases {
            assert_eq!(unit.show(value), shown);
        }
    }

    #[test]
    fn a_chart_in_words_says_what_its_lines_do_and_what_happened() {
        let number = |value: f64| Number::new(value);
        let chart = Chart {
            title: "Latency p95".to_owned(),
            unit: Unit::Milliseconds,
            series: vec![
                Series { name: "api".to_owned(), points: vec![(0, number(80.0)), (1, None), (2, number(2_300.0))] },
                Series { name: "web".to_owned(), points: vec![(0, None)] },
            ],
            thresholds: vec![Threshold { label: "slow".to_owned(), value: Number(1_000.0) }],
            marks: vec![Mark { at_ms: 0, label: "deploy v2".to_owned() }],
            ..Chart::default()
        };
        insta::assert_snapshot!(chart, @"
        Latency p95
        api: 2.3 s at the end, 80 ms to 2.3 s
        web: no data
        slow 1 s
        1970-01-01T00:00:00.000Z deploy v2
        ");
    }

    proptest! {
        #[test]
        fn a_chart_survives_being_written_down(points in proptest::collection::vec((any::<i64>(), -1e9..1e9), 0..20)) {
            let points = points.into_iter().map(|(at_ms, value)| (at_ms, Number::new(value))).collect();
            let chart = Chart { series: vec![Series { name: "x".to_owned(), points }], ..Chart::default() };
            let text = serde_json::to_string(&chart).unwrap();
            let read: Chart = serde_json::from_str(&text).unwrap();
            // JSON may lose the last bit of a float, not more.
            prop_assert_eq!(read.to_string(), chart.to_string());
        }
    }
}

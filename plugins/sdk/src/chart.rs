//! A chart as data; the host draws it, or says it in words where there are no pictures.

use std::fmt;

/// A moment, milliseconds since the epoch, and the value then; none is a gap.
pub type Point = (u64, Option<f64>);

/// A chart over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What its values are.
    pub unit: Unit,
    /// Lines: what each is called, and its moments (milliseconds since the epoch) with values; `None` is a gap.
    pub series: Vec<(String, Vec<Point>)>,
    /// Values that matter, with their labels.
    pub thresholds: Vec<(String, f64)>,
    /// Moments that matter, with their labels.
    pub marks: Vec<(u64, String)>,
    /// Where the time begins; `None` is with the first point.
    pub since: Option<u64>,
    /// Where it ends; `None` is with the last point.
    pub until: Option<u64>,
}

/// What the values of a chart are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Chart {
    /// A chart without lines.
    pub fn new(title: impl Into<String>, unit: Unit) -> Self {
        Self { title: title.into(), unit, ..Self::default() }
    }

    /// Adds a line.
    #[must_use]
    pub fn series(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (u64, Option<f64>)>) -> Self {
        self.series.push((name.into(), points.into_iter().collect()));
        self
    }

    /// Adds a value that matters.
    #[must_use]
    pub fn threshold(mut self, label: impl Into<String>, value: f64) -> Self {
        self.thresholds.push((label.into(), value));
        self
    }

    /// Adds a moment that matters.
    #[must_use]
    pub fn mark(mut self, at_ms: u64, label: impl Into<String>) -> Self {
        self.marks.push((at_ms, label.into()));
        self
    }

    /// Sets from when to when it shows.
    #[must_use]
    pub fn between(mut self, since_ms: u64, until_ms: u64) -> Self {
        (self.since, self.until) = (Some(since_ms), Some(until_ms));
        self
    }
}

/// A line, for snapshots in tests.
impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chart {} ({})", self.title, format!("{:?}", self.unit).to_lowercase())?;
        for (name, points) in &self.series {
            write!(f, ", {name} of {} points", points.len())?;
        }
        for (label, value) in &self.thresholds {
            write!(f, ", {label} at {value}")?;
        }
        self.marks.iter().try_for_each(|(at_ms, label)| write!(f, ", {label} on {}", crate::time::rfc3339(*at_ms)))
    }
}

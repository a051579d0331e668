//! What a probe found as points: its number, or how long an answer took. A look that found nothing out, or that failed where there is
//! no number, is a gap, and so is a time in which nobody looked.

use super::Points;
use crate::config::probes::Probe;
use crate::ops::prometheus::range::Span;
use crate::store::ProbeRow;

/// The points of a span, oldest first, no more than it has moments: of several looks between two moments the one that is furthest from
/// nothing.
pub(super) fn points(probe: &Probe, rows: &[ProbeRow], span: Span) -> Points {
    let measured = probe.look.is_measured();
    let value = |row: &ProbeRow| match (measured, row.outcome.as_str()) {
        (true, _) => row.value,
        (false, "pass") => row.took_ms.map(|took| took as f64),
        (false, _) => None,
    };
    let within = rows.iter().filter(|row| (span.from_ms..=span.to_ms).contains(&row.at_ms));
    let mut points = Points::new();
    let mut slot = None;
    for row in within {
        let found = value(row).filter(|value| value.is_finite());
        let now = (row.at_ms - span.from_ms) / span.step_ms.max(1);
        match points.last_mut().filter(|_| slot == Some(now)) {
            // A gap is as much worth showing as a peak.
            Some((_, kept)) => {
                *kept = match (*kept, found) {
                    (Some(a), Some(b)) => Some(if b.abs() > a.abs() { b } else { a }),
                    _ => None,
                }
            }
            None => points.push((row.at_ms, found)),
        }
        slot = Some(now);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env};
    use std::path::Path;

    fn row(at_ms: i64, outcome: &str, value: Option<f64>, took_ms: i64) -> ProbeRow {
        let (probe, outcome) = ("shop".to_owned(), outcome.to_owned());
        let empty = String::new;
        ProbeRow {
            probe,
            at_ms,
            outcome,
            value,
            took_ms: Some(took_ms),
            detail: empty(),
            sample: empty(),
            standing: empty(),
        }
    }

    #[test]
    fn failures_without_a_number_are_gaps_and_numbers_are_their_own() {
        let text = "[channels]\nalerts = \"console:#ops\"\n[probes.shop]\nurl = \"http://127.0.0.1/\"\n\
                    [probes.errors]\nof = \"shop\"\nmeasure = \"error-rate\"\nwindow = \"5m\"\nabove = \"5%\"";
        let probes = Config::parse(text, Path::new("drillbell.toml"), &Env::none()).unwrap().probes;
        let rows = [
            row(500, "pass", Some(0.5), 9),
            row(1_000, "pass", Some(0.1), 20),
            row(1_100, "pass", Some(0.2), 30),
            row(2_000, "fail", Some(0.3), 40),
            row(3_000, "unknown", None, 50),
            row(9_000, "pass", Some(0.4), 60),
        ];
        let span = Span { from_ms: 1_000, to_ms: 5_000, step_ms: 1_000 };
        let took = points(probes.get("shop").unwrap(), &rows, span);
        assert_eq!(took, [(1_000, Some(30.0)), (2_000, None), (3_000, None)]);
        let numbers = points(probes.get("errors").unwrap(), &rows, span);
        assert_eq!(numbers, [(1_000, Some(0.2)), (2_000, Some(0.3)), (3_000, None)]);
    }
}

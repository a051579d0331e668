//! From what was measured to what can be drawn: in order of time, within bounds, cut where data is missing, and thinned so
//! that every extreme is kept.

use super::look::Look;
use crate::model::chart::{Chart, Number};
use crate::model::unseen::is_invisible;
use plotters::style::RGBColor;

/// Lines that are drawn; more cannot be told apart.
pub(super) const LINES: usize = 8;
/// Values beyond this are drawn at the edge.
const FAR: f64 = 1e15;
/// The years 1 to 9999, milliseconds since the epoch: what can be written as a date.
const TIMES: (i64, i64) = (-62_135_596_800_000, 253_402_300_799_000);
/// Columns in which points are put together when there are too many to see.
const COLUMNS: usize = 700;
/// A hole this many times wider than the usual step is a gap.
const HOLE: i64 = 3;
/// What is shown around a single moment, milliseconds.
const AROUND_MS: i64 = 60_000;

/// One line: its runs without gaps.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: RGBColor,
    pub(super) runs: Vec<Vec<(f64, f64)>>,
}

/// From when to when, milliseconds since the epoch; the first is less than the second. `None` if nothing tells.
pub(super) fn range(chart: &Chart) -> Option<(i64, i64)> {
    let measured = || chart.series.iter().take(LINES).flat_map(|series| &series.points).map(|(at_ms, _)| *at_ms);
    let from = chart.from_ms.or_else(|| measured().min()).or(chart.to_ms)?.clamp(TIMES.0, TIMES.1);
    let to = chart.to_ms.or_else(|| measured().max()).unwrap_or(from).clamp(TIMES.0, TIMES.1);
    match from == to {
        true => Some((from - AROUND_MS, to + AROUND_MS)),
        false => Some((from.min(to), from.max(to))),
    }
}

/// The lines within a range.
pub(super) fn lines(chart: &Chart, (from, to): (i64, i64), look: &Look) -> Vec<Line> {
    let series = chart.series.iter().take(LINES).zip(look.lines);
    series
        .map(|(series, colour)| {
            let mut points: Vec<_> =
                series.points.iter().filter(|(at_ms, _)| (from..=to).contains(at_ms)).copied().collect();
            points.sort_by_key(|(at_ms, _)| *at_ms);
            let runs = runs(&points).into_iter().map(|run| thinned(&run, from, to)).collect();
            Line { name: plain(&series.name), colour, runs }
        })
        .collect()
}

/// A value where it can be drawn.
pub(super) fn within(value: f64) -> f64 {
    value.clamp(-FAR, FAR)
}

/// Cuts points, in order of time, where a value is missing or the hole is too wide.
fn runs(points: &[(i64, Option<Number>)]) -> Vec<Vec<(i64, f64)>> {
    let mut steps: Vec<i64> = points.windows(2).map(|two| two[1].0 - two[0].0).filter(|step| *step > 0).collect();
    steps.sort_unstable();
    let widest = steps.get(steps.len() / 2).map_or(i64::MAX, |usual| usual.saturating_mul(HOLE));
    let mut runs: Vec<Vec<(i64, f64)>> = vec![Vec::new()];
    let mut before = None;
    for (at_ms, value) in points {
        let value = value.map(Number::get).filter(|value| value.is_finite());
        if value.is_none() || before.is_some_and(|before| at_ms - before > widest) {
            runs.push(Vec::new());
        }
        before = Some(*at_ms);
        if let (Some(value), Some(run)) = (value, runs.last_mut()) {
            run.push((*at_ms, within(value)));
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The first, the lowest, the highest and the last point of each column, in order of time.
fn thinned(run: &[(i64, f64)], from: i64, to: i64) -> Vec<(f64, f64)> {
    let drawn = |(at_ms, value): &(i64, f64)| (*at_ms as f64, *value);
    if run.len() <= COLUMNS * 2 {
        return run.iter().map(drawn).collect();
    }
    let wide = ((to - from) / COLUMNS as i64).max(1);
    let mut kept = Vec::new();
    for column in run.chunk_by(|a, b| (a.0 - from) / wide == (b.0 - from) / wide) {
        let mut of_it: Vec<usize> = vec![0, column.len() - 1];
        let by_value = |a: &usize, b: &usize| column[*a].1.total_cmp(&column[*b].1);
        of_it.extend((0..column.len()).min_by(by_value));
        of_it.extend((0..column.len()).max_by(by_value));
        of_it.sort_unstable();
        of_it.dedup();
        kept.extend(of_it.into_iter().map(|index| drawn(&column[index])));
    }
    kept
}

/// Foreign text on one line, without what XML cannot hold or what reorders or hides.
pub(super) fn plain(text: &str) -> String {
    let hidden = |c: &char| is_invisible(*c) || matches!(*c, '\u{200c}' | '\u{200d}');
    let spaced = text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    spaced.filter(|c| !hidden(c)).collect::<String>().trim().to_owned()
}

/// The same for the inside of an XML element, line breaks kept.
pub(super) fn escaped(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The first `most` characters; what is cut leaves a mark.
pub(super) fn clip(text: &str, most: usize) -> String {
    match text.chars().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: &[(i64, f64)]) -> Vec<(i64, Option<Number>)> {
        of.iter().map(|(at_ms, value)| (*at_ms, Number::new(*value))).collect()
    }

    #[test]
    fn a_line_is_cut_where_a_value_is_missing_or_the_hole_is_wide() {
        let mut of: Vec<_> = (0..10).map(|n| (n * 10, n as f64)).collect();
        of[4].1 = f64::NAN;
        of.extend([(131, 1.0), (141, 2.0), (171, 3.0)]);
        let cut: Vec<_> = runs(&points(&of)).iter().map(|run| (run[0].0, run[run.len() - 1].0)).collect();
        assert_eq!(cut, [(0, 30), (50, 90), (131, 171)], "41 is more than three steps of 10, 30 is not");
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn thinning_keeps_every_extreme() {
        let mut run: Vec<_> = (0..100_000).map(|n| (n, 1.0)).collect();
        run[33_333].1 = 900.0;
        run[66_666].1 = -900.0;
        let kept = thinned(&run, 0, 100_000);
        assert!(kept.len() <= 4 * (COLUMNS + 1), "{}", kept.len());
        assert!(kept.contains(&(33_333.0, 900.0)) && kept.contains(&(66_666.0, -900.0)));
        assert!(kept.is_sorted_by_key(|point| point.0));
        assert_eq!((kept[0].0, kept[kept.len() - 1].0), (0.0, 99_999.0));
    }
}

//! Before and after: the numbers of each look are kept for a day, and drawn with the moments of the deploy and of the rollback.

use crate::memory::Attempt;
use crate::verdict::Verdict;
use drillbell_sdk::{Bot, Chart, Result, Unit, View, time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Looks at one criterion that are kept.
const KEPT: usize = 120;
/// How long they are.
const KEPT_MS: u64 = 24 * 3_600_000;

/// What was seen of one criterion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Seen {
    unit: String,
    /// When, and how much; none: nobody could tell.
    points: Vec<(u64, Option<f64>)>,
}

fn key(service: &str) -> String {
    format!("seen/{service}")
}

/// Keeps the numbers of a look.
pub fn keep(bot: &mut impl Bot, service: &str, results: &[Verdict]) -> Result {
    let mut seen: BTreeMap<String, Seen> = bot.get_json(&key(service))?.unwrap_or_default();
    let now_ms = bot.now();
    for one in results.iter().filter(|one| one.value.is_some() || seen.contains_key(&one.name)).collect::<Vec<_>>() {
        let of = seen.entry(one.name.clone()).or_default();
        if !one.unit.is_empty() {
            of.unit.clone_from(&one.unit);
        }
        let at_ms = time::parse_rfc3339(&one.at).unwrap_or(now_ms);
        of.points.retain(|(known_ms, _)| *known_ms != at_ms && known_ms.saturating_add(KEPT_MS) > now_ms);
        of.points.push((at_ms, one.value.filter(|value| value.is_finite() && one.is_known())));
        of.points.sort_by_key(|(at_ms, _)| *at_ms);
        let over = of.points.len().saturating_sub(KEPT);
        of.points.drain(..over);
    }
    seen.retain(|_, of| of.points.iter().any(|(at_ms, _)| at_ms.saturating_add(KEPT_MS) > now_ms));
    bot.set_json(&key(service), &seen)
}

/// Draws what was seen around an attempt: a chart for each unit that has more than one number.
pub fn draw(bot: &mut impl Bot, service: &str, attempt: &Attempt, mut view: View) -> Result<View> {
    let seen: BTreeMap<String, Seen> = bot.get_json(&key(service))?.unwrap_or_default();
    let mut charts: BTreeMap<String, Chart> = BTreeMap::new();
    for (name, of) in seen {
        if of.points.iter().filter(|(_, value)| value.is_some()).count() < 2 {
            continue;
        }
        let (unit, factor) = unit(&of.unit);
        let points = of.points.into_iter().map(|(at_ms, value)| (at_ms, value.map(|value| value * factor)));
        let chart = charts.remove(&of.unit).unwrap_or_else(|| {
            let chart = Chart::new(format!("{service}: before and after"), unit);
            chart.mark(attempt.ended_ms.unwrap_or(attempt.began_ms), format!("back to {}", attempt.to))
        });
        charts.insert(of.unit, chart.series(name, points));
    }
    for chart in charts.into_values() {
        view = view.chart(chart);
    }
    Ok(view)
}

/// What a chart calls the unit of a probe, and what its numbers are multiplied by.
fn unit(word: &str) -> (Unit, f64) {
    match word {
        "ratio" => (Unit::Percent, 100.0),
        "percent" | "%" => (Unit::Percent, 1.0),
        "ms" | "milliseconds" => (Unit::Milliseconds, 1.0),
        "s" | "seconds" => (Unit::Seconds, 1.0),
        "bytes" => (Unit::Bytes, 1.0),
        _ => (Unit::Count, 1.0),
    }
}

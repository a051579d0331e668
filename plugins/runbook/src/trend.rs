//! The numbers of earlier runs of a runbook, and how those of this one stand beside them.

use crate::run::Run;
use drillbell_sdk::{Bot, Result, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Runs that are remembered.
const RUNS: usize = 12;
/// Earlier numbers that are shown.
const SHOWN: usize = 4;
/// Beyond this part of the mean of those before, a number is pointed at (S2-15).
const MUCH: f64 = 0.1;

/// The numbers of a run, by the names of its steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub values: BTreeMap<String, f64>,
}

/// How a number stands beside the earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Stand {
    pub step: String,
    pub now: f64,
    pub before: Vec<f64>,
    /// Against the mean of those before, as a part of it.
    pub change: Option<f64>,
}

/// Those of a run.
pub fn of(run: &Run) -> Numbers {
    let values = run.steps.iter().filter_map(|step| {
        let value: f64 = step.value.as_ref()?.parse().ok()?;
        value.is_finite().then(|| (step.name.clone(), value))
    });
    Numbers { values: values.collect() }
}

/// Keeps the numbers of a run that has ended; how they stand beside those that were kept before.
pub fn keep(bot: &mut impl Bot, run: &Run) -> Result<Vec<Stand>> {
    let now = of(run);
    let key = format!("numbers/{}", run.book);
    let mut kept: Vec<Numbers> = bot.get_json(&key)?.unwrap_or_default();
    let stands = run.steps.iter().filter_map(|step| stand(&step.name, *now.values.get(&step.name)?, &kept)).collect();
    if !now.values.is_empty() && !run.dry {
        kept.push(now);
        let over = kept.len().saturating_sub(RUNS);
        kept.drain(..over);
        bot.set_json(&key, &kept)?;
    }
    Ok(stands)
}

fn stand(step: &str, now: f64, kept: &[Numbers]) -> Option<Stand> {
    let before: Vec<f64> = kept.iter().filter_map(|run| run.values.get(step).copied()).collect();
    let mean = before.iter().sum::<f64>() / before.len().max(1) as f64;
    let change = (!before.is_empty() && mean != 0.0).then(|| (now - mean) / mean.abs());
    Some(Stand { step: step.to_owned(), now, before, change })
}

/// Adds them to a report; what has changed much is pointed at.
pub fn show(view: View, stands: &[Stand]) -> View {
    if stands.iter().all(|stand| stand.before.is_empty()) {
        return view;
    }
    let mut lines = vec![format!("{:>12} {:>9}  {:<28} step", "now", "change", "before")];
    for stand in stands {
        let change = stand.change.map_or_else(|| "–".to_owned(), |change| format!("{:+.0} %", change * 100.0));
        let from = stand.before.len().saturating_sub(SHOWN);
        let before: Vec<_> = stand.before[from..].iter().map(|value| number(*value)).collect();
        let before = if before.is_empty() { "no earlier run".to_owned() } else { before.join(" ") };
        lines.push(format!("{:>12} {change:>9}  {before:<28} {}", number(stand.now), stand.step));
    }
    let much: Vec<_> = stands.iter().filter(|stand| stand.change.is_some_and(|change| change.abs() > MUCH)).collect();
    let view = view.code(lines.join("\n"));
    match much.is_empty() {
        true => view,
        false => {
            let named: Vec<_> = much.iter().map(|stand| stand.step.as_str()).collect();
            view.context(format!("More than a tenth from the mean of the runs before: {}.", named.join(", ")))
        }
    }
}

/// A number with as many digits as mean something.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

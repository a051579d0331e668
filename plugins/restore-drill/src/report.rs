//! `/drill report`: how the last drills went, and how long a restore takes over time.

use crate::history::{self, Drill};
use drillbell_sdk::words;
use drillbell_sdk::{Bot, Chart, Command, Result, Target, Tone, Unit, View, time, user};
use serde_json::json;

/// Targets that one report tells of.
const TARGETS: usize = 10;
/// Drills in the table; the chart and the data have all that are remembered.
const LINES: usize = 15;

/// `/drill report [TARGET]`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let targets = match cmd.text("target") {
        Some(name) => vec![bot.need_target(name)?],
        None => bot.targets()?,
    };
    if targets.len() > TARGETS {
        return Err(user(format!("There are {} targets: name one, `/drill report TARGET`.", targets.len())));
    }
    let mut data = Vec::new();
    for target in &targets {
        let drills = history::drills(bot, &target.name)?;
        data.push(json!({ "target": target.name, "rto_ms": target.rto_ms, "rpo_ms": target.rpo_ms, "drills": drills }));
        bot.reply(card(target, &drills))?;
    }
    bot.set_data(&json!({ "targets": data }))?;
    if targets.is_empty() {
        let text = "No [targets.NAME] is configured. `docs/backup.md` begins with one.";
        bot.reply(View::nothing("There is nothing to drill").text(text))?;
    }
    Ok(())
}

fn card(target: &Target, drills: &[Drill]) -> View {
    let name = &target.name;
    let Some(last) = drills.first() else {
        let view = View::titled(format!("{name} was never drilled")).tone(Tone::Warning);
        return view.context(format!("`/drill run {name}` restores the newest copy into a scratch place."));
    };
    let passed = drills.iter().filter(|drill| drill.passed()).count();
    let title = format!("{name}: {passed} of {} drills passed", drills.len());
    let mut view = View::titled(title).tone(if last.passed() { Tone::Good } else { Tone::Critical });
    let mut times: Vec<_> = drills.iter().filter_map(measured).collect();
    times.sort_unstable();
    if let (Some(least), Some(most)) = (times.first(), times.last()) {
        let median = words::took_ms(times[times.len() / 2]);
        let span = format!("{} to {}, in the middle {median}", words::took_ms(*least), words::took_ms(*most));
        view = view.field("Time to restore", span);
    }
    // One point draws no line.
    if drills.len() > 1 {
        view = view.chart(chart(target, drills));
    }
    view = view.code(drills.iter().take(LINES).map(line).collect::<Vec<_>>().join("\n"));
    if let Some(first) = drills.iter().find(|drill| drill.passed() && !drill.stages.is_empty()) {
        let stages: Vec<_> = first.stages.iter().map(|(name, ms)| format!("{name} {}", words::took_ms(*ms))).collect();
        view = view.context(format!("By stage, the last time: {}.", stages.join(", ")));
    }
    if !last.evidence.is_empty() {
        view = view.context(format!("Signed evidence of the last: `{}`", last.evidence));
    }
    view
}

fn chart(target: &Target, drills: &[Drill]) -> Chart {
    let oldest_first = || drills.iter().rev();
    #[expect(clippy::cast_precision_loss, reason = "a chart needs no milliseconds of centuries")]
    let points = oldest_first().map(|drill| (drill.at_ms, measured(drill).map(|ms| ms as f64)));
    let mut chart = Chart::new("Time to restore", Unit::Milliseconds).series("measured", points);
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    if let Some(rto_ms) = target.rto_ms {
        chart = chart.threshold("allowed", rto_ms as f64);
    }
    oldest_first()
        .filter(|drill| !drill.passed())
        .fold(chart, |chart, drill| chart.mark(drill.at_ms, drill.status.clone()))
}

/// How long it took until everything was well; of one that did not pass nobody knows.
fn measured(drill: &Drill) -> Option<u64> {
    Some(drill.rto_ms).filter(|ms| drill.passed() && *ms > 0)
}

fn line(drill: &Drill) -> String {
    let took = measured(drill).map_or_else(|| "-".to_owned(), words::took_ms);
    let cause = drill.cause.as_deref().map_or_else(String::new, |cause| format!("  {cause}: {}", drill.sentence));
    let when = time::day_hour_minute(drill.at_ms);
    format!("{when:<12}  {:<9}  {took:>7}  {}{cause}", drill.status, drill.copy)
}

//! `/sev stats`: how many incidents, how soon somebody had them, how long they took; by severity and by service. What
//! counts how is written in the README; the arithmetic is a pure function over what the host remembers.

use drillbell_sdk::{Bot, Chart, Command, Past, Result, Unit, View, time};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// The host gives no more.
const MOST: u32 = 1000;
/// When nobody says since when, milliseconds.
const USUAL_MS: u64 = 30 * DAY_MS;
const DAY_MS: u64 = 86_400_000;
/// Rows of a table that a chat shows; the data has all of them.
const ROWS: usize = 15;

/// A group of incidents in numbers. Means are milliseconds, rounded down; none where there is nothing to take one of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Incidents declared; those merged into others do not count.
    pub count: u64,
    /// Of these, not resolved.
    pub open: u64,
    /// Of these, acknowledged while they were open for the first time.
    pub acknowledged: u64,
    /// Of these, resolved.
    pub resolved: u64,
    /// From declaration to the first acknowledgement, mean over `acknowledged`.
    pub mtta_ms: Option<u64>,
    /// All the time it was open, mean over `resolved`.
    pub mttr_ms: Option<u64>,
    #[serde(skip)]
    acknowledging_ms: u64,
    #[serde(skip)]
    open_ms: u64,
}

impl Tally {
    fn count(&mut self, past: &Past) {
        self.count += 1;
        let first = past.spans.first();
        if let Some((span, deed)) = first.and_then(|span| Some((span, span.acknowledged.as_ref()?))) {
            self.acknowledged += 1;
            self.acknowledging_ms += deed.at_ms.saturating_sub(span.opened_ms);
        }
        let spans: Option<Vec<u64>> =
            past.spans.iter().map(|span| Some(span.resolved_ms?.saturating_sub(span.opened_ms))).collect();
        match spans {
            Some(spans) => {
                self.resolved += 1;
                self.open_ms += spans.iter().sum::<u64>();
            }
            None => self.open += 1,
        }
        self.mtta_ms = self.acknowledging_ms.checked_div(self.acknowledged);
        self.mttr_ms = self.open_ms.checked_div(self.resolved);
    }
}

/// What `/sev stats` knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// All together.
    pub all: Tally,
    /// Incidents that were merged into others; they count nowhere else.
    pub merged: u64,
    /// By severity.
    pub by_severity: BTreeMap<String, Tally>,
    /// By service; those without one under the empty name.
    pub by_service: BTreeMap<String, Tally>,
}

/// Counts.
pub fn of(history: &[Past]) -> Stats {
    let mut stats = Stats::default();
    for past in history {
        if past.merged_into.is_some() {
            stats.merged += 1;
            continue;
        }
        stats.all.count(past);
        stats.by_severity.entry(past.severity.clone()).or_default().count(past);
        stats.by_service.entry(past.service.clone().unwrap_or_default()).or_default().count(past);
    }
    stats
}

/// `/sev stats [--since 30d]`.
pub fn stats(bot: &mut impl Bot, cmd: &Command) -> Result {
    let back_ms = cmd.duration("since")?.map_or(USUAL_MS, |back| u64::try_from(back.as_millis()).unwrap_or(u64::MAX));
    let now_ms = bot.now();
    let since_ms = now_ms.saturating_sub(back_ms);
    let history = bot.history(since_ms, MOST)?;
    // The host gave all it gives: there may be older ones that nobody counted.
    let complete = history.len() < MOST as usize;
    let stats = of(&history);
    let mut names: Vec<String> = bot.severities().into_iter().map(|severity| severity.name).collect();
    names.extend(stats.by_severity.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
    let named = |name: &str, tally: &Tally| json!({ "name": name, "numbers": tally });
    let by_severity: Vec<_> = names.iter().filter_map(|name| Some(named(name, stats.by_severity.get(name)?))).collect();
    let by_service: Vec<_> = stats.by_service.iter().map(|(name, tally)| named(name, tally)).collect();
    bot.set_data(&json!({
        "since": time::rfc3339(since_ms),
        "until": time::rfc3339(now_ms),
        "complete": complete,
        "merged": stats.merged,
        "all": stats.all,
        "by_severity": by_severity,
        "by_service": by_service,
    }))?;
    let view = shown(&stats, &names, since_ms, Duration::from_millis(now_ms - since_ms));
    let view =
        if complete { view } else { view.context(format!("Only the newest {MOST} are counted; there are more.")) };
    let view = if stats.all.count == 0 { view } else { view.chart(chart(&history, &names, since_ms, now_ms)) };
    bot.reply(view)?;
    Ok(())
}

fn shown(stats: &Stats, severities: &[String], since_ms: u64, back: Duration) -> View {
    let title = format!("Incidents of the last {}", time::span(back));
    let all = &stats.all;
    if all.count == 0 {
        let merged = if stats.merged == 0 { String::new() } else { format!(" ({} merged into others)", stats.merged) };
        return View::titled(title).text(format!("None since {} UTC{merged}.", time::day_hour_minute(since_ms)));
    }
    let by_severity = severities.iter().filter_map(|name| Some((name.as_str(), stats.by_severity.get(name)?)));
    let by_service = stats.by_service.iter().map(|(name, tally)| match name.as_str() {
        "" => ("(no service)", tally),
        name => (name, tally),
    });
    let merged = if stats.merged == 0 { String::new() } else { format!("; {} more merged into others", stats.merged) };
    View::titled(title)
        .field("Declared", format!("{}, {} of them open{merged}", all.count, all.open))
        .field("Acknowledged", format!("{} after {} on average (MTTA)", all.acknowledged, mean(all.mtta_ms)))
        .field("Resolved", format!("{} after {} on average (MTTR)", all.resolved, mean(all.mttr_ms)))
        .code(format!("{}\n\n{}", rows("severity", by_severity), rows("service", by_service)))
        .context("MTTR is all the time it was open, reopenings included. Merged incidents count where they went.")
}

fn mean(ms: Option<u64>) -> String {
    ms.map_or_else(|| String::from("-"), |ms| time::span(Duration::from_millis(ms)))
}

/// A table under its heading.
fn rows<'a>(what: &str, of: impl Iterator<Item = (&'a str, &'a Tally)>) -> String {
    let head = [what, "count", "open", "MTTA", "MTTR"].map(String::from);
    let row = |(name, tally): (&str, &Tally)| {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        [name, tally.count.to_string(), tally.open.to_string(), mean(tally.mtta_ms), mean(tally.mttr_ms)]
    };
    let all: Vec<[String; 5]> = std::iter::once(head).chain(of.map(row)).collect();
    let shown = &all[..all.len().min(ROWS + 1)];
    let width = |part: usize| shown.iter().map(|row| row[part].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let parts: Vec<_> = row.iter().zip(widths).map(|(part, width)| format!("{part:<width$}")).collect();
        parts.join("  ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = shown.iter().map(line).collect();
    if all.len() > shown.len() {
        lines.push(format!("and {} more", all.len() - shown.len()));
    }
    lines.join("\n")
}

/// Incidents declared on each day, a line for each severity that occurs.
fn chart(history: &[Past], severities: &[String], since_ms: u64, now_ms: u64) -> Chart {
    let (first, last) = (since_ms / DAY_MS, now_ms / DAY_MS);
    let counted: Vec<&Past> = history.iter().filter(|past| past.merged_into.is_none()).collect();
    let chart = Chart::new("Incidents declared each day", Unit::Count).between(since_ms, now_ms);
    severities.iter().fold(chart, |chart, name| {
        let mut days: BTreeMap<u64, f64> = (first..=last).map(|day| (day, 0.0)).collect();
        let mut any = false;
        for past in counted.iter().filter(|past| past.severity == *name) {
            *days.entry(past.declared_ms / DAY_MS).or_default() += 1.0;
            any = true;
        }
        let points = days.into_iter().map(|(day, count)| ((day * DAY_MS).max(since_ms), Some(count)));
        if any { chart.series(name, points) } else { chart }
    })
}

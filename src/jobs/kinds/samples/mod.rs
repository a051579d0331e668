//! The kind `samples`: what an expression was around a moment, asked of the Prometheus of `[metrics]`; or what one of the bot's own
//! probes found. Reads only; a plugin makes a chart of it.

mod expression;
mod looks;

use crate::config::limits::alerts::{SAMPLES_EXPR_BYTES, SAMPLES_LINES, SAMPLES_POINTS, SAMPLES_SPAN_MS, SAMPLES_TIME};
use crate::config::probes::{Look, Probe, Probes, Side, Unit};
use crate::jobs::{JobContext, JobError, Kind, KindCx};
use crate::ops::prometheus::Unanswered;
use crate::ops::prometheus::range::{Line, Prometheus, Span};
use crate::store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of what the plugin wants to be told again.
const ABOUT_BYTES: usize = 200;
/// Characters of a line's name.
const NAME_CHARS: usize = 60;
/// Points are no closer together.
const SHORTEST_STEP_MS: i64 = 1_000;

/// Fetches what was measured.
pub struct SamplesKind {
    prometheus: Prometheus,
    probes: Probes,
    store: Store,
}

/// What a job is to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    /// What the plugin wants to be told again with the end.
    about: String,
    from_ms: i64,
    to_ms: i64,
    /// Either of the two.
    #[serde(default)]
    expr: Option<String>,
    #[serde(default)]
    probe: Option<String>,
}

/// Moments, milliseconds since the epoch, and values; none is a gap.
type Points = Vec<(i64, Option<f64>)>;

/// What was found: what its values are, its lines, and from where on it is too much.
struct Found {
    unit: &'static str,
    lines: Vec<(String, Points)>,
    threshold: Option<(String, f64)>,
}

impl Spec {
    fn read(spec: &Value) -> Result<Self, String> {
        let spec: Self =
            serde_json::from_value(spec.clone()).map_err(|error| format!("the spec does not fit: {error}"))?;
        if spec.about.len() > ABOUT_BYTES {
            return Err(format!("`about` has at most {ABOUT_BYTES} bytes"));
        }
        let span = spec.to_ms.checked_sub(spec.from_ms).unwrap_or(-1);
        if spec.from_ms < 0 || !(1..=SAMPLES_SPAN_MS).contains(&span) {
            return Err(format!("`from_ms` lies before `to_ms`, by at most {SAMPLES_SPAN_MS} ms"));
        }
        if spec.expr.is_some() == spec.probe.is_some() {
            return Err("either `expr` or `probe` says what is wanted".to_owned());
        }
        if spec.expr.as_ref().is_some_and(|expr| expr.trim().is_empty() || expr.len() > SAMPLES_EXPR_BYTES) {
            return Err(format!("`expr` has 1 to {SAMPLES_EXPR_BYTES} bytes"));
        }
        Ok(spec)
    }

    fn span(&self) -> Span {
        let step_ms = ((self.to_ms - self.from_ms) / SAMPLES_POINTS).max(SHORTEST_STEP_MS);
        Span { from_ms: self.from_ms, to_ms: self.to_ms, step_ms }
    }
}

impl SamplesKind {
    /// The kind, with where it looks.
    pub fn new(prometheus: Prometheus, probes: Probes, store: Store) -> Self {
        Self { prometheus, probes, store }
    }

    fn probe(&self, name: &str) -> Result<&Probe, String> {
        let probe = self.probes.get(name).ok_or_else(|| format!("there is no [probes.{name}]"))?;
        match &probe.look {
            Look::Heartbeat { .. } => Err(format!("[probes.{name}] is a heartbeat, of which nothing is measured")),
            Look::Promql(_) => self.asked().map(|()| probe),
            _ => Ok(probe),
        }
    }

    fn asked(&self) -> Result<(), String> {
        match self.prometheus.is_there() {
            true => Ok(()),
            false => Err("no Prometheus is configured: [metrics] prometheus says where one answers".to_owned()),
        }
    }

    async fn carry_out(&self, job: &JobContext) -> Result<Value, JobError> {
        let spec = Spec::read(job.spec()).map_err(JobError::failed)?;
        let about = |error: JobError| error.with(json!({"about": spec.about}));
        let found = match (&spec.expr, &spec.probe) {
            (Some(expr), _) => self.expression(expr, spec.span()).await.map_err(about)?,
            (_, Some(name)) => {
                let probe = self.probe(name).map_err(|why| about(JobError::failed(why)))?;
                self.probed(probe, spec.span()).await.map_err(about)?
            }
            (None, None) => return Err(JobError::failed("the spec names nothing")),
        };
        let lines = found.lines.iter().map(|(name, points)| json!({"name": name, "points": points}));
        let threshold = found.threshold.as_ref().map(|(label, value)| json!({"label": label, "value": value}));
        Ok(json!({
            "about": spec.about, "from_ms": spec.from_ms, "to_ms": spec.to_ms, "unit": found.unit,
            "series": lines.collect::<Vec<_>>(), "threshold": threshold, "summary": "It is read.",
        }))
    }

    async fn expression(&self, expr: &str, span: Span) -> Result<Found, JobError> {
        let drawn = expression::drawn(expr);
        let lines = self.prometheus.range(&drawn.expr, span, SAMPLES_TIME).await.map_err(unanswered)?;
        let threshold = drawn.threshold.map(|(above, number)| {
            let side = if above { "above" } else { "below" };
            (format!("alert {side}"), number)
        });
        let above = drawn.threshold.is_none_or(|(above, _)| above);
        Ok(Found { unit: "count", lines: named(lines, above), threshold })
    }

    async fn probed(&self, probe: &Probe, span: Span) -> Result<Found, JobError> {
        let (unit, factor) = unit(probe);
        let threshold = probe.level.threshold.as_ref();
        let above = threshold.is_none_or(|threshold| threshold.side == Side::Above);
        let lines = match &probe.look {
            Look::Promql(expr) => {
                let window = format!("{}ms", probe.window.unwrap_or_default().as_millis());
                let expr = expr.replace("$window", &window);
                named(self.prometheus.range(&expr, span, SAMPLES_TIME).await.map_err(unanswered)?, above)
            }
            _ => {
                let rows = self.store.looks_since(&probe.name, span.from_ms).await;
                let rows = rows.map_err(|error| JobError::retry(format!("The looks cannot be read: {error}")))?;
                vec![(probe.name.clone(), looks::points(probe, &rows, fine(span)))]
            }
        };
        let scaled = |points: Points| -> Points {
            points.into_iter().map(|(at, value)| (at, value.map(|value| value * factor))).collect()
        };
        let lines = lines.into_iter().map(|(name, points)| (name, scaled(points))).collect();
        let label = |threshold: &crate::config::probes::Threshold| {
            (format!("alert {}", threshold.show(&probe.unit)), threshold.number * factor)
        };
        Ok(Found { unit, lines, threshold: threshold.map(label) })
    }
}

/// One line may have as many points as several have together.
fn fine(span: Span) -> Span {
    let lines = i64::try_from(SAMPLES_LINES).unwrap_or(1);
    Span { step_ms: (span.step_ms / lines).max(SHORTEST_STEP_MS), ..span }
}

/// What a chart calls a probe's unit, and by how much its numbers are multiplied for it. What has no number of its own is shown by how
/// long its answers took.
fn unit(probe: &Probe) -> (&'static str, f64) {
    match &probe.unit {
        _ if !probe.look.is_measured() => ("milliseconds", 1.0),
        Unit::Seconds => ("seconds", 1.0),
        Unit::Milliseconds => ("milliseconds", 1.0),
        Unit::Ratio => ("percent", 100.0),
        Unit::Bytes => ("bytes", 1.0),
        Unit::None | Unit::Word(_) => ("count", 1.0),
    }
}

/// The lines that are furthest to the side that matters, each called by the labels in which they differ.
fn named(mut lines: Vec<Line>, above: bool) -> Vec<(String, Points)> {
    let furthest = |line: &Line| {
        let values = line.points.iter().filter_map(|(_, value)| *value).map(|value| if above { value } else { -value });
        values.fold(f64::NEG_INFINITY, f64::max)
    };
    lines.sort_by(|a, b| furthest(b).total_cmp(&furthest(a)));
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in lines.iter().flat_map(|line| &line.labels) {
        values.entry(name.clone()).or_default().push(value.clone());
    }
    let all = lines.len();
    let same = |seen: &[String]| seen.len() == all && seen.windows(2).all(|two| two[0] == two[1]);
    let differ: Vec<_> = values.iter().filter(|(_, seen)| !same(seen)).map(|(name, _)| name.clone()).collect();
    lines.truncate(SAMPLES_LINES);
    let name = |line: &Line| {
        let told = differ.iter().filter_map(|name| Some(format!("{name}={}", line.labels.get(name)?)));
        let told = told.collect::<Vec<_>>().join(", ");
        if told.is_empty() { "value".to_owned() } else { told.chars().take(NAME_CHARS).collect() }
    };
    lines.into_iter().map(|line| (name(&line), line.points)).collect()
}

fn unanswered(unanswered: Unanswered) -> JobError {
    let sentence = format!("{}.", unanswered.why);
    if unanswered.later { JobError::retry(sentence) } else { JobError::failed(sentence) }
}

impl Kind for SamplesKind {
    fn name(&self) -> &str {
        "samples"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn is_quiet(&self) -> bool {
        true
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        let spec = Spec::read(spec)?;
        match &spec.probe {
            Some(name) => self.probe(name).map(|_| ()),
            None => self.asked(),
        }
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.carry_out(&job).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_names_one_thing_and_a_bounded_time() {
        let good = json!({"about": "g", "from_ms": 0, "to_ms": 60_000, "expr": "up"});
        assert_eq!(Spec::read(&good).unwrap().span().step_ms, 1_000);
        for (key, value) in [
            ("to_ms", json!(0)),
            ("to_ms", json!(SAMPLES_SPAN_MS + 1)),
            ("from_ms", json!(-1)),
            ("probe", json!("shop")),
            ("expr", json!(" ")),
            ("expr", json!("x".repeat(SAMPLES_EXPR_BYTES + 1))),
            ("about", json!("x".repeat(ABOUT_BYTES + 1))),
            ("url", json!("http://elsewhere")),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert!(Spec::read(&bad).is_err(), "{key}");
        }
    }

    #[test]
    fn lines_are_called_by_what_they_differ_in_and_the_worst_come_first() {
        let line = |instance: &str, value: f64| Line {
            labels: [("job", "shop"), ("instance", instance)].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            points: vec![(0, None), (1, Some(value))],
        };
        let names = |lines, above| named(lines, above).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let lines = vec![line("a", 1.0), line("b", 3.0), line("c", 2.0)];
        assert_eq!(names(lines.clone(), true), ["instance=b", "instance=c", "instance=a"]);
        assert_eq!(names(lines, false)[0], "instance=a");
        assert_eq!(names(vec![line("a", 1.0)], true), ["value"]);
        assert_eq!(names((0..30).map(|n| line(&n.to_string(), 1.0)).collect(), true).len(), SAMPLES_LINES);
    }
}

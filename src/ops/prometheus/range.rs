//! What an expression was over a time. What is missing in the answer, and what is no finite number, is a gap.
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>

use super::{Unanswered, answer};
use crate::config::metrics::MetricsSource;
use crate::ops::http::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The Prometheus of `[metrics]`.
#[derive(Clone)]
pub struct Prometheus {
    client: Client,
    source: MetricsSource,
}

/// Moments from one to another, this far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first, milliseconds since the epoch.
    pub from_ms: i64,
    /// None is later.
    pub to_ms: i64,
    /// How far apart, milliseconds.
    pub step_ms: i64,
}

/// A series: its labels, and a value or none for each moment of the span.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// By name, without the metric's own.
    pub labels: BTreeMap<String, String>,
    /// Moments, milliseconds since the epoch, and values.
    pub points: Vec<(i64, Option<f64>)>,
}

impl Span {
    /// The moments.
    pub fn moments(self) -> impl Iterator<Item = i64> {
        let step = usize::try_from(self.step_ms).unwrap_or(0).max(1);
        (self.from_ms..=self.to_ms).step_by(step)
    }
}

impl Prometheus {
    /// The one that is configured, if one is.
    pub fn new(client: Client, source: MetricsSource) -> Self {
        Self { client, source }
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.source.prometheus.is_some()
    }

    /// What an expression was, within so much time for the answer.
    ///
    /// # Errors
    /// There is none, it does not answer, or it refuses.
    pub async fn range(&self, expr: &str, span: Span, limit: Duration) -> Result<Vec<Line>, Unanswered> {
        let parameters = [
            ("query", expr.to_owned()),
            ("start", seconds(span.from_ms)),
            ("end", seconds(span.to_ms)),
            ("step", seconds(span.step_ms)),
        ];
        let asked = ("query_range", parameters.as_slice());
        let answer = answer(&self.client, &self.source, asked, limit, &CancellationToken::new()).await?;
        lines(&answer, span)
    }
}

/// Milliseconds as the seconds that Prometheus reads.
fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

/// The series of an answer, on the moments that were asked for.
fn lines(answer: &Value, span: Span) -> Result<Vec<Line>, Unanswered> {
    let series = answer["data"]["result"].as_array().filter(|_| answer["data"]["resultType"] == "matrix");
    let series = series.ok_or_else(|| Unanswered::no("the expression answers with no series over time"))?;
    Ok(series.iter().map(|series| line(series, span)).collect())
}

fn line(series: &Value, span: Span) -> Line {
    let labels = series["metric"].as_object().into_iter().flatten();
    let labels = labels.filter(|(name, _)| *name != "__name__");
    let labels = labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    let known: BTreeMap<i64, f64> = series["values"].as_array().into_iter().flatten().filter_map(value).collect();
    // Of what lies within half a step of a moment, the first.
    let near = |at: i64| {
        let half = span.step_ms / 2;
        known.range(at.saturating_sub(half)..=at.saturating_add(half)).next().map(|(_, value)| *value)
    };
    let points = span.moments().map(|at| (at, near(at).filter(|value| value.is_finite()))).collect();
    Line { labels, points }
}

/// A moment and its value.
fn value(pair: &Value) -> Option<(i64, f64)> {
    let at = pair.get(0)?.as_f64()?;
    let value = pair.get(1)?.as_str()?.parse().ok()?;
    // A float past the last integer becomes the last one, which lies in no span.
    Some(((at * 1000.0).round() as i64, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const SPAN: Span = Span { from_ms: 10_000, to_ms: 50_000, step_ms: 10_000 };

    fn answer(result: &Value) -> Value {
        json!({"status": "success", "data": {"resultType": "matrix", "result": result}})
    }

    #[test]
    fn what_is_missing_and_what_is_no_number_is_a_gap() {
        let values = json!([[10, "1.5"], [20.001, "NaN"], [40, "+Inf"], [50, "-2"]]);
        let body = answer(&json!([{"metric": {"__name__": "up", "instance": "a"}, "values": values}]));
        let found = lines(&body, SPAN).unwrap();
        let points = [(10_000, Some(1.5)), (20_000, None), (30_000, None), (40_000, None), (50_000, Some(-2.0))];
        let labels = BTreeMap::from([("instance".to_owned(), "a".to_owned())]);
        assert_eq!(found, [Line { labels, points: points.to_vec() }]);
        assert_eq!(lines(&answer(&json!([])), SPAN).unwrap(), []);
        let vector = json!({"status": "success", "data": {"resultType": "vector", "result": []}});
        assert!(!lines(&vector, SPAN).unwrap_err().later);
    }

    #[test]
    fn moments_are_written_in_seconds() {
        let texts = [1_760_000_000_123, 5_000, -1].map(seconds);
        assert_eq!(texts, ["1760000000.123", "5.000", "-1.999"]);
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(at in any::<f64>(), text in "\\PC{0,8}") {
            let one = answer(&json!([{"metric": {"a": 1}, "values": [[at, text], [], null]}]));
            prop_assert_eq!(lines(&one, SPAN).unwrap()[0].points.len(), 5);
        }
    }
}

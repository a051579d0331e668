//! Asking the configured Prometheus, and no other, what an expression was over a time. What is missing in its answer, and what is no
//! finite number, is a gap.
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>

use super::http::{Call, Client, Expect, HeaderText, Judge, Method, Reach};
use crate::config::metrics::MetricsSource;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What the token is called in a request.
const TOKEN: &str = "prometheus";
/// Characters of a reason that a Prometheus gives.
const REASON_CHARS: usize = 200;

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

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// In a sentence without its end.
    pub why: String,
    /// It may be answered later.
    pub later: bool,
}

impl Span {
    /// The moments.
    pub fn moments(self) -> impl Iterator<Item = i64> {
        let step = usize::try_from(self.step_ms).unwrap_or(0).max(1);
        (self.from_ms..=self.to_ms).step_by(step)
    }
}

impl Unanswered {
    fn no(why: impl Into<String>) -> Self {
        Self { why: why.into(), later: false }
    }

    fn later(why: impl Into<String>) -> Self {
        Self { why: why.into(), later: true }
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
        let Some(base) = &self.source.prometheus else { return Err(Unanswered::no("no Prometheus is configured")) };
        let token = self.source.token.as_ref();
        let header = token.map(|_| {
            let text = HeaderText::Secret { secret: TOKEN.to_owned(), prefix: "Bearer ".to_owned() };
            ("authorization".to_owned(), text)
        });
        let at = base.as_str().trim_end_matches('/');
        let call = Call {
            method: Method::Get,
            url: format!("{at}/api/v1/query_range?query={{query}}&start={{start}}&end={{end}}&step={{step}}"),
            args: BTreeMap::new(),
            headers: header.into_iter().collect(),
            body: None,
            expect: Expect::default(),
        };
        let values = [
            ("query", expr.replace(['\n', '\r', '\t'], " ")),
            ("start", seconds(span.from_ms)),
            ("end", seconds(span.to_ms)),
            ("step", seconds(span.step_ms)),
        ];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = call.prepare(&values, &|_| token.map(|token| token.expose().into())).map_err(Unanswered::no)?;
        let answer = self.client.send(request, "", &Only(base), limit, &CancellationToken::new()).await;
        match answer {
            Err(failure) => Err(Unanswered::later(failure.why)),
            Ok(response) if response.cut => Err(Unanswered::no("Prometheus answers with more than is read")),
            Ok(response) => lines(response.status, &response.body, span),
        }
    }
}

/// Where the operator said, and nowhere else; private addresses too, because they said so.
struct Only<'a>(&'a Url);

impl Judge for Only<'_> {
    fn judge(&self, url: &Url) -> Result<Reach, String> {
        match url.origin() == self.0.origin() {
            true => Ok(Reach::Any),
            false => Err(format!("{} is not the configured Prometheus", url.origin().ascii_serialization())),
        }
    }
}

/// Milliseconds as the seconds that Prometheus reads.
fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

/// The series of an answer, on the moments that were asked for.
fn lines(status: u16, body: &str, span: Span) -> Result<Vec<Line>, Unanswered> {
    let Ok(answer) = serde_json::from_str::<Value>(body) else {
        return Err(Unanswered::later(format!("Prometheus answers with status {status}, and not with JSON")));
    };
    if answer["status"] != "success" {
        let why = answer["error"].as_str().unwrap_or("no reason is given");
        let why: String = why.chars().filter(|c| !c.is_control()).take(REASON_CHARS).collect();
        let later = status >= 500 || status == 429;
        return Err(Unanswered { why: format!("Prometheus refuses: {why}"), later });
    }
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

    fn answer(result: &Value) -> String {
        json!({"status": "success", "data": {"resultType": "matrix", "result": result}}).to_string()
    }

    #[test]
    fn what_is_missing_and_what_is_no_number_is_a_gap() {
        let values = json!([[10, "1.5"], [20.001, "NaN"], [40, "+Inf"], [50, "-2"]]);
        let body = answer(&json!([{"metric": {"__name__": "up", "instance": "a"}, "values": values}]));
        let found = lines(200, &body, SPAN).unwrap();
        let points = [(10_000, Some(1.5)), (20_000, None), (30_000, None), (40_000, None), (50_000, Some(-2.0))];
        let labels = BTreeMap::from([("instance".to_owned(), "a".to_owned())]);
        assert_eq!(found, [Line { labels, points: points.to_vec() }]);
        assert_eq!(lines(200, &answer(&json!([])), SPAN).unwrap(), []);
    }

    #[test]
    fn a_refusal_says_why_and_whether_it_is_worth_another_try() {
        let refused = r#"{"status":"error","error":"parse error at char 3"}"#;
        let expected = |why: &str, later| Unanswered { why: why.to_owned(), later };
        assert_eq!(lines(400, refused, SPAN), Err(expected("Prometheus refuses: parse error at char 3", false)));
        assert!(lines(503, refused, SPAN).unwrap_err().later);
        assert!(lines(502, "<html>", SPAN).unwrap_err().later);
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
        assert!(!lines(200, vector, SPAN).unwrap_err().later);
    }

    #[test]
    fn moments_are_written_in_seconds() {
        let texts = [1_760_000_000_123, 5_000, -1].map(seconds);
        assert_eq!(texts, ["1760000000.123", "5.000", "-1.999"]);
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in "\\PC{0,80}", at in any::<f64>(), text in "\\PC{0,8}") {
            let _ = lines(200, &body, SPAN);
            let one = answer(&json!([{"metric": {"a": 1}, "values": [[at, text], [], null]}]));
            prop_assert_eq!(lines(200, &one, SPAN).unwrap()[0].points.len(), 5);
        }
    }
}

//! What an expression is at this moment. What no series answers, what is no number and what is refused says nothing; what a number
//! means is the business of those who ask.

use super::{Unanswered, answer};
use crate::config::limits::{PROMQL_BYTES, PROMQL_STALE_MS};
use crate::config::metrics::MetricsSource;
use crate::config::parse_duration;
use crate::model::bound::Bound;
use crate::ops::http::Client;
use crate::ops::judge::Wanted;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An expression as a step describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// PromQL; `$window` stands for the window.
    pub query: String,
    /// What `$window` stands for, such as `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// What its numbers are, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What every number, or how many there are, must be.
    #[serde(default)]
    pub expect: Wanted,
}

/// What an expression is answered with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// One a series, with the second it is of; `None` for what is no finite number.
    pub all: Vec<(Option<f64>, f64)>,
    /// Prometheus says that something about it is doubtful.
    pub warning: Option<String>,
}

/// How samples are held against what is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As expected; the number that was looked at.
    Holds(Option<f64>),
    /// Not as expected: what, and the number.
    Breaks(String, Option<f64>),
    /// It says nothing: why.
    Unseen(String),
}

impl Query {
    /// Whether it makes sense at all.
    ///
    /// # Errors
    /// What does not, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        if self.query.trim().is_empty() || self.query.len() > PROMQL_BYTES {
            return Err(format!("`query` is an expression of at most {PROMQL_BYTES} bytes"));
        }
        let window = self.window.as_deref().map(|text| parse_duration(text).filter(|time| !time.is_zero()));
        match (self.query.contains("$window"), window) {
            (_, Some(None)) => return Err("`window` is a duration such as \"5m\"".to_owned()),
            (true, None) => return Err("$window stands in `query`, and there is no `window`".to_owned()),
            (false, Some(_)) => return Err("there is a `window`, and no $window in `query`".to_owned()),
            _ => {}
        }
        let Wanted { exit, contains, lacks, json, value, count } = &self.expect;
        if exit.is_some() || contains.is_some() || lacks.is_some() || !json.is_empty() {
            return Err("`expect` of an expression is `value`, `count` or both".to_owned());
        }
        if value.is_none() && count.is_none() {
            return Err("`expect` says what `value` every sample has, or what their `count` is".to_owned());
        }
        self.expect.check()
    }

    /// Its window.
    pub fn window(&self) -> Duration {
        self.window.as_deref().and_then(parse_duration).unwrap_or_default()
    }

    /// Holds samples against what is expected. One that breaks it is enough to say so; to say that it holds, all must be there.
    pub fn judge(&self, samples: &Samples, now_ms: i64) -> Verdict {
        let all = &samples.all;
        if all.is_empty() {
            return Verdict::Unseen("no series matches".to_owned());
        }
        let old = |at: f64| ((at * 1000.0) - now_ms as f64).abs() > PROMQL_STALE_MS as f64;
        if let Some((_, at)) = all.iter().find(|(_, at)| old(*at)) {
            let at = crate::clock::rfc3339((at * 1000.0) as i64);
            return Verdict::Unseen(format!("the answer is of {at}, which is not now"));
        }
        let value = self.expect.value.as_deref().and_then(Bound::parse);
        let count = self.expect.count.as_deref().and_then(Bound::parse);
        let known = || all.iter().filter_map(|(number, _)| *number);
        let many = all.len() as f64;
        if let Some(bound) = count.filter(|bound| !bound.holds(many)) {
            return Verdict::Breaks(format!("there are {many} series, expected {bound}"), Some(many));
        }
        let worst = value.and_then(|bound| known().reduce(|a, b| if bound.is_worse(b, a) { b } else { a }));
        let unit = self.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        if let (Some(bound), Some(worst)) =
            (value, worst.filter(|worst| value.is_some_and(|bound| !bound.holds(*worst))))
        {
            return Verdict::Breaks(format!("the value is {worst}{unit}, expected {bound}"), Some(worst));
        }
        if value.is_some() && known().count() < all.len() {
            return Verdict::Unseen("a series has no finite number".to_owned());
        }
        match &samples.warning {
            Some(warning) => Verdict::Unseen(format!("Prometheus warns: {warning}")),
            None => Verdict::Holds(worst.or(count.map(|_| many))),
        }
    }
}

/// Asks once.
///
/// # Errors
/// There is nobody to ask, nobody answers, or the expression is refused; a sentence without a full stop.
pub async fn ask(
    client: &Client,
    metrics: &MetricsSource,
    asked: (&str, Duration),
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<Samples, String> {
    let (expr, window) = asked;
    let expr = expr.replace("$window", &format!("{}ms", window.as_millis()));
    let answer = answer(client, metrics, ("query", &[("query", expr)]), limit, cancel).await;
    answer.and_then(|answer| read(&answer)).map_err(|unanswered| unanswered.why)
}

/// What an answer holds.
fn read(answer: &Value) -> Result<Samples, Unanswered> {
    let result = &answer["data"]["result"];
    let sample = |pair: &Value| {
        let number = pair.get(1).and_then(Value::as_str).and_then(|text| text.parse::<f64>().ok());
        let at = pair.get(0).and_then(Value::as_f64).unwrap_or_default();
        (number.filter(|number| number.is_finite()), at)
    };
    let all = match answer["data"]["resultType"].as_str() {
        Some("scalar") => vec![sample(result)],
        Some("vector") => result.as_array().into_iter().flatten().map(|series| sample(&series["value"])).collect(),
        _ => return Err(Unanswered::no("the expression answers with neither a number nor series of one")),
    };
    let warning = answer["warnings"].get(0).and_then(Value::as_str).map(str::to_owned);
    Ok(Samples { all, warning })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: f64 = 1_700_000_000.0;

    fn judged(expect: &str, values: &[&str]) -> Verdict {
        let series: Vec<_> = values.iter().map(|value| json!({"metric": {}, "value": [NOW, value]})).collect();
        let body = json!({"status": "success", "data": {"resultType": "vector", "result": series}});
        let query = Query { query: "x".into(), expect: serde_json::from_str(expect).unwrap(), ..Query::default() };
        query.check().unwrap();
        query.judge(&read(&body).unwrap(), (NOW * 1000.0) as i64)
    }

    #[test]
    fn every_sample_counts_the_furthest_is_told_and_what_is_no_number_says_nothing() {
        let below = r#"{"value": "< 5"}"#;
        assert_eq!(judged(below, &["1", "4.5", "2"]), Verdict::Holds(Some(4.5)));
        assert_eq!(judged(r#"{"value": "> 5"}"#, &["9", "6"]), Verdict::Holds(Some(6.0)));
        assert_eq!(judged(below, &["7", "NaN"]), Verdict::Breaks("the value is 7, expected < 5".into(), Some(7.0)));
        assert_eq!(
            judged(r#"{"value": "= 1"}"#, &["1", "0"]),
            Verdict::Breaks("the value is 0, expected = 1".into(), Some(0.0))
        );
        for nothing in [&[][..], &["NaN"], &["1", "NaN"], &["+Inf"], &["1", "x"]] {
            assert!(matches!(judged(below, nothing), Verdict::Unseen(_)), "{nothing:?}");
        }
        assert_eq!(judged(r#"{"count": ">= 2"}"#, &["1", "NaN"]), Verdict::Holds(Some(2.0)));
        assert!(matches!(judged(r#"{"count": ">= 2"}"#, &["1"]), Verdict::Breaks(..)));
        assert!(matches!(judged(r#"{"count": "= 0"}"#, &[]), Verdict::Unseen(_)), "that there is none is not known");
    }

    #[test]
    fn what_is_of_another_time_or_doubtful_is_no_pass() {
        let query = Query {
            query: "x".into(),
            expect: serde_json::from_str(r#"{"value": "< 5"}"#).unwrap(),
            ..Query::default()
        };
        let now_ms = (NOW * 1000.0) as i64;
        let at = |at: f64, warning: Option<&str>| {
            query.judge(&Samples { all: vec![(Some(1.0), at)], warning: warning.map(str::to_owned) }, now_ms)
        };
        assert_eq!(at(NOW - 60.0, None), Verdict::Holds(Some(1.0)));
        assert!(
            matches!(at(NOW - 3600.0, None), Verdict::Unseen(_))
                && matches!(at(NOW + 3600.0, None), Verdict::Unseen(_))
        );
        assert_eq!(at(NOW, Some("one store is away")), Verdict::Unseen("Prometheus warns: one store is away".into()));
    }

    #[test]
    fn a_window_and_its_place_go_together() {
        let check = |query: &str, window: Option<&str>, expect: &str| {
            let expect = serde_json::from_str(expect).unwrap();
            Query { query: query.into(), window: window.map(str::to_owned), unit: None, expect }.check().is_ok()
        };
        let value = r#"{"value": "< 5"}"#;
        assert!(check("rate(x[$window])", Some("5m"), value) && check("x", None, value));
        for (query, window, expect) in [
            ("rate(x[$window])", None, value),
            ("x", Some("5m"), value),
            ("rate(x[$window])", Some("0s"), value),
            (" ", None, value),
            ("x", None, "{}"),
            ("x", None, r#"{"value": "< 5", "contains": "y"}"#),
            ("x", None, r#"{"value": "about 5"}"#),
        ] {
            assert!(!check(query, window, expect), "{query} {window:?} {expect}");
        }
    }

    #[test]
    fn a_number_is_read_as_one_series_and_what_is_over_a_time_is_refused() {
        let of =
            |kind: &str, result: Value| json!({"status": "success", "data": {"resultType": kind, "result": result}});
        assert_eq!(read(&of("scalar", json!([1.5, "7"]))).unwrap().all, [(Some(7.0), 1.5)]);
        assert!(read(&of("matrix", json!([]))).is_err());
    }
}

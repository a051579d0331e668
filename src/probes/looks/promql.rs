//! An expression, asked of a Prometheus. Several series are as bad as the worst of them; no series, and what is not a number, say
//! nothing.

use super::Finding;
use super::http::Named;
use crate::config::metrics::MetricsSource;
use crate::config::probes::{Probe, Side};
use crate::ops::http::{Call, Client, Expect, HeaderText, Method};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

pub(super) async fn look(client: &Client, metrics: &MetricsSource, expr: &str, probe: &Probe) -> Finding {
    let Some(base) = &metrics.prometheus else { return Finding::unknown("no Prometheus is configured") };
    let window = probe.window.unwrap_or_default();
    let expr = expr.replace("$window", &format!("{}ms", window.as_millis())).replace(['\n', '\r', '\t'], " ");
    let token = metrics.token.as_ref();
    let header = token.map(|_| {
        let text = HeaderText::Secret { secret: "prometheus".to_owned(), prefix: "Bearer ".to_owned() };
        ("authorization".to_owned(), text)
    });
    let call = Call {
        method: Method::Get,
        url: format!("{}/api/v1/query?query={{query}}", base.as_str().trim_end_matches('/')),
        args: BTreeMap::new(),
        headers: header.into_iter().collect(),
        body: None,
        expect: Expect::default(),
    };
    // As a value, and not as an argument of the call: what looks like a place in it is PromQL.
    let values = BTreeMap::from([("query".to_owned(), expr)]);
    let request = match call.prepare(&values, &|_| token.map(|token| token.expose().into())) {
        Ok(request) => request,
        Err(why) => return Finding::unknown(why),
    };
    let named = Named(base.clone());
    let side = probe.level.threshold.as_ref().map_or(Side::Above, |threshold| threshold.side);
    let answer = client.send(request, "", &named, probe.timeout, &CancellationToken::new()).await;
    let sample = answer.as_ref().ok().and_then(|response| oldest(&response.body)).unwrap_or_default();
    let number = match answer {
        Err(failure) => Err(failure.why),
        Ok(response) if response.cut => Err("Prometheus answers with more than is read".to_owned()),
        Ok(response) => number(response.status, &response.body, side),
    };
    Finding { sample, ..Finding::number(number) }
}

/// The moment of the oldest number in an answer, seconds since the epoch: whoever keeps answers for a while gives old ones.
fn oldest(body: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let result = &answer["data"]["result"];
    let moments: Vec<f64> = match answer["data"]["resultType"].as_str()? {
        "scalar" => vec![result.get(0)?.as_f64()?],
        _ => result.as_array()?.iter().filter_map(|series| series["value"].get(0)?.as_f64()).collect(),
    };
    moments.into_iter().reduce(f64::min).map(|moment| moment.to_string())
}

/// The number that an answer holds: of several the one that is furthest to the side that is looked at.
fn number(status: u16, body: &str, side: Side) -> Result<f64, String> {
    let Ok(answer) = serde_json::from_str::<Value>(body) else {
        return Err(format!("Prometheus answers with status {status}, and not with JSON"));
    };
    if answer["status"] != "success" {
        let why = answer["error"].as_str().unwrap_or("no reason is given");
        return Err(format!("Prometheus refuses: {why}"));
    }
    let result = &answer["data"]["result"];
    let value = |pair: &Value| pair.get(1)?.as_str()?.parse::<f64>().ok();
    let numbers: Vec<Option<f64>> = match answer["data"]["resultType"].as_str() {
        Some("scalar") => vec![value(result)],
        Some("vector") => result.as_array().into_iter().flatten().map(|series| value(&series["value"])).collect(),
        _ => return Err("the expression answers with neither a number nor series of one".to_owned()),
    };
    if numbers.is_empty() {
        return Err("no series matches".to_owned());
    }
    let known = numbers.iter().filter_map(|number| number.filter(|number| number.is_finite()));
    let worst = match side {
        Side::Above => known.reduce(f64::max),
        Side::Below => known.reduce(f64::min),
    };
    worst.ok_or_else(|| "none of the series has a finite number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_worst_of_several_counts_and_what_is_no_number_says_nothing() {
        let vector = |values: &[&str]| {
            let series: Vec<_> =
                values.iter().map(|value| serde_json::json!({"metric": {}, "value": [1.5, value]})).collect();
            serde_json::json!({"status": "success", "data": {"resultType": "vector", "result": series}}).to_string()
        };
        assert_eq!(number(200, &vector(&["0.01", "0.2", "NaN"]), Side::Above), Ok(0.2));
        assert_eq!(number(200, &vector(&["0.01", "0.2", "+Inf"]), Side::Below), Ok(0.01));
        assert_eq!(number(200, &vector(&["NaN"]), Side::Above).unwrap_err(), "none of the series has a finite number");
        assert_eq!(number(200, &vector(&[]), Side::Above).unwrap_err(), "no series matches");
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"7"]}}"#;
        assert_eq!(number(200, scalar, Side::Above), Ok(7.0));
        let refused = r#"{"status":"error","error":"parse error at char 3"}"#;
        assert_eq!(number(400, refused, Side::Above).unwrap_err(), "Prometheus refuses: parse error at char 3");
        assert!(number(502, "<html>", Side::Above).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in "\\PC{0,80}") {
            prop_assert!(number(200, &body, Side::Above).is_err());
        }
    }
}

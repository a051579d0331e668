//! Asking the Prometheus of `[metrics]`, and no other: what an expression is now, and what it was over a time.
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

pub mod instant;
pub mod range;

use super::http::{Call, Client, Expect, HeaderText, Method, Named};
use crate::config::metrics::MetricsSource;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the token is called in a request.
const TOKEN: &str = "prometheus";
/// Characters of a reason that a Prometheus gives.
const REASON_CHARS: usize = 200;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// In a sentence without its end.
    pub why: String,
    /// It may be answered later.
    pub later: bool,
}

impl Unanswered {
    fn no(why: impl Into<String>) -> Self {
        Self { why: why.into(), later: false }
    }

    fn later(why: impl Into<String>) -> Self {
        Self { why: why.into(), later: true }
    }
}

/// Asks once: a word of its API, such as `query`, and the parameters. The whole answer, if it is one.
async fn answer(
    client: &Client,
    source: &MetricsSource,
    (word, parameters): (&str, &[(&str, String)]),
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<Value, Unanswered> {
    let base = source.prometheus.as_ref().ok_or_else(|| Unanswered::no("no Prometheus is configured"))?;
    let token = source.token.as_ref();
    let header = token.map(|_| {
        let text = HeaderText::Secret { secret: TOKEN.to_owned(), prefix: "Bearer ".to_owned() };
        ("authorization".to_owned(), text)
    });
    let places: Vec<String> = parameters.iter().map(|(name, _)| format!("{name}={{{name}}}")).collect();
    let at = base.as_str().trim_end_matches('/');
    let call = Call {
        method: Method::Get,
        url: format!("{at}/api/v1/{word}?{}", places.join("&")),
        args: BTreeMap::new(),
        headers: header.into_iter().collect(),
        body: None,
        expect: Expect::default(),
    };
    // As values, and not as arguments of the call: what looks like a place in an expression is PromQL.
    let values = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.replace(['\n', '\r', '\t'], " ")));
    let request = call.prepare(&values.collect(), &|_| token.map(|token| token.expose().into()));
    let response = client.send(request.map_err(Unanswered::no)?, "", &Named(base.clone()), limit, cancel).await;
    match response {
        Err(failure) => Err(Unanswered::later(failure.why)),
        Ok(response) if response.cut => Err(Unanswered::no("Prometheus answers with more than is read")),
        Ok(response) => understood(response.status, &response.body),
    }
}

fn understood(status: u16, body: &str) -> Result<Value, Unanswered> {
    let Ok(answer) = serde_json::from_str::<Value>(body) else {
        return Err(Unanswered::later(format!("Prometheus answers with status {status}, and not with JSON")));
    };
    if answer["status"] == "success" {
        return Ok(answer);
    }
    let why = answer["error"].as_str().unwrap_or("no reason is given");
    let why: String = why.chars().filter(|c| !c.is_control()).take(REASON_CHARS).collect();
    Err(Unanswered { why: format!("Prometheus refuses: {why}"), later: status >= 500 || status == 429 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refusal_says_why_and_whether_it_is_worth_another_try() {
        let refused = r#"{"status":"error","error":"parse error at char 3"}"#;
        let expected = |why: &str, later| Unanswered { why: why.to_owned(), later };
        assert_eq!(understood(400, refused), Err(expected("Prometheus refuses: parse error at char 3", false)));
        assert!(understood(503, refused).unwrap_err().later);
        let page = understood(502, "<html>").unwrap_err();
        assert_eq!(page, expected("Prometheus answers with status 502, and not with JSON", true));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in "\\PC{0,80}") {
            prop_assert!(understood(200, &body).is_err());
        }
    }
}

//! A step asks a Prometheus that is well, that is not, and that knows nothing; and one without the grant asks nobody.

use super::{book_of, configured, says};
use crate::support::bot::{Setup, with_bot_of};
use axum::extract::{Query, State};
use drillbell::clock::Clock;
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What a fake answers with, and what it was asked.
#[derive(Default)]
struct Answers {
    status: u16,
    body: Value,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Answers>>;

async fn answer(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> (axum::http::StatusCode, axum::Json<Value>) {
    let mut shared = shared.lock().unwrap();
    shared.asked.push(query["query"].clone());
    (axum::http::StatusCode::from_u16(shared.status).unwrap(), axum::Json(shared.body.clone()))
}

/// A Prometheus on a port of its own, which ends with the test's process.
fn prometheus() -> (u16, Shared) {
    let shared = Shared::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let state = shared.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let router = axum::Router::new().route("/api/v1/query", axum::routing::get(answer)).with_state(state);
            axum::serve(listener, router).await
        })
    });
    (port, shared)
}

fn vector(clock: &Clock, ago_s: f64, values: &[&str]) -> Value {
    let at = clock.now_ms() as f64 / 1000.0 - ago_s;
    let series: Vec<_> = values.iter().map(|value| json!({"metric": {}, "value": [at, value]})).collect();
    json!({"status": "success", "data": {"resultType": "vector", "result": series}})
}

const BLOCK: &str = "```promql\nquery = '100 * sum(rate(e{code=~\"5..\"}[$window])) / sum(rate(e[$window]))'\n\
                     window = \"5m\"\nunit = \"% of requests\"\nexpect = { value = \"< {most}\", previous = \"not-higher\" }\n```";

fn setup(port: u16, grant: &str) -> Setup {
    let book =
        book_of("read-only", "most = { about = \"how many may fail\", default = 5 }", &[("It fails little", BLOCK)]);
    let more = format!("[metrics]\nprometheus = \"http://127.0.0.1:{port}\"\n");
    configured(&Arc::new(tempfile::tempdir().unwrap()), &[("errors", &book)], &more, grant)
}

#[test]
fn an_expression_fails_on_what_is_broken_passes_on_what_is_healed_and_is_unknown_where_nothing_is_known() {
    let (port, prometheus) = prometheus();
    with_bot_of(
        || setup(port, "\"promql\""),
        async |bot| {
            let clock = bot.clock.clone();
            let refused = json!({"status": "error", "error": "parse error at char 3"});
            let mut partial = vector(&clock, 0.0, &["1"]);
            partial["warnings"] = json!(["one store is away"]);
            for (status, body, state, said) in [
                (200, vector(&clock, 0.0, &["1", "7.5"]), "fail", "the value is 7.5 % of requests, expected < 5"),
                (200, vector(&clock, 0.0, &[]), "unknown", "no series matches"),
                (200, vector(&clock, 0.0, &["NaN"]), "unknown", "a series has no finite number"),
                (200, vector(&clock, 3600.0, &["1"]), "unknown", "which is not now"),
                (200, partial, "unknown", "Prometheus warns: one store is away"),
                (400, refused, "unknown", "Prometheus refuses: parse error at char 3"),
                (502, json!("bad gateway"), "unknown", "Prometheus refuses"),
                (200, vector(&clock, 0.0, &["1.5"]), "pass", "the value is 1.5"),
                (200, vector(&clock, 0.0, &["2.5"]), "fail", "in the run before it was 1.5"),
            ] {
                {
                    let mut answers = prometheus.lock().unwrap();
                    (answers.status, answers.body) = (status, body);
                }
                says(&bot, "/runbook start errors").await;
                // Whoever asks hears that the step failed, if it did.
                bot.ana("/runbook run").await;
                let step = says(&bot, "/runbook report").await["steps"][0].clone();
                assert_eq!(step["state"], state, "{said}: {step}");
                assert!(step["said"].as_str().unwrap().contains(said), "{said}: {step}");
            }
            let asked = prometheus.lock().unwrap().asked.last().cloned().unwrap();
            assert_eq!(asked, "100 * sum(rate(e{code=~\"5..\"}[300000ms])) / sum(rate(e[300000ms]))");
        },
    );
}

#[test]
fn without_the_grant_nobody_is_asked_and_the_step_is_unknown() {
    let (port, prometheus) = prometheus();
    with_bot_of(
        || setup(port, "\"secret:none\""),
        async |bot| {
            says(&bot, "/runbook start errors").await;
            assert_eq!(bot.ana("/runbook run").await.status, OutcomeStatus::Ok);
            let step = says(&bot, "/runbook report").await["steps"][0].clone();
            assert_eq!(step["state"], "unknown", "{step}");
            assert!(step["said"].as_str().unwrap().contains("promql is not granted to `runbook`"), "{step}");
            assert!(prometheus.lock().unwrap().asked.is_empty());
        },
    );
}

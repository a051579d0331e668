//! What speaks for a rollback is looked at anew: a number is met or not, and none, no number, an old one and a refusal are unknown.

use super::{PLUGIN, is_in, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::receiver::Receiver;
use axum::extract::State;
use drillbell::model::ids::fresh;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Says = Arc<Mutex<(u16, Value)>>;

async fn answer(State(says): State<Says>) -> (axum::http::StatusCode, axum::Json<Value>) {
    let (status, body) = says.lock().unwrap().clone();
    (axum::http::StatusCode::from_u16(status).unwrap(), axum::Json(body))
}

/// A Prometheus that answers as it is told.
async fn prometheus() -> (Says, String) {
    let says = Says::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/api/v1/query", axum::routing::get(answer)).with_state(says.clone());
    tokio::spawn(axum::serve(listener, router).into_future());
    (says, format!("http://{address}"))
}

fn vector(at_ms: i64, values: &[&str]) -> (u16, Value) {
    let at = at_ms / 1000;
    let series: Vec<_> = values.iter().map(|value| json!({"metric": {}, "value": [at, value]})).collect();
    (200, json!({"status": "success", "data": {"resultType": "vector", "result": series}}))
}

async fn assessed(bot: &TestBot, what: &str) -> Value {
    let title = fresh();
    let spec = json!({"service": "shop", "what": what});
    bot.sends("ana", "console:#incidents", &format!("/misbehave job assess --spec '{spec}' --attempts 1 {title}"))
        .await;
    let job = is_in(bot, &title, JobState::Done).await;
    let result: Value = serde_json::from_str(&job.result.unwrap()).unwrap();
    result["result"].clone()
}

fn sections(prometheus: &str, more: &str) -> String {
    format!(
        "{PLUGIN}[metrics]\nprometheus = {prometheus:?}\n[probes.errors]\nexpr = \"sum(rate(bad[$window])) / sum(rate(all[$window]))\"\n\
         unit = \"ratio\"\nwindow = \"5m\"\nevery = \"1h\"\nabove = \"50%\"\nchannel = \"console:#ops\"\n\
         [services.shop.criteria.errors]\nprobe = \"errors\"\nwhen = \"> 5%\"\n\
         [services.shop.verify.errors]\nprobe = \"errors\"\nexpect = \"< 1%\"\n{more}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_met_or_not_and_what_says_nothing_is_unknown() {
    let (says, url) = prometheus().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections(&url, ""))).await;
    let now_ms = bot.clock.now_ms();
    for (answer, expected, shown) in [
        (vector(now_ms, &["0.051"]), "met", "5.1 %"),
        (vector(now_ms, &["0.049"]), "not_met", "4.9 %"),
        (vector(now_ms, &[]), "unknown", ""),
        (vector(now_ms, &["NaN"]), "unknown", ""),
        (vector(now_ms - 20 * 60_000, &["0.051"]), "unknown", "5.1 %"),
        ((400, json!({"status": "error", "error": "too busy"})), "unknown", ""),
    ] {
        *says.lock().unwrap() = answer.clone();
        let result = assessed(&bot, "criteria").await;
        assert_eq!(result["status"], expected, "{answer:?}: {result}");
        let one = &result["results"][0];
        assert_eq!((&one["shown"], &one["bound"]), (&json!(shown), &json!("> 5 %")), "{one}");
        assert_eq!((&one["window_ms"], &one["unit"]), (&json!(300_000), &json!("ratio")));
        assert_eq!(one["source"], "probe errors (promql)");
        assert_eq!(one["at"], drillbell::clock::rfc3339(now_ms));
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rollback_health_requests_and_numbers_must_hold_and_a_captured_token_is_shown() {
    let (says, url) = prometheus().await;
    let me = Receiver::start().await;
    let login = format!("{url}/api/v1/query");
    let more = format!(
        "[services.shop]\nhealth = {:?}\n[[services.shop.rollback.smoke]]\nurl = {login:?}\ntoken = \"/token\"\n\
         [[services.shop.rollback.smoke]]\nurl = {:?}\nstatus = 202\n[services.shop.rollback.strategies]\n",
        me.url(),
        me.url()
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections(&url, &more))).await;
    let mut body = vector(bot.clock.now_ms(), &["0.002"]).1;
    body["token"] = json!("a-token-that-was-captured");
    *says.lock().unwrap() = (200, body.clone());
    let result = assessed(&bot, "verify").await;
    assert_eq!(result["status"], "pass", "{result}");
    let names: Vec<_> = result["results"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["health", "smoke 1", "smoke 2", "errors"]);
    let shown = me.taken().pop().unwrap().headers["authorization"].clone();
    assert_eq!(shown, "Bearer a-token-that-was-captured");
    assert!(!result.to_string().contains("that-was-captured"), "{result}");

    body["data"]["result"][0]["value"][1] = json!("0.02");
    *says.lock().unwrap() = (200, body);
    assert_eq!(assessed(&bot, "verify").await["status"], "fail");
    // Nobody has said how there could be a way back, or that there is a copy.
    let gate = assessed(&bot, "gate").await;
    assert_eq!(gate["status"], "fail", "{gate}");
    bot.finish().await;
}

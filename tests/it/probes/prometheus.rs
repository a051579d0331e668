//! An expression is asked of a Prometheus with its window filled in, and its answer held against the threshold.

use super::{cards, look, looks, setup};
use crate::support::bot::{TestBot, with_database};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

type Asked = Arc<Mutex<(Vec<(String, String)>, Vec<&'static str>)>>;

async fn answer(
    State(asked): State<Asked>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> axum::Json<Value> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut asked = asked.lock().unwrap();
    asked.0.push((query["query"].clone(), token.to_owned()));
    let series: Vec<_> = asked.1.iter().map(|value| json!({"metric": {}, "value": [1.0, value]})).collect();
    axum::Json(json!({"status": "success", "data": {"resultType": "vector", "result": series}}))
}

#[test]
fn an_expression_is_asked_and_no_answer_is_not_a_good_one() {
    with_database(async |database| {
        let asked = Asked::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().route("/api/v1/query", axum::routing::get(answer)).with_state(asked.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        let mut setup_ = setup("");
        let file = setup_.folder.path().join("prometheus-token");
        std::fs::write(&file, "a-token-for-prometheus").unwrap();
        let expr = "sum(rate(http_requests_total{code=~\"5..\"}[$window])) / sum(rate(http_requests_total[$window]))";
        setup_.config.push_str(&format!(
            "\n[probes.errors]\nexpr = '{expr}'\nunit = \"ratio\"\nwindow = \"5m\"\nabove = \"5%\"\nseverity = \"critical\"\n\
             [metrics]\nprometheus = \"http://{address}\"\ntoken = {{ file = {file:?} }}\n"
        ));
        let bot = TestBot::start(database, setup_).await;
        let says = |values: &[&'static str]| asked.lock().unwrap().1 = values.to_vec();
        says(&["0.01"]);
        assert_eq!(look(&bot, "errors").await.outcome, "pass");
        let (query, token) = asked.lock().unwrap().0[0].clone();
        assert_eq!(query, expr.replace("$window", "300000ms"));
        assert_eq!(token, "Bearer a-token-for-prometheus");
        says(&["0.01", "0.071"]);
        assert_eq!(look(&bot, "errors").await.value, Some(0.071));
        let card = cards(&bot).await.remove(0);
        assert!(card.contains("errors: 7.1 % (alert above 5 %)"), "{card}");
        // Nothing, and what is no number, ends no alert.
        for values in [&[][..], &["NaN"][..]] {
            says(values);
            assert_eq!(looks(&bot, "errors", 2).await, ["unknown"; 2]);
        }
        assert_eq!(cards(&bot).await, [card.as_str()]);
        says(&["0.02"]);
        look(&bot, "errors").await;
        let over = cards(&bot).await.remove(0);
        assert!(over.to_lowercase().contains("resolved"), "{over}");
        bot.finish().await;
    });
}

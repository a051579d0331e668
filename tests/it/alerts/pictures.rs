//! The picture on a card, with the whole bot: read from the configured Prometheus after the card stands.

use super::{alert, known, said, setup, standing};
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::eventually;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// The page that Prometheus gives its alerts: `rate(errors[5m]) > 0.05`.
const PAGE: &str = "http://elsewhere.example.org:9090/graph?g0.expr=rate%28errors%5B5m%5D%29+%3E+0.05&g0.tab=1";

/// A Prometheus that answers with what it is told, once it is let.
#[derive(Clone)]
struct Fake {
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
    let_go: Arc<Semaphore>,
}

#[derive(Clone, Copy, PartialEq)]
enum Says {
    /// Rising values, with a hole and a `NaN`.
    Values,
    /// No series.
    Nothing,
    /// An error.
    Refuses,
}

async fn answer(State(fake): State<Fake>, Query(query): Query<BTreeMap<String, String>>) -> impl IntoResponse {
    let at = |name: &str| query[name].parse::<f64>().unwrap();
    let (start, step) = (at("start"), at("step"));
    fake.asked.lock().unwrap().push(query);
    let _let = fake.let_go.acquire().await.unwrap();
    let value = |n: u32, text: &str| json!([start + f64::from(n) * step, text]);
    let values = [value(0, "0.01"), value(1, "0.02"), value(4, "NaN"), value(5, "0.07"), value(119, "0.5")];
    let series = match *fake.says.lock().unwrap() {
        Says::Values => vec![json!({"metric": {"__name__": "x", "job": "shop"}, "values": values})],
        Says::Nothing => Vec::new(),
        Says::Refuses => {
            let refused = json!({"status": "error", "errorType": "bad_data", "error": "no such function"});
            return (StatusCode::BAD_REQUEST, axum::Json(refused));
        }
    };
    (StatusCode::OK, axum::Json(json!({"status": "success", "data": {"resultType": "matrix", "result": series}})))
}

impl Fake {
    /// It runs, and the bot's configuration that names it.
    async fn start() -> (Self, Setup) {
        let fake = Self {
            says: Arc::new(Mutex::new(Says::Values)),
            asked: Arc::default(),
            let_go: Arc::new(Semaphore::new(0)),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().route("/api/v1/query_range", axum::routing::get(answer));
        tokio::spawn(axum::serve(listener, router.with_state(fake.clone())).into_future());
        let mut with = setup(&format!("[metrics]\nprometheus = \"http://{address}\""));
        with.config = with.config.replace("\"jobs:silence\"", "\"jobs:silence\", \"jobs:samples\"");
        (fake, with)
    }

    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }
}

/// An alert that comes with its expression, and repeats of it with another name.
async fn fires(bot: &TestBot, name: &str, status: &str) {
    let mut it = alert(name, "web-1", status, "critical");
    it["generatorURL"] = json!(PAGE);
    let body = json!({"version": "4", "status": status, "alerts": [it]}).to_string();
    bot.app.hooks().receive("prom", &known(), body.as_bytes()).await.expect("it is taken");
}

/// The chart that stands on the card of this alert now.
pub async fn chart(bot: &TestBot, name: &str) -> Option<Value> {
    let all = said(bot, "console:#alerts").await;
    let last = all.iter().rfind(|item| item.payload.to_string().contains(name))?;
    let blocks = last.payload["blocks"].as_array()?;
    blocks.iter().find(|block| block["type"] == "chart").cloned()
}

async fn no_job_is_open(bot: &TestBot) {
    eventually("every job has ended", async || {
        let answer = bot.ana("/drillbell status").await;
        answer.data.expect("data")["jobs"]["list"].as_array().expect("a list").is_empty().then_some(())
    })
    .await;
}

#[test]
fn the_card_stands_at_once_and_shows_the_expression_around_the_event_when_prometheus_has_answered() {
    with_database(async |database| {
        let (fake, with) = Fake::start().await;
        let bot = TestBot::start(database, with).await;
        fires(&bot, "HighErrorRate", "firing").await;
        eventually("Prometheus is asked", async || (!fake.asked.lock().unwrap().is_empty()).then_some(())).await;
        let cards = standing(&bot, "console:#alerts").await;
        assert!(cards.len() == 1 && cards[0].contains("Firing."), "it waits for nobody: {cards:?}");
        assert_eq!(chart(&bot, "HighErrorRate").await, None);

        fake.let_go.add_permits(1);
        let drawn = eventually("the card has its picture", async || chart(&bot, "HighErrorRate").await).await;
        let asked = fake.asked.lock().unwrap()[0].clone();
        assert_eq!(
            asked["query"], "rate(errors[5m])",
            "without the comparison, which would answer only while it fires"
        );
        assert_eq!(asked["step"], "15.000");
        let (from_ms, at_ms) = (drawn["from_ms"].as_i64().unwrap(), bot.clock.now_ms());
        assert_eq!((at_ms - from_ms, drawn["to_ms"].as_i64()), (30 * 60_000, Some(at_ms)));
        let points = drawn["series"][0]["points"].as_array().unwrap();
        let value = |n: i64| points.iter().find(|point| point[0] == json!(from_ms + n * 15_000)).unwrap()[1].clone();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 119].map(value),
            [json!(0.01), json!(0.02), Value::Null, Value::Null, Value::Null, json!(0.07), json!(0.5)]
        );
        assert_eq!(drawn["thresholds"], json!([{"label": "alert above", "value": 0.05}]));
        assert_eq!(drawn["marks"], json!([{"at_ms": at_ms, "label": "fires"}]));

        bot.clock.advance(60_000);
        fake.let_go.add_permits(1);
        fires(&bot, "HighErrorRate", "resolved").await;
        let over = eventually("the end has a picture too", async || {
            chart(&bot, "HighErrorRate")
                .await
                .filter(|chart| chart["marks"].as_array().is_some_and(|all| all.len() == 2))
        })
        .await;
        assert_eq!(over["marks"][1], json!({"at_ms": at_ms + 60_000, "label": "over"}));
        assert_eq!(standing(&bot, "console:#alerts").await.len(), 1, "the same card");
        bot.finish().await;
    });
}

#[test]
fn a_prometheus_that_has_nothing_or_refuses_costs_the_picture_and_nothing_else() {
    with_database(async |database| {
        let (fake, with) = Fake::start().await;
        fake.let_go.add_permits(9);
        let bot = TestBot::start(database, with).await;
        for (name, says) in [("Nothing", Says::Nothing), ("Refused", Says::Refuses)] {
            fake.says(says);
            fires(&bot, name, "firing").await;
            eventually("Prometheus is asked", async || {
                let asked = fake.asked.lock().unwrap().len();
                (asked > usize::from(says == Says::Refuses)).then_some(())
            })
            .await;
            no_job_is_open(&bot).await;
            assert_eq!(chart(&bot, name).await, None);
        }
        let cards = standing(&bot, "console:#alerts").await;
        assert!(cards.len() == 2 && cards.iter().all(|card| card.contains("Firing.")), "{cards:?}");
        bot.finish().await;
    });
}

//! What speaks for a rollback is looked at anew: a number is met or not, and none, no number, an old one and a refusal are unknown.

use super::{PLUGIN, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::is_in;
use crate::support::prometheus::{Prometheus, vector};
use crate::support::receiver::Receiver;
use drillbell::model::ids::fresh;
use drillbell::model::job::JobState;
use serde_json::{Value, json};

/// What a look has found.
pub(super) async fn assessed(bot: &TestBot, what: &str) -> Value {
    let title = fresh();
    let spec = json!({"service": "shop", "what": what});
    bot.sends("ana", "console:#incidents", &format!("/misbehave job assess --spec '{spec}' --attempts 1 {title}"))
        .await;
    let job = is_in(bot, &title, JobState::Done).await;
    let result: Value = serde_json::from_str(&job.result.unwrap()).unwrap();
    result["result"].clone()
}

/// What the gate finds of the way back, and what it says of it.
pub(super) async fn way_back(bot: &TestBot) -> (String, String) {
    let gate = assessed(bot, "gate").await;
    let back = gate["results"].as_array().unwrap().iter().find(|one| one["name"] == "way back").unwrap().clone();
    let text = |key: &str| back[key].as_str().unwrap().to_owned();
    (text("status"), text("detail"))
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
    let prometheus = Prometheus::start();
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections(&prometheus.url, ""))).await;
    let now_ms = bot.clock.now_ms();
    let now_s = now_ms / 1000;
    for (status, body, expected, shown) in [
        (200, vector(now_s, &["0.051"]), "met", "5.1 %"),
        (200, vector(now_s, &["0.049"]), "not_met", "4.9 %"),
        (200, vector(now_s, &[]), "unknown", ""),
        (200, vector(now_s, &["NaN"]), "unknown", ""),
        (200, vector(now_s - 20 * 60, &["0.051"]), "unknown", "5.1 %"),
        (400, json!({"status": "error", "error": "too busy"}), "unknown", ""),
    ] {
        prometheus.says(status, body.clone());
        let result = assessed(&bot, "criteria").await;
        assert_eq!(result["status"], expected, "{body}: {result}");
        let one = &result["results"][0];
        assert_eq!((&one["shown"], &one["bound"]), (&json!(shown), &json!("> 5 %")), "{one}");
        assert_eq!((&one["window_ms"], &one["unit"]), (&json!(300_000), &json!("ratio")));
        assert_eq!(one["source"], "probe errors (promql)");
        assert_eq!(one["at"], drillbell::clock::rfc3339(now_ms));
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_does_not_answer_at_all_nothing_is_known() {
    let nobody = format!("http://127.0.0.1:{}", crate::support::postgres::free_port());
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections(&nobody, ""))).await;
    for (what, word) in [("criteria", "unknown"), ("verify", "unknown")] {
        let result = assessed(&bot, what).await;
        assert_eq!((&result["status"], &result["results"][0]["status"]), (&json!(word), &json!(word)), "{result}");
        assert_eq!(result["results"][0]["value"], Value::Null, "{result}");
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rollback_health_requests_and_numbers_must_hold_and_a_captured_token_is_shown() {
    let prometheus = Prometheus::start();
    let me = Receiver::start().await;
    let login = format!("{}/api/v1/query", prometheus.url);
    let more = format!(
        "[services.shop]\nhealth = {:?}\n[[services.shop.rollback.smoke]]\nurl = {login:?}\ntoken = \"/token\"\n\
         [[services.shop.rollback.smoke]]\nurl = {:?}\nstatus = 202\n[services.shop.rollback.strategies]\n",
        me.url(),
        me.url()
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections(&prometheus.url, &more))).await;
    let mut body = vector(bot.clock.now_ms() / 1000, &["0.002"]);
    body["token"] = json!("a-token-that-was-captured");
    prometheus.says(200, body.clone());
    let result = assessed(&bot, "verify").await;
    assert_eq!(result["status"], "pass", "{result}");
    let names: Vec<_> = result["results"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["health", "smoke 1", "smoke 2", "errors"]);
    let shown = me.taken().pop().unwrap().headers["authorization"].clone();
    assert_eq!(shown, "Bearer a-token-that-was-captured");
    assert!(!result.to_string().contains("that-was-captured"), "{result}");

    body["data"]["result"][0]["value"][1] = json!("0.02");
    prometheus.says(200, body);
    assert_eq!(assessed(&bot, "verify").await["status"], "fail");
    // Nobody has said how there could be a way back, or that there is a copy.
    let gate = assessed(&bot, "gate").await;
    assert_eq!(gate["status"], "fail", "{gate}");
    bot.finish().await;
}

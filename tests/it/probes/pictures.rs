//! What a probe found is drawn on its card, without any monitoring system.

use super::{looks, row, setup};
use crate::alerts::pictures::chart;
use crate::support::bot::{TestBot, with_database};
use crate::support::eventually;
use serde_json::{Value, json};

#[test]
fn what_a_probe_found_is_drawn_without_any_prometheus() {
    with_database(async |database| {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut with = setup(&format!("[probes.shop]\nurl = \"http://{gone}/\"\nservice = \"shop\""));
        with.config = with.config.replace("\"jobs:silence\"", "\"jobs:silence\", \"jobs:samples\"");
        let bot = TestBot::start(database, with).await;
        let now_ms = bot.clock.now_ms();
        for (back_s, took_ms) in [(120, 40), (90, 60)] {
            bot.app.store().keep_probe(row("shop", now_ms - back_s * 1000, "pass", took_ms)).await.unwrap();
        }
        assert_eq!(looks(&bot, "shop", 2).await, ["fail"; 2]);
        let drawn = eventually("its card has a picture", async || chart(&bot, "probe=shop").await).await;
        assert_eq!((&drawn["title"], &drawn["unit"]), (&json!("shop"), &json!("milliseconds")));
        let points = drawn["series"][0]["points"].as_array().unwrap();
        let values: Vec<_> = points.iter().map(|point| &point[1]).collect();
        assert_eq!(values[..2], [&json!(40.0), &json!(60.0)]);
        assert!(
            values.len() > 2 && values[2..].iter().all(|value| **value == Value::Null),
            "failures are gaps: {drawn}"
        );
        bot.finish().await;
    });
}

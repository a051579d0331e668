//! The picture on a card: asked for when the card stands, shown when it is there, and never in the way.

use super::{Alerts, alert, ends, fires, hear, later};
use drillbell_sdk::testing::FakeBot;
use serde_json::{Value, json};

const PAGE: &str = "http://prom:9090/graph?g0.expr=rate%28errors%5B5m%5D%29+%3E+0.05&g0.tab=1";

/// A group whose alerts come with their expression.
fn drawn() -> FakeBot {
    let mut bot = FakeBot::new();
    let mut first = alert(&bot, "aaaa1111", "web-1", "firing");
    PAGE.clone_into(&mut first.url);
    hear(&mut bot, first);
    bot
}

fn spec(bot: &FakeBot, job: usize) -> Value {
    serde_json::from_str(&bot.jobs[job].0.spec).expect("JSON")
}

fn read(bot: &mut FakeBot, job: usize, values: &Value) {
    let spec = spec(bot, job);
    let detail = json!({
        "about": "aaaa1111", "from_ms": spec["from_ms"], "to_ms": spec["to_ms"], "unit": "percent",
        "series": [{"name": "value", "points": values}], "threshold": {"label": "alert above", "value": 5.0},
    });
    bot.end_job::<Alerts>(&format!("job-{}", job + 1), "done", &detail.to_string()).expect("it is handled");
}

#[test]
fn the_card_stands_before_its_picture_is_asked_for_and_is_edited_when_it_is_there() {
    let mut bot = drawn();
    let before = bot.transcript();
    assert!(before.starts_with("post m1") && !before.contains("chart"), "{before}");
    let asked = spec(&bot, 0);
    assert_eq!(asked["expr"], "rate(errors[5m]) > 0.05");
    assert_eq!(asked["from_ms"], json!(bot.now_ms - 30 * 60_000));
    let at = bot.now_ms;
    read(&mut bot, 0, &json!([[at - 60_000, 1.5], [at - 30_000, null], [at, 7.25]]));
    let after = bot.transcript();
    let line = "chart rate(errors[5m]) > 0.05 (percent), value of 3 points, alert above at 5, fires on";
    assert!(after.starts_with("edit m1") && after.contains(line), "{after}");

    // It stays when the card is drawn for another reason, and its end has a picture of its own.
    later(&mut bot, 60);
    ends(&mut bot, "aaaa1111", "web-1");
    let ended = bot.transcript();
    assert!(ended.contains("Resolved after") && ended.contains("chart"), "{ended}");
    assert_eq!(spec(&bot, 1)["to_ms"], json!(bot.now_ms));
    read(&mut bot, 1, &json!([[at, 7.25], [at + 60_000, 0.5]]));
    assert!(bot.transcript().contains("over on"), "the end is marked too");
}

#[test]
fn one_that_comes_late_does_not_take_the_place_of_a_newer_one() {
    let mut bot = drawn();
    let at = bot.now_ms;
    later(&mut bot, 60);
    ends(&mut bot, "aaaa1111", "web-1");
    bot.transcript();
    read(&mut bot, 1, &json!([[at, 7.25], [at + 60_000, 0.5]]));
    assert!(bot.transcript().contains("value of 2 points"));
    read(&mut bot, 0, &json!([[at, 7.25]]));
    assert_eq!(bot.transcript(), "");
}

#[test]
fn what_could_not_be_read_or_holds_nothing_changes_no_card() {
    let mut bot = drawn();
    bot.transcript();
    bot.end_job::<Alerts>("job-1", "failed", r#"{"error": "Prometheus refuses", "detail": {"about": "aaaa1111"}}"#)
        .unwrap();
    assert!(!bot.transcript().contains("edit"));
    let mut bot = drawn();
    bot.transcript();
    let at = bot.now_ms;
    read(&mut bot, 0, &json!([[at, null]]));
    assert!(!bot.transcript().contains("edit"), "gaps alone are no picture");
    fires(&mut bot, "aaaa1111", "web-1");
    bot.fire_timer::<Alerts>("draw/aaaa1111").expect("it is handled");
    let drawn = bot.transcript();
    assert!(drawn.starts_with("edit m1") && !drawn.contains("chart"), "{drawn}");
}

#[test]
fn a_probe_of_the_bots_own_is_drawn_by_its_name_and_other_alerts_ask_for_nothing() {
    let mut bot = FakeBot::new();
    let mut own = alert(&bot, "bbbb2222", "shop", "firing");
    own.source = "probes".to_owned();
    own.labels = [("alertname", "shop"), ("probe", "shop")].into_iter().collect();
    hear(&mut bot, own);
    assert_eq!(spec(&bot, 0)["probe"], "shop");
    for page in
        ["https://prometheus.example.org/graph", "https://example.org/?g0.expr=", "https://example.org/?g0.expr=%zz"]
    {
        let mut bot = FakeBot::new();
        let mut other = alert(&bot, "cccc3333", "web-1", "firing");
        page.clone_into(&mut other.url);
        hear(&mut bot, other);
        assert!(bot.jobs.is_empty() && bot.transcript().starts_with("post"), "{page}");
    }
}

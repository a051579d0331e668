//! A plugin that fails over one alert of a notification: the others are heard, and what comes later comes later.

use super::{alert, sends, setup};
use crate::support::bot::{MISBEHAVING, with_bot_of};
use crate::support::eventually;
use serde_json::Value;

#[test]
fn one_alert_that_fails_harms_no_other_and_nothing_overtakes_what_was_split() {
    with_bot_of(
        || setup(MISBEHAVING),
        async |bot| {
            let store = bot.app.store();
            let good = |status: &str| alert("good", "web-1", status, "critical");
            let first = sends(&bot, vec![good("firing"), alert("fail", "web-2", "firing", "critical")]).await;
            sends(&bot, vec![good("resolved")]).await;
            eventually("all is handled", async || (store.open_events().await.unwrap() == 0).then_some(())).await;

            let key = format!("seen:alert:{}", first.accepted[0]);
            let seen = store.kv_get(&"misbehaving".into(), &key).await.unwrap().value.expect("it was heard");
            let seen: Value = serde_json::from_str(&seen).unwrap();
            assert_eq!(seen["status"], "resolved", "the end came last: {seen}");

            let trail = bot.trail().await;
            let of_it = |record: &&Value| record["plugin"] == "misbehaving";
            let split = trail.iter().filter(|record| record["detail"]["split"].is_string()).count();
            assert_eq!(split, 1, "{trail:#?}");
            let outcomes = |wanted: &str| trail.iter().filter(of_it).filter(|it| it["outcome"] == wanted).count();
            assert_eq!(
                (outcomes("failed"), outcomes("ok")),
                (1, 3),
                "the split, the good one, and its end: {trail:#?}"
            );
        },
    );
}

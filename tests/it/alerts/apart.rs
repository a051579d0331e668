//! An alert that people take out of its group: it has a card of its own, and keeps it over a restart.

use super::{alert, sends, setup, standing};
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::eventually;
use serde_json::Value;

/// The groups there are, by `/alert list --all`.
async fn groups(bot: &TestBot) -> Vec<Value> {
    let answer = bot.ana("/alert list --all").await;
    answer.data.expect("data")["groups"].as_array().expect("a list").clone()
}

async fn heard(bot: &TestBot) {
    let store = bot.app.store();
    eventually("all is handled", async || (store.open_events().await.unwrap() == 0).then_some(())).await;
}

#[test]
fn what_is_split_off_keeps_its_own_card_over_a_restart() {
    with_database(async |database| {
        let first = setup("");
        let (folder, clock, config) = (first.folder.clone(), first.clock.clone(), first.config.clone());
        let bot = TestBot::start(database, first).await;
        let web = |instance: &str, status: &str| alert("HighErrorRate", instance, status, "critical");
        let taken = sends(&bot, vec![web("web-1", "firing"), web("web-2", "firing")]).await;
        heard(&bot).await;
        let old = groups(&bot).await.remove(0)["id"].as_str().unwrap().to_owned();
        let shown = bot.ana(&format!("/alert show {old}")).await.text;
        for said in ["alertname=HighErrorRate", "service=shop", taken.accepted[1].as_str()] {
            assert!(shown.contains(said), "{said}: {shown}");
        }
        let split = bot.ana(&format!("/alert split {old} {}", taken.accepted[1])).await;
        assert!(split.text.contains("has a card of its own"), "{}", split.text);
        let own = groups(&bot).await.into_iter().find(|group| group["split_from"] == old.as_str()).unwrap();
        bot.finish().await;

        let bot = TestBot::start(database, Setup { folder, clock, config, ..Setup::default() }).await;
        bot.clock.advance(1_000);
        sends(&bot, vec![web("web-2", "resolved")]).await;
        heard(&bot).await;
        let state = async |id: &str| {
            let all = groups(&bot).await;
            all.iter().find(|group| group["id"] == id).expect("it is there")["state"].as_str().unwrap().to_owned()
        };
        assert_eq!(
            (state(&old).await.as_str(), state(own["id"].as_str().unwrap()).await.as_str()),
            ("firing", "resolved")
        );
        sends(&bot, vec![web("web-2", "firing")]).await;
        heard(&bot).await;
        assert_eq!(state(own["id"].as_str().unwrap()).await, "firing");
        let cards = standing(&bot, "console:#alerts").await;
        assert_eq!(cards.len(), 2, "{cards:?}");
        bot.finish().await;
    });
}

//! A heartbeat that is missed, by a clock that the test moves.

use super::{cards, look, looks, posts, setup};
use crate::alerts::{TOKEN, known, token_file};
use crate::support::bot::{TestBot, with_database};
use crate::support::eventually;
use drillbell::hooks::{Shown, Turned};

#[test]
fn a_beat_that_is_missing_is_an_alert_and_the_next_one_ends_it() {
    with_database(async |database| {
        let mut setup = setup("");
        let token = token_file(setup.folder.path());
        setup.config.push_str(&format!(
            "\n[probes.nightly]\ntoken = {token}\nevery = \"2m\"\ngrace = \"1m\"\nseverity = \"critical\"\n[probes.door]\nurl = \"tcp://127.0.0.1:1\"\n"
        ));
        let bot = TestBot::start(database, setup).await;
        let beat = async |name: &str, shown: &Shown| bot.app.beats().beat(name, shown).await;
        assert!(matches!(beat("nightly", &Shown::default()).await, Err(Turned::Stranger(_))));
        let other = Shown { token: Some(format!("{TOKEN}x")), ..Shown::default() };
        assert!(matches!(beat("nightly", &other).await, Err(Turned::Stranger(_))));
        for name in ["door", "nobody"] {
            assert!(matches!(beat(name, &known()).await, Err(Turned::Unknown)), "{name}");
        }
        let forged = bot.app.hooks().receive("probes", &known(), b"{}").await;
        assert!(matches!(forged, Err(Turned::Unknown)), "nobody outside sends as the probes: {forged:?}");
        // What was never heard of is late only when its first beat is.
        assert_eq!(look(&bot, "nightly").await.outcome, "unknown");
        beat("nightly", &known()).await.unwrap();
        assert_eq!(looks(&bot, "nightly", 6).await, ["pass"; 6], "every and grace have not gone by");
        assert!(!cards(&bot).await.join("\n").contains("nightly"));
        let row = look(&bot, "nightly").await;
        assert_eq!((row.outcome.as_str(), row.detail.as_str()), ("fail", "the last beat was 3m30s ago"));
        let late =
            async || cards(&bot).await.into_iter().find(|card| card.contains("nightly: the last beat was 3m30s ago"));
        eventually("its card is there", late).await;
        let before = posts(&bot).await;
        beat("nightly", &known()).await.unwrap();
        assert_eq!(look(&bot, "nightly").await.outcome, "pass");
        let over = async || {
            let cards = cards(&bot).await;
            cards.into_iter().find(|card| card.contains("nightly") && card.to_lowercase().contains("resolved"))
        };
        eventually("its card says so", over).await;
        assert_eq!(posts(&bot).await, before);
        bot.finish().await;
    });
}

//! A real TLS server whose certificate runs out.

use super::{cards, look, setup};
use crate::alerts::standing;
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::smtp::{Privacy, Smtp};
use drillbell::clock::Clock;

/// When the server's certificate expires: 2126-10-29T03:01:24Z.
const EXPIRES_MS: i64 = 4_948_916_484_000;
const DAY_MS: i64 = 86_400_000;

#[test]
fn a_certificate_that_expires_soon_is_an_alert_and_one_that_expires_sooner_another() {
    with_database(async |database| {
        let server = Smtp::start(Privacy::Tls).await;
        let probe = format!(
            "[probes.name]\nurl = \"tls://127.0.0.1:{}\"\nevery = \"30s\"\nexpires_within = \"14d\"\nseverity = \"warning\"\n\
             [probes.name.also]\nexpires_within = \"3d\"\nseverity = \"critical\"\n\
             channel = \"console:#ops\"\n",
            server.port
        );
        let clock = Clock::manual(EXPIRES_MS - 20 * DAY_MS);
        let bot = TestBot::start(database, Setup { clock, ..setup(&probe) }).await;
        let row = look(&bot, "name").await;
        assert_eq!(row.outcome, "pass", "{row:?}");
        let left_ms = row.value.unwrap() * 1000.0;
        assert_eq!(left_ms, (EXPIRES_MS - row.at_ms) as f64);
        bot.clock.advance(10 * DAY_MS);
        assert_eq!(look(&bot, "name").await.outcome, "fail");
        let card = cards(&bot).await.remove(0);
        assert!(card.contains("name: 9d23h") && card.contains("(alert below 14d)"), "{card}");
        assert!(!card.contains("below 3d"), "{card}");
        bot.clock.advance(11 * DAY_MS);
        let row = look(&bot, "name").await;
        assert!(row.value.unwrap() < 0.0, "expired: {row:?}");
        let second = standing(&bot, "console:#ops").await.remove(0);
        assert!(second.contains("(alert below 3d)"), "{second}");
        bot.finish().await;
    });
}

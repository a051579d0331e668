//! Requests that fail: everything arrives, in order, once.

use super::on_discord;
use crate::support::discord::{ANA, Mishap, OPS};
use crate::support::eventually;

#[test]
fn with_a_429_on_every_third_call_and_5xx_between_everything_arrives_in_order_and_once() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        let mut calls = 0;
        discord.faults(move |_, path| {
            // The first answers are Discord's to retry within their 3 s; they are tested apart.
            if path.starts_with("interactions/") {
                return None;
            }
            calls += 1;
            match calls % 6 {
                3 => Some(Mishap::Limited(0.2, false)),
                0 => Some(Mishap::Limited(0.1, true)),
                4 => Some(Mishap::Status(503)),
                5 => Some(Mishap::Cut),
                _ => None,
            }
        });
        let words: Vec<_> = (0..5).map(|n| format!("word-{n}")).collect();
        for word in &words {
            // One after another, so that their order is known.
            let id = world.bot.sends("ana", "discord:#ops", &format!("/misbehave echo {word}")).await;
            world.bot.handled(&id).await;
        }
        eventually("all have arrived", async || (discord.sees(ANA, OPS).len() >= words.len()).then_some(())).await;
        discord.no_faults();
        eventually("nothing is left", async || {
            world.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(())
        })
        .await;
        let shown: Vec<_> =
            discord.sees(ANA, OPS).iter().map(|shown| shown.text.lines().next().unwrap().to_owned()).collect();
        assert_eq!(shown, words.iter().map(|word| format!("first={word}")).collect::<Vec<_>>());
    });
}

//! Requests that fail: everything arrives, in order, once.

use super::on_discord;
use crate::support::discord::{ANA, FakeDiscord, Mishap, OPS, Used};
use crate::support::eventually;
use std::sync::Arc;

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

/// Requests that an interaction's way back got: methods and statuses, of its first answer and of everything after it.
fn ways(discord: &FakeDiscord, used: &Used) -> (Vec<u16>, Vec<u16>) {
    let of = |start: &str| {
        let calls = discord.journal().into_iter();
        let calls = calls.filter(|call| call.path.starts_with(start) && call.path.contains(&used.id));
        calls.map(|call| call.status).collect()
    };
    (of("interactions/"), of("webhooks/"))
}

#[test]
fn words_come_whatever_becomes_of_the_first_answer_and_of_the_way_back() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        let says = |discord: &Arc<FakeDiscord>, word: &str| {
            discord.sends_command(ANA, OPS, "misbehave echo", &[("first", word)])
        };
        let once = |start: &'static str, mishap: Mishap| {
            let mut left = Some(mishap);
            discord.faults(move |_, path| if path.starts_with(start) { left.take() } else { None });
        };
        once("interactions/", Mishap::Status(503));
        let used = says(discord, "repeated");
        discord.finds(ANA, OPS, "first=repeated").await;
        let (first, then) = ways(discord, &used);
        assert_eq!((first, then.first()), (vec![503, 204], Some(&200)), "given again, and the answer in its place");

        // What Discord never took has no place, which nobody looks for.
        for (word, mishap) in [("lost", Mishap::Refused(404, 10062)), ("limited", Mishap::Limited(60.0, false))] {
            once("interactions/", mishap);
            let used = says(discord, word);
            discord.finds(ANA, OPS, &format!("first={word}")).await;
            let (first, then) = ways(discord, &used);
            assert_eq!((first.len(), then), (1, Vec::new()), "{word}");
        }
        // A way back that is over is 401, which says nothing of the bot's own token.
        once("webhooks/", Mishap::Refused(401, 50027));
        let used = says(discord, "expired");
        discord.finds(ANA, OPS, "first=expired").await;
        assert_eq!(ways(discord, &used), (vec![204], vec![401]));
        world.is_up().await;
    });
}

#[test]
fn a_channel_that_was_made_anew_is_found_by_its_name() {
    on_discord("http", async |world| {
        let discord = &world.discord;
        world.bot.sends("ana", "discord:#ops", "/misbehave echo before").await;
        discord.finds(ANA, OPS, "first=before").await;
        let anew = discord.makes_anew(OPS);
        world.bot.sends("ana", "discord:#ops", "/misbehave echo after").await;
        discord.finds(ANA, &anew, "first=after").await;
    });
}

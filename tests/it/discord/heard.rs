//! What people do besides commands and clicks.

use super::{on_discord, on_threads, sections};
use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, INCIDENTS, Mishap, OPS};
use crate::support::eventually;
use drillbell::model::ids::DeliveryId;
use serde_json::json;
use std::sync::Arc;

#[test]
fn a_reaction_reaches_the_plugin_whose_message_it_is() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        let used = discord.uses(ANA, INCIDENTS, "misbehave echo", &[("first", "look-at-this")]).await;
        let message = discord.finds(ANA, INCIDENTS, "look-at-this").await;
        // What it is called there is noted a moment after it was sent.
        eventually("its delivery is noted", async || {
            world.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(())
        })
        .await;
        discord.reacts(BEN, &message.id, "📌");
        let record = eventually("the reaction is on record", async || {
            world.bot.trail().await.into_iter().find(|record| record["detail"]["emoji"].is_string())
        })
        .await;
        assert_eq!((record["kind"].as_str(), record["actor"].as_str()), (Some("reaction"), Some("ben")), "{record}");
        let answers = discord.journal().into_iter().filter(|call| {
            call.path.contains(&used.id)
                && call.path.ends_with("/callback")
                && call.method == "POST"
                && call.status < 300
        });
        assert_eq!(answers.count(), 1, "a command is answered by its callback once");
    });
}

#[test]
fn a_thread_is_called_by_its_channels_name_from_the_first_thing_on_that_is_heard() {
    on_threads(async {
        let discord = FakeDiscord::start().await;
        // Nothing can be registered, and the channels are known all the same.
        discord.faults(|method, path| (method == "PUT" && path.ends_with("/commands")).then_some(Mishap::Status(503)));
        let (database, folder) = (TestDatabase::sqlite(), Arc::new(tempfile::tempdir().unwrap()));
        let config = discord.config(folder.path(), "gateway") + &sections();
        let bot = TestBot::start(&database, Setup { config, folder, ..Setup::default() }).await;
        eventually("the line is up", async || discord.is_connected().then_some(())).await;
        let thread = discord.opens_thread(OPS);
        let used = discord.sends(
            ANA,
            &thread,
            2,
            json!({"name": "drillbell", "options": [{"name": "whoami", "type": 1}]}),
            None,
        );
        discord.first_answer_to(&used).await;
        let id = format!("discord/{}", used.id);
        bot.handled(&DeliveryId::new(id.clone())).await;
        let record = bot.record(&id).await;
        assert_eq!(record["conversation"], format!("discord:#ops/{thread}"), "{record}");
        bot.finish().await;
    });
}

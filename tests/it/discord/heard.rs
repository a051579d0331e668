//! What people do besides commands and clicks.

use super::on_discord;
use crate::support::discord::{ANA, BEN, INCIDENTS};
use crate::support::eventually;

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

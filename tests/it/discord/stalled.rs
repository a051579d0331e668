//! A database that does not answer: nothing is taken to be gone, and what is done again is done.

use super::on_discord;
use crate::support::discord::{ANA, INCIDENTS};
use crate::support::stalled::stalled;
use drillbell::platform::discord::Discord;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[test]
fn a_form_that_the_database_cannot_tell_of_now_is_not_taken_to_be_an_old_one() {
    on_discord("http", async |world| {
        let discord = &world.discord;
        discord.uses(ANA, INCIDENTS, "misbehave form-card", &[]).await;
        let card = discord.finds(ANA, INCIDENTS, "Fill this in").await;
        let opened = discord.clicks(ANA, &card.id, "Report…").await;
        let modal = discord.first_answer_to(&opened).await["data"]["custom_id"].clone();
        // The same bot, whose database stalls now.
        let good = world.endpoint.clone().unwrap();
        let chat = Discord::configured(world.bot.app.config(), &world.bot.clock).unwrap().unwrap();
        let routes = chat.inbound.routes(stalled(&world.bot)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        discord.interactions_go_to(format!("http://{}/discord/interactions", listener.local_addr().unwrap()));
        let stop = CancellationToken::new();
        tokio::spawn(drillbell::web::serve(listener, routes, stop.clone(), std::time::Duration::ZERO));
        let clicked = discord.clicks(ANA, &card.id, "Report…").await;
        let data = json!({"custom_id": modal, "components": []});
        let submitted = discord.sends(ANA, INCIDENTS, 5, data, None);
        for used in [clicked, submitted] {
            let answer = discord.first_answer_to(&used).await;
            let words = answer["data"]["content"].as_str().unwrap_or_default();
            assert!(
                words.starts_with("The bot cannot take this right now") && words.contains("Nothing was done"),
                "{answer}"
            );
        }
        // It answers again, and so does the form.
        discord.interactions_go_to(good);
        discord.fills(ANA, &card.id, "Report…", &[("Title", "fire"), ("Level", "High")]).await;
        discord.finds(ANA, INCIDENTS, "Ana sent report \\(v5\\): title=fire, level=high").await;
        stop.cancel();
    });
}

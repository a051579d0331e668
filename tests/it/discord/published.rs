//! Everything that is sent to Discord fits the types that are published for its API.

use super::places::with_place;
use super::{World, on_discord, on_threads};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, Cut, FakeDiscord, INCIDENTS};
use crate::support::eventually;
use crate::support::judge::judge;
use drillbell_fakes::journal::Sent;
use serde_json::{Value, json};
use std::sync::Arc;

/// An incident, and what else people can ask for.
async fn asks_for_everything(discord: &Arc<FakeDiscord>, place: Option<u64>) {
    discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "checkout is down")]).await;
    let mut there = INCIDENTS.to_owned();
    if let Some(kind) = place {
        there = eventually("its place", async || discord.opened(kind).into_iter().next()).await.id;
    }
    let card = discord.finds(ANA, &there, "INC-1").await.id;
    discord.clicks(BEN, &card, "Acknowledge").await;
    discord.fills(ANA, &card, "Update", &[("What is so now?", "still looking")]).await;
    discord.finds(ANA, &there, "still looking").await;
    discord.types(ANA, INCIDENTS, "sev show", &[], ("id", "INC")).await;
    discord.uses(ANA, INCIDENTS, "drillbell whoami", &[]).await;
    discord.finds(ANA, INCIDENTS, &format!("discord:{ANA}")).await;
    discord.uses(ANA, INCIDENTS, "misbehave form-card", &[]).await;
    let asks = discord.finds(ANA, INCIDENTS, "Fill this in").await.id;
    discord.chooses(ANA, &asks, "Colour", "Green").await;
    discord.finds(ANA, INCIDENTS, "pick \\(green\\)").await;
}

async fn is_delivered(world: &World) {
    eventually("all is delivered", async || {
        let store = world.bot.app.store();
        (store.outbox_backlog().await.unwrap().is_empty() && store.open_events().await.unwrap() == 0).then_some(())
    })
    .await;
}

#[test]
fn what_people_are_answered_fits_in_every_kind() {
    on_threads(async {
        let mut sent = Vec::new();
        for (place, kind) in [("channel", 0), ("thread", 11)] {
            let database = TestDatabase::sqlite();
            let world = with_place(&database, place).await;
            let (discord, bot) = (&world.discord, &world.bot);
            asks_for_everything(discord, Some(kind)).await;
            let there = discord.opened(kind)[0].id.clone();
            discord.cut(Cut::Close(None));
            eventually("it is resumed", async || (discord.resumed() > 0).then_some(())).await;
            discord.uses(ANA, &there, "sev resolve", &[("text", "it serves again")]).await;
            discord.finds(ANA, &there, "resolved").await;
            is_delivered(&world).await;
            bot.clock.advance(3_600_000);
            eventually("it is archived", async || discord.opened(kind)[0].archived.then_some(())).await;
            is_delivered(&world).await;
            sent.extend(discord.sent());
            world.finish().await;
        }
        judge(&sent).all_fit(&[
            "InteractionAnswer",
            "GatewaySendPayload",
            "RESTPatchAPIChannelMessageJSONBody",
            "RESTPostAPIChannelMessageJSONBody",
            "TextChannelCreate",
            "CommandsOverwrite",
            "RESTPutAPIChannelPermissionJSONBody",
            "WebhookMessageEdit",
        ]);
    });
}

#[test]
fn answers_to_signed_requests_fit_as_well() {
    on_discord("http", async |world| {
        asks_for_everything(&world.discord, None).await;
        is_delivered(world).await;
        let sent = world.discord.sent();
        assert!(sent.iter().any(|one| one.kind == "answer to an interaction"), "it was asked by HTTP");
        judge(&sent).all_fit(&["InteractionAnswer", "RESTPostAPIChannelMessageJSONBody"]);
    });
}

#[test]
fn what_discord_has_no_type_for_is_found() {
    let sent = |(kind, body): (&str, Value)| Sent { platform: "discord", kind: kind.to_owned(), as_text: false, body };
    let row =
        |style: u64| json!([{"type": 1, "components": [{"type": 2, "style": style, "custom_id": "x", "label": "X"}]}]);
    let wrong = [
        ("POST channels/1/messages", json!({"content": "x", "embed": {"title": "x"}})),
        ("POST channels/1/messages", json!({"content": 5})),
        ("PATCH channels/1/messages/2", json!({"components": row(9)})),
        ("PATCH webhooks/1/token/messages/@original", json!({"components": row(9)})),
        ("POST interactions/1/token/callback", json!({"type": 99})),
        ("PUT applications/1/guilds/2/commands", json!([{"name": "x", "description": 1}])),
        ("POST channels/1/messages/2/threads", json!({})),
        ("PUT channels/1/permissions/2", json!({"type": 0, "allow": 5})),
        ("gateway op 2", json!({"op": 2, "d": {"token": "x"}})),
        ("POST channels/1/explode", json!({})),
    ];
    let judged = judge(&wrong.clone().map(sent));
    assert_eq!(judged.wrong.len(), wrong.len(), "{:#?}", judged.wrong);
    let good = [("PATCH webhooks/1/token/messages/@original", json!({"components": row(1)}))];
    judge(&good.map(sent)).all_fit(&["WebhookMessageEdit"]);
}

//! What comes by HTTP and was not signed by Discord over exactly these bytes, just now, is nobody's.

use super::on_discord;
use crate::support::discord::{ANA, INCIDENTS};
use serde_json::json;

#[test]
fn forged_stale_and_unsigned_interactions_are_401_and_nothing_happens() {
    on_discord("http", async |world| {
        let (discord, url) = (&world.discord, world.endpoint.as_deref().unwrap());
        let body = json!({
            "id": "5", "application_id": crate::support::discord::APPLICATION, "type": 2, "token": "t", "guild_id": crate::support::discord::GUILD,
            "channel_id": INCIDENTS, "member": {"user": {"id": ANA, "username": "ana"}},
            "data": {"name": "sev", "options": [{"name": "list", "type": 1}]},
        })
        .to_string();
        for headers in [("", ""), ("00", "1767225600"), (&"ab".repeat(64), "1767225600"), (&"0".repeat(128), "0")] {
            let (status, answer) = discord.posts(url, &body, Some(headers)).await;
            assert_eq!((status, answer.as_str()), (401, "invalid request signature"), "{headers:?}");
        }
        discord.time_is(1_767_225_600_000 - 301_000);
        assert_eq!(discord.posts(url, &body, None).await.0, 401, "too old");
        discord.time_is(1_767_225_600_000 + 301_000);
        assert_eq!(discord.posts(url, &body, None).await.0, 401, "of the future");
        discord.time_is(1_767_225_600_000);
        assert_eq!(discord.posts(url, "{\"type\": 1, \"id\": \"1\"}", None).await, (200, "{\"type\":1}".to_owned()));
        assert_eq!(discord.posts(url, "{]", None).await.0, 400, "signed, and none that can be read");
        let stranger = body.replace(crate::support::discord::GUILD, "42");
        let (status, answer) = discord.posts(url, &stranger, None).await;
        assert!(status == 200 && answer.contains("another server"), "{answer}");
        assert!(world.bot.trail().await.iter().all(|record| record["kind"] != "command"), "nothing of it happened");
    });
}

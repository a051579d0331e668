//! Channels and threads that incidents live in, on Discord: opened, named, pinned, closed, and all of it once.

use super::{World, sections};
use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, FakeDiscord, INCIDENTS, Mishap};
use crate::support::eventually;
use std::sync::Arc;

/// A bot whose incidents live in that kind of place.
async fn with_place(database: &TestDatabase, place: &str) -> World {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let discord = FakeDiscord::start().await;
    let place = format!("[severities.sev2]\ntitle = \"Major\"\nplace = \"{place}\"\n");
    let sections = sections().replace("\"post:*\"]\n[plugins.misb", "\"post:*\", \"conversations\"]\n[plugins.misb");
    let config = discord.config(folder.path(), "gateway") + &sections + &place;
    let bot = TestBot::start(database, Setup { config, folder, ..Setup::default() }).await;
    let world = World { bot, discord: discord.clone(), endpoint: None };
    world.is_up().await;
    eventually("the commands are registered", async || (!discord.commands().is_empty()).then_some(())).await;
    world
}

#[test]
fn an_incident_gets_a_channel_or_thread_of_its_own_though_requests_are_cut_off() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for (place, kind) in [("channel", 0), ("thread", 11)] {
            let database = TestDatabase::sqlite();
            let world = with_place(&database, place).await;
            let discord = &world.discord;
            let mut cut = std::collections::BTreeSet::new();
            // The first of each kind of request is carried out, and its answer lost.
            discord.faults(move |method, path| {
                let opens = path.ends_with("channels") || path.ends_with("threads") || path.contains("/pins/");
                (method != "GET" && opens && cut.insert(path.to_owned())).then_some(Mishap::Cut)
            });
            discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "checkout is down")]).await;
            let there = eventually("its place", async || discord.opened(kind).into_iter().next()).await;
            discord.finds(ANA, &there.id, "INC-1").await;
            eventually("the card is pinned", async || (discord.opened(kind)[0].pins == 1).then_some(())).await;
            eventually("all is delivered", async || {
                world.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(())
            })
            .await;
            assert_eq!(discord.opened(kind).len(), 1, "{place}: once, though the answers were lost");
            world.finish().await;
        }
    });
}

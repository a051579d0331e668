//! Channels and threads that incidents live in, on Discord: opened, named, pinned, closed, and all of it once.

use super::{World, on_threads, sections};
use crate::support::bot::{NO_CLOCKS, Setup};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, APPLICATION, FakeDiscord, GUILD, INCIDENTS, Mishap};
use crate::support::eventually;

/// A bot whose incidents live in that kind of place.
pub(super) async fn with_place(database: &TestDatabase, place: &str) -> World {
    let discord = FakeDiscord::start().await;
    let place =
        format!("[severities.sev2]\ntitle = \"Major\"\n{NO_CLOCKS}\nplace = \"{place}\"\narchive_after = \"1h\"\n");
    let also = "\"post:*\", \"timers\", \"conversations\"]\nsettings = { nudge_minutes = 0 }\n[plugins.misb";
    let sections = sections().replace("\"post:*\"]\n[plugins.misb", also);
    World::of(database, "gateway", &discord, Setup { config: sections + &place, ..Setup::default() }).await
}

#[test]
fn an_incident_gets_a_channel_or_thread_of_its_own_though_requests_are_cut_off() {
    on_threads(async {
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

/// `VIEW_CHANNEL`, `SEND_MESSAGES` (topics/permissions).
const VIEW: u64 = 1 << 10;
const SEND: u64 = 1 << 11;

#[test]
fn a_private_channel_stays_private_when_it_is_archived_and_opened_again() {
    on_threads(async {
        let database = TestDatabase::sqlite();
        let world = with_place(&database, "channel").await;
        let (discord, bot) = (&world.discord, &world.bot);
        discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "keys are out")]).await;
        let there = eventually("its place", async || discord.opened(0).into_iter().next()).await.id;
        discord.finds(ANA, &there, "INC-1").await;
        // Somebody makes it private: not for everybody to see, only for the bot and a role.
        discord.permits(&there, GUILD, 0, SEND, VIEW);
        discord.permits(&there, APPLICATION, 1, VIEW, 0);
        discord.permits(&there, "7", 0, VIEW, 0);
        discord.uses(ANA, &there, "sev resolve", &[("text", "they are changed")]).await;
        discord.finds(ANA, &there, "resolved").await;
        eventually("it is over", async || {
            let store = bot.app.store();
            let over = store.outbox_backlog().await.unwrap().is_empty() && store.open_events().await.unwrap() == 0;
            over.then_some(())
        })
        .await;
        bot.clock.advance(3_600_000);
        eventually("it is archived", async || discord.opened(0)[0].archived.then_some(())).await;
        let (allow, deny) = discord.permitted(&there, GUILD).unwrap();
        assert_eq!((deny & (VIEW | SEND), allow), (VIEW | SEND, 0), "nobody speaks, and nobody sees it who did not");
        let (allow, deny) = discord.permitted(&there, APPLICATION).unwrap();
        assert_eq!((allow & (VIEW | SEND), deny), (VIEW | SEND, 0), "the bot still does both");

        bot.sends("ana", "discord:#incidents", "/sev reopen INC-1").await;
        eventually("it is open", async || (!discord.opened(0)[0].archived).then_some(())).await;
        assert_eq!(discord.permitted(&there, GUILD), Some((0, VIEW)), "and still nobody sees it who did not");
        assert_eq!(discord.permitted(&there, "7"), Some((VIEW, 0)));
        world.finish().await;
    });
}

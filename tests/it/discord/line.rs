//! The line to the gateway, cut in every documented way: what was sent meanwhile is heard, nothing happens twice, and no answer makes
//! the bot try without a pause.

use super::{World, on_discord, on_threads, sections};
use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, Cut, FakeDiscord, INCIDENTS, Mishap, OPS};
use crate::support::eventually;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many of [`CUTS`] keep the session.
const KEPT: usize = 6;
/// Every way that keeps or loses the session but not the bot.
const CUTS: [Cut; 10] = [
    Cut::Drop,
    Cut::Close(None),
    Cut::Close(Some(4000)),
    Cut::Reconnect,
    Cut::Invalid(true),
    Cut::Close(Some(4008)),
    Cut::Close(Some(4009)),
    Cut::Close(Some(1001)),
    Cut::Close(Some(4007)),
    Cut::Invalid(false),
];

#[test]
fn commands_during_every_kind_of_cut_have_one_effect_and_one_answer_each() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        for (number, cut) in CUTS.into_iter().enumerate() {
            for part in 0..5 {
                let text = format!("note-{number}-{part}");
                discord.sends_command(ANA, OPS, "misbehave echo", &[("first", &text)]);
                if part == 1 {
                    discord.repeats_last("INTERACTION_CREATE");
                }
                if part == 2 {
                    discord.cut(cut);
                }
            }
            eventually("it is back", async || discord.is_connected().then_some(())).await;
        }
        // All of a session that goes on; of one that is over, what was heard (topics/gateway): Discord tells people of the others.
        let times = |text: &str| {
            let shown = discord.sees(ANA, OPS);
            shown.iter().filter(|shown| shown.text.contains(&format!("first={text}\n"))).count()
        };
        let kept = || (0..KEPT).flat_map(|cut| (0..5).map(move |part| format!("note-{cut}-{part}")));
        eventually("all that a session keeps is answered", async || kept().all(|text| times(&text) > 0).then_some(()))
            .await;
        for text in (0..CUTS.len()).flat_map(|cut| (0..5).map(move |part| format!("note-{cut}-{part}"))) {
            assert!(times(&text) <= 1, "{text} was answered {} times", times(&text));
        }
        world.is_up().await;
    });
}

#[test]
fn a_server_that_ends_every_socket_at_once_is_not_stormed() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        discord.ends_at_once(Some(Cut::Close(Some(4000))));
        let (before, began) = (discord.sockets().0, Instant::now());
        discord.cut(Cut::Drop);
        eventually("twenty-four more sockets", async || (discord.sockets().0 >= before + 24).then_some(())).await;
        // Twenty at once, then at least half of 0.5 s, 1 s, 2 s and 4 s: a bound from below, which no slow machine breaks.
        assert!(began.elapsed() >= Duration::from_secs(5), "twenty-four sockets in {:?}", began.elapsed());
        discord.ends_at_once(None);
        world.is_up().await;
    });
}

#[test]
fn a_token_that_is_not_taken_ends_it_and_says_what_to_do() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        discord.cut(Cut::Close(Some(4004)));
        let link = &world.bot.app.house().about.links[0];
        let words = eventually("it is refused", async || {
            let words = link.state().in_words();
            words.starts_with("refused").then_some(words)
        })
        .await;
        assert!(words.contains("set a valid token in chat.discord.token"), "{words}");
        let (sockets, _) = discord.sockets();
        assert_eq!(sockets, 1, "and it is not tried again");
    });
}

#[test]
fn a_socket_that_cannot_be_opened_costs_no_session() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        discord.refuses_sockets(2);
        discord.cut(Cut::Drop);
        discord.sends_command(ANA, OPS, "misbehave echo", &[("first", "meanwhile")]);
        discord.finds(ANA, OPS, "first=meanwhile").await;
        assert_eq!(discord.sockets(), (2, 1), "the session goes on over the next one that can");
        world.is_up().await;
    });
}

#[test]
fn a_token_that_the_api_does_not_take_ends_it_at_the_start() {
    on_threads(async {
        let discord = FakeDiscord::start().await;
        discord.faults(|_, path| (path == "gateway/bot").then_some(Mishap::Refused(401, 0)));
        let (database, folder) = (TestDatabase::sqlite(), Arc::new(tempfile::tempdir().unwrap()));
        let config = discord.config(folder.path(), "gateway") + &sections();
        let bot = TestBot::start(&database, Setup { config, folder, ..Setup::default() }).await;
        let words = eventually("it is refused", async || {
            let words = bot.app.house().about.links[0].state().in_words();
            words.starts_with("refused").then_some(words)
        })
        .await;
        assert!(
            words.contains("set a new one in chat.discord.token") && words.contains("start the bot again"),
            "{words}"
        );
        assert_eq!(discord.sockets(), (0, 0));
        bot.finish().await;
    });
}

#[test]
fn a_line_that_answers_no_heartbeat_is_replaced() {
    on_threads(async {
        let discord = FakeDiscord::start().await;
        discord.heartbeat_ms.store(500, std::sync::atomic::Ordering::SeqCst);
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let database = TestDatabase::sqlite();
        let world = World::on(&database, "gateway", &discord, folder).await;
        discord.answers_beats(false);
        eventually("another socket", async || (discord.sockets().0 > 1).then_some(())).await;
        discord.answers_beats(true);
        world.is_up().await;
        assert_eq!(discord.sockets().1, 1, "the session goes on");
        world.finish().await;
    });
}

#[test]
fn whoever_takes_over_resumes_the_session_and_hears_what_nobody_heard() {
    on_threads(async {
        let discord = FakeDiscord::start().await;
        let database = TestDatabase::sqlite();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let world = World::on(&database, "gateway", &discord, folder.clone()).await;
        discord.uses(ANA, INCIDENTS, "drillbell whoami", &[]).await;
        discord.finds(ANA, INCIDENTS, "(only for you)").await;
        world.finish().await;
        eventually("the socket is closed", async || (!discord.is_connected()).then_some(())).await;
        discord.sends_command(ANA, OPS, "misbehave echo", &[("first", "meanwhile")]);
        let world = World::on(&database, "gateway", &discord, folder).await;
        discord.finds(ANA, OPS, "first=meanwhile").await;
        assert_eq!(discord.sockets(), (2, 1), "two sockets, one session");
        world.finish().await;
    });
}

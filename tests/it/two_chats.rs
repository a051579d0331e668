//! A bot on Slack and on Discord at once: when one of them is deaf or mute, operators read it on the other.

use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, Cut, FakeDiscord, Mishap, OPS};
use crate::support::eventually;
use crate::support::slack::{Fault, Slack};
use drillbell::clock::Clock;
use std::sync::Arc;

const SECTIONS: &str = "[channels]\nops = \"slack:#ops\"\nops_elsewhere = \"discord:#ops\"\n[limits]\ndeaf_after = \"1s\"\n\
                        [people.ana]\nname = \"Ana\"\nconsole = \"ana\"\nslack = \"U00000000ANA\"\n";

fn is_well(bot: &TestBot) -> bool {
    bot.app.house().about.links.iter().all(|link| link.trouble().is_none())
}

#[test]
fn whichever_of_two_platforms_is_deaf_or_mute_operators_read_it_on_the_other() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (database, folder) = (TestDatabase::sqlite(), Arc::new(tempfile::tempdir().unwrap()));
        let (slack, discord) = (Slack::start().await, FakeDiscord::start().await);
        let chats = slack.config(folder.path(), "socket") + &discord.config(folder.path(), "gateway");
        // By the clock, as it really is: each trouble begins at another moment.
        let setup = Setup { config: chats + SECTIONS, folder, clock: Clock::system(), ..Setup::default() };
        let bot = TestBot::start(&database, setup).await;
        eventually("both are well", async || is_well(&bot).then_some(())).await;
        let on_slack = async |words: &str| drop(slack.ben().reads("#ops", words).await);
        let on_discord = async |words: &str| drop(discord.finds(ANA, OPS, words).await);

        // Slack opens no socket.
        let refused = |method: &str| (method == "apps.connections.open").then_some(Fault::Status(503));
        slack.state().decides = Some(Box::new(move |method, _| refused(method)));
        slack.state().cut_all();
        on_discord("Slack is deaf").await;
        slack.state().decides = None;
        on_discord("Slack reaches this bot again").await;

        // Slack is heard and takes nothing.
        let silent = |method: &str| (method != "apps.connections.open").then_some(Fault::Status(503));
        slack.state().decides = Some(Box::new(move |method, _| silent(method)));
        on_discord("Slack is mute").await;
        slack.state().decides = None;
        on_discord("Slack takes again what this bot says").await;
        assert!(slack.ben().sees("#ops").iter().all(|text| !text.contains("deaf")), "nobody reads it where it is");

        // Discord opens no socket, then takes nothing.
        discord.refuses_sockets(1000);
        discord.cut(Cut::Drop);
        on_slack("Discord is deaf").await;
        discord.refuses_sockets(0);
        on_slack("Discord reaches this bot again").await;
        discord.faults(|_, _| Some(Mishap::Status(503)));
        on_slack("Discord is mute").await;
        discord.no_faults();
        on_slack("Discord takes again what this bot says").await;

        eventually("both are well", async || is_well(&bot).then_some(())).await;
        slack.was_strict();
        assert_eq!(discord.complaints(), Vec::<String>::new());
        bot.finish().await;
    });
}

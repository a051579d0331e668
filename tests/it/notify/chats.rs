//! Notifiers that are a conversation of Slack or Discord, where every third call fails, each time in another way: each page
//! arrives once and in order, and the record says how.

use super::{PAGER, ended, pages, story};
use crate::support::bot::{PEOPLE, SEV, Setup, TestBot, with_database};
use crate::support::discord::{ANA, FakeDiscord, Mishap, OPS};
use crate::support::eventually;
use crate::support::script::SameOnBoth;
use crate::support::slack::{Fault, Slack, rules};
use std::sync::Arc;

const KEYS: [&str; 9] = ["k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"];

/// A bot in a chat, with a notifier that is its `#ops`.
fn setup(chat: &str, name: &str, folder: &Arc<tempfile::TempDir>) -> Setup {
    let room = format!("[notify.room]\nkind = \"chat\"\nto = \"{name}:#ops\"\n");
    let config = format!("{chat}{SEV}\n{PAGER}\n{room}{PEOPLE}");
    Setup { config, folder: folder.clone(), ..Setup::default() }
}

/// How the pages fared, without what each platform calls the messages.
async fn told(bot: &TestBot) -> String {
    let records = ended(bot, KEYS.len()).await;
    let story = story(bot, &records).await;
    let plain =
        story.lines().map(|line| line.split_once(" sent: ").map_or(line.to_owned(), |(at, _)| format!("{at} sent")));
    plain.collect::<Vec<_>>().join("\n")
}

/// The keys that messages are about, in their order.
fn keys(texts: impl Iterator<Item = String>) -> Vec<String> {
    let key = |text: String| Some(text.split("paged about ").nth(1)?.chars().take(2).collect());
    texts.filter_map(key).collect()
}

#[test]
fn each_page_to_a_slack_conversation_arrives_once_and_in_order_though_every_third_call_fails() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let (slack, folder) = (Slack::start().await, Arc::new(tempfile::tempdir().unwrap()));
        let chat = slack.config(folder.path(), "socket");
        let bot = TestBot::start(database, setup(&chat, "slack", &folder)).await;
        slack.connected().await;
        let third = [Fault::Limited(0), Fault::Status(503), Fault::Refused("internal_error"), Fault::DoneButCut];
        let faults: Vec<_> = third.into_iter().flat_map(|fault| [Fault::Nothing, Fault::Nothing, fault]).collect();
        slack.state().fault("chat.postMessage", &faults);
        pages(&bot, "room", &KEYS).await;
        seen.saw(told(&bot).await);
        let there = slack.state().seen("#ops", "U00000000BEN");
        let texts = there.iter().map(|message| rules::words(&message.body["blocks"]).join("\n"));
        assert_eq!(keys(texts), KEYS, "each once, in order");
        slack.was_strict();
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @r"
    k1 ok after 1
      1 sent
    k2 ok after 1
      1 sent
    k3 ok after 2
      1 later: Slack asks to be called less often
      2 sent
    k4 ok after 1
      1 sent
    k5 ok after 2
      1 later: Slack does not answer: HTTP 503
      2 sent
    k6 ok after 1
      1 sent
    k7 ok after 2
      1 later: Slack says internal_error (#ops)
      2 sent
    k8 ok after 1
      1 sent
    k9 ok after 2
      1 later: Slack does not answer: the connection broke: connection closed before message completed
      2 sent
    ");
}

#[test]
fn each_page_to_a_discord_conversation_arrives_once_and_in_order_though_every_third_call_fails() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let (discord, folder) = (FakeDiscord::start().await, Arc::new(tempfile::tempdir().unwrap()));
        let chat = discord.config(folder.path(), "gateway");
        let bot = TestBot::start(database, setup(&chat, "discord", &folder)).await;
        eventually("the line is up", async || {
            bot.app.house().about.links.iter().all(|link| link.state().is_up()).then_some(())
        })
        .await;
        let third = [Mishap::Limited(0.1, false), Mishap::Status(503), Mishap::Cut, Mishap::Status(500)];
        let (mut calls, mut third) = (0, third.into_iter());
        discord.faults(move |method, path| {
            if method != "POST" || path != format!("channels/{OPS}/messages") {
                return None;
            }
            calls += 1;
            if calls % 3 == 0 { third.next() } else { None }
        });
        pages(&bot, "room", &KEYS).await;
        seen.saw(told(&bot).await);
        let texts = discord.sees(ANA, OPS).into_iter().map(|shown| shown.text);
        assert_eq!(keys(texts), KEYS, "each once, in order");
        assert_eq!(discord.complaints(), Vec::<String>::new());
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @r"
    k1 ok after 1
      1 sent
    k2 ok after 1
      1 sent
    k3 ok after 2
      1 later: Discord's rate limit is used up (HTTP 429)
      2 sent
    k4 ok after 1
      1 sent
    k5 ok after 2
      1 later: Discord refused (HTTP 503, upstream connect error)
      2 sent
    k6 ok after 1
      1 sent
    k7 ok after 2
      1 later: the connection broke: connection closed before message completed
      2 sent
    k8 ok after 1
      1 sent
    k9 ok after 2
      1 later: Discord refused (HTTP 500, upstream connect error)
      2 sent
    ");
}

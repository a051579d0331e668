//! A chat platform that is deaf: said in readyz, metrics, the bot's status and, after a while, where operators still read.

use crate::support::bot::{SEV, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use crate::support::platform::Scripted;
use drillbell::clock::Clock;
use drillbell::model::event::{CommandReceived, Event};
use drillbell::model::route::Route;
use drillbell::model::view::View;
use drillbell::platform::door::{Door, Heard};
use drillbell::platform::{Chat, Inbound};
use drillbell::telemetry::{Link, Way};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An inbound side whose line the test holds; it panics as often as it is told to.
struct Line {
    link: Link,
    door: Mutex<Option<Door>>,
    panics: Mutex<u32>,
    /// What the platform answers when it is asked something.
    takes: Mutex<Result<(), String>>,
}

impl Inbound for Line {
    fn link(&self) -> &Link {
        &self.link
    }

    fn run(self: Arc<Self>, door: Door, stop: CancellationToken) -> BoxFuture<'static, ()> {
        async move {
            let breaks = {
                let mut panics = self.panics.lock().unwrap();
                let breaks = *panics > 0;
                *panics = panics.saturating_sub(1);
                breaks
            };
            assert!(!breaks, "as the test wants");
            *self.door.lock().unwrap() = Some(door);
            stop.cancelled().await;
        }
        .boxed()
    }

    fn test(&self) -> Option<BoxFuture<'_, Result<(), String>>> {
        Some(futures::future::ready(self.takes.lock().unwrap().clone()).boxed())
    }
}

fn line(panics: u32) -> Arc<Line> {
    let link = Link::new("slack", Clock::system());
    Arc::new(Line { link, door: Mutex::default(), panics: Mutex::new(panics), takes: Mutex::new(Ok(())) })
}

/// What stands in a channel of the console and says `word`.
async fn read(bot: &TestBot, channel: &str, word: &str) -> String {
    eventually("it is said", async || {
        let items = bot.app.store().stream_after(0, Some(&channel.into()), &"ana".into(), 50).await.unwrap();
        let views = items.into_iter().filter_map(|item| serde_json::from_value::<View>(item.payload).ok());
        views.map(|view| view.to_plain()).find(|text| text.contains(word))
    })
    .await
}

#[test]
fn a_deaf_platform_is_told_of_where_operators_still_read_and_so_is_its_return() {
    let current = Mutex::new(line(0));
    let setup = || {
        let slack = line(0);
        *current.lock().unwrap() = slack.clone();
        let config = format!("{SEV}\n[channels]\nops = \"console:#ops\"\n[limits]\ndeaf_after = \"1s\"");
        let chat = Chat { platform: Scripted::new("slack"), inbound: slack };
        Setup { chats: vec![chat], ..Setup::of(&config) }
    };
    with_bot_of(setup, async |bot| {
        let slack = current.lock().unwrap().clone();
        slack.link.is_up();
        // It is tried again and again, and each try says so.
        let tries = tokio::spawn({
            let link = slack.link.clone();
            async move {
                let mut pace = tokio::time::interval(std::time::Duration::from_millis(100));
                loop {
                    pace.tick().await;
                    link.is_down("it answered 502");
                }
            }
        });
        let text = read(&bot, "console:#ops", "is deaf").await;
        assert!(text.starts_with("Slack is deaf\nSlack does not reach this bot"), "{text}");
        assert!(text.contains("why: it answered 502"), "{text}");
        let status = bot.ana("/drillbell status").await;
        assert!(status.text.contains("slack: down since"), "{}", status.text);
        assert_eq!(status.data.unwrap()["links"][0]["up"], false);
        let metrics = bot.app.house().metrics.render();
        assert!(metrics.contains("drillbell_chat_link_up{platform=\"slack\"} 0"), "{metrics}");
        tries.abort();
        // What another process hears is heard.
        slack.link.is_elsewhere();
        let text = read(&bot, "console:#ops", "reaches this bot again").await;
        assert!(text.starts_with("Slack reaches this bot again; it was deaf since "), "{text}");
        slack.link.is_up();
        let status = bot.ana("/drillbell status").await;
        assert!(status.text.contains("slack: up since"), "{}", status.text);
    });
}

#[test]
fn a_platform_that_hears_and_takes_nothing_is_mute_which_is_told_elsewhere_and_so_is_its_end() {
    let current = Mutex::new(line(0));
    let setup = || {
        let slack = line(0);
        *current.lock().unwrap() = slack.clone();
        let config = format!("{SEV}\n[channels]\nops = \"console:#ops\"\n[limits]\ndeaf_after = \"1s\"");
        let chat = Chat { platform: Scripted::new("slack"), inbound: slack };
        Setup { chats: vec![chat], ..Setup::of(&config) }
    };
    with_bot_of(setup, async |bot| {
        let slack = current.lock().unwrap().clone();
        slack.link.is_up();
        slack.link.answered(Way::Line, Duration::from_millis(12));
        let metrics = || bot.app.house().metrics.render();
        let says = async |sample: &str| eventually(sample, async || metrics().contains(sample).then_some(())).await;
        says("drillbell_chat_round_trip_seconds{platform=\"slack\",way=\"line\"} 0.012").await;
        says("drillbell_chat_round_trip_seconds{platform=\"slack\",way=\"api\"}").await;
        *slack.takes.lock().unwrap() = Err("it answered 502".to_owned());
        let text = read(&bot, "console:#ops", "is mute").await;
        let begins =
            "Slack is mute\nSlack takes nothing that this bot says: what is typed there is done, and not answered.";
        assert!(text.starts_with(begins) && text.contains("why: it answered 502"), "{text}");
        says("drillbell_chat_mute{platform=\"slack\"} 1").await;
        says("drillbell_chat_link_up{platform=\"slack\"} 1").await;
        let status = bot.ana("/drillbell status").await;
        let line = status.text.lines().find(|line| line.starts_with("slack:")).unwrap();
        assert!(line.contains("its socket answers in 12 ms, takes nothing that is said since"), "{line}");
        assert_eq!(status.data.unwrap()["links"][0]["mute"], true);
        *slack.takes.lock().unwrap() = Ok(());
        let text = read(&bot, "console:#ops", "takes again").await;
        assert!(text.starts_with("Slack takes again what this bot says; it was mute since "), "{text}");
        says("drillbell_chat_mute{platform=\"slack\"} 0").await;
    });
}

#[test]
fn a_line_that_breaks_is_opened_anew_and_what_it_hears_is_kept_with_its_way_back() {
    let current = Mutex::new(line(0));
    let setup = || {
        let slack = line(1);
        *current.lock().unwrap() = slack.clone();
        let chat = Chat { platform: Scripted::new("slack"), inbound: slack };
        Setup { chats: vec![chat], ..Setup::of(SEV) }
    };
    with_bot_of(setup, async |bot| {
        let slack = current.lock().unwrap().clone();
        let door = eventually("it is opened anew", async || slack.door.lock().unwrap().clone()).await;
        let event = Event::CommandReceived(CommandReceived {
            text: "/sev list".to_owned(),
            by: door.person("slack", "U1", "Zoe"),
            asserted_by: None,
        });
        let route = Some(Route { value: "way".to_owned(), expires_ms: bot.clock.now_ms() + 60_000 });
        let place = || "slack:#incidents".into();
        assert_eq!(door.offer("slack/e1".into(), place(), event.clone(), route).await, Heard::Durable);
        assert_eq!(door.offer("slack/e1".into(), place(), event, None).await, Heard::Known, "a repeat is heard too");
        let id = "slack/e1".into();
        assert_eq!(bot.app.store().route(&id, &id).await.unwrap().unwrap().value, "way");
        assert!(door.is_private("/sev list", &place()) && !door.is_private("/sev declare sev1 x", &place()));
        assert!(door.is_private("/sev declare", &place()), "what was wrong is for whoever typed it");
        let commands: Vec<_> = door.commands().into_iter().map(|command| command.name).collect();
        assert_eq!(commands, ["drillbell", "sev"]);
        let next = door.complete("/sev dec", &place(), &door.person("slack", "U1", "Zoe")).await;
        assert_eq!(next.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["declare"]);
    });
}

//! What people write on Discord besides commands: replies that acknowledge, and messages that they change, delete or pin where an
//! incident is worked on; with the words where Discord tells them, and honestly without where it does not.

use super::{World, on_threads, sections};
use crate::support::bot::{NO_CLOCKS, Setup};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, INCIDENTS, Mishap, OPS};
use crate::support::eventually;
use drillbell::clock::Clock;
use drillbell::model::verdict::Verdict;

/// A bot with that configuration added, and whatever Discord grants.
async fn world(database: &TestDatabase, more: &str, content: bool) -> World {
    let discord = FakeDiscord::start().await;
    // The chat's section is the last before these.
    let mut config = String::new();
    if content {
        discord.grants_content();
        config += "message_content = true\n";
    }
    let also = "\"post:*\", \"timers\", \"conversations\"]\nsettings = { nudge_minutes = 0 }\n[plugins.misb";
    let sections = sections().replace("\"post:*\"]\n[plugins.misb", also);
    config += &format!("{sections}{more}");
    World::of(database, "gateway", &discord, Setup { config, ..Setup::default() }).await
}

async fn changed(world: &World, count: usize) -> Vec<String> {
    eventually(&format!("{count} changes are on the timeline"), async || {
        let lines = world.bot.app.store().timeline_lines(&"INC-1".into(), 100).await.unwrap();
        let about = lines.iter().filter(|line| ["edited", "deleted", "pinned"].contains(&line.entry.kind.as_str()));
        let line = about.map(|line| {
            let (entry, source) = (&line.entry, line.source.as_deref().unwrap_or_default());
            format!("{} {}: {} [{source}]", entry.author, entry.kind, entry.text)
        });
        Some(line.collect::<Vec<_>>()).filter(|all| all.len() >= count)
    })
    .await
}

async fn noted(world: &World) {
    eventually("every delivery is noted", async || {
        world.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(())
    })
    .await;
}

/// A house with INC-1, and the `channel` or `thread` of its own that it lives in; everything that was to be said of it is.
async fn in_its_place(database: &TestDatabase, place: &str, content: bool) -> (World, String) {
    let severity = format!("[severities.sev2]\ntitle = \"Major\"\n{NO_CLOCKS}\nplace = \"{place}\"\n");
    let world = world(database, &severity, content).await;
    let (discord, kind) = (&world.discord, if place == "thread" { 11 } else { 0 });
    discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "checkout is down")]).await;
    let there = eventually("its place", async || discord.opened(kind).into_iter().next()).await.id;
    discord.finds(ANA, &there, "INC-1").await;
    noted(&world).await;
    (world, there)
}

#[test]
fn a_reply_to_a_page_acknowledges_where_discord_tells_its_words() {
    on_threads(async {
        let ladder = format!(
            "[severities.sev1]\ntitle = \"Critical\"\n{NO_CLOCKS}\n[escalation.default]\nseverities = [\"sev1\"]\n\
             levels = [{{ after = \"0s\", notify = [\"ana\"] }}, {{ after = \"30m\", notify = [\"ben\"] }}]\n"
        );
        let database = TestDatabase::sqlite();
        let world = world(&database, &ladder, false).await;
        let (discord, store) = (&world.discord, world.bot.app.store());
        let declares = async |title: &str| {
            discord.uses(BEN, INCIDENTS, "sev declare", &[("level", "sev1"), ("title", title)]).await;
            let told = discord.finds(BEN, INCIDENTS, "paged Ana").await;
            let direct = eventually("she is written to", async || discord.direct_with(ANA)).await;
            discord.finds(ANA, &direct, title).await;
            noted(&world).await;
            (told, direct)
        };
        let (told, direct) = declares("checkout is down").await;
        // Without a ping Discord does not tell what was said in the server; a question and a no are none; nobody asked Ben.
        discord.replies(ANA, INCIDENTS, Some(&told.id), "ack", false);
        discord.says(ANA, &direct, "who acks?");
        discord.says(ANA, &direct, "not me, ack somebody else");
        discord.replies(BEN, INCIDENTS, Some(&told.id), "ack", true);
        let his = eventually("Ben is told", async || discord.direct_with(BEN)).await;
        discord.finds(BEN, &his, "asked ana, and a reply counts from them alone").await;
        assert!(store.incident(&"INC-1".into()).await.unwrap().unwrap().facts.acknowledged().is_none());
        let reply = discord.replies(ANA, INCIDENTS, Some(&told.id), "<@1100000000000000001> on it", true);
        discord.repeats_last("MESSAGE_CREATE");
        discord.finds(BEN, INCIDENTS, "Ana has INC-1.").await;
        let taken = store.incident(&"INC-1".into()).await.unwrap().unwrap();
        assert_eq!(taken.facts.acknowledged().unwrap().by.as_str(), "ana");
        let record = world.bot.record(&format!("discord/message/{reply}")).await;
        assert_eq!((&record["kind"], &record["outcome"]), (&"action".into(), &"ok".into()), "{record}");
        // Directly nothing more is needed.
        let (_, direct) = declares("search is down").await;
        discord.says(ANA, &direct, "Acknowledged");
        discord.finds(ANA, &direct, "Ana has INC-2.").await;
        world.finish().await;
    });
}

#[test]
fn a_reply_in_a_thread_that_discord_does_not_tell_of_just_then_counts_all_the_same() {
    on_threads(async {
        let database = TestDatabase::sqlite();
        let (world, there) = in_its_place(&database, "thread", false).await;
        let discord = &world.discord;
        // Of a thread the bot knows nothing but the id; what it is a thread of, it has to ask.
        let (asks, mut troubles) =
            (format!("channels/{there}"), vec![Mishap::Status(503), Mishap::Limited(0.2, false)]);
        discord.faults({
            let asks = asks.clone();
            move |method, path| if method == "GET" && path == asks { troubles.pop() } else { None }
        });
        discord.says(BEN, &there, "<@1100000000000000001> on it");
        discord.finds(ANA, &there, "Ben has INC-1.").await;
        let asked = discord.journal().into_iter().filter(|call| call.method == "GET" && call.path == asks);
        assert_eq!(asked.map(|call| call.status).collect::<Vec<_>>(), [429, 503, 200]);
        world.finish().await;
    });
}

#[test]
fn what_people_change_or_delete_where_an_incident_is_worked_on_stays_on_its_timeline() {
    on_threads(async {
        for (place, content) in [("channel", false), ("thread", true)] {
            let database = TestDatabase::sqlite();
            let (world, there) = in_its_place(&database, place, content).await;
            let discord = &world.discord;
            let card = discord.finds(ANA, &there, "INC-1").await;
            let (one, two) = (discord.says(BEN, &there, "we see 500s"), discord.says(ANA, &there, "v41 is bad"));
            let elsewhere = discord.says(BEN, OPS, "lunch?");
            discord.edits(&one, "we see 502s");
            discord.repeats_last("MESSAGE_UPDATE");
            changed(&world, 1).await;
            discord.unfurls(&one);
            discord.tells_of_own_edit(&card.id);
            discord.edits(&elsewhere, "dinner?");
            discord.deletes(&[elsewhere.as_str()]);
            discord.edits(&one, "we see 503s");
            changed(&world, 2).await;
            discord.deletes(&[one.as_str()]);
            changed(&world, 3).await;
            let three = discord.says(ANA, &there, "gone soon");
            discord.deletes(&[two.as_str(), three.as_str()]);
            let all = changed(&world, 5).await;
            let link = |id: &str| format!("[https://discord.com/channels/1100000000000000002/{there}/{id}]");
            let words =
                |words: &str| if content { words.to_owned() } else { "(words that discord does not tell)".to_owned() };
            let gone = "discord deleted: a message: (words that discord does not tell)";
            assert_eq!(
                all,
                [
                    format!("ben edited: {} {}", words("we see 502s"), link(&one)),
                    format!("ben edited: {} {}", words("we see 503s"), link(&one)),
                    format!("{gone} {}", link(&one)),
                    format!("{gone} {}", link(&two)),
                    format!("{gone} {}", link(&three)),
                ],
                "{place}"
            );
            world.finish().await;
        }
    });
}

#[test]
fn a_pin_on_what_somebody_wrote_where_an_incident_is_worked_on_puts_it_on_the_timeline_once() {
    on_threads(async {
        for (place, content) in [("channel", false), ("thread", true)] {
            let database = TestDatabase::sqlite();
            let (world, there) = in_its_place(&database, place, content).await;
            let discord = &world.discord;
            let (cause, gone) = (discord.says(BEN, &there, "it is the relay"), discord.says(BEN, &there, "oh no"));
            let told = discord.says(BEN, &there, "<@1100000000000000001> it is over");
            let elsewhere = discord.says(BEN, OPS, "lunch?");
            discord.reacts(ANA, &elsewhere, "📌");
            discord.reacts(ANA, &cause, "👀");
            discord.reacts(ANA, &cause, "📌");
            discord.repeats_last("MESSAGE_REACTION_ADD");
            // Discord's events are handled side by side: who was first is certain only once it is written down.
            changed(&world, 1).await;
            discord.reacts(BEN, &cause, "📍");
            discord.deletes(&[gone.as_str()]);
            changed(&world, 2).await;
            discord.reacts(ANA, &told, "📌");
            let all = changed(&world, 3).await;
            let link = |id: &str| format!("[https://discord.com/channels/1100000000000000002/{there}/{id}]");
            let hidden = "(words that discord does not tell)";
            let expected = [
                format!("ana pinned: {} {}", if content { "it is the relay" } else { hidden }, link(&cause)),
                format!("discord deleted: a message: {hidden} {}", link(&gone)),
                // What is said to the bot it may read.
                format!("ana pinned: <@1100000000000000001> it is over {}", link(&told)),
            ];
            assert_eq!(all, expected, "{place}");
            let elsewhere = discord.journal().into_iter().filter(|call| call.path.contains(&elsewhere));
            assert_eq!(elsewhere.count(), 0, "where nothing is worked on nothing is read");
            world.finish().await;
        }
    });
}

#[test]
fn the_check_says_whether_discord_grants_the_words() {
    on_threads(async {
        let folder = tempfile::tempdir().unwrap();
        let discord = FakeDiscord::start().await;
        let text = discord.config(folder.path(), "gateway") + "message_content = true\n" + &sections();
        let file = folder.path().join("drillbell.toml");
        let config = drillbell::config::Config::parse(&text, &file, &drillbell::config::Env::none()).unwrap();
        let verdict = async || {
            let found = drillbell::platform::discord::check(&config, &Clock::system(), &[]).await;
            let about = found.into_iter().find(|one| one.name == "discord messages").expect("a line about it");
            (about.verdict, about.text)
        };
        let (refused, why) = verdict().await;
        assert!(refused == Verdict::Fail && why.contains("Message Content Intent is off"), "{why}");
        discord.grants_content();
        assert_eq!(verdict().await.0, Verdict::Pass);
    });
}

#[test]
fn a_pin_is_looked_up_again_while_discord_is_in_trouble_and_kept_by_its_link_where_it_refuses() {
    on_threads(async {
        let database = TestDatabase::sqlite();
        let (world, there) = in_its_place(&database, "channel", true).await;
        let discord = &world.discord;
        let (busy, hidden) = (discord.says(BEN, &there, "it is the relay"), discord.says(BEN, &there, "hidden"));
        let loud = discord.says(BEN, &there, &format!("@everyone <@{ANA}>\n## Root cause"));
        let mut troubles = vec![Mishap::Status(502), Mishap::Limited(0.1, false)];
        let (first, second) = (format!("messages/{busy}"), format!("messages/{hidden}"));
        discord.faults(move |method, path| match method {
            "GET" if path.ends_with(&first) => troubles.pop(),
            // The channel is one that the bot does not see any more.
            "GET" if path.ends_with(&second) => Some(Mishap::Refused(403, 50001)),
            _ => None,
        });
        discord.reacts(ANA, &busy, "📌");
        changed(&world, 1).await;
        discord.reacts(ANA, &hidden, "📌");
        changed(&world, 2).await;
        discord.reacts(ANA, &loud, "📌");
        let all = changed(&world, 3).await;
        let link = |id: &str| format!("[https://discord.com/channels/1100000000000000002/{there}/{id}]");
        let expected = [
            format!("ana pinned: it is the relay {}", link(&busy)),
            format!("ana pinned: (words that discord does not tell) {}", link(&hidden)),
            format!("ana pinned: @everyone <@{ANA}>\n## Root cause {}", link(&loud)),
        ];
        assert_eq!(all, expected);
        let asked = |id: &str| discord.journal().iter().filter(|call| call.path.ends_with(id)).count();
        assert_eq!((asked(&busy), asked(&hidden)), (3, 1), "what Discord refuses is not asked for again");
        // The fake refuses whatever could ping somebody.
        discord.uses(ANA, &there, "sev timeline", &[]).await;
        let shown = discord.finds(ANA, &there, "discord does not tell").await.text;
        assert!(shown.contains("everyone") && !shown.contains("\n## Root cause"), "{shown}");
        world.finish().await;
    });
}

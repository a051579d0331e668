//! What people write on Slack besides commands: replies that acknowledge, and messages that they change, delete or pin where an
//! incident is worked on. Everything else they write is nobody's business.

use super::{MODES, There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::slack::{BOT, Fault, Slack, Words};
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;

/// Ana is paged at once and Ben half an hour later; who may acknowledge is written down.
const LADDER: &str = "[severities.sev1]\nplace = \"here\"\n\
    [escalation.default]\nseverities = [\"sev1\"]\n\
    levels = [{ after = \"0s\", notify = [\"ana\"] }, { after = \"30m\", notify = [\"ben\"] }]\n";
const ONLY_BEN: &str =
    "[roles.responder]\nmembers = [\"ben\"]\n[[policy]]\ncommand = \"sev ack\"\nrole = \"responder\"\n";

fn setup(config: &str) -> Setup {
    Setup { config: config.to_owned(), ..Setup::default() }
}

/// The lines of INC-1's timeline about messages, with their sources.
async fn changes(there: &There) -> Vec<String> {
    let lines = there.bot.app.store().timeline_lines(&"INC-1".into(), 100).await.unwrap();
    let about = lines.iter().filter(|line| ["edited", "deleted", "pinned"].contains(&line.entry.kind.as_str()));
    about
        .map(|line| {
            let (entry, source) = (&line.entry, line.source.as_deref().unwrap_or_default());
            format!("{} {}: {} [{source}]", entry.author, entry.kind, entry.text.replace('\n', " / "))
        })
        .collect()
}

async fn changed(there: &There, count: usize) -> Vec<String> {
    eventually(&format!("{count} changes are on the timeline"), async || {
        let all = changes(there).await;
        (all.len() >= count).then_some(all)
    })
    .await
}

#[test]
fn a_reply_to_a_page_acknowledges_by_either_way_in() {
    on_sqlite(async |database| {
        for mode in MODES {
            let there = There::with(database, Slack::start().await, mode, setup(LADDER)).await;
            let (ana, ben) = (there.slack.ana(), there.slack.ben());
            let title = format!("checkout is down, {mode}");
            ben.types("#incidents", &format!("/sev declare sev1 {title}")).await;
            let direct = ana.direct();
            let page = ana.reads(&direct, &title).await;
            let told = ben.reads("#incidents", "paged Ana").await;
            let noted = async || there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(());
            eventually("every delivery is noted", noted).await;
            // Neither a question nor a refusal, nor somebody who was not asked.
            ana.says(&direct, Some(&page.ts), "who acks this?").await;
            ana.says(&direct, Some(&page.ts), "I cannot ack, I am on a plane").await;
            ben.says("#incidents", None, "ack").await;
            ben.reads("#incidents", "asked ana, and a reply counts from them alone").await;
            ben.says("#incidents", Some(&told.ts), "on it").await;
            let id = format!("INC-{}", there.incidents().await);
            let open = there.bot.app.store().incident(&id.as_str().into()).await.unwrap().unwrap();
            assert!(open.facts.acknowledged().is_none(), "{mode}: nobody has it yet");

            let reply = ana.writes(&direct, Some(&page.ts), "Ack, looking at the gateway");
            let payload = ana.callback(ana.said(&reply));
            for _ in 0..2 {
                // Slack tells it again where it does not hear us in time.
                match mode {
                    "http" => assert_eq!(there.slack.request("events_api", &payload).await.status(), 200),
                    _ => drop(there.slack.envelope("events_api", payload.clone(), false).await),
                }
            }
            ana.reads(&direct, &format!("Ana has {id}.")).await;
            let taken = there.bot.app.store().incident(&id.as_str().into()).await.unwrap().unwrap();
            assert_eq!(taken.facts.acknowledged().unwrap().by.as_str(), "ana", "{mode}");
            let lines = there.bot.app.store().timeline(&id.as_str().into(), 100).await.unwrap();
            assert_eq!(lines.iter().filter(|line| line.kind == "acknowledged").count(), 1, "{mode}: once");
            let timers = there.bot.app.store().due_timers(i64::MAX, 50).await.unwrap();
            assert!(!timers.iter().any(|timer| timer.name == format!("escalation:{id}")), "{mode}: it climbs no more");
            ben.types("#incidents", &format!("/sev resolve --incident {id}")).await;
            ben.reads("#incidents", &format!("{id} is resolved")).await;
            there.end().await;
        }
    });
}

#[test]
fn plain_words_in_the_direct_conversation_are_enough_and_who_may_not_is_told() {
    on_sqlite(async |database| {
        let there = There::with(database, Slack::start().await, "socket", setup(&format!("{LADDER}{ONLY_BEN}"))).await;
        let (ana, ben) = (there.slack.ana(), there.slack.ben());
        ben.types("#incidents", "/sev declare sev1 checkout is down").await;
        let direct = ana.direct();
        ana.reads(&direct, "checkout is down").await;
        ana.says(&direct, None, "on it!").await;
        ana.reads(&direct, "responder").await;
        let open = there.bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap();
        assert!(open.facts.acknowledged().is_none(), "she may not");
        // Ben may, and is paged; nobody was paged in #ops, where his word is about nothing.
        ben.types("#incidents", "/sev page ben").await;
        let page = ben.direct();
        ben.reads(&page, "checkout is down").await;
        ben.says("#ops", None, "ack").await;
        ben.says(&page, None, "got it").await;
        ben.reads(&page, "Ben has INC-1.").await;
        assert!(!ben.sees("#ops").concat().contains("INC-1"), "{:?}", ben.sees("#ops"));
        there.end().await;
    });
}

#[test]
fn what_people_change_or_delete_where_an_incident_is_worked_on_stays_on_its_timeline() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        let there = There::with(database, slack, "socket", setup("[severities.sev1]\nplace = \"channel\"\n")).await;
        let (slack, ana, ben) = (&there.slack, there.slack.ana(), there.slack.ben());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let id = eventually("a channel is opened", async || {
            let state = slack.state();
            state.channels.iter().find(|(_, one)| one.name.starts_with("inc-1")).map(|(id, _)| id.clone())
        })
        .await;
        let card = ana.reads(&id, "checkout is down").await;
        let noted = async || there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(());
        eventually("every delivery is noted", noted).await;
        // Not a word of what is merely said is kept.
        let mut said = ben.says(&id, None, "we see 500s <everywhere>").await;
        let edit = ben.callback(ben.edit(&said, "we see 502s"));
        for _ in 0..2 {
            slack.envelope("events_api", edit.clone(), false).await;
        }
        changed(&there, 1).await;
        // In a thread of the channel, and again.
        let mut under = ana.says(&id, Some(&card.ts), "v41 is bad").await;
        ana.edits(&mut under, "v42 is bad").await;
        changed(&there, 2).await;
        ben.edits(&mut said, "we see 503s").await;
        changed(&there, 3).await;
        // What changes no words, what a bot says, and what is said elsewhere.
        let mut looked = ben.edit(&said, "x");
        looked["message"]["text"] = looked["previous_message"]["text"].clone();
        ben.tells(looked).await;
        let mut own = ben.edit(&said, "the bot's own card");
        for at in ["message", "previous_message"] {
            (own[at]["user"], own[at]["bot_id"]) = (json!(BOT), json!("B0000000001"));
        }
        ben.tells(own).await;
        let mut elsewhere = ben.says("#ops", None, "lunch?").await;
        ben.edits(&mut elsewhere, "dinner?").await;
        ben.deletes(&elsewhere).await;
        ana.deletes(&under).await;
        changed(&there, 4).await;
        // What had a thread leaves a stone behind.
        let mut stone = ben.edit(&said, "This message was deleted.");
        stone["message"]["subtype"] = json!("tombstone");
        ben.tells(stone).await;
        let all = changed(&there, 5).await;
        let link = |ts: &str| format!("https://test.slack.com/archives/{id}/p{}", ts.replace('.', ""));
        let thread = format!("?thread_ts={}&cid={id}", card.ts);
        assert_eq!(
            all,
            [
                format!("ben edited: we see 502s / before: we see 500s <everywhere> [{}]", link(&said.ts)),
                format!("ana edited: v42 is bad / before: v41 is bad [{}{thread}]", link(&under.ts)),
                format!("ben edited: we see 503s / before: we see 500s <everywhere> [{}]", link(&said.ts)),
                format!("slack deleted: a message of Ana: v42 is bad [{}{thread}]", link(&under.ts)),
                format!("slack deleted: a message of Ben: we see 503s [{}]", link(&said.ts)),
            ]
        );
        // An incident that is over keeps what is changed afterwards too.
        ana.types("#incidents", "/sev resolve --incident INC-1").await;
        ana.reads("#incidents", "INC-1 is resolved").await;
        let mut late = ben.says(&id, None, "it was the cache").await;
        ben.edits(&mut late, "it was the gateway").await;
        changed(&there, 6).await;
        let trail = there.bot.trail().await;
        let records: Vec<_> = trail.iter().filter(|record| record["kind"] == "message").collect();
        assert_eq!(records.len(), 6, "{records:#?}");
        assert!(records.iter().all(|record| record["incident"] == "INC-1" && !record.to_string().contains("gateway")));
        there.end().await;
    });
}

#[test]
fn a_pin_on_what_somebody_wrote_where_an_incident_is_worked_on_puts_it_on_the_timeline_once() {
    for (place, kind) in [("channel", "inc-1"), ("thread", "incidents")] {
        on_sqlite(async |database| {
            let config = format!("[severities.sev2]\nplace = \"{place}\"\n");
            let there = There::with(database, Slack::start().await, "socket", setup(&config)).await;
            let (slack, ana, ben) = (&there.slack, there.slack.ana(), there.slack.ben());
            ana.types("#incidents", "/sev declare sev2 mail is slow").await;
            let channel = eventually("a channel is opened", async || {
                let state = slack.state();
                state.channels.iter().find(|(_, one)| one.name.starts_with(kind)).map(|(id, _)| id.clone())
            })
            .await;
            let root = match place {
                "thread" => Some(ana.reads("#incidents", "It is worked on in the thread below").await.ts),
                _ => None,
            };
            ana.reads(&channel, "Acknowledge").await;
            let noted = async || there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(());
            eventually("every delivery is noted", noted).await;
            let says = async |words: &str| ben.says(&channel, root.as_deref(), words).await;
            let (cause, gone, last) = (says("it is the <relay>").await, says("oh no").await, says("it is well").await);
            let lunch = ben.says("#ops", None, "lunch?").await;
            ana.marks(&lunch, "pushpin").await;
            ana.marks(&cause, "eyes").await;
            ana.marks(&cause, "pushpin").await;
            ben.marks(&cause, "round_pushpin").await;
            // Slack shows nothing of this one any more, nor in which thread it stood.
            slack.state().messages.retain(|message| message.ts != gone.ts);
            ben.marks(&gone, "pushpin").await;
            ana.marks(&cause, "pushpin").await;
            ben.marks(&last, "round_pushpin").await;
            let all = eventually("the last pin is on the timeline", async || {
                Some(changes(&there).await).filter(|all| all.iter().any(|line| line.contains("it is well")))
            })
            .await;
            let under = root.as_ref().map_or_else(String::new, |root| format!("?thread_ts={root}&cid={channel}"));
            let link =
                |ts: &str| format!("[https://test.slack.com/archives/{channel}/p{}{under}]", ts.replace('.', ""));
            let mut expected = vec![
                format!("ana pinned: it is the <relay> {}", link(&cause.ts)),
                format!("ben pinned: (words that slack does not tell) {}", link(&gone.ts)),
                format!("ben pinned: it is well {}", link(&last.ts)),
            ];
            if place == "thread" {
                expected.remove(1);
            }
            assert_eq!(all, expected, "{place}");
            there.end().await;
        });
    }
}

/// A bot with a channel for INC-1, and that channel.
async fn in_its_channel(database: &TestDatabase, mode: &str, more: &str, folder: TempDir) -> (There, String) {
    let config = format!("[severities.sev2]\nplace = \"channel\"\n{more}");
    let setup = Setup { folder: Arc::new(folder), ..setup(&config) };
    let there = There::with(database, Slack::start().await, mode, setup).await;
    let ana = there.slack.ana();
    ana.types("#incidents", "/sev declare sev2 mail is slow").await;
    let channel = eventually("a channel is opened", async || {
        let state = there.slack.state();
        state.channels.iter().find(|(_, one)| one.name.starts_with("inc-1")).map(|(id, _)| id.clone())
    })
    .await;
    ana.reads(&channel, "Acknowledge").await;
    let noted = async || there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(());
    eventually("every delivery is noted", noted).await;
    (there, channel)
}

#[test]
fn a_pin_is_looked_up_again_while_slack_is_in_trouble_and_kept_by_its_link_where_it_refuses() {
    for mode in MODES {
        on_sqlite(async |database| {
            let (there, channel) = in_its_channel(database, mode, "", tempfile::tempdir().unwrap()).await;
            let (slack, ben) = (&there.slack, there.slack.ben());
            let asked = || slack.state().calls.iter().filter(|call| call.method == "conversations.history").count();
            // Sends the event until it is taken, as Slack does.
            let pins = async |said: &Words, faults: &[Fault]| {
                slack.state().fault("conversations.history", faults);
                let (event, before) = (ben.callback(ben.mark(said, "pushpin")), asked());
                for attempt in 0..=faults.len() {
                    let refused = faults.get(attempt).is_some_and(|fault| !matches!(fault, Fault::Refused(_)));
                    let is_last = attempt == 3;
                    if mode == "http" {
                        let answer = slack.request_again("events_api", &event, attempt).await;
                        assert_eq!(answer.status(), if refused && !is_last { 503 } else { 200 });
                    } else {
                        slack.state().resend(&said.ts, "events_api", event.clone(), false, attempt as u32);
                        let looked = async || (asked() > before + attempt).then_some(());
                        eventually("the message is asked for", looked).await;
                    }
                    if !refused || is_last {
                        break;
                    }
                }
                if mode == "socket" {
                    slack.acknowledged(&said.ts).await;
                }
            };
            let says = async |words: &str| ben.says(&channel, None, words).await;
            let (busy, hidden, lasting) = (says("it is the relay").await, says("hidden").await, says("for long").await);
            pins(&busy, &[Fault::Limited(1), Fault::Status(503)]).await;
            pins(&hidden, &[Fault::Refused("missing_scope")]).await;
            pins(&lasting, &vec![Fault::Status(500); 4]).await;
            let all = changed(&there, 3).await;
            let link =
                |said: &Words| format!("[https://test.slack.com/archives/{channel}/p{}]", said.ts.replace('.', ""));
            let unknown = "ben pinned: (words that slack does not tell)";
            assert_eq!(
                all,
                [
                    format!("ben pinned: it is the relay {}", link(&busy)),
                    format!("{unknown} {}", link(&hidden)),
                    format!("{unknown} {}", link(&lasting)),
                ],
                "{mode}"
            );
            assert_eq!(asked(), 3 + 1 + 4, "{mode}: what Slack refuses is not asked for again");
            there.end().await;
        });
    }
}

#[test]
fn what_is_pinned_is_somebodys_text_and_pings_nobody_and_tells_no_secret() {
    on_sqlite(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("db-password");
        std::fs::write(&file, "correct horse battery\n").unwrap();
        let secrets = format!("[secrets]\ndb = {{ file = {file:?} }}\n");
        let (there, channel) = in_its_channel(database, "socket", &secrets, folder).await;
        let (slack, ana, ben) = (&there.slack, there.slack.ana(), there.slack.ben());
        let words = "<!channel> <@U00000000ANA> the password is correct horse battery\n## Root cause";
        let said = ben.says(&channel, None, words).await;
        ana.marks(&said, "pushpin").await;
        // What they tell the bot alone is nobody else's, whatever they put on it.
        let alone = ana.says(&ana.direct(), None, "I wrote the bug").await;
        ana.marks(&alone, "pushpin").await;
        let all = changed(&there, 1).await;
        let expected = "ana pinned: <!channel> <@U00000000ANA> the password is [secret db] / ## Root cause [";
        assert!(all.len() == 1 && all[0].starts_with(expected), "{all:?}");
        let name = format!("#{}", slack.state().channels[&channel].name);
        ana.types(&name, "/sev timeline").await;
        let body = ana.reads(&channel, "the password is [secret db]").await.body;
        // Among its blocks it is the text of one that mentions nobody; what stands for them where blocks are not shown is escaped.
        let (instead, shown) = (body["text"].as_str().unwrap_or_default(), body.to_string());
        // The moments of the lines are the only markup.
        let marks = (instead.matches("<!").count(), instead.matches("<!date^").count());
        assert!(marks.0 == marks.1 && !instead.contains("<@"), "{instead}");
        for sign in ["\"broadcast\"", "\"user_id\"", "horse", "wrote the bug"] {
            assert!(!shown.contains(sign), "{sign}: {shown}");
        }
        there.end().await;
    });
}

//! What people write on Slack besides commands: replies that acknowledge, and messages that they change or delete where an incident
//! is worked on. Everything else they write is nobody's business.

use super::{MODES, There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::{BOT, Slack};
use serde_json::json;

/// Ana is paged at once and Ben half an hour later; who may acknowledge is written down.
const LADDER: &str = "[severities.sev1]\nplace = \"here\"\n\
    [escalation.default]\nseverities = [\"sev1\"]\n\
    levels = [{ after = \"0s\", notify = [\"ana\"] }, { after = \"30m\", notify = [\"ben\"] }]\n";
const ONLY_BEN: &str =
    "[roles.responder]\nmembers = [\"ben\"]\n[[policy]]\ncommand = \"sev ack\"\nrole = \"responder\"\n";

fn setup(config: &str) -> Setup {
    Setup { config: config.to_owned(), ..Setup::default() }
}

/// The lines of INC-1's timeline about changed messages, with their sources.
async fn changes(there: &There) -> Vec<String> {
    let lines = there.bot.app.store().timeline_lines(&"INC-1".into(), 100).await.unwrap();
    let about = lines.iter().filter(|line| ["edited", "deleted"].contains(&line.entry.kind.as_str()));
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

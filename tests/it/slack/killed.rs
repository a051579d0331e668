//! The shipped program, killed between what it said on Slack and its own record of that: after the next start it has said it once.

use super::{CHANNELS, PEOPLE};
use crate::support::bot::SEV;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use crate::support::slack::{Fault, Slack, rules};

#[test]
fn what_was_said_before_a_kill_is_not_said_again() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in TestDatabase::both() {
        runtime.block_on(async {
            let slack = Slack::start().await;
            let home = Home::new(&database);
            let chat = slack.config(home.folder.path(), "socket");
            let sev = SEV.replace("post:console:*", "post:*");
            home.configure(&database.url, &format!("{chat}{CHANNELS}{sev}\n{PEOPLE}"));
            let process = home.start(&[]).await;
            slack.connected().await;
            // Slack does it and never answers: whatever the program knows of it dies with it.
            slack.state().fault("chat.postMessage", &[Fault::DoneButSilent]);
            slack.ana().types("#incidents", "/sev declare sev2 said once").await;
            eventually("it was said", async || (slack.state().done("chat.postMessage") >= 1).then_some(())).await;
            process.kill();
            let process = home.start(&[]).await;
            slack.connected().await;
            let ana = slack.ana();
            let card = ana.reads("#incidents", "said once").await;
            ana.clicks(&card, "Acknowledge").await;
            eventually("the card is edited", async || (ana.now(&card).edits > 0).then_some(())).await;
            let all = slack.state().seen("#incidents", "U00000000BEN");
            // A card is told from others by what its buttons name: the card and the action.
            let cards = all.iter().filter(|one| one.body["text"].as_str().unwrap().contains("said once"));
            let cards: Vec<String> = cards.flat_map(|one| rules::actions(&one.body["blocks"])).collect();
            assert!(!cards.is_empty(), "{all:#?}");
            let mut unique = cards.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(cards.len(), unique.len(), "each once: {cards:?}");
            assert!(process.end(false).await.success());
            slack.was_strict();
        });
    }
}

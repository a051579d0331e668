//! What the steps of a job print, in a Slack that turns every third call away: in the thread under the job's card, whole, in
//! order, and edited rather than said line by line.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::kinds::tells;
use crate::support::slack::{Slack, rules};
use drillbell::clock::Clock;
use serde_json::json;
use std::sync::Arc;

#[test]
fn the_output_of_steps_stands_in_the_thread_of_their_card() {
    on_sqlite(async |database| {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let config = tells(folder.path(), "echo token ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2");
        // It edits by the clock, as it really does.
        let setup = Setup { config, folder: folder.clone(), clock: Clock::system(), ..Setup::default() };
        let slack = Slack::start().await;
        slack.state().limit_every = 3;
        let there = There::with(database, slack, "socket", setup).await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        let spec = json!({"steps": [{"command": "tell"}]});
        ana.types("#ops", &format!("/misbehave job steps --spec '{spec}' --lost ask tell us")).await;
        let card = eventually("the card is there", async || {
            let seen = slack.state().seen("#ops", ana.id);
            seen.into_iter().find(|one| rules::words(&one.body["blocks"]).join("\n").contains("Asked by"))
        })
        .await;
        let thread = async |words: &str| {
            eventually(words, async || {
                let seen = slack.state().seen("#ops", ana.id);
                let under = seen.into_iter().filter(|one| one.thread.as_deref() == Some(&*card.ts));
                let under: Vec<_> = under.map(|one| rules::words(&one.body["blocks"]).join("\n")).collect();
                under.iter().any(|text| text.contains(words)).then_some(under)
            })
            .await
        };
        thread("line 3").await;
        std::fs::write(folder.path().join("go"), "").unwrap();
        let said = thread("line 6").await;
        assert_eq!(said.len(), 1, "one message, edited: {said:?}");
        let now = eventually("all is said", async || {
            let said = thread("line 6").await.remove(0);
            said.contains("exited with 0").then_some(said)
        })
        .await;
        let mut lines: Vec<_> = now.lines().collect();
        let took = lines.pop().unwrap();
        assert!(took.starts_with("✓ tell exited with 0 after "), "{took}");
        insta::assert_snapshot!(lines.join("\n"), @r"
        ▶ 1/1 tell
        line 1
        line 2
        line 3
        line 4
        line 5
        line 6
        token [secret]
        ");
        let card = eventually("the card ends", async || {
            let text = rules::words(&ana.now(&card).body["blocks"]).join("\n");
            text.contains("done").then_some(text)
        })
        .await;
        assert!(card.contains("line 6") && !card.contains("line 4"), "the last lines alone: {card}");
        slack.state().limit_every = 0;
        there.end().await;
    });
}

//! What the steps of a job print, on Discord: in a thread of the job's card, one message that is edited.

use super::{World, on_threads, sections};
use crate::support::bot::Setup;
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, FakeDiscord, OPS};
use crate::support::eventually;
use crate::support::kinds::tells;
use drillbell::clock::Clock;
use serde_json::json;
use std::sync::Arc;

#[test]
fn the_output_of_steps_stands_in_a_thread_of_their_card() {
    on_threads(async {
        let database = TestDatabase::sqlite();
        let (folder, discord) = (Arc::new(tempfile::tempdir().unwrap()), FakeDiscord::start().await);
        let sections =
            sections().replace("\"timers\", \"alerts\"", "\"timers\", \"jobs:*\", \"command:*\", \"alerts\"");
        let commands = tells(folder.path(), "");
        let config = sections + &commands;
        let setup = Setup { config, folder: folder.clone(), clock: Clock::system(), ..Setup::default() };
        let world = World::of(&database, "gateway", &discord, setup).await;
        let spec = json!({"steps": [{"command": "tell"}]});
        let command = format!("/misbehave job steps --spec '{spec}' --lost ask tell us");
        world.bot.sends("ana", "discord:#ops", &command).await;
        let card = discord.finds(ANA, OPS, "Asked by").await;
        let thread = eventually("its thread", async || discord.opened(11).into_iter().next()).await;
        assert_eq!(thread.name, "output of tell us");
        let said = discord.finds(ANA, &thread.id, "line 3").await;
        std::fs::write(folder.path().join("go"), "").unwrap();
        let whole = discord.finds(ANA, &thread.id, "exited with 0").await;
        assert_eq!((&whole.id, discord.sees(ANA, &thread.id).len()), (&said.id, 1), "one message, edited");
        let mut lines: Vec<_> = whole.text.lines().collect();
        lines.retain(|line| !line.contains("exited with 0"));
        insta::assert_snapshot!(lines.join("\n"), @r"
        ```
        ▶ 1/1 tell
        line 1
        line 2
        line 3
        line 4
        line 5
        line 6
        ```
        ");
        let ended = eventually("the card ends", async || {
            discord.sees(ANA, OPS).into_iter().find(|one| one.id == card.id && one.text.contains("done"))
        })
        .await;
        assert!(
            ended.text.contains("line 6") && !ended.text.contains("line 4"),
            "the last lines alone: {}",
            ended.text
        );
        assert_eq!(discord.opened(11).len(), 1);
        world.finish().await;
    });
}

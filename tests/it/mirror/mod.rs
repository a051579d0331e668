//! One incident on Slack and on Discord at once, by people who use only what each of them shows: where it is configured, it is the
//! same incident; what counts once counts once; and what was posted of its timeline cannot be changed unnoticed.

mod away;
mod checkpoints;
mod hostile;
mod killed;
mod pins;
mod places;
mod story;

use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, INCIDENTS, Shown};
use crate::support::eventually;
use crate::support::slack::{Slack, rules};
use drillbell::model::ids::IncidentId;
use drillbell::model::incident::TimelineLine;
use std::sync::Arc;

/// Where incidents are told, on both.
const BOTH: &str = "[channels]\nincidents = \"slack:#incidents\"\nincidents_elsewhere = [\"discord:#incidents\"]\n";

/// The plugin, without what rings by itself.
const SEV: &str = "[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
                   grants = [\"kv\", \"escalation\", \"incidents:write\", \"status\", \"post:*\", \"conversations\"]\n";

/// Ana and Ben, who are on both.
fn people() -> String {
    format!(
        "[people.ana]\nname = \"Ana\"\nconsole = \"ana\"\nslack = \"U00000000ANA\"\ndiscord = \"{ANA}\"\n\
         [people.ben]\nname = \"Ben\"\nconsole = \"ben\"\nslack = \"U00000000BEN\"\ndiscord = \"{BEN}\"\n"
    )
}

/// What the bot is configured with besides the database.
fn config(slack: &Slack, discord: &FakeDiscord, folder: &std::path::Path, sections: &str) -> String {
    [slack.config(folder, "socket"), discord.config(folder, "gateway"), sections.to_owned(), SEV.to_owned(), people()]
        .concat()
}

/// A bot on both.
struct Both {
    bot: TestBot,
    slack: Arc<Slack>,
    discord: Arc<FakeDiscord>,
}

impl Both {
    async fn start(database: &TestDatabase, sections: &str) -> Self {
        let (slack, discord) = (Slack::start().await, FakeDiscord::start().await);
        let setup = Setup::default();
        let config = config(&slack, &discord, setup.folder.path(), sections);
        let bot = TestBot::start(database, Setup { config, ..setup }).await;
        slack.connected().await;
        eventually("the line to Discord is up", async || {
            let up = bot.app.house().about.links.iter().all(|link| link.state().is_up());
            (up && !discord.commands().is_empty()).then_some(())
        })
        .await;
        Self { bot, slack, discord }
    }

    /// Waits until nothing is left to handle or to deliver.
    async fn settled(&self) {
        eventually("everything is delivered", async || {
            let store = self.bot.app.store();
            let left = store.open_events().await.unwrap();
            (left == 0 && store.outbox_backlog().await.unwrap().is_empty()).then_some(())
        })
        .await;
    }

    /// What Ana sees in a channel of Slack that has these words, in plain words.
    fn on_slack(&self, channel: &str, words: &str) -> Vec<String> {
        self.slack.ana().sees(channel).into_iter().filter(|text| text.contains(words)).collect()
    }

    /// The same on Discord.
    fn on_discord(&self, channel: &str, words: &str) -> Vec<Shown> {
        self.discord.sees(ANA, channel).into_iter().filter(|shown| shown.text.contains(words)).collect()
    }

    /// Waits until the card in a channel of Slack says something.
    async fn slack_shows(&self, card: &crate::support::slack::Message, words: &str) {
        let look = async || {
            let now = self.slack.ana().now(card);
            rules::words(&now.body["blocks"]).join("\n").contains(words).then_some(())
        };
        eventually(&format!("the card on Slack says {words:?}"), look).await;
    }

    /// Waits until the card on Discord says something.
    async fn discord_shows(&self, channel: &str, card: &str, words: &str) {
        let look = async || {
            let all = self.discord.sees(ANA, channel);
            all.iter().any(|shown| shown.id == card && shown.text.contains(words)).then_some(())
        };
        eventually(&format!("the card on Discord says {words:?}"), look).await;
    }

    async fn lines(&self) -> Vec<TimelineLine> {
        self.bot.app.store().timeline_lines(&IncidentId::numbered(1), 200).await.unwrap()
    }

    /// How many lines of that kind the timeline has.
    async fn lines_of(&self, kind: &str) -> usize {
        self.lines().await.iter().filter(|line| line.entry.kind == kind).count()
    }

    /// Ends it; neither platform was asked for anything that it refuses.
    async fn end(self) {
        self.bot.finish().await;
        self.slack.was_strict();
        assert_eq!(self.discord.complaints(), Vec::<String>::new());
    }
}

/// Runs a test on both engines.
fn on_each(test: impl AsyncFn(&TestDatabase)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in TestDatabase::both() {
        runtime.block_on(test(&database));
    }
}

/// Runs a test on SQLite alone: what it is about does not touch the database.
fn on_sqlite(test: impl AsyncFn(&TestDatabase)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(&TestDatabase::sqlite()));
}

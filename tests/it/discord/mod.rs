//! Discord, with the whole bot and a strict Discord on this machine: people use what was registered and shown, the line breaks in
//! every documented way, requests fail, and each thing happens once.

mod checks;
mod cuts;
mod flow;
mod forged;
mod heard;
mod killed;
mod lane;
mod line;
mod mishaps;
mod outage;
mod output;
mod outside;
mod places;
mod published;
mod roles;
mod spoken;
mod stalled;

use crate::support::bot::{Setup, TestBot};
use crate::support::database::{NEW_YEAR_MS, TestDatabase};
use crate::support::discord::{ANA, BEN, FakeDiscord};
use crate::support::eventually;
use std::sync::Arc;
use tokio::net::TcpListener;

/// A bot on Discord.
pub struct World {
    pub bot: TestBot,
    pub discord: Arc<FakeDiscord>,
    /// Where interactions go by HTTP.
    pub endpoint: Option<String>,
}

/// Everything that Ana, Ben and the plugins need there.
pub fn sections() -> String {
    format!(
        "[channels]\nops = \"discord:#ops\"\nincidents = \"discord:#incidents\"\n\
         [plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
         grants = [\"kv\", \"escalation\", \"incidents:write\", \"status\", \"post:*\"]\n\
         [plugins.misbehaving]\nsource = \"builtin:misbehaving\"\n\
         grants = [\"kv\", \"timers\", \"alerts\", \"deploys\", \"reactions\", \"status\", \"post:*\"]\n\
         limits = {{ time = \"2s\" }}\n\
         [people.ana]\nname = \"Ana\"\nconsole = \"ana\"\ndiscord = \"{ANA}\"\n\
         [people.ben]\nname = \"Ben\"\nconsole = \"ben\"\ndiscord = \"{BEN}\"\n"
    )
}

impl World {
    /// A bot in that mode, up and with its commands registered.
    pub async fn start(database: &TestDatabase, mode: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let discord = FakeDiscord::start().await;
        Self::on(database, mode, &discord, folder).await
    }

    /// The same on a Discord and a folder that are there.
    pub async fn on(
        database: &TestDatabase,
        mode: &str,
        discord: &Arc<FakeDiscord>,
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        Self::of(database, mode, discord, Setup { config: sections(), folder, ..Setup::default() }).await
    }

    /// The same with sections of the test's own.
    pub async fn of(database: &TestDatabase, mode: &str, discord: &Arc<FakeDiscord>, setup: Setup) -> Self {
        let config = discord.config(setup.folder.path(), mode) + &setup.config;
        let bot = TestBot::start(database, Setup { config, ..setup }).await;
        let mut endpoint = None;
        if mode == "http" {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/discord/interactions", listener.local_addr().unwrap());
            let router = bot.app.doors().routes();
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            discord.interactions_go_to(url.clone());
            discord.time_is(NEW_YEAR_MS);
            endpoint = Some(url);
        }
        let world = Self { bot, discord: discord.clone(), endpoint };
        world.is_up().await;
        eventually("the commands are registered", async || (!discord.commands().is_empty()).then_some(())).await;
        world
    }

    /// Waits until the line is up.
    pub async fn is_up(&self) {
        eventually("the line is up", async || {
            self.bot.app.house().about.links.iter().all(|link| link.state().is_up()).then_some(())
        })
        .await;
    }

    /// Stops the bot; nothing is left, and Discord had nothing to complain about.
    pub async fn finish(self) {
        let Self { bot, discord, .. } = self;
        bot.finish().await;
        assert_eq!(discord.complaints(), Vec::<String>::new());
    }
}

/// Runs a test that starts its bots itself.
pub fn on_threads(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Runs a test on SQLite: which database it is, is no business of a chat platform's.
pub fn on_discord(mode: &str, test: impl AsyncFn(&World)) {
    on_threads(async {
        let database = TestDatabase::sqlite();
        let world = World::start(&database, mode).await;
        test(&world).await;
        world.finish().await;
    });
}

//! The whole bot on a Slack of this machine: everything a person can do there, both ways of hearing it, and what goes wrong.

mod check;
mod faults;
mod flow;
mod groups;
mod heard;
mod killed;
mod link;
mod outage;
mod output;
mod parts;
mod places;
mod published;
mod render;
mod requests;
mod spoken;
mod stalled;

use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::slack::{Callee, Slack};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Ana and Ben as Slack knows them.
const PEOPLE: &str = "[people.ana]\nname = \"Ana\"\nslack = \"U00000000ANA\"\nconsole = \"ana\"\n\
                      [people.ben]\nname = \"Ben\"\nslack = \"U00000000BEN\"\nconsole = \"ben\"\n";
/// The plugins, allowed to speak on Slack.
const PLUGINS: &str = "[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
                       grants = [\"kv\", \"timers\", \"escalation\", \"incidents:write\", \"status\", \"post:*\", \"conversations\", \"reactions\"]\n\
                       [plugins.misbehaving]\nsource = \"builtin:misbehaving\"\n\
                       grants = [\"kv\", \"timers\", \"reactions\", \"status\", \"post:*\", \"page:*\"]\nlimits = { time = \"2s\" }\n";
/// Where the bot speaks by itself.
const CHANNELS: &str = "[channels]\nincidents = \"slack:#incidents\"\nops = \"slack:#ops\"\n";

/// How the bot hears.
const MODES: [&str; 2] = ["socket", "http"];

/// Runs a test on SQLite alone: what differs between the databases is the store's business, and tested there.
fn on_sqlite(test: impl AsyncFn(&TestDatabase)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(test(&TestDatabase::sqlite()));
}

/// A bot on a Slack.
struct There {
    bot: TestBot,
    slack: Arc<Slack>,
    stop: CancellationToken,
}

impl There {
    /// Starts one, and waits until it hears.
    async fn start(database: &TestDatabase, mode: &str) -> Self {
        Self::with(database, Slack::start().await, mode, Setup::default()).await
    }

    async fn with(database: &TestDatabase, slack: Arc<Slack>, mode: &str, setup: Setup) -> Self {
        let chat = slack.config(setup.folder.path(), mode);
        let (mut extra, mut plugins) = ("", PLUGINS.to_owned());
        if ["[severities", "[commands", "[notify"].iter().any(|section| setup.config.contains(section)) {
            extra = setup.config.as_str();
        }
        if extra.contains("[commands") {
            plugins = plugins.replace("\"page:*\"]", "\"page:*\", \"jobs:*\", \"command:*\"]");
        }
        let config = format!("{chat}{CHANNELS}{plugins}{PEOPLE}{extra}");
        let bot = TestBot::start(database, Setup { config, ..setup }).await;
        let stop = CancellationToken::new();
        if mode == "http" {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let clock = bot.clock.clone();
            slack.calls(Callee { url, now_ms: Arc::new(move || clock.now_ms()) });
            let routes = bot.app.doors().routes();
            tokio::spawn(drillbell::web::serve(listener, routes, stop.clone(), std::time::Duration::ZERO));
        } else {
            slack.connected().await;
        }
        Self { bot, slack, stop }
    }

    /// How many incidents were declared.
    async fn incidents(&self) -> i64 {
        self.bot.app.store().next_incident_number().await.unwrap() - 1
    }

    /// Ends it; Slack was asked for nothing that it would have refused.
    async fn end(self) {
        self.stop.cancel();
        self.slack.was_strict();
        self.bot.finish().await;
    }
}

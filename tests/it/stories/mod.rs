//! Stories: what people live through with the bot, written once and played on every platform by a user who can only use what was
//! shown. What everybody saw is kept as text, and as pictures for whoever reviews.

mod incident;
mod on_console;
mod on_discord;
mod on_slack;
mod outage;
mod pictures;
mod scene;
mod shop;
mod way;

use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN};
use on_console::OnConsole;
use on_discord::OnDiscord;
use on_slack::OnSlack;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use way::Way;

/// When every story begins.
const BEGIN_MS: i64 = crate::support::database::NEW_YEAR_MS;
/// Every platform in each of its modes, as `PLATFORM MODE`.
const WAYS: [&str; 5] = ["slack socket", "slack http", "discord gateway", "discord http", "console"];

/// What a story needs to be configured; `CHAT` in it stands for the platform.
#[derive(Clone)]
struct Given {
    sections: String,
    folder: Arc<tempfile::TempDir>,
}

impl Given {
    /// These sections, and a folder of their own.
    fn new(sections: impl Into<String>) -> Self {
        Self { sections: sections.into(), folder: Arc::new(tempfile::tempdir().expect("a folder")) }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The bot's, with what the chat needs.
    fn setup(&self, platform: &str, chat: &str) -> Setup {
        let people = format!(
            "[people.ana]\nname = \"Ana\"\nconsole = \"ana\"\nslack = \"U00000000ANA\"\ndiscord = \"{ANA}\"\n\
             [people.ben]\nname = \"Ben\"\nconsole = \"ben\"\nslack = \"U00000000BEN\"\ndiscord = \"{BEN}\"\n"
        );
        let config = format!("{chat}{}\n{people}", self.sections.replace("CHAT", platform));
        Setup { config, folder: self.folder.clone(), ..Setup::default() }
    }
}

/// Starts a bot on that platform, in that mode.
async fn start(database: &TestDatabase, way: &str, given: Given) -> Way {
    let (platform, mode) = way.split_once(' ').unwrap_or((way, ""));
    match platform {
        "slack" => Way::Slack(OnSlack::start(database, mode, given).await),
        "discord" => Way::Discord(OnDiscord::start(database, mode, given).await),
        _ => Way::Console(OnConsole::start(database, given).await),
    }
}

/// The bot's doors for platforms, open on this machine; where.
async fn served(bot: &TestBot, stop: &CancellationToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = bot.app.doors().routes();
    tokio::spawn(drillbell::web::serve(listener, routes, stop.clone(), std::time::Duration::ZERO));
    url
}

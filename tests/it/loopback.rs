//! No request of a test leaves the machine: what the program wants to reach is written down by a library that lets it reach only this.
//! `scripts/test.sh` loads the same into every process of the suite.

use crate::support::bot::SEV;
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, FakeDiscord, INCIDENTS};
use crate::support::eventually;
use crate::support::process::{Home, shim};
use crate::support::slack::Slack;
use std::path::Path;
use std::process::Command;

/// Whom the program wanted to reach, each once.
fn wanted(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_on_both_platforms_reaches_nothing_but_the_fakes() {
    let (slack, discord) = (Slack::start().await, FakeDiscord::start().await);
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let folder = home.folder.path().to_owned();
    let chats = slack.config(&folder, "socket") + &discord.config(&folder, "gateway");
    let sev = SEV.replace("post:console:*", "post:*");
    let channels = "[channels]\nincidents = \"slack:#incidents\"\nops = \"discord:#ops\"\n";
    let people = format!("[people.ana]\nname = \"Ana\"\nslack = \"U00000000ANA\"\ndiscord = \"{ANA}\"\n");
    home.configure(&database.url, &format!("{chats}{channels}{sev}\n{people}"));
    let (library, log) = (shim("loopback"), folder.join("reached"));
    let env = [("LD_PRELOAD", library.to_str().unwrap()), ("LOOPBACK_LOG", log.to_str().unwrap())];
    let process = home.start(&env).await;
    slack.connected().await;
    eventually("Discord is up", async || (discord.is_connected() && !discord.commands().is_empty()).then_some(()))
        .await;
    slack.ana().types("#incidents", "/sev declare sev2 checkout is down").await;
    let card = slack.ana().reads("#incidents", "checkout is down").await;
    slack.ana().clicks(&card, "Acknowledge").await;
    discord.uses(ANA, INCIDENTS, "sev show", &[("id", "INC-1")]).await;
    discord.finds(ANA, INCIDENTS, "checkout is down").await;
    assert!(process.end(false).await.success());
    let wanted = wanted(&log);
    let elsewhere: Vec<_> = wanted.iter().filter(|one| !one.starts_with("127.0.0.1:")).collect();
    assert_eq!(elsewhere, Vec::<&String>::new(), "only this machine");
    // It does write down: both platforms' ports are there, that of the API and that of the socket.
    let discord_port = discord.api_url().trim_end_matches("/api").rsplit(':').next().unwrap().to_owned();
    for port in [slack.port.to_string(), discord_port] {
        assert!(wanted.contains(&format!("127.0.0.1:{port}")), "{port} of {wanted:?}");
    }
    assert!(wanted.len() >= 4, "two more are sockets: {wanted:?}");
}

#[test]
fn what_would_leave_the_machine_is_seen_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("drillbell.toml");
    std::fs::write(folder.path().join("bot"), "xoxb-none").unwrap();
    std::fs::write(folder.path().join("app"), "xapp-none").unwrap();
    let chat = "[chat.slack]\nmode = \"socket\"\nbot_token.file = \"bot\"\napp_token.file = \"app\"\n";
    std::fs::write(&config, format!("[server]\ndata_dir = \"data\"\n[database]\nurl = \"sqlite:data/x.db\"\n{chat}"))
        .unwrap();
    let (log, strays) = (folder.path().join("reached"), folder.path().join("strays"));
    let checked = Command::new(env!("CARGO_BIN_EXE_drillbell"))
        .args(["check", "--config"])
        .arg(&config)
        .env("LD_PRELOAD", shim("loopback"))
        .env("LOOPBACK_LOG", &log)
        .env("LOOPBACK_STRAYS", &strays)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(said.contains("Slack does not answer"), "{said}");
    assert_eq!(wanted(&log), ["name slack.com"]);
    // This is what the suite looks at in the end (scripts/test.sh).
    assert_eq!(wanted(&strays), ["name slack.com, by drillbell"]);
}

//! What `drillbell check` says of Slack, and the manifest that it refers to.

use super::{CHANNELS, PEOPLE, PLUGINS, on_sqlite};
use crate::support::slack::Slack;
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::platform::slack::look;
use std::path::Path;

async fn found(slack: &Slack, folder: &Path, mode: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let text = format!("{}{CHANNELS}{PEOPLE}", slack.config(folder, mode));
    let config = Config::parse(&text, &folder.join("drillbell.toml"), &Env::none()).unwrap();
    let found = look(&config, &Clock::system()).await;
    found
        .iter()
        .map(|one| format!("{} {}: {}", one.verdict.as_str(), one.name, one.text))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn check_says_what_is_granted_and_what_is_missing() {
    on_sqlite(async |_| {
        let folder = tempfile::tempdir().unwrap();
        let slack = Slack::start().await;
        insta::assert_snapshot!(found(&slack, folder.path(), "socket").await, @"
        pass slack: @drillbell in Test
        pass slack scopes: all 18 that are needed
        pass slack socket: Socket Mode is on, and a socket may be opened
        pass slack channels: all that are named are there
        ");
        slack.state().scopes = "chat:write,commands".to_owned();
        slack.state().channels.remove("C0000000002");
        slack.state().channels.entry("C0000000001".to_owned()).and_modify(|one| one.members.clear());
        let poor = found(&slack, folder.path(), "http").await;
        assert!(
            poor.contains("fail slack scopes: missing: app_mentions:read (commands typed as a mention, in threads), ")
        );
        assert!(poor.contains("fail slack requests: mode is \"http\" without a server.public_url"), "{poor}");
        assert!(
            poor.contains("fail slack channels: not there, or not for the bot to see: #ops; create them"),
            "{poor}"
        );
        assert!(poor.contains("unknown slack channels: the bot joins at its next start: #incidents"), "{poor}");
        assert_eq!(slack.state().messages.len(), 0, "nothing is said in any channel");
        slack.state().fault("apps.connections.open", &[crate::support::slack::Fault::Refused("token_revoked")]);
        let revoked = found(&slack, folder.path(), "socket").await;
        assert!(revoked.contains("set chat.slack.app_token") && !revoked.contains("bot_token"), "{revoked}");
        slack.state().fault("auth.test", &[crate::support::slack::Fault::Refused("token_revoked")]);
        insta::assert_snapshot!(found(&slack, folder.path(), "socket").await, @"fail slack: Slack says token_revoked: the token is not valid any more; install the app again and set chat.slack.bot_token");
    });
}

#[test]
fn the_manifest_has_every_command_of_the_plugins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("drillbell.toml");
    std::fs::write(&file, PLUGINS.split("[plugins.misbehaving]").next().unwrap()).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_drillbell"))
        .args(["slack", "manifest", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for line in ["- command: \"/drillbell\"", "- command: \"/sev\"", "socket_mode_enabled: true", "- chat:write #"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

//! The app's manifest: what to paste at api.slack.com/apps so that every declared command exists and the bot may do what it does.
//! <https://docs.slack.dev/reference/app-manifest>

use super::text::clip;
use crate::config::limits::{SLACK_COMMANDS, SLACK_HINT_CHARS};
use crate::config::slack::Mode;
use crate::model::manifest::CommandSpec;
use std::fmt::Write;

/// Every scope that the bot uses, and for what.
pub(super) const SCOPES: [(&str, &str); 18] = [
    ("app_mentions:read", "commands typed as a mention, in threads"),
    (
        "channels:history",
        "replies to pages, edited and pinned messages of incidents; whether a message was sent already",
    ),
    ("channels:join", "to join the public channels that the configuration names"),
    ("channels:manage", "a channel for an incident: open, topic, invite, archive"),
    ("channels:read", "to find channels by their names"),
    ("chat:write", "to speak"),
    ("chat:write.public", "to speak in public channels without joining them"),
    ("commands", "slash commands"),
    ("files:write", "long texts and charts"),
    ("groups:history", "the same in private channels"),
    ("groups:read", "private channels by their names"),
    ("groups:write", "private channels: topic, invite"),
    ("im:history", "the same in direct messages"),
    ("im:write", "to write to somebody directly"),
    ("pins:write", "the card of an incident, pinned"),
    ("reactions:read", "reactions to the bot's messages, and pins on people's"),
    ("reactions:write", "to react"),
    ("usergroups:read", "roles whose members are a user group"),
];
/// Every event that the bot listens to.
const EVENTS: [&str; 12] = [
    "app_mention",
    "app_uninstalled",
    "channel_created",
    "channel_rename",
    "channel_unarchive",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "subteam_members_changed",
    "subteam_updated",
    "tokens_revoked",
];
/// Characters of a command's description.
const DESCRIPTION_CHARS: usize = 200;

/// The manifest as YAML; texts are written as JSON strings, which YAML reads as they are. `public_url` is where HTTP mode is called.
/// The second value says what did not fit.
pub fn manifest(commands: &[CommandSpec], mode: Mode, public_url: Option<&str>) -> (String, Option<String>) {
    let url = public_url.unwrap_or("https://drillbell.example.org");
    let socket = mode == Mode::Socket;
    let mut out = String::from(
        "display_information:\n  name: Drillbell\n  description: \"Runs operations documents as commands: incidents, backups, drills, \
         rollbacks, runbooks\"\n  background_color: \"#7a1f1f\"\nfeatures:\n  app_home:\n    home_tab_enabled: false\n    \
         messages_tab_enabled: true\n    messages_tab_read_only_enabled: false\n  bot_user:\n    display_name: drillbell\n    \
         always_online: true\n  slash_commands:\n",
    );
    for command in commands.iter().take(SLACK_COMMANDS) {
        let names: Vec<&str> =
            command.subcommands.iter().map(|sub| sub.name.as_str()).filter(|name| !name.is_empty()).collect();
        line(&mut out, 4, "- command", &format!("/{}", command.name));
        line(&mut out, 6, "description", &clip(&command.summary, DESCRIPTION_CHARS));
        if !names.is_empty() {
            line(&mut out, 6, "usage_hint", &clip(&names.join(" | "), SLACK_HINT_CHARS));
        }
        // People and channels arrive with their ids.
        out.push_str("      should_escape: true\n");
        if !socket {
            line(&mut out, 6, "url", &format!("{url}/slack/commands"));
        }
    }
    out.push_str("oauth_config:\n  scopes:\n    bot:\n");
    for (scope, why) in SCOPES {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "      - {scope} # {why}");
    }
    out.push_str("settings:\n  event_subscriptions:\n");
    if !socket {
        line(&mut out, 4, "request_url", &format!("{url}/slack/events"));
    }
    out.push_str("    bot_events:\n");
    for event in EVENTS {
        let _ = writeln!(out, "      - {event}");
    }
    out.push_str("  interactivity:\n    is_enabled: true\n");
    if !socket {
        line(&mut out, 4, "request_url", &format!("{url}/slack/interactions"));
    }
    let _ =
        write!(out, "  org_deploy_enabled: false\n  socket_mode_enabled: {socket}\n  token_rotation_enabled: false\n");
    let over = commands.len().saturating_sub(SLACK_COMMANDS);
    let left = (over > 0).then(|| {
        let names: Vec<_> = commands[SLACK_COMMANDS..].iter().map(|command| format!("/{}", command.name)).collect();
        format!(
            "Slack takes {SLACK_COMMANDS} commands of an app; left out: {}. Type them as /drillbell NAME.",
            names.join(", ")
        )
    });
    (out, left)
}

fn line(out: &mut String, indent: usize, key: &str, value: &str) {
    let value = serde_json::Value::String(value.to_owned());
    let _ = writeln!(out, "{}{key}: {value}", " ".repeat(indent));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::SubcommandSpec;

    fn command(name: &str) -> CommandSpec {
        let sub = |name: &str| SubcommandSpec {
            name: name.to_owned(),
            summary: "x".to_owned(),
            reply: Default::default(),
            args: Vec::new(),
        };
        CommandSpec {
            name: name.to_owned(),
            summary: "Says \"hello\": to # everybody".to_owned(),
            subcommands: vec![sub("declare"), sub("list")],
        }
    }

    #[test]
    fn every_command_is_in_it_with_its_subcommands() {
        let (text, left) = manifest(&[command("sev")], Mode::Http, Some("https://bot.example.org"));
        let commands = text.split("slash_commands:\n").nth(1).unwrap().split("oauth_config").next().unwrap();
        insta::assert_snapshot!(commands, @r#"
            - command: "/sev"
              description: "Says \"hello\": to # everybody"
              usage_hint: "declare | list"
              should_escape: true
              url: "https://bot.example.org/slack/commands"
        "#);
        assert!(left.is_none() && text.contains("socket_mode_enabled: false") && text.contains("/slack/events"));
        let (text, _) = manifest(&[command("sev")], Mode::Socket, None);
        assert!(text.contains("socket_mode_enabled: true") && !text.contains("url"), "{text}");
    }

    #[test]
    fn what_slack_does_not_take_is_named() {
        let many: Vec<_> = (0..52).map(|n| command(&format!("c{n}"))).collect();
        let left = manifest(&many, Mode::Socket, None).1.unwrap();
        assert_eq!(left, "Slack takes 50 commands of an app; left out: /c50, /c51. Type them as /drillbell NAME.");
    }
}

//! What `drillbell check` looks at: whether the tokens are good, what they may do against what is needed, whether a socket may be
//! opened, and whether the channels that the configuration names are there. Says nothing in any channel.

use super::SlackChat;
use super::manifest::SCOPES;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::slack::Mode;
use crate::platform::finding::Finding;

/// Looks at everything of `[chat.slack]`; nothing if there is none.
pub async fn look(config: &Config, clock: &Clock) -> Vec<Finding> {
    let slack = match SlackChat::of(config, clock) {
        Ok(Some(slack)) => slack,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Finding::fail("slack", format!("no HTTP client: {error}"))],
    };
    let mut findings = Vec::new();
    match slack.api.myself().await {
        Ok(me) => {
            let bot = if me.bot_id.is_some() { "" } else { "; this is no bot's token" };
            findings.push(Finding::pass("slack", format!("@{} in {}{bot}", me.user, me.team)));
        }
        Err(error) => {
            let found = if error.is_for_good() { Finding::fail } else { Finding::unknown };
            return vec![found("slack", error.sentence())];
        }
    }
    findings.push(scopes(&slack).await);
    findings.push(way_in(&slack, config).await);
    findings.extend(channels(&slack).await);
    findings
}

async fn scopes(slack: &SlackChat) -> Finding {
    const NAME: &str = "slack scopes";
    let granted = match slack.api.scopes().await {
        Ok(granted) if granted.is_empty() => {
            return Finding::unknown(NAME, "Slack does not say which the token has");
        }
        Ok(granted) => granted,
        Err(error) => return Finding::unknown(NAME, error.sentence()),
    };
    let missing = SCOPES.iter().filter(|(scope, _)| !granted.iter().any(|one| one == scope));
    let missing: Vec<_> = missing.map(|(scope, why)| format!("{scope} ({why})")).collect();
    match missing.as_slice() {
        [] => Finding::pass(NAME, format!("all {} that are needed", SCOPES.len())),
        missing => {
            let fix = "update the app from `drillbell slack manifest`, and install it again";
            Finding::fail(NAME, format!("missing: {}; {fix}", missing.join(", ")))
        }
    }
}

async fn way_in(slack: &SlackChat, config: &Config) -> Finding {
    match (slack.config.mode, &config.server.public_url) {
        (Mode::Socket, _) => match slack.api.socket_url().await {
            Ok(_) => Finding::pass("slack socket", "Socket Mode is on, and a socket may be opened"),
            // Only Slack's own word is a failure: an outage says nothing about the token.
            Err(error) if error.is_for_good() => Finding::fail("slack socket", error.sentence()),
            Err(error) if error.is_refusal() => {
                let fix = "Socket Mode must be on for the app, and app_token have connections:write";
                Finding::fail("slack socket", format!("{}; {fix}", error.sentence()))
            }
            Err(error) => Finding::unknown("slack socket", error.sentence()),
        },
        (Mode::Http, Some(url)) if url.starts_with("https://") => Finding::unknown(
            "slack requests",
            format!("Slack is to call {url}/slack/…; only Slack can tell whether it can"),
        ),
        (Mode::Http, Some(url)) => {
            Finding::fail("slack requests", format!("server.public_url is {url}, and Slack calls https:// only"))
        }
        (Mode::Http, None) => {
            let fix = "set server.public_url to the https:// address under which Slack reaches the bot";
            Finding::fail("slack requests", format!("mode is \"http\" without a server.public_url; {fix}"))
        }
    }
}

async fn channels(slack: &SlackChat) -> Vec<Finding> {
    const NAME: &str = "slack channels";
    match slack.names.refresh(&slack.api).await {
        Ok((missing, strange)) => {
            let mut found = Vec::new();
            if !missing.is_empty() {
                let fix = "create them; if they are private, type /invite @ and the bot's name there";
                found.push(Finding::fail(
                    NAME,
                    format!("not there, or not for the bot to see: {}; {fix}", missing.join(", ")),
                ));
            }
            if !strange.is_empty() {
                let names: Vec<_> = strange.iter().map(|channel| format!("#{}", channel.name)).collect();
                found.push(Finding::unknown(NAME, format!("the bot joins at its next start: {}", names.join(", "))));
            }
            if found.is_empty() {
                found.push(Finding::pass(NAME, "all that are named are there"));
            }
            found
        }
        Err(error) => vec![Finding::unknown(NAME, error.sentence())],
    }
}

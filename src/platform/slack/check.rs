//! What `drillbell check` looks at: whether the tokens are good, what they may do against what is needed, whether a socket may be
//! opened, and whether the channels that the configuration names are there. Says nothing in any channel.

use super::SlackChat;
use super::manifest::SCOPES;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::slack::Mode;
use crate::model::verdict::Verdict;
use crate::platform::finding::Finding;

fn finding(name: &'static str, verdict: Verdict, text: impl Into<String>) -> Finding {
    Finding { name, verdict, text: text.into() }
}

/// Looks at everything of `[chat.slack]`; nothing if there is none.
pub async fn look(config: &Config, clock: &Clock) -> Vec<Finding> {
    let slack = match SlackChat::of(config, clock) {
        Ok(Some(slack)) => slack,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![finding("slack", Verdict::Fail, format!("no HTTP client: {error}"))],
    };
    let mut findings = Vec::new();
    match slack.api.myself().await {
        Ok(me) => {
            let bot = if me.bot_id.is_some() { "" } else { "; this is no bot's token" };
            findings.push(finding("slack", Verdict::Pass, format!("@{} in {}{bot}", me.user, me.team)));
        }
        Err(error) => {
            let verdict = if error.is_for_good() { Verdict::Fail } else { Verdict::Unknown };
            return vec![finding("slack", verdict, error.sentence())];
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
            return finding(NAME, Verdict::Unknown, "Slack does not say which the token has");
        }
        Ok(granted) => granted,
        Err(error) => return finding(NAME, Verdict::Unknown, error.sentence()),
    };
    let missing = SCOPES.iter().filter(|(scope, _)| !granted.iter().any(|one| one == scope));
    let missing: Vec<_> = missing.map(|(scope, why)| format!("{scope} ({why})")).collect();
    match missing.as_slice() {
        [] => finding(NAME, Verdict::Pass, format!("all {} that are needed", SCOPES.len())),
        missing => {
            let fix = "update the app from `drillbell slack manifest`, and install it again";
            finding(NAME, Verdict::Fail, format!("missing: {}; {fix}", missing.join(", ")))
        }
    }
}

async fn way_in(slack: &SlackChat, config: &Config) -> Finding {
    match (slack.config.mode, &config.server.public_url) {
        (Mode::Socket, _) => match slack.api.socket_url().await {
            Ok(_) => finding("slack socket", Verdict::Pass, "Socket Mode is on, and a socket may be opened"),
            Err(error) => {
                let fix = "Socket Mode must be on for the app, and app_token have connections:write";
                finding("slack socket", Verdict::Fail, format!("{}; {fix}", error.sentence()))
            }
        },
        (Mode::Http, Some(url)) if url.starts_with("https://") => finding(
            "slack requests",
            Verdict::Unknown,
            format!("Slack is to call {url}/slack/…; only Slack can tell whether it can"),
        ),
        (Mode::Http, Some(url)) => finding(
            "slack requests",
            Verdict::Fail,
            format!("server.public_url is {url}, and Slack calls https:// only"),
        ),
        (Mode::Http, None) => {
            let fix = "set server.public_url to the https:// address under which Slack reaches the bot";
            finding("slack requests", Verdict::Fail, format!("mode is \"http\" without a server.public_url; {fix}"))
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
                found.push(finding(
                    NAME,
                    Verdict::Fail,
                    format!("not there, or not for the bot to see: {}; {fix}", missing.join(", ")),
                ));
            }
            if !strange.is_empty() {
                let names: Vec<_> = strange.iter().map(|channel| format!("#{}", channel.name)).collect();
                found.push(finding(
                    NAME,
                    Verdict::Unknown,
                    format!("the bot joins at its next start: {}", names.join(", ")),
                ));
            }
            if found.is_empty() {
                found.push(finding(NAME, Verdict::Pass, "all that are named are there"));
            }
            found
        }
        Err(error) => vec![finding(NAME, Verdict::Unknown, error.sentence())],
    }
}

//! `drillbell check --contacts`: every way to page somebody is used, with a message that says that it is a test. Through the
//! running bot, else by this process for as long as it takes. Without the flag: how the last test went.

use super::Check;
use crate::cli::bot::LocalBot;
use crate::cli::client::{Request, What};
use crate::cli::failure::Failure;
use crate::cli::{place, reach};
use crate::clock::Clock;
use crate::commands::CommandAnswer;
use crate::config::{Config, Env};
use crate::escalation::Roster;
use crate::scrub::Scrub;
use crate::store::Store;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::future::Future;
use std::time::Duration;

/// How long a test may take; what has not ended by then goes on without us.
const PATIENCE: Duration = Duration::from_secs(45);
/// A test that is older than this says little.
const OLD_MS: i64 = 45 * 86_400_000;
const TEST: &str = "/drillbell contacts --test";
const ASK: &str = "/drillbell contacts";

/// Tests all of them; a line each.
pub(super) async fn test(config: &Config, env: &Env, scrub: &Scrub) -> Vec<Check> {
    match tested(config, env, scrub).await {
        Ok(checks) => checks,
        Err(failure) => vec![Check::fail("contacts", failure.sentence)],
    }
}

async fn tested(config: &Config, env: &Env, scrub: &Scrub) -> Result<Vec<Check>, Failure> {
    let started_ms = Clock::system().now_ms();
    let (user, channel) = (place::user_or_own(None, env), place::channel(config, None)?);
    let data_dir = &config.server.data_dir;
    let answer = if let Some(client) = reach::running(data_dir, &user).await? {
        let carry_out = async |text: &str| {
            let request = Request::new(What::Command { text: text.to_owned(), channel: channel.clone() });
            let ended = reach::carry_out(&client, data_dir, &request).await;
            ended.map(|ended| ended.answer).map_err(|error| Failure::new(error.to_string()))
        };
        both(carry_out(TEST), carry_out(ASK)).await
    } else {
        let bot = LocalBot::start(config.clone(), scrub).await?;
        let key = crate::model::ids::fresh();
        let (first, second) = (format!("{key}/test"), format!("{key}/ask"));
        let answer =
            both(bot.carry_out(&first, &user, &channel, TEST), bot.carry_out(&second, &user, &channel, ASK)).await;
        bot.stop().await;
        answer
    }?;
    let data = answer.data.unwrap_or_default();
    if data["contacts"].is_null() {
        return Err(Failure::new(answer.text));
    }
    Ok(checks(&data, started_ms))
}

/// Tests, then asks how it went. The test is answered when every page has ended, or goes on without us.
async fn both(
    test: impl Future<Output = Result<CommandAnswer, Failure>>,
    ask: impl Future<Output = Result<CommandAnswer, Failure>>,
) -> Result<CommandAnswer, Failure> {
    if let Ok(ended) = tokio::time::timeout(PATIENCE, test).await {
        ended?;
    }
    ask.await
}

/// A check for each way, from the bot's own words.
fn checks(data: &Value, started_ms: i64) -> Vec<Check> {
    let started = crate::clock::rfc3339(started_ms);
    let mut checks = Vec::new();
    for one in data["contacts"].as_array().into_iter().flatten() {
        let name = format!("contact {}", one["notifier"].as_str().unwrap_or_default());
        let people: Vec<_> = one["people"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let whom = if people.is_empty() { String::new() } else { format!(" ({})", people.join(", ")) };
        let fresh = one["tested"].as_str().is_some_and(|at| at >= started.as_str());
        checks.push(match (fresh, one["reached"].as_bool()) {
            (true, Some(true)) => Check::pass(&name, format!("the test was taken{whom}")),
            (true, Some(false)) => {
                Check::fail(&name, format!("{}{whom}", one["detail"].as_str().unwrap_or("not reached")))
            }
            _ => {
                let text =
                    format!("not reached yet{whom}; it is tried again, and `/drillbell contacts` says how it went");
                Check::fail(&name, text)
            }
        });
    }
    for name in data["unreachable"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        checks.push(Check::fail(&format!("contact {name}"), "no `notify` and no chat: nobody can page them"));
    }
    if checks.is_empty() {
        checks.push(Check::unknown("contacts", "nobody is configured to be paged"));
    }
    checks
}

/// How the last test went, from the database, where there is anybody to page.
pub(super) async fn last(config: &Config) -> Option<Check> {
    let roster = Roster::of(config);
    let (paths, unreachable) = roster.paths();
    if paths.is_empty() && unreachable.is_empty() {
        return None;
    }
    let name = "contacts";
    if !unreachable.is_empty() {
        let names = unreachable.join(", ");
        return Some(Check::fail(name, format!("nobody can page {names}: give them `notify` or a chat identity")));
    }
    let url = config.database.connect_url();
    let store = Store::read_only(url.expose_secret(), Clock::system()).await.ok()?;
    // A database of an earlier version has no such table, which the check of the database says.
    let rows = store.contacts().await.ok()?;
    let known = rows.iter().filter(|row| paths.iter().any(|path| path.notifier == row.notifier));
    let (reached, failed): (Vec<_>, Vec<_>) = known.partition(|row| row.reached);
    let how = "drillbell check --contacts tests them";
    let Some(at_ms) = rows.iter().map(|row| row.at_ms).max() else {
        return Some(Check::unknown(name, format!("never tested; {how}")));
    };
    let age_ms = (Clock::system().now_ms() - at_ms).max(0);
    let ago = format!("last tested {} days ago", age_ms / 86_400_000);
    if !failed.is_empty() {
        let failed: Vec<_> = failed.iter().map(|row| format!("{} ({})", row.notifier, row.detail)).collect();
        return Some(Check::fail(name, format!("{ago}, failed: {}", failed.join(", "))));
    }
    let text = format!("{ago}, {} of {} reached", reached.len(), paths.len());
    let good = reached.len() == paths.len() && age_ms <= OLD_MS;
    Some(if good { Check::pass(name, text) } else { Check::unknown(name, format!("{text}; {how}")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_way_is_a_line_and_what_was_tested_before_does_not_count() {
        let now = "2026-01-01T00:00:00.000Z";
        let data = json!({"contacts": [
            {"notifier": "duty", "people": ["Ana"], "tested": now, "reached": true, "detail": ""},
            {"notifier": "hook", "people": [], "tested": now, "reached": false, "detail": "HTTP 410: gone"},
            {"notifier": "old", "people": [], "tested": "2025-12-01T00:00:00.000Z", "reached": true, "detail": ""},
        ], "unreachable": ["Ben"]});
        let told: Vec<_> = checks(&data, 1_767_225_600_000)
            .iter()
            .map(|check| format!("{} {}: {}", check.status.as_str(), check.name, check.text))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        pass contact duty: the test was taken (Ana)
        fail contact hook: HTTP 410: gone
        fail contact old: not reached yet; it is tried again, and `/drillbell contacts` says how it went
        fail contact Ben: no `notify` and no chat: nobody can page them
        ");
        assert_eq!(checks(&json!({"contacts": []}), 0)[0].name, "contacts");
    }
}

//! Maintenances on the public status page. A window is told once and remembered under its name, so that later news need only
//! their words; whoever approves reads all of it each time.

use drillbell_sdk::{Bot, Command, PublicMaintenance, Result, Tone, View, time, user};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the keys of remembered windows begin with.
const KEY: &str = "maintenance/";
/// Longest name: it is a word to type, not a story.
const NAME_CHARS: usize = 60;

/// A window as it was last proposed.
#[derive(Serialize, Deserialize)]
struct Window {
    title: String,
    starts_ms: u64,
    lasts_s: u64,
    components: Vec<String>,
    ends_itself: bool,
}

/// Proposes a maintenance, or news of one.
pub fn propose(bot: &mut impl Bot, cmd: &Command) -> Result {
    let name = cmd.required("name")?.trim().to_lowercase();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.contains(char::is_whitespace) {
        return Err(user(format!("The name is one word of at most {NAME_CHARS} characters, such as new-database.")));
    }
    let status = cmd.text("status").unwrap_or("scheduled").to_owned();
    let window = window(bot, cmd, &name)?;
    let id = bot.propose_maintenance(PublicMaintenance {
        name: name.clone(),
        title: window.title.clone(),
        status: status.clone(),
        text: cmd.required("text")?.to_owned(),
        components: window.components.clone(),
        starts_ms: window.starts_ms,
        lasts: Duration::from_secs(window.lasts_s),
        ends_itself: window.ends_itself,
    })?;
    bot.set_json(&format!("{KEY}{name}"), &window)?;
    let lasts = time::span(Duration::from_secs(window.lasts_s));
    let said = View::from(format!("{}: {}", window.title, status.replace('_', " ")))
        .tone(Tone::Info)
        .time("begins", window.starts_ms)
        .field("lasts", lasts)
        .context(format!("Not public yet: {id} waits for somebody else's approval."));
    bot.reply(said)?;
    bot.set_data(&serde_json::json!({"name": name, "status": status, "approval": id}))?;
    Ok(())
}

/// The window as remembered, with what the command says of it; one that is new must say all that matters.
fn window(bot: &mut impl Bot, cmd: &Command, name: &str) -> Result<Window> {
    let known: Option<Window> = bot.get_json(&format!("{KEY}{name}"))?;
    let components = cmd.text("component").map(|text| {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(String::from).collect::<Vec<_>>()
    });
    let (title, at, lasts) = (cmd.text("title").map(String::from), cmd.time("at")?, cmd.duration("for")?);
    let Some(known) = known else {
        let (Some(title), Some(starts_ms), Some(lasts)) = (title, at, lasts) else {
            let missing = "is new: say --title, --at and --for, such as --title \"New database\" --at 2026-03-01T10:00Z --for 2h.";
            return Err(user(format!("The maintenance {name} {missing}")));
        };
        let components = components.unwrap_or_default();
        return Ok(Window {
            title,
            starts_ms,
            lasts_s: lasts.as_secs(),
            components,
            ends_itself: cmd.flag("ends-itself"),
        });
    };
    Ok(Window {
        title: title.unwrap_or(known.title),
        starts_ms: at.unwrap_or(known.starts_ms),
        lasts_s: lasts.map_or(known.lasts_s, |lasts| lasts.as_secs()),
        components: components.unwrap_or(known.components),
        ends_itself: cmd.flag("ends-itself") || known.ends_itself,
    })
}

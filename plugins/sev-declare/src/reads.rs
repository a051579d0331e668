//! What can be looked at: one incident, all of them, a timeline. Nothing here changes anything.

use crate::card;
use drillbell_sdk::{Bot, Entry, Incident, IncidentId, Result, Tone, View, time};
use serde_json::json;

/// Lines of a timeline when nobody says how many.
pub const TIMELINE_LINES: i64 = 20;
/// The host gives no more.
const MOST_LINES: i64 = 500;
/// More than this nobody reads in a chat.
const MOST_LISTED: u32 = 50;

/// `/sev list`: open ones, or all.
pub fn list(bot: &mut impl Bot, all: bool) -> Result {
    // One more than is shown tells whether there are more.
    let mut incidents = bot.incidents(!all, MOST_LISTED + 1)?;
    let more = incidents.len() > MOST_LISTED as usize;
    incidents.truncate(MOST_LISTED as usize);
    bot.set_data(&json!({ "incidents": incidents }))?;
    if incidents.is_empty() {
        let view = nothing(bot, all);
        bot.reply(view)?;
        return Ok(());
    }
    let (now_ms, severities) = (bot.now(), bot.severities());
    let title = match (incidents.len(), all) {
        (1, false) => String::from("1 open incident"),
        (count, false) => format!("{count} open incidents"),
        (1, true) => String::from("1 incident"),
        (count, true) => format!("{count} incidents"),
    };
    // The colour of the worst that is open.
    let order = [Tone::Critical, Tone::Warning, Tone::Info];
    let tones: Vec<Tone> = incidents.iter().map(|incident| card::tone(incident, &severities)).collect();
    let tone = order.into_iter().find(|tone| tones.contains(tone)).unwrap_or_default();
    let listed = incidents.iter().fold(View::titled(title).tone(tone), |view, incident| {
        view.field(format!("{} · {}", incident.id, incident.severity), line(incident, now_ms))
    });
    let listed = if more { listed.context(format!("The newest {MOST_LISTED}; there are more.")) } else { listed };
    bot.reply(listed)?;
    Ok(())
}

fn line(incident: &Incident, now_ms: u64) -> String {
    let state = match incident.resolved_ms {
        Some(at_ms) => format!("resolved after {}", card::lasted(incident, at_ms)),
        None => format!("{} for {}", incident.status, card::lasted(incident, now_ms)),
    };
    let service = incident.service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
    format!("{}{service} · {state} · by {}", incident.title, incident.declared_by)
}

fn nothing(bot: &mut impl Bot, all: bool) -> View {
    let severities = bot.severities();
    let names: Vec<&str> = severities.iter().map(|severity| severity.name.as_str()).collect();
    let first = names.first().copied().unwrap_or("LEVEL");
    let what = if all { "There has been no incident yet." } else { "No incident is open." };
    let how = format!("If something is wrong: /sev declare {first} what is wrong");
    let levels = if names.is_empty() { String::new() } else { format!(" (levels: {})", names.join(", ")) };
    View::from(what).context(format!("{how}{levels}"))
}

/// `/sev show`: the card's face, without its buttons: those stay on the one card that everybody sees.
pub fn show(bot: &mut impl Bot, id: &IncidentId) -> Result {
    let incident = bot.incident(id)?;
    let severities = bot.severities();
    let view = card::face(&incident, &severities);
    bot.set_data(&json!({ "incident": incident }))?;
    bot.reply(
        view.context(format!("Its card is in {}. /sev timeline {id} tells how it went.", incident.conversation)),
    )?;
    Ok(())
}

/// `/sev timeline`: the last lines, oldest first.
pub fn timeline(bot: &mut impl Bot, id: &IncidentId, limit: i64) -> Result {
    let limit = u32::try_from(limit.clamp(1, MOST_LINES)).unwrap_or(1);
    let incident = bot.incident(id)?;
    let entries = bot.timeline(id, limit)?;
    bot.set_data(&json!({ "incident": incident, "entries": entries }))?;
    let cut = entries.first().is_some_and(|entry| entry.kind != "declared");
    let view = View::titled(format!("Timeline of {id} · {}", incident.title)).code(told(&entries));
    let note = if cut {
        format!("The last {}, in UTC. For more: /sev timeline {id} --limit {MOST_LINES}", lines(entries.len()))
    } else {
        String::from("From the beginning, in UTC.")
    };
    bot.reply(view.context(note))?;
    Ok(())
}

fn lines(count: usize) -> String {
    if count == 1 { String::from("line") } else { format!("{count} lines") }
}

/// A line for each entry, its parts under each other; further lines of a text are indented to it.
fn told(entries: &[Entry]) -> String {
    let heads: Vec<[String; 3]> =
        entries.iter().map(|e| [time::day_hour_minute(e.at_ms), e.author.clone(), e.kind.clone()]).collect();
    let width = |part: usize| heads.iter().map(|head| head[part].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let indent = " ".repeat(widths.iter().sum::<usize>() + 6);
    let line = |(head, entry): (&[String; 3], &Entry)| {
        let [at, author, kind] = head;
        let [w0, w1, w2] = widths;
        format!("{at:>w0$}  {author:<w1$}  {kind:<w2$}  {}", entry.text.replace('\n', &format!("\n{indent}")))
    };
    heads.iter().zip(entries).map(line).collect::<Vec<_>>().join("\n")
}

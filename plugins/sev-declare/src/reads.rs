//! What can be looked at: one incident, all of them, a timeline. Nothing here changes anything.

use crate::sight::Sight;
use crate::{card, platforms};
use drillbell_sdk::{Bot, Conversation, Entry, Incident, IncidentId, Result, Tone, View};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Lines of a timeline when nobody says how many.
pub const TIMELINE_LINES: i64 = 20;
/// The host gives no more.
const MOST_LINES: u32 = 500;
/// Incidents in a list when nobody says how many: what fits on a phone, and takes hardly longer to list than one.
pub const LISTED: i64 = 8;
/// More than this nobody reads in a chat.
const MOST_LISTED: u32 = 50;
/// Bytes of one answer's data, well within what the host takes; beyond it the oldest are left out.
const ANSWER_BYTES: usize = 100 * 1024;
/// Lines of one entry in a timeline's text; the data has all of them.
const ENTRY_LINES: usize = 8;

/// `/sev list`: the newest open ones, or of all.
pub fn list(bot: &mut impl Bot, all: bool, limit: i64) -> Result {
    let limit = at_most(limit, MOST_LISTED);
    // One more than is shown tells whether there are more.
    let mut incidents = bot.incidents(!all, limit + 1)?;
    let fitting = fitting(incidents.iter()).min(limit as usize);
    let more = incidents.len() > fitting;
    incidents.truncate(fitting);
    bot.set_data(&BTreeMap::from([("incidents", &incidents)]))?;
    if incidents.is_empty() {
        let view = nothing(bot, all);
        bot.reply(view)?;
        return Ok(());
    }
    let (now_ms, severities) = (bot.now(), bot.severities());
    let open = if all { "" } else { "open " };
    let title = match incidents.len() {
        1 if more => format!("The newest {open}incident"),
        count if more => format!("The newest {count} {open}incidents"),
        1 => format!("1 {open}incident"),
        count => format!("{count} {open}incidents"),
    };
    // The colour of the worst that is open.
    let order = [Tone::Critical, Tone::Warning, Tone::Info];
    let tones: Vec<Tone> = incidents.iter().map(|incident| card::tone(incident, &severities)).collect();
    let tone = order.into_iter().find(|tone| tones.contains(tone)).unwrap_or_default();
    let listed = incidents.iter().fold(View::titled(title).tone(tone), |view, incident| {
        view.field(format!("{} · {}", incident.id, incident.severity), line(incident, now_ms))
    });
    let newest = incidents.first().map(|incident| incident.id.as_str()).unwrap_or_default();
    let listed = listed.context(format!("How one stands and what is next: /sev show {newest}"));
    let listed = if more { listed.context(how_to_see_more(all, limit)) } else { listed };
    bot.reply(listed)?;
    Ok(())
}

fn how_to_see_more(all: bool, limit: u32) -> String {
    if limit >= MOST_LISTED {
        return String::from("There are more than one list shows; one of them by its number: /sev show INC-1");
    }
    let all = if all { " --all" } else { "" };
    format!("There are more: /sev list{all} --limit {MOST_LISTED}")
}

fn line(incident: &Incident, now_ms: u64) -> String {
    let state = match incident.resolved_ms {
        Some(at_ms) => format!("resolved after {}", card::lasted(incident, at_ms)),
        None => format!("{}, open for {}", incident.status, card::lasted(incident, now_ms)),
    };
    let service = incident.service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
    format!("{}{service} · {state}, declared by {}", incident.title, incident.declared_by)
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
pub fn show(bot: &mut impl Bot, id: &IncidentId, here: &Conversation) -> Result {
    let sight = Sight::of(bot, id)?;
    let (incident, view) = (&sight.incident, card::face(&sight));
    bot.set_data(&json!({ "incident": incident, "facts": sight.facts }))?;
    let elsewhere = if incident.conversation == *here {
        String::new()
    } else {
        format!("Its card is in {}. ", incident.conversation)
    };
    bot.reply(view.context(format!("{elsewhere}How it went: /sev timeline {id}")))?;
    Ok(())
}

/// `/sev timeline`: the last lines, oldest first.
pub fn timeline(bot: &mut impl Bot, id: &IncidentId, limit: i64) -> Result {
    let limit = at_most(limit, MOST_LINES);
    let incident = bot.incident(id)?;
    let mut entries = bot.timeline(id, limit)?;
    entries.drain(..entries.len() - fitting(entries.iter().rev()));
    bot.set_data(&json!({ "incident": incident, "entries": entries }))?;
    let cut = entries.first().is_some_and(|entry| entry.kind != "declared");
    let view = View::titled(format!("Timeline of {id} · {}", incident.title));
    let view = platforms::named(bot, id, &entries)?.iter().fold(view, told);
    let more =
        if limit < MOST_LINES { format!(" For more: /sev timeline {id} --limit {MOST_LINES}") } else { String::new() };
    let note =
        if cut { format!("The last {}.{more}", lines(entries.len())) } else { String::from("From the beginning.") };
    bot.reply(view.context(note))?;
    Ok(())
}

/// How many somebody wants, as many as there may be.
fn at_most(wanted: i64, most: u32) -> u32 {
    u32::try_from(wanted.clamp(1, most.into())).unwrap_or(most)
}

/// How many of the first items fit into one answer; at least one, which the host's own limits keep small enough.
fn fitting<T: Serialize>(items: impl Iterator<Item = T>) -> usize {
    let mut bytes = Counted(0);
    let fit = items.take_while(|item| serde_json::to_writer(&mut bytes, item).is_ok() && bytes.0 <= ANSWER_BYTES);
    fit.count().max(1)
}

/// Keeps nothing but how much was written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lines(count: usize) -> String {
    if count == 1 { String::from("line") } else { format!("{count} lines") }
}

/// Adds a line: when, which each reader sees in their own zone, who, and what.
fn told(view: View, entry: &Entry) -> View {
    let mut text: Vec<&str> = entry.text.lines().take(ENTRY_LINES).collect();
    if entry.text.lines().nth(ENTRY_LINES).is_some() {
        text.push("…");
    }
    view.moment(entry.at_ms, format!("{} {}: {}", entry.author, entry.kind, text.join("\n")))
}

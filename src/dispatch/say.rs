//! What the bot itself says when a command cannot be carried out: what failed, that nothing happened, what to do.

use crate::model::ids::{DeliveryId, IncidentId, PluginId};
use crate::model::view::{Block, Tone, View};
use crate::router::ParseError;

/// A chat platform's name as people write it.
pub(super) fn platform(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A line that the grammar did not take.
pub(super) fn refused(error: &ParseError) -> View {
    let mut view = View::text(error.message.clone()).toned(Tone::Warning);
    if let Some(usage) = &error.usage {
        view.blocks.push(Block::Code { text: usage.clone() });
    }
    view
}

/// A command that was carried out, and to which its plugin said nothing.
pub(super) fn done(plugin: &PluginId) -> View {
    View::text(format!("`{plugin}` has carried it out and has nothing to say now; what comes of it comes here."))
        .toned(Tone::Info)
}

/// The user's own mistake, in the plugin's words.
pub(super) fn mistake(text: &str) -> View {
    View::text(text).toned(Tone::Warning)
}

/// An incident that was named, but never was.
pub(super) fn no_incident(named: &IncidentId, newest: Option<&IncidentId>) -> View {
    mistake(&match newest {
        Some(newest) => format!("There is no {named}; the newest is {newest}."),
        None => format!("There is no {named}; there has been no incident yet."),
    })
}

/// A plugin that failed: one sentence for the user; the operator finds the rest by the event's id. `what` is said of the
/// plugin: `it crashed`.
///
/// A call that failed after a refusal most likely failed for it, so `denial` is shown: it names the grant.
pub(super) fn failed(plugin: &PluginId, what: &str, denial: Option<&str>, event: &DeliveryId) -> View {
    let what = what.strip_prefix("it ").unwrap_or(what);
    let mut view = View::text(format!(
        "`{plugin}` {what}. Nothing was changed. The operators can see why; try again, or ask them."
    ))
    .toned(Tone::Critical);
    if let Some(denial) = denial {
        view.blocks.push(Block::Text { text: format!("It was not allowed something: {denial}") });
    }
    view.blocks.push(Block::Context { text: format!("event {event}") });
    view
}

/// An event that was cut off again and again.
pub(super) fn parked(tries: u32, event: &DeliveryId) -> View {
    let mut view = View::text(format!(
        "This was given up after {tries} tries, each cut off by a failure on our side. Nothing was changed. \
         Please try again; if it happens again, the operators need to look."
    ))
    .toned(Tone::Critical);
    view.blocks.push(Block::Context { text: format!("event {event}") });
    view
}

/// A click on a button that has been used up.
pub(super) fn already(label: &str, by: &str, at_ms: i64) -> View {
    let at = crate::clock::rfc3339(at_ms);
    let time = at.get(11..16).unwrap_or(&at);
    View::text(format!("{label}: already done by {by} at {time} UTC.")).toned(Tone::Info)
}

/// A click on something that is gone.
pub(super) fn no_such_button() -> View {
    View::text("This button belongs to an older version of the message. Look at the message as it is now.")
        .toned(Tone::Warning)
}

/// An id as somebody typed it, fit to be shown.
pub(super) fn shown_of(typed: &str) -> String {
    typed.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect()
}

/// Several have the ending that somebody typed: which ones, and how to name one.
pub(super) fn which<'a>(ids: impl ExactSizeIterator<Item = &'a str>, what: &str) -> String {
    let count = ids.len();
    let names: Vec<_> = ids.take(5).collect();
    format!("{count} {what} are called so: {}. Name one by its whole id.", names.join(", "))
}

//! `/sev timeline --export`: the timeline as a document, to be copied out of the chat.

use drillbell_sdk::{Bot, Format, IncidentId, Result, View};
use serde_json::json;

/// Bytes of a document in a chat; a longer one is had by the web, whole.
const BYTES: u32 = 24 * 1024;

/// The document as a block of code, and as data.
pub fn timeline(bot: &mut impl Bot, id: &IncidentId, format: &str) -> Result {
    let (format, called) = match format {
        "json" => (Format::Json, "json"),
        _ => (Format::Markdown, "md"),
    };
    let incident = bot.incident(id)?;
    let document = bot.written(id, format, BYTES)?;
    bot.set_data(&json!({ "incident": incident, "format": called, "document": document }))?;
    let whole =
        format!("The newest lines, if not all fit. Whole: /api/v1/incidents/{id}/timeline?format={called} on the web.");
    bot.reply(View::titled(format!("Timeline of {id} as {called}")).code(document).context(whole))?;
    Ok(())
}

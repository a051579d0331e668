//! On which platform somebody typed or pressed what a line of a timeline tells: the host's document says it, the lines do not.

use drillbell_sdk::{Bot, Entry, Format, HostResult, IncidentId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of the document that is looked into; of lines before those it is left out.
const BYTES: u32 = 64 * 1024;

/// The lines with the platform behind whoever wrote them there: `ana on slack`.
pub fn named(bot: &mut impl Bot, id: &IncidentId, entries: &[Entry]) -> HostResult<Vec<Entry>> {
    let document: Value = serde_json::from_str(&bot.written(id, Format::Json, BYTES)?).unwrap_or_default();
    Ok(behind(&document, entries))
}

fn behind(document: &Value, entries: &[Entry]) -> Vec<Entry> {
    let text = |line: &Value, key: &str| line[key].as_str().map(String::from);
    let lines = document["entries"].as_array().into_iter().flatten();
    let on: BTreeMap<_, _> = lines.filter_map(|line| Some((text(line, "id")?, text(line, "platform")?))).collect();
    let name = |entry: &Entry| match on.get(&entry.id) {
        Some(platform) => Entry { author: format!("{} on {platform}", entry.author), ..entry.clone() },
        None => entry.clone(),
    };
    entries.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(id: &str) -> Entry {
        Entry { id: id.into(), at_ms: 0, kind: "note".into(), author: "ana".into(), text: String::new() }
    }

    #[test]
    fn who_wrote_it_on_a_platform_is_named_with_it_and_nobody_else_is() {
        let document =
            json!({"entries": [{"id": "1", "platform": "slack"}, {"id": "2", "platform": null}, {"id": "3"}]});
        let authors: Vec<_> =
            behind(&document, &["1", "2", "3", "4"].map(entry)).into_iter().map(|entry| entry.author).collect();
        assert_eq!(authors, ["ana on slack", "ana", "ana", "ana"]);
        assert_eq!(behind(&Value::Null, &[entry("1")])[0].author, "ana");
    }
}

//! The history as Atom 1.0 (RFC 4287). Ids are the UUIDs under which things are kept, so that an entry stays the same one
//! for its readers wherever the page moves.

use super::notice::Snapshot;
use super::site::{Frame, moment, short, word};
use crate::clock::rfc3339;
use crate::config::limits::STATUS_ENTRIES;
use crate::model::markup::escape;
use std::fmt::Write;

/// One entry, whatever it is about.
struct Entry<'a> {
    id: &'a str,
    title: &'a str,
    published_ms: i64,
    updated_ms: i64,
    /// HTML.
    content: String,
}

/// The feed.
pub(super) fn history(frame: &Frame, snapshot: &Snapshot) -> String {
    let mut entries = entries(snapshot);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.updated_ms));
    entries.truncate(STATUS_ENTRIES);
    let address = frame.address();
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n\
         <id>urn:uuid:{}</id>\n<title>{title}</title>\n<updated>{}</updated>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{self_}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{alternate}\"/>\n<author><name>{title}</name></author>\n",
        escaped(&snapshot.page),
        rfc3339(snapshot.changed_ms),
        title = escaped(&frame.page.title),
        self_ = escaped(&format!("{address}/history.atom")),
        alternate = escaped(&address),
    );
    for entry in &entries {
        // Writing to a text cannot fail.
        let _ = write!(
            feed,
            "<entry>\n<id>urn:uuid:{}</id>\n<title>{}</title>\n<published>{}</published>\n<updated>{}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n<content type=\"html\">{}</content>\n</entry>\n",
            escaped(entry.id),
            escaped(entry.title),
            rfc3339(entry.published_ms),
            rfc3339(entry.updated_ms),
            escaped(&frame.link_to(&short(entry.id))),
            escaped(&entry.content),
        );
    }
    feed.push_str("</feed>\n");
    feed
}

fn entries(snapshot: &Snapshot) -> Vec<Entry<'_>> {
    let incidents = snapshot.incidents.iter().map(|incident| Entry {
        id: &incident.id,
        title: &incident.title,
        published_ms: incident.started_ms,
        updated_ms: incident.changed_ms,
        content: incident.updates.iter().rev().map(|it| paragraph(it.at_ms, word(it.status), &it.text)).collect(),
    });
    let maintenances = snapshot.maintenances.iter().map(|maintenance| {
        let window = format!("{} to {}", moment(maintenance.starts_ms), moment(maintenance.ends_ms));
        let updates = maintenance.updates.iter().rev();
        let updates = updates.map(|it| paragraph(it.at_ms, it.status.title(), &it.text)).collect::<String>();
        Entry {
            id: &maintenance.id,
            title: &maintenance.title,
            published_ms: maintenance.created_ms,
            updated_ms: maintenance.changed_ms,
            content: format!("<p>Scheduled for {window}</p>{updates}"),
        }
    });
    incidents.chain(maintenances).collect()
}

/// One update as HTML.
fn paragraph(at_ms: i64, status: &str, text: &str) -> String {
    let text = escaped(text).replace('\n', "<br>");
    format!("<p><small>{}</small><br><strong>{}</strong>: {text}</p>", moment(at_ms), status)
}

/// Text as XML has it; characters that XML 1.0 cannot hold are replaced.
pub(super) fn escaped(text: &str) -> String {
    let held = |c: char| matches!(c, '\t' | '\n') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    escape(&text.chars().map(|c| if held(c) { c } else { '\u{fffd}' }).collect::<String>())
}

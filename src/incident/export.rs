//! A timeline as a document: Markdown for people, JSON for machines. What people, alerts and deploys said in it is text and
//! nothing else: it forges no heading, link, picture or mention, wherever the document is pasted.

use crate::clock::rfc3339;
use crate::model::incident::{Incident, TimelineLine};
use crate::model::unseen::is_invisible;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// After `@` and within `://` and `www.`: it joins words, is not seen, and makes of a name or an address a text that no
/// renderer takes for a mention or a link.
const JOINER: char = '\u{2060}';

/// The document as Markdown, at most about `bytes` long: the newest of these lines that fit, oldest first. `earlier` ones are left
/// out as it is.
pub fn markdown(incident: &Incident, (lines, earlier): (&[TimelineLine], usize), bytes: usize) -> String {
    let mut head = format!("# {}: {}\n\n", plain(incident.id.as_str()), one_line(&incident.title));
    let facts = [
        ("Severity", one_line(&incident.severity)),
        ("Status", incident.status.as_str().to_owned()),
        ("Service", one_line(incident.service.as_deref().unwrap_or_default())),
        ("Declared", format!("{} by {}", rfc3339(incident.declared_ms), one_line(incident.declared_by.as_str()))),
        ("Resolved", incident.resolved_ms.map(rfc3339).unwrap_or_default()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        head.push_str(&format!("- {name}: {value}\n"));
    }
    head.push_str("\n## Timeline (UTC)\n\n");
    let (kept, left_out) = fitting(lines, bytes.saturating_sub(head.len()), |line| {
        let from = [line.source.as_deref(), line.via.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let from = if from.is_empty() { String::new() } else { format!(" \\[{}\\]", one_line(&from)) };
        let entry = &line.entry;
        let (author, kind) = (one_line(entry.author.as_str()), one_line(&entry.kind));
        let on = line.platform().map_or_else(String::new, |platform| format!(" on {platform}"));
        format!("- {} **{author}**{on} {kind}: {}{from}\n", rfc3339(entry.at_ms), text(&entry.text))
    });
    let left_out = left_out + earlier;
    if left_out > 0 {
        head.push_str(&format!("{left_out} earlier lines are left out.\n\n"));
    }
    head.extend(kept);
    head
}

/// The document as JSON, at most about `bytes` long.
pub fn json(incident: &Incident, (lines, earlier): (&[TimelineLine], usize), bytes: usize) -> String {
    let about = value(incident, &[], lines.len() + earlier);
    let (kept, left_out) =
        fitting(lines, bytes.saturating_sub(about.to_string().len()), |line| object(line).to_string());
    let mut about = value(incident, &[], left_out + earlier);
    about["entries"] = kept.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect();
    about.to_string()
}

/// The document as a JSON value: `incident`, `entries` oldest first, `left_out`. Moments are RFC 3339.
pub fn value(incident: &Incident, lines: &[TimelineLine], left_out: usize) -> Value {
    json!({
        "incident": {
            "id": incident.id, "title": incident.title, "severity": incident.severity, "status": incident.status,
            "service": incident.service, "conversation": incident.conversation, "declared_by": incident.declared_by,
            "declared_at": rfc3339(incident.declared_ms), "resolved_at": incident.resolved_ms.map(rfc3339),
            "latest": incident.latest,
        },
        "entries": lines.iter().map(object).collect::<Vec<_>>(),
        "left_out": left_out,
    })
}

fn object(line: &TimelineLine) -> Value {
    let TimelineLine { entry, source, via } = line;
    json!({
        "id": entry.id, "at": rfc3339(entry.at_ms), "kind": entry.kind, "author": entry.author, "text": entry.text,
        "source": source, "via": via, "platform": line.platform(),
    })
}

/// The newest lines that fit, as they are written down, and how many do not.
fn fitting(lines: &[TimelineLine], bytes: usize, write: impl Fn(&TimelineLine) -> String) -> (VecDeque<String>, usize) {
    let (mut kept, mut held) = (VecDeque::new(), 0);
    for line in lines.iter().rev() {
        let written = write(line);
        held += written.len() + 1;
        if held > bytes && !kept.is_empty() {
            break;
        }
        kept.push_front(written);
    }
    let left_out = lines.len() - kept.len();
    (kept, left_out)
}

/// Somebody's words on one line.
fn one_line(words: &str) -> String {
    plain(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Somebody's words in a list item: each of their lines begins below the last. An empty one would end the item.
fn text(words: &str) -> String {
    let lines: Vec<_> = words.lines().map(one_line).filter(|line| !line.is_empty()).collect();
    lines.join("\\\n  ")
}

/// Words that Markdown reads as themselves: every sign that could mean something is escaped, signs that turn or hide text
/// are shown as what cannot be shown, and what renderers link by themselves is taken apart.
fn plain(words: &str) -> String {
    let mut written = String::with_capacity(words.len());
    let (mut before, mut rest) = (None, words.chars().peekable());
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let within = [before, next].into_iter().flatten().filter(|c| c.is_alphanumeric()).count() == 2;
        match c {
            _ if hides(c) => written.push('\u{fffd}'),
            ',' | ';' | '\'' | '"' | '/' | '?' | '%' | '(' | ')' => written.push(c),
            '-' | '.' if within => written.push(c),
            // Only after a number it would begin a list.
            '.' if before.is_none_or(|c: char| !c.is_numeric()) => written.push(c),
            ':' if before.is_some_and(char::is_alphanumeric) && next.is_none_or(char::is_whitespace) => written.push(c),
            _ if c.is_ascii_punctuation() => written.extend(['\\', c]),
            _ => written.push(c),
        }
        let host = c == '.'
            && written.get(written.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case("www."));
        if c == '@' || (c == ':' && next == Some('/')) || host {
            written.push(JOINER);
        }
        before = Some(c);
    }
    written
}

/// Whether a character is a control, turns the text around it or hides in it.
fn hides(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

#[cfg(test)]
mod tests;

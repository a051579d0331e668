//! The shapes that cross the API, as JSON Schema.

use super::reference;
use serde_json::{Value, json};

/// All of them, by name.
pub(super) fn all() -> Value {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let number = || json!({"type": "integer"});
    json!({
        "Command": object(&["text"], json!({
            "text": {"type": "string", "minLength": 1, "description": "The whole line, with its slash."},
            "channel": {"type": ["string", "null"], "description": "A console channel; by default `#incidents`, or the first."},
            "as": {"type": ["string", "null"], "description": "In whose name: a console login. For the API token only."},
        })),
        "Action": object(&["message", "action"], json!({
            "message": {"type": "string", "description": "The message whose button it is."},
            "action": {"type": "string", "description": "The button's `action`."},
            "as": {"type": ["string", "null"], "description": "In whose name: a console login. For the API token only."},
        })),
        "Answer": object(&["delivery", "status", "text", "data", "messages", "incident"], json!({
            "delivery": text(),
            "status": {"enum": ["ok", "refused", "failed", "pending"]},
            "text": {"type": "string", "description": "The answer in plain text."},
            "data": {"description": "The command's own machine-readable answer, or null."},
            "messages": {"type": "array", "items": reference("Posted")},
            "incident": {"type": ["string", "null"], "description": "The incident it was about."},
        })),
        "Running": object(&["status", "delivery", "follow"], json!({
            "status": {"enum": ["running"]}, "delivery": text(), "follow": text(),
        })),
        "Posted": object(&["message", "conversation", "private", "text", "view"], json!({
            "message": text(), "conversation": text(), "private": {"type": "boolean"}, "text": text(), "view": reference("View"),
        })),
        "View": object(&["tone"], json!({
            "title": text(),
            "tone": {"enum": ["neutral", "info", "good", "warning", "critical"]},
            "blocks": {"type": "array", "items": reference("Block")},
        })),
        "Block": {
            "type": "object",
            "description": "A part of a message, by its `type`. More kinds may come; show what you know.",
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "examples":
                    ["text", "field", "time", "code", "link", "progress", "context", "divider", "button"]},
                "text": text(), "name": text(), "value": text(), "at_ms": number(), "label": text(), "url": text(),
                "done": number(), "total": number(), "action": text(),
                "style": {"enum": ["normal", "primary", "danger"]}, "once": {"enum": ["card", "user", "never"]},
            },
        },
        "StreamItem": object(
            &["seq", "conversation", "kind", "message", "root", "author", "private_to", "payload", "at_ms"],
            json!({
                "seq": number(), "conversation": text(),
                "kind": {"type": "string", "examples": ["post", "edit", "reaction", "typed"]},
                "message": {"type": "string", "description": "Empty for `typed`."},
                "root": {"type": "string", "description": "The delivery it came from."},
                "author": {"type": "string", "description": "A plugin's name, or the person who typed."},
                "private_to": maybe(),
                "payload": {"type": "object", "description": "A `View` for `post` and `edit`; `emoji`; `text`."},
                "at_ms": number(),
            }),
        ),
        "Completion": object(&["start", "candidates"], json!({
            "start": {"type": "integer", "description": "Byte offset from which on a candidate replaces the line."},
            "candidates": {"type": "array", "items": reference("Candidate")},
        })),
        "Candidate": object(&["value", "label"], json!({"value": text(), "label": text()})),
        "Whoami": object(&["person", "via", "token", "channels", "version"], json!({
            "person": object(&["id", "name"], json!({"id": text(), "name": text()})),
            "via": {"enum": ["token", "session"]},
            "token": maybe(),
            "channels": {"type": "array", "items": text()},
            "version": text(),
        })),
        "Ready": object(&["status", "checks"], json!({
            "status": {"enum": ["ready", "not_ready"]},
            "checks": {"type": "object", "additionalProperties": reference("Check")},
        })),
        "Check": object(&["status"], json!({"status": {"enum": ["ok", "degraded", "failed"]}, "detail": text()})),
        "Problem": object(&["type", "title", "status", "detail", "request"], json!({
            "type": text(), "title": text(), "status": number(), "detail": text(),
            "request": {"type": "string", "description": "This request's id, as in the log and in `X-Request-Id`."},
            "field": {"type": "string", "description": "The field that does not fit."},
        })),
    })
}

/// An object that has exactly these properties.
fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

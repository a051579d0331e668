//! What a bot sent, kept for a judge: where `DRILLBELL_FAKES_JOURNAL` names a folder, every body becomes a line of a file there.
//! One line: `{"platform", "kind", "as_text", "body"}`; `kind` is the method and path, or what else was sent.

use serde::Serialize;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Something that a bot sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sent {
    /// `slack` or `discord`.
    pub platform: &'static str,
    /// `chat.postMessage`, `POST channels/1/messages`, `socket acknowledgement`.
    pub kind: String,
    /// It came as a query or a form, whose numbers are texts.
    pub as_text: bool,
    /// As it came.
    pub body: Value,
}

/// Keeps it, where that is wished.
pub(crate) fn keep(sent: &Sent) {
    let Some(folder) = std::env::var_os("DRILLBELL_FAKES_JOURNAL").map(PathBuf::from) else { return };
    let line = serde_json::to_string(sent).unwrap() + "\n";
    let file = folder.join(format!("{}.jsonl", std::process::id()));
    let opened = OpenOptions::new().create(true).append(true).open(&file);
    // In one piece, because tests run side by side.
    opened.unwrap_or_else(|error| panic!("{}: {error}", file.display())).write_all(line.as_bytes()).unwrap();
}

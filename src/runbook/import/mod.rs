//! A document that somebody wrote becomes a runbook that is not ready: its commands are proposed as steps, what is dangerous in it is
//! named with line and advice, what is missing is marked and blocks, and no secret of it is repeated.

mod document;
mod hazards;
mod propose;

#[cfg(test)]
mod tests;

pub use hazards::Hazard;

use document::Document;
use hazards::Rules;

/// A document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The runbook, as Markdown.
    pub runbook: String,
    /// What is dangerous in the document, by line.
    pub hazards: Vec<Hazard>,
}

/// Reads a document; `file` is what it is called in the runbook.
pub fn import(name: &str, file: &str, text: &str) -> Imported {
    let (document, rules) = (Document::read(text), Rules::new());
    let hazards = rules.find(&document);
    let runbook = propose::runbook(name, file, &document, &rules, &hazards);
    Imported { runbook, hazards }
}

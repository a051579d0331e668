//! The live output of a job as messages: filled one after another, bounded in every direction. What was left out is counted,
//! not hidden. Pure.

use crate::config::limits::{
    JOB_CARD_LINES, JOB_LINE_CHARS, JOB_OUTPUT_BYTES, JOB_OUTPUT_LINES, JOB_OUTPUT_PAGES, JOB_OUTPUT_WAITING,
};
use crate::model::ids::ConversationId;
use crate::model::view::{Block, View};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What was shown of a job's output and where, as its row keeps it: whoever takes the job over goes on from there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// The thread under its card; without one it is right below the card, or nothing was shown yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) thread: Option<ConversationId>,
    /// Messages in that thread.
    #[serde(default)]
    pub(super) pages: u32,
    /// The last lines, for the card.
    #[serde(default)]
    pub(super) last: Vec<String>,
}

impl Shown {
    /// More lines were said.
    pub(super) fn says(&mut self, lines: Vec<String>) {
        self.last.extend(lines);
        self.last.drain(..self.last.len().saturating_sub(JOB_CARD_LINES));
    }

    /// Whether the last message that there may be is written.
    pub(super) fn is_full(&self) -> bool {
        self.pages >= JOB_OUTPUT_PAGES
    }
}

/// Lines in a row.
#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<String>,
    bytes: usize,
    /// How many of those before them are nowhere.
    left_out: u64,
}

impl Lines {
    /// Whether they are, with this line more, no more than so many messages hold.
    fn have_room(&self, line: &str, messages: usize) -> bool {
        let (lines, bytes) = (self.lines.len() + 1, self.bytes + line.len() + 1);
        self.lines.is_empty() || (lines <= JOB_OUTPUT_LINES * messages && bytes <= JOB_OUTPUT_BYTES * messages)
    }

    fn push(&mut self, line: String) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
    }

    fn pop(&mut self) -> Option<String> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.len() + 1;
        Some(line)
    }

    /// Adds a line to the last ones that so many messages hold.
    fn roll(&mut self, line: String, messages: usize) {
        while !self.have_room(&line, messages) {
            self.pop();
            self.left_out += 1;
        }
        self.push(line);
    }
}

/// What a run says.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// What is in no message yet.
    waiting: Lines,
    /// What is in the message that is being written.
    page: Lines,
    /// Messages that this run began.
    pages: u32,
}

impl Output {
    /// Adds a line, or several; control characters other than line breaks become blanks. The lines as they are kept.
    pub(super) fn push(&mut self, text: &str) -> Vec<String> {
        let lines: Vec<_> = text.trim_end_matches(['\n', '\r']).split('\n').map(kept).collect();
        lines.iter().for_each(|line| self.waiting.roll(line.clone(), JOB_OUTPUT_WAITING));
        lines
    }

    /// Whether something is in no message yet.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.lines.is_empty()
    }

    /// Fills the message that is being written, or, if there will be no other, keeps the last lines in it; whether it changed.
    pub(super) fn fill(&mut self, is_last: bool) -> bool {
        let Self { waiting, page, pages } = self;
        // What was left out is told at the head of a message.
        if waiting.left_out > 0 && !page.lines.is_empty() && !is_last {
            return false;
        }
        let mut changed = false;
        while let Some(line) = waiting.lines.front() {
            if !is_last && !page.have_room(line, 1) {
                break;
            }
            page.left_out += std::mem::take(&mut waiting.left_out);
            if let Some(line) = waiting.pop() {
                page.roll(line, 1);
            }
            changed = true;
        }
        *pages = (*pages).max(u32::from(changed));
        changed
    }

    /// Begins the next message.
    pub(super) fn turn(&mut self) {
        self.page = Lines::default();
        self.pages += 1;
    }

    /// Whether the message that is being written is this run's first.
    pub(super) fn is_first(&self) -> bool {
        self.pages <= 1
    }

    /// The message that is being written, under that heading.
    pub(super) fn view(&self, title: String) -> View {
        let mut view = View { title, ..View::default() };
        let text = match self.page.left_out {
            0 => None,
            1 => Some("1 earlier line is not shown.".to_owned()),
            many => Some(format!("{many} earlier lines are not shown.")),
        };
        view.blocks.extend(text.map(|text| Block::Context { text }));
        view.blocks.push(code(self.page.lines.iter()));
        view
    }
}

/// Lines as they were said.
pub(super) fn code<'a>(lines: impl Iterator<Item = &'a String>) -> Block {
    let lines: Vec<&str> = lines.map(String::as_str).collect();
    Block::Code { text: lines.join("\n") }
}

/// A line as it is kept.
fn kept(line: &str) -> String {
    let mut kept: String = line.chars().take(JOB_LINE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().nth(JOB_LINE_CHARS).is_some() {
        kept.push('…');
    }
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests;

//! The live output of a job: the last lines of it, bounded in every direction. What was left out is counted, not hidden.

use crate::config::limits::{JOB_LINE_CHARS, JOB_OUTPUT_BYTES, JOB_OUTPUT_LINES};
use crate::model::view::{Block, View};
use std::collections::VecDeque;

/// The last lines.
#[derive(Debug, Default)]
pub(super) struct Output {
    lines: VecDeque<String>,
    bytes: usize,
    left_out: u64,
    fresh: bool,
}

impl Output {
    /// Adds a line, or several; control characters other than line breaks become blanks.
    pub(super) fn push(&mut self, text: &str) {
        self.fresh = true;
        for line in text.trim_end_matches(['\n', '\r']).split('\n') {
            let mut kept: String =
                line.chars().take(JOB_LINE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
            if line.chars().nth(JOB_LINE_CHARS).is_some() {
                kept.push('…');
            }
            self.bytes += kept.len() + 1;
            self.lines.push_back(kept.trim_end().to_owned());
            while self.lines.len() > JOB_OUTPUT_LINES || (self.bytes > JOB_OUTPUT_BYTES && self.lines.len() > 1) {
                self.bytes -= self.lines.pop_front().map_or(0, |line| line.len() + 1).min(self.bytes);
                self.left_out += 1;
            }
        }
    }

    /// Whether anything was said since this was asked last.
    pub(super) fn take_fresh(&mut self) -> bool {
        std::mem::take(&mut self.fresh)
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The message that shows it.
    pub(super) fn view(&self, title: &str) -> View {
        let mut view = View { title: format!("Output of {title}"), ..View::default() };
        if self.left_out > 0 {
            let text = format!("{} earlier lines are not shown.", self.left_out);
            view.blocks.push(Block::Context { text });
        }
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        view.blocks.push(Block::Code { text: lines.join("\n") });
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_lines_are_shown_and_the_others_counted() {
        let mut output = Output::default();
        (0..JOB_OUTPUT_LINES + 3).for_each(|n| output.push(&format!("line {n}\r\n")));
        let shown = output.view("backup").to_plain();
        assert!(shown.starts_with("Output of backup\n3 earlier lines are not shown.\nline 3\n"), "{shown}");
        assert!(shown.ends_with(&format!("line {}", JOB_OUTPUT_LINES + 2)), "{shown}");
    }

    #[test]
    fn control_characters_cannot_act_and_long_lines_are_cut() {
        let mut output = Output::default();
        output.push("a\u{1b}[31mred\u{7}\tb\nsecond");
        output.push(&"x".repeat(JOB_LINE_CHARS + 1));
        let shown = output.view("t").to_plain();
        assert!(shown.contains("a [31mred  b\nsecond\n") && shown.ends_with("x…"), "{shown}");
    }

    proptest! {
        #[test]
        fn whatever_is_said_what_is_kept_is_bounded(lines in prop::collection::vec(any::<String>(), 0..200)) {
            let mut output = Output::default();
            lines.iter().for_each(|line| output.push(line));
            let kept: usize = output.lines.iter().map(|line| line.len() + 1).sum();
            prop_assert!(output.lines.len() <= JOB_OUTPUT_LINES);
            prop_assert!(kept <= JOB_OUTPUT_BYTES || output.lines.len() == 1);
            prop_assert!(output.lines.iter().all(|line| !line.chars().any(char::is_control)));
        }
    }
}

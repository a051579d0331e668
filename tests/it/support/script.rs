//! A conversation written down as people see it: who typed what, who sees the answer, what became of which message.

use drillbell::commands::CommandAnswer;
use drillbell::store::OutcomeStatus;
use similar::{ChangeTag, TextDiff};
use std::sync::Mutex;

/// A line typed and everything that came of it, as text without ids.
pub fn told(line: &str, answer: &CommandAnswer) -> String {
    let mut text = format!("> {line}");
    if answer.status != OutcomeStatus::Ok {
        text.push_str(&format!("\n[{}]", answer.status.as_str()));
    }
    for message in &answer.messages {
        let private = if message.private { ", only for you" } else { "" };
        text.push_str(&format!("\n({}{private})\n{}", message.conversation, message.text));
        let buttons: Vec<_> = message.view.buttons().map(|button| format!("[{}]", button.label)).collect();
        if !buttons.is_empty() {
            text.push_str(&format!("\n{}", buttons.join(" ")));
        }
    }
    // An event's id is different each time.
    let lines = text.lines().map(|line| if line.starts_with("event ") { "event ID" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines in which two versions of a message differ: `-` those that went, `+` those that came.
pub fn changed(before: &str, after: &str) -> String {
    let (before, after) = (format!("{before}\n"), format!("{after}\n"));
    let diff = TextDiff::from_lines(&before, &after);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changes.map(|change| format!("{} {}", change.tag(), change.value().trim_end())).collect::<Vec<_>>().join("\n")
}

/// What is seen on both engines, which must be the same.
#[derive(Default)]
pub struct SameOnBoth(Mutex<Vec<String>>);

impl SameOnBoth {
    /// Keeps what one engine showed.
    pub fn saw(&self, text: impl Into<String>) {
        self.0.lock().expect("whole").push(text.into());
    }

    /// What both showed.
    #[track_caller]
    pub fn text(self) -> String {
        let mut seen = self.0.into_inner().expect("whole");
        let last = seen.pop().expect("something was seen");
        assert!(!seen.is_empty(), "both engines were asked");
        assert!(seen.iter().all(|other| *other == last), "one engine tells it differently:\n{seen:#?}\n{last}");
        last
    }
}

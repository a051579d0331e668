//! The console's stream as text: what was typed, posted, edited, and which number clicks which button.

use super::buttons::{Buttons, Numbered};
use crate::cli::client::What;
use crate::commands::PostedMessage;
use crate::model::ids::MessageRef;
use crate::model::view::View;
use crate::platform::console::{Look, Numbers, Style, card, clean_line};
use crate::store::StreamItem;
use std::collections::HashSet;

/// What has been shown so far.
pub(super) struct Transcript {
    look: Look,
    buttons: Buttons,
    /// Keys of what was typed here: the screen shows it already.
    own: HashSet<String>,
    posted: HashSet<MessageRef>,
    echo_own: bool,
}

impl Transcript {
    /// `echo_own`: also show what was typed here, as when it came out of a pipe.
    pub(super) fn new(look: Look, echo_own: bool) -> Self {
        Self { look, buttons: Buttons::default(), own: HashSet::new(), posted: HashSet::new(), echo_own }
    }

    /// The width may have changed.
    pub(super) fn set_look(&mut self, look: Look) {
        self.look = look;
    }

    /// How it is drawn.
    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Another channel begins: its messages are shown from the start. Numbers go on.
    pub(super) fn forget(&mut self) {
        self.posted.clear();
    }

    /// That request is ours.
    pub(super) fn typed_here(&mut self, key: &str) {
        self.own.insert(key.to_owned());
    }

    /// One line of the stream, drawn; empty for what is not to be shown.
    pub(super) fn item(&mut self, item: &StreamItem) -> Vec<String> {
        let view = || serde_json::from_value::<View>(item.payload.clone()).unwrap_or_default();
        let private = item.private_to.is_some();
        match item.kind.as_str() {
            "typed" => self.typed(item),
            "post" if !self.posted.insert(item.message.clone()) => Vec::new(),
            "post" => self.card(&item.message, &view(), private, false),
            "edit" => self.card(&item.message, &view(), private, true),
            "reaction" => {
                let emoji = item.payload.get("emoji").and_then(|emoji| emoji.as_str()).unwrap_or_default();
                let line = clean_line(&format!("{} reacted :{emoji}:", item.author));
                vec![self.look.ink.paint(Style::Dim, &line)]
            }
            kind => match happened(kind, item) {
                Some(line) => vec![self.look.ink.paint(Style::Dim, &clean_line(&line))],
                // A newer bot may send what we do not know yet.
                None => Vec::new(),
            },
        }
    }

    fn typed(&self, item: &StreamItem) -> Vec<String> {
        let key = item.root.as_str().rsplit('/').next().unwrap_or_default();
        if self.own.contains(key) && !self.echo_own {
            return Vec::new();
        }
        let text = item.payload.get("text").and_then(|text| text.as_str()).unwrap_or_default();
        let author = self.look.ink.paint(Style::Bold, &clean_line(&item.author));
        vec![format!("{author}: {}", clean_line(text))]
    }

    /// A message out of an answer that the stream has not brought.
    pub(super) fn message(&mut self, message: &PostedMessage) -> Vec<String> {
        if !self.posted.insert(message.message.clone()) {
            return Vec::new();
        }
        self.card(&message.message, &message.view, message.private, false)
    }

    /// Whether a message has been shown.
    pub(super) fn has(&self, message: &MessageRef) -> bool {
        self.posted.contains(message)
    }

    fn card(&mut self, message: &MessageRef, view: &View, private: bool, updated: bool) -> Vec<String> {
        let numbers = self.buttons.show(message, view);
        let notes: Vec<_> = [(updated, "updated"), (private, "only you see this")]
            .into_iter()
            .filter_map(|(is, note)| is.then_some(note))
            .collect();
        card(view, self.look, Numbers::Given(&numbers), &notes)
    }

    /// What a number clicks, or a sentence on why nothing.
    pub(super) fn click(&self, number: usize) -> Result<What, String> {
        match self.buttons.find(number) {
            Numbered::There { message, action, .. } => {
                Ok(What::Click { message: message.clone(), action: action.to_owned() })
            }
            Numbered::Gone(label) => {
                Err(format!("[{number}] was \"{}\", which its card no longer shows.", clean_line(label)))
            }
            Numbered::Nothing => Err(format!("There is no button [{number}].")),
        }
    }
}

/// What happened to a channel, in words.
fn happened(kind: &str, item: &StreamItem) -> Option<String> {
    let text = |name: &str| item.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let author = &item.author;
    Some(match kind {
        "opened" => format!("{author} opened this {}, asked for in {}", text("shape"), text("near")),
        "topic" => format!("{author} set the topic: {}", text("topic")),
        "invited" if !text("conversation").is_empty() => {
            let channel = text("conversation").trim_start_matches("console:");
            format!("You are invited to {channel}: /channel {channel}")
        }
        "invited" => {
            let people = item.payload.get("people").and_then(|people| people.as_array());
            let names: Vec<_> = people.into_iter().flatten().filter_map(|name| name.as_str()).collect();
            format!("{author} invited {}", names.join(", "))
        }
        "pinned" => format!("{author} pinned the card"),
        "unpinned" => format!("{author} took the pin off the card"),
        "archived" => format!("{author} archived this channel: it can be read only"),
        "unarchived" => format!("{author} opened this channel again"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::{Block, Button, ButtonStyle, Once};
    use serde_json::json;

    fn item(seq: i64, kind: &str, message: &str, payload: serde_json::Value) -> StreamItem {
        StreamItem {
            seq,
            conversation: "console:#incidents".into(),
            kind: kind.to_owned(),
            message: message.into(),
            root: "api/local/terminal-1".into(),
            author: "ben".to_owned(),
            private_to: None,
            payload,
            at_ms: 0,
        }
    }

    fn view(text: &str) -> serde_json::Value {
        let (action, label) = ("resolve".to_owned(), "Resolve".to_owned());
        let (style, once) = (ButtonStyle::Normal, Once::Card);
        let button = Block::Button(Button { action, label, value: String::new(), style, once });
        json!(View { title: text.to_owned(), blocks: vec![button], ..View::default() })
    }

    fn transcript(echo_own: bool) -> Transcript {
        Transcript::new(Look::new(Some(60), false), echo_own)
    }

    #[test]
    fn what_is_typed_posted_and_edited_is_shown_in_order() {
        let mut transcript = transcript(false);
        let items = [
            item(1, "typed", "", json!({"text": "/sev declare sev1 \u{1b}[2Jdown"})),
            item(2, "post", "m1", view("INC-1")),
            item(3, "edit", "m1", view("INC-1 resolved")),
            item(4, "reaction", "m1", json!({"emoji": "eyes"})),
            item(5, "from the future", "", json!(7)),
        ];
        let lines: Vec<_> = items.iter().flat_map(|item| transcript.item(item)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        ben: /sev declare sev1 ␛[2Jdown
        | INC-1
        | [1] Resolve
        | INC-1 resolved (updated)
        | [1] Resolve
        ben reacted :eyes:
        ");
        assert!(matches!(transcript.click(1), Ok(What::Click { message, .. }) if message.as_str() == "m1"));
        assert_eq!(transcript.click(2), Err("There is no button [2].".to_owned()));
    }

    #[test]
    fn what_happens_to_a_channel_is_told_in_a_line() {
        let mut transcript = transcript(false);
        let items = [
            item(1, "opened", "", json!({"shape": "channel", "name": "inc-7", "near": "console:#incidents"})),
            item(2, "invited", "", json!({"people": ["ana", "ben"]})),
            item(3, "topic", "", json!({"topic": "sev1 · \u{1b}[2Jdown"})),
            item(4, "pinned", "m1", json!({})),
            item(5, "archived", "", json!({})),
            item(6, "unarchived", "", json!({})),
            item(7, "invited", "", json!({"people": ["ana"], "conversation": "console:#inc-7", "name": "inc-7"})),
        ];
        let lines: Vec<_> = items.iter().flat_map(|item| transcript.item(item)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        ben opened this channel, asked for in console:#incidents
        ben invited ana, ben
        ben set the topic: sev1 · ␛[2Jdown
        ben pinned the card
        ben archived this channel: it can be read only
        ben opened this channel again
        You are invited to #inc-7: /channel #inc-7
        ");
    }

    #[test]
    fn our_own_typing_is_repeated_only_if_the_screen_does_not_show_it() {
        for echo_own in [false, true] {
            let mut transcript = transcript(echo_own);
            transcript.typed_here("terminal-1");
            assert_eq!(transcript.item(&item(1, "typed", "", json!({"text": "/sev list"}))).is_empty(), !echo_own);
        }
    }

    #[test]
    fn a_message_is_shown_once_whether_stream_or_answer_brings_it_first() {
        let mut transcript = transcript(true);
        let message = PostedMessage {
            message: "m1".into(),
            conversation: "console:#incidents".into(),
            private: true,
            text: String::new(),
            view: View::text("hello"),
        };
        insta::assert_snapshot!(transcript.message(&message).join("\n"), @"
        | (only you see this)
        | hello
        ");
        assert!(transcript.item(&item(1, "post", "m1", json!(message.view))).is_empty());
        assert!(transcript.message(&message).is_empty());
    }
}

//! Scrubbing what people are shown.

use super::Scrub;
use crate::model::view::{Block, View};

impl Scrub {
    /// Scrubs every text of a message in place. What a button is called by its plugin stays: it is a name, not a text.
    pub fn view(&self, view: &mut View) {
        self.string(&mut view.title);
        for block in &mut view.blocks {
            match block {
                Block::Text { text } | Block::Code { text } | Block::Context { text } => self.string(text),
                Block::Field { name, value } => {
                    self.string(name);
                    self.string(value);
                    self.named(name, value);
                }
                Block::Time { name, .. } => self.string(name),
                Block::Link { label, url } => {
                    self.string(label);
                    self.string(url);
                }
                Block::Progress { label, .. } => self.string(label),
                Block::Button(button) => {
                    self.string(&mut button.label);
                    self.string(&mut button.value);
                }
                Block::Divider => {}
            }
        }
    }
}

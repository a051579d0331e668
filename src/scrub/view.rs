//! Scrubbing what people are shown.

use super::Scrub;
use crate::model::chart::Chart;
use crate::model::form::{Choice, Form};
use crate::model::view::{Block, View};

impl Scrub {
    /// Scrubs every text of a message in place. What a button is called by its plugin stays: it is a name, not a text.
    pub fn view(&self, view: &mut View) {
        self.string(&mut view.title);
        for block in &mut view.blocks {
            match block {
                Block::Text { text } | Block::Code { text } | Block::Context { text } | Block::Moment { text, .. } => {
                    self.string(text)
                }
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
                Block::Form(form) => self.form(form),
                Block::Select(select) => {
                    self.string(&mut select.label);
                    self.choices(&mut select.options);
                }
                Block::Chart(chart) => self.chart(chart),
                Block::Divider => {}
            }
        }
    }

    fn form(&self, form: &mut Form) {
        for text in [&mut form.label, &mut form.value, &mut form.title, &mut form.submit, &mut form.command] {
            self.string(text);
        }
        for field in &mut form.fields {
            for text in [&mut field.label, &mut field.hint, &mut field.initial] {
                self.string(text);
            }
            self.choices(&mut field.options);
        }
    }

    fn choices(&self, choices: &mut [Choice]) {
        for choice in choices {
            self.string(&mut choice.value);
            self.string(&mut choice.label);
        }
    }

    fn chart(&self, chart: &mut Chart) {
        self.string(&mut chart.title);
        for series in &mut chart.series {
            self.string(&mut series.name);
        }
        for threshold in &mut chart.thresholds {
            self.string(&mut threshold.label);
        }
        for mark in &mut chart.marks {
            self.string(&mut mark.label);
        }
    }
}

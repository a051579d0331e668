//! What goes to the thread of a message because it does not fit into it: more of its text, the whole of it as a file, its charts
//! as pictures. Sent once for each content: an edit that changes nothing of it adds nothing.

use super::SlackChat;
use super::names::Target;
use super::outbound::public;
use super::pages::Rendered;
use super::refusal::CallError;
use crate::chart::{self, Theme};
use crate::model::chart::Chart;
use crate::model::view::{Block, View};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// Messages whose extras are remembered; beyond them an edit may say them again.
const REMEMBERED: usize = 1000;
/// How many pixels for one of a chart's: right for today's screens.
const SCALE: f32 = 2.0;
/// Bytes of a file of text at most; a view is smaller.
const FILE_BYTES: usize = 1024 * 1024;

/// Where extras go.
#[derive(Clone, Copy)]
pub(super) struct Extras<'a> {
    pub(super) channel: &'a str,
    /// The message that they go under.
    pub(super) root: &'a str,
    /// The outbox row.
    pub(super) row: &'a str,
    /// The message that they belong to.
    pub(super) native: &'a str,
}

/// What stands in threads by now, by message.
#[derive(Default)]
pub(super) struct Said(Mutex<HashMap<String, u64>>);

impl Said {
    fn is_new(&self, native: &str, print: u64) -> bool {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.get(native) != Some(&print)
    }

    fn note(&self, native: &str, print: u64) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= REMEMBERED {
            said.clear();
        }
        said.insert(native.to_owned(), print);
    }
}

impl SlackChat {
    /// Sends what belongs in the thread, if it is not there yet. Only what may pass is an error: the message itself is there, and
    /// is not given up for a picture.
    pub(super) async fn follow(
        &self,
        at: Extras<'_>,
        rendered: &Rendered,
        view: &View,
        again: bool,
    ) -> Result<(), CallError> {
        let charts: Vec<&Chart> = view.blocks.iter().filter_map(chart_of).collect();
        if rendered.more.is_empty() && rendered.file.is_none() && charts.is_empty() {
            return Ok(());
        }
        let print = print(rendered, &charts);
        if !self.said.is_new(at.native, print) {
            return Ok(());
        }
        let there = match again {
            true => self.sent_since(at.channel, Some(at.root), at.row).await?,
            false => HashMap::new(),
        };
        let target = Target { channel: at.channel.to_owned(), thread: Some(at.root.to_owned()), direct: None };
        for (number, blocks) in rendered.more.iter().enumerate() {
            let id = format!("{}.{}", at.row, number + 1);
            if there.contains_key(&id) {
                continue;
            }
            let text = format!("(part {} of {})", number + 2, rendered.more.len() + 1);
            let sent = self.api.post_message(&public(&text, blocks.clone(), &target, &id)).await;
            passing(sent.map(drop))?;
        }
        if let Some(text) = &rendered.file {
            let mut bytes = text.clone().into_bytes();
            bytes.truncate(FILE_BYTES);
            let sent = self.api.upload(at.channel, Some(at.root), "message.txt", "The whole message", bytes).await;
            passing(sent)?;
        }
        for chart in charts {
            let title = super::text::label(&chart.title, 200, "Chart");
            match chart::png(chart, Theme::Light, SCALE) {
                Ok(bytes) => {
                    passing(self.api.upload(at.channel, Some(at.root), "chart.png", &title, bytes).await)?;
                }
                // Its words stand in the message.
                Err(error) => tracing::warn!(error = %error, "a chart could not be drawn"),
            }
        }
        self.said.note(at.native, print);
        Ok(())
    }
}

fn chart_of(block: &Block) -> Option<&Chart> {
    match block {
        Block::Chart(chart) => Some(chart),
        _ => None,
    }
}

fn print(rendered: &Rendered, charts: &[&Chart]) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&rendered.more).unwrap_or_default().hash(&mut hasher);
    rendered.file.hash(&mut hasher);
    serde_json::to_string(charts).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// What is refused for good is in the log; the rest is tried again.
fn passing(result: Result<(), CallError>) -> Result<(), CallError> {
    match result {
        Err(error @ CallError::Refused { .. }) if !error.is_unclear() && !error.is_for_good() => {
            tracing::warn!(error = error.sentence(), "what belongs in a message's thread could not be sent");
            Ok(())
        }
        other => other,
    }
}

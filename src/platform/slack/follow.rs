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
use slack_morphism::blocks::SlackBlock;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

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

/// What has been put into a message's thread: of which content, and how many of its extras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    print: u64,
    done: usize,
}

/// One thing for the thread.
enum Extra<'a> {
    Part(String, &'a [SlackBlock]),
    Whole(&'a str),
    Chart(&'a Chart),
}

impl SlackChat {
    /// Sends what belongs in the thread, if it is not there yet. Only what may pass is an error: the message itself is there, and
    /// is not given up for a picture. `again` where this row may have sent some of it.
    pub(super) async fn follow(
        &self,
        at: Extras<'_>,
        rendered: &Rendered,
        view: &View,
        again: bool,
    ) -> Result<(), CallError> {
        let extras = extras(rendered, view);
        if extras.is_empty() {
            return Ok(());
        }
        let print = print(&extras);
        let known = self.said.get(at.native).filter(|said| said.print == print);
        let mut said = known.unwrap_or(Said { print, done: 0 });
        let left = extras.get(said.done..).unwrap_or_default();
        // Parts can be looked for, files cannot: of those only this process knows.
        let there = match again && left.iter().any(|extra| matches!(extra, Extra::Part(..))) {
            true => self.sent_since(at.channel, Some(at.root), at.row).await?,
            false => HashMap::new(),
        };
        for extra in left {
            // Parts come first, so that the number of an extra is that of its part.
            let id = format!("{}.{}", at.row, said.done + 1);
            if !there.contains_key(&id)
                && let Err(error) = self.put(at, extra, &id).await
            {
                error.or_logged("what belongs in a message's thread could not be sent")?;
            }
            said.done += 1;
            self.said.keep(at.native, said);
        }
        Ok(())
    }

    async fn put(&self, at: Extras<'_>, extra: &Extra<'_>, id: &str) -> Result<(), CallError> {
        let root = Some(at.root);
        match extra {
            Extra::Part(text, blocks) => {
                let (channel, thread) = (at.channel.to_owned(), Some(at.root.to_owned()));
                let target = Target { channel, thread, direct: None };
                self.api.post_message(&public(text, blocks.to_vec(), &target, id)).await.map(drop)
            }
            Extra::Whole(text) => {
                let mut bytes = text.as_bytes().to_vec();
                bytes.truncate(FILE_BYTES);
                self.api.upload(at.channel, root, "message.txt", "The whole message", bytes).await
            }
            Extra::Chart(chart) => {
                let title = super::text::label(&chart.title, 200, "Chart");
                match chart::png(chart, Theme::Light, SCALE) {
                    Ok(bytes) => self.api.upload(at.channel, root, "chart.png", &title, bytes).await,
                    Err(error) => {
                        // Its words stand in the message.
                        tracing::warn!(error = %error, "a chart could not be drawn");
                        Ok(())
                    }
                }
            }
        }
    }
}

fn extras<'a>(rendered: &'a Rendered, view: &'a View) -> Vec<Extra<'a>> {
    let parts =
        rendered.more.iter().enumerate().map(|(number, blocks)| {
            Extra::Part(format!("(part {} of {})", number + 2, rendered.more.len() + 1), blocks)
        });
    let charts = view.blocks.iter().filter_map(|block| match block {
        Block::Chart(chart) => Some(Extra::Chart(chart)),
        _ => None,
    });
    parts.chain(rendered.file.as_deref().map(Extra::Whole)).chain(charts).collect()
}

fn print(extras: &[Extra<'_>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for extra in extras {
        match extra {
            Extra::Part(_, blocks) => serde_json::to_string(blocks).unwrap_or_default().hash(&mut hasher),
            Extra::Whole(text) => text.hash(&mut hasher),
            Extra::Chart(chart) => serde_json::to_string(chart).unwrap_or_default().hash(&mut hasher),
        }
    }
    hasher.finish()
}

//! The whole page as files: rendered once, served and copied as they are.

use super::feed::{self, Feeds};
use super::notice::Snapshot;
use super::{atom, overall, page, standings};
use crate::config::status::StatusPage;
use crate::model::incident::Status;
use crate::model::public::ComponentState;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The page's own style, inside the page, so that one file is all of it.
pub(super) const STYLE: &str = include_str!("templates/status/page.css");

/// What the page is, apart from what is public right now.
#[derive(Clone, Debug)]
pub struct Frame {
    /// As it is configured.
    pub page: StatusPage,
    /// Under which address people reach the bot, without a slash at the end.
    pub base: String,
}

impl Frame {
    /// The page's own address.
    pub fn address(&self) -> String {
        format!("{}{}", self.base, self.page.path)
    }

    /// Where on the page a story is.
    pub(super) fn link_to(&self, id: &str) -> String {
        format!("{}#{id}", self.address())
    }
}

/// What kind of showing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Served by the bot.
    Live,
    /// Served by the bot, which has not been able to look since then.
    Stale(i64),
    /// A copy written at that time; it says so, since it cannot say that the bot died later.
    Copy(i64),
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its media type.
    pub media: &'static str,
    /// Its bytes.
    pub body: Bytes,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

/// All files by their path below the page's; the page itself is `index.html`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The files.
    pub files: BTreeMap<&'static str, File>,
}

/// Renders everything.
pub fn render(
    frame: &Frame,
    snapshot: &Snapshot,
    measured: &BTreeMap<String, ComponentState>,
    now_ms: i64,
    kind: Kind,
) -> Site {
    let standings = standings(&frame.page.components, snapshot, measured, now_ms);
    let overall = overall(&standings, snapshot);
    let feeds = Feeds { frame, snapshot, standings: &standings, overall, now_ms };
    let json = feed::all(&feeds).into_iter();
    let json = json.map(|(path, value)| (path, file("application/json; charset=utf-8", value.to_string())));
    let html = page::html(&feeds, kind);
    let fixed = [
        ("index.html", file("text/html; charset=utf-8", html)),
        ("history.atom", file("application/atom+xml; charset=utf-8", atom::history(frame, snapshot))),
    ];
    Site { files: json.chain(fixed).collect() }
}

fn file(media: &'static str, text: String) -> File {
    let etag = format!("\"{}\"", &hex::encode(Sha256::digest(text.as_bytes()))[..32]);
    File { media, body: Bytes::from(text), etag }
}

impl Site {
    /// The content policy of the page: its own style and nothing else at all.
    pub fn policy() -> String {
        let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    }
}

/// A short name for something that has a long one: twelve characters, as Statuspage's are. Tells nothing of the long one.
pub(super) fn short(name: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(12).map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect()
}

/// A moment as people read it: `Jan 3, 2026 10:02 UTC`.
pub(super) fn moment(at_ms: i64) -> String {
    match DateTime::<Utc>::from_timestamp_millis(at_ms) {
        Some(at) => at.format("%b %-d, %Y %H:%M UTC").to_string(),
        None => crate::clock::rfc3339(at_ms),
    }
}

/// A day as people read it: `January 3, 2026`.
pub(super) fn day(at_ms: i64) -> String {
    match DateTime::<Utc>::from_timestamp_millis(at_ms) {
        Some(at) => at.format("%B %-d, %Y").to_string(),
        None => crate::clock::rfc3339(at_ms),
    }
}

/// An incident's status as people read it.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Investigating => "Investigating",
        Status::Identified => "Identified",
        Status::Monitoring => "Monitoring",
        Status::Resolved => "Resolved",
    }
}

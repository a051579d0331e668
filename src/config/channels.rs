//! `[channels]`: where the bot speaks when nobody asked.

use super::console::Console;
use super::grants::PLATFORMS;
use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::Node;
use super::values;
use crate::model::ids::ConversationId;

/// `[channels]`: platform-qualified conversations, `console:#ops`. Absent: the bot stays silent there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// News of incidents that happen elsewhere.
    pub incidents: Option<ConversationId>,
    /// Alerts.
    pub alerts: Option<ConversationId>,
    /// Backups and drills.
    pub backups: Option<ConversationId>,
    /// Deployments.
    pub deployments: Option<ConversationId>,
    /// The bot's own troubles: failing plugins, checkpoints, what could not be delivered.
    pub ops: Option<ConversationId>,
    /// The same on another platform, for when that one is deaf.
    pub ops_elsewhere: Option<ConversationId>,
}

impl Channels {
    pub(super) fn read(mut section: Section<'_>, console: &Console) -> Self {
        let read = |node: &Node| conversation(node, console);
        let channels = Self {
            incidents: section.read("incidents", read),
            alerts: section.read("alerts", read),
            backups: section.read("backups", read),
            deployments: section.read("deployments", read),
            ops: section.read("ops", read),
            ops_elsewhere: section.read("ops_elsewhere", read),
        };
        section.finish();
        channels
    }

    /// All of them with their keys.
    pub fn all(&self) -> [(&'static str, Option<&ConversationId>); 6] {
        [
            ("incidents", self.incidents.as_ref()),
            ("alerts", self.alerts.as_ref()),
            ("backups", self.backups.as_ref()),
            ("deployments", self.deployments.as_ref()),
            ("ops", self.ops.as_ref()),
            ("ops_elsewhere", self.ops_elsewhere.as_ref()),
        ]
    }
}

pub(super) fn conversation(node: &Node, console: &Console) -> Result<ConversationId, Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected("a conversation with its platform, such as \"console:#ops\"");
    let Some((platform, local)) = text.split_once(':') else {
        return Err(expected().fix(format!("write \"console:#{}\"", text.trim_start_matches('#'))));
    };
    if !PLATFORMS.contains(&platform) {
        return Err(expected().maybe_fix(did_you_mean(platform, PLATFORMS)));
    }
    if local.is_empty() || local.contains(char::is_whitespace) {
        return Err(expected());
    }
    if platform != "console" || !console.enabled {
        let expected = format!("a conversation of a platform that is connected; [chat.{platform}] is not");
        return Err(Refusal::expected(expected).maybe_fix(console.enabled.then(|| "use console:#…".to_owned())));
    }
    if !console.channels.iter().any(|known| known == local) {
        let known = console.channels.join(", ");
        let fix = did_you_mean(local, console.channels.iter().map(String::as_str));
        let fix = fix.unwrap_or_else(|| format!("add \"{local}\" to channels of [chat.console]"));
        return Err(Refusal::expected(format!("a channel of [chat.console]: {known}")).fix(fix));
    }
    Ok(ConversationId::from(text))
}

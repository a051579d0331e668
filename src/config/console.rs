//! `[chat.console]`: the terminal and web console as a chat platform of its own.

use super::problem::Refusal;
use super::section::Section;
use super::tree::Node;
use super::values;

/// Default of `channels`.
pub const CHANNELS: [&str; 2] = ["#incidents", "#ops"];

/// `[chat.console]`. Unlike other platforms it is on without a section: it is the way in when chat is down, and reaches
/// nothing outside this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    /// Default `true`.
    pub enabled: bool,
    /// Its channels, at least one, each with its `#`; the first is where a session begins. Default `#incidents`, `#ops`.
    pub channels: Vec<String>,
}

impl Console {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let enabled = section.read("enabled", values::boolean).unwrap_or(true);
        let channels = section.read_list("channels", "a list such as [\"#incidents\", \"#ops\"]", channel);
        match &channels {
            Some(given) if given.is_empty() => section.refuse("channels", Refusal::expected("at least one channel")),
            Some(given) => {
                if let Some((_, twice)) = given.iter().enumerate().find(|(i, name)| given[..*i].contains(name)) {
                    let found = format!("\"{twice}\" twice");
                    section.refuse("channels", Refusal::expected("every channel once").found(found));
                }
            }
            None => {}
        }
        section.finish();
        Self { enabled, channels: channels.unwrap_or_else(|| CHANNELS.map(str::to_owned).to_vec()) }
    }
}

fn channel(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.strip_prefix('#') {
        Some(name) if values::is_name(name, "-_.") => Ok(text.to_owned()),
        _ => {
            let plain = text.trim_start_matches("console:").trim_start_matches('#').to_lowercase();
            let fix = values::is_name(&plain, "-_.").then(|| format!("write \"#{plain}\""));
            Err(Refusal::expected("a channel such as \"#ops\": `#`, then lower-case letters, digits, - _ .")
                .maybe_fix(fix))
        }
    }
}

//! What a story is made of, the same on every platform: who there is, what they type, and what they see. A person can use only what
//! was shown to them, by the words that stand on it.

use super::on_console::OnConsole;
use super::on_discord::OnDiscord;
use super::on_slack::OnSlack;
use crate::support::bot::TestBot;
use std::fmt;

/// Somebody in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Ana,
    Ben,
}

impl Who {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ana, Self::Ben];

    /// What the configuration calls them.
    pub fn id(self) -> &'static str {
        match self {
            Self::Ana => "ana",
            Self::Ben => "ben",
        }
    }

    /// The one whom `@ana` means.
    pub fn called(mention: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|who| mention.strip_prefix('@') == Some(who.id()))
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ana => "Ana",
            Self::Ben => "Ben",
        })
    }
}

/// A command with its arguments by name, which are typed in this order where there is one line for all: `--name` before those that are
/// options. What `@ana` and `@ben` are is the platform's business.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// `/sev declare`.
    pub command: &'a str,
    /// Names and values.
    pub arguments: &'a [(&'a str, &'a str)],
}

impl Said<'_> {
    /// As it is typed in one line.
    pub fn line(&self) -> String {
        let mut line = self.command.to_owned();
        for (name, value) in self.arguments {
            let spaced = value.contains(' ');
            match name.starts_with("--") {
                true if value.is_empty() => line.push_str(&format!(" {name}")),
                true if spaced => line.push_str(&format!(" {name} {value:?}")),
                true => line.push_str(&format!(" {name} {value}")),
                false => line.push_str(&format!(" {value}")),
            }
        }
        line
    }
}

/// A part of a message, as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its heading.
    Head(String),
    /// A paragraph.
    Text(String),
    /// What stands below in small letters.
    Small(String),
    /// What keeps its line breaks and widths.
    Code(String),
    /// A line across.
    Rule,
    /// Buttons, forms and choices by their labels.
    Controls(Vec<String>),
    /// A file by its name.
    File(String),
}

/// A message as somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What the platform calls it.
    pub id: String,
    /// Where it stands.
    pub place: String,
    /// Only this person sees it.
    pub only_for: Option<Who>,
    /// From the top.
    pub parts: Vec<Part>,
}

impl Seen {
    /// Its words, line by line.
    pub fn text(&self) -> String {
        let lines = self.parts.iter().filter_map(|part| match part {
            Part::Head(text) | Part::Text(text) | Part::Small(text) | Part::Code(text) => Some(text.clone()),
            Part::File(name) => Some(format!("(file {name})")),
            Part::Rule | Part::Controls(_) => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The same with what can be pressed.
    pub fn drawn(&self) -> String {
        let lines = self.parts.iter().map(|part| match part {
            Part::Head(text) => format!("# {text}"),
            Part::Text(text) | Part::Small(text) => text.clone(),
            Part::Code(text) => text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"),
            Part::Rule => "---".to_owned(),
            Part::Controls(labels) => labels.iter().map(|label| format!("[{label}]")).collect::<Vec<_>>().join(" "),
            Part::File(name) => format!("(file {name})"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Whether there is something of this label to press.
    pub fn offers(&self, label: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Controls(labels) if labels.iter().any(|one| one == label)))
    }
}

/// Where a story happens.
pub enum Way {
    Slack(OnSlack),
    Discord(OnDiscord),
    Console(OnConsole),
}

impl Way {
    /// The bot.
    pub fn bot(&self) -> &TestBot {
        match self {
            Self::Slack(way) => &way.bot,
            Self::Discord(way) => &way.bot,
            Self::Console(way) => &way.bot,
        }
    }

    /// All that somebody sees, oldest first.
    pub async fn sees(&self, who: Who) -> Vec<Seen> {
        match self {
            Self::Slack(way) => way.sees(who),
            Self::Discord(way) => way.sees(who),
            Self::Console(way) => way.sees(who).await,
        }
    }

    /// Somebody types a command in a channel.
    pub async fn types(&self, who: Who, channel: &str, said: Said<'_>) {
        match self {
            Self::Slack(way) => way.types(who, channel, said).await,
            Self::Discord(way) => way.types(who, channel, said).await,
            Self::Console(way) => way.types(who, channel, said).await,
        }
    }

    /// Somebody presses the button of that label.
    pub async fn presses(&self, who: Who, on: &Seen, label: &str) {
        match self {
            Self::Slack(way) => way.presses(who, on, label).await,
            Self::Discord(way) => way.presses(who, on, label).await,
            Self::Console(way) => way.presses(who, on, label).await,
        }
    }

    /// Somebody fills in the form behind that button by the labels of its fields, and sends it.
    pub async fn fills(&self, who: Who, on: &Seen, label: &str, entries: &[(&str, &str)]) {
        match self {
            Self::Slack(way) => way.fills(who, on, label, entries).await,
            Self::Discord(way) => way.fills(who, on, label, entries).await,
            Self::Console(way) => way.fills(who, on, label, entries).await,
        }
    }

    /// The bot's clock has moved: what signs requests goes by it.
    pub fn moved(&self) {
        if let Self::Discord(way) = self {
            way.moved();
        }
    }

    /// It ends: nothing is left over, and the platform had nothing to complain about.
    pub async fn finish(self) {
        match self {
            Self::Slack(way) => way.finish().await,
            Self::Discord(way) => way.finish().await,
            Self::Console(way) => way.bot.finish().await,
        }
    }
}

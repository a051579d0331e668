//! Two keys to every door: what a plugin's manifest requests and what the operator grants must both cover a need.
//! Computed once at load, asked in one place of each capability, beneath every WIT version.

use super::operations::{Operating, Operation};
use crate::model::ids::{ConversationId, PluginId};
use std::fmt;

/// A grant as written in a manifest or under `[plugins.NAME] grants`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// `kv`: the plugin's own memory.
    Kv,
    /// `timers`: durable alarms.
    Timers,
    /// `schedules`: happening again and again.
    Schedules,
    /// `incidents:read`: every incident and its timeline.
    IncidentsRead,
    /// `incidents:write`: changes to them; includes reading.
    IncidentsWrite,
    /// `approvals`: asking people for their yes.
    Approvals,
    /// `status`: proposing what the public page shall say.
    Status,
    /// `escalation`: knowing who is to be told when something is wrong, and telling them.
    Escalation,
    /// `post:CONVERSATION`: posting where the event did not come from.
    Post(Pattern),
    /// `page:NOTIFIER`: paging somebody.
    Page(Pattern),
    /// `jobs:KIND`: starting jobs of that kind, and looking after the plugin's own.
    Jobs(Kinds),
    /// What is done outside the sandbox: `command:NAME`, `http:ORIGIN`, `http-private:ORIGIN`, `secret:HANDLE`.
    Operation(Operation),
    /// `alerts`: hearing alerts.
    Alerts,
    /// `deploys`: hearing deploy records.
    Deploys,
    /// `reactions`: hearing reactions.
    Reactions,
    /// `conversations`: opening conversations, and looking after the plugin's own.
    Conversations,
    /// `backups`: knowing what is backed up and which copies there are, and keeping copies.
    Backups,
    /// `runbooks`: knowing the runbooks there are.
    Runbooks,
    /// `services`: knowing what runs, how it is rolled back and what was deployed.
    Services,
}

/// A conversation or a notifier, or with a trailing `*` every one that begins so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    prefix: String,
    open: bool,
}

/// A kind of job, or with a trailing `*` every one that begins so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds {
    prefix: String,
    open: bool,
}

/// What a host function or an event needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// The plugin's memory.
    Kv,
    /// Alarms.
    Timers,
    /// Setting schedules.
    Schedules,
    /// Reading incidents.
    IncidentsRead,
    /// Changing incidents.
    IncidentsWrite,
    /// Asking for approvals.
    Approvals,
    /// Proposing what shall be public.
    Status,
    /// Knowing who is to be told, and telling them.
    Escalation,
    /// Posting to a conversation that is not the event's own.
    Post(&'a ConversationId),
    /// Paging through a notifier.
    Page(&'a str),
    /// Having to do with jobs of a kind.
    Job(&'a str),
    /// Having to do with jobs at all.
    AnyJob,
    /// Something done outside the sandbox.
    Operation(Operating<'a>),
    /// Hearing alerts.
    Alerts,
    /// Hearing deploy records.
    Deploys,
    /// Hearing reactions.
    Reactions,
    /// Opening conversations.
    Conversations,
    /// Knowing targets and copies, and keeping copies.
    Backups,
    /// Knowing runbooks.
    Runbooks,
    /// Knowing services and deploys.
    Services,
}

/// A need that is not covered by both keys; displays as a sentence that names the grant and both places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{need} is not granted to `{plugin}`: it needs the grant `{need}` requested in its plugin.toml ({}) and listed under \
     [plugins.{plugin}] grants ({})",
    word(.requested), word(.granted)
)]
pub struct Denial {
    plugin: PluginId,
    need: String,
    requested: bool,
    granted: bool,
}

fn word(yes: &bool) -> &'static str {
    if *yes { "it is" } else { "it is not" }
}

/// A text that is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no grant: expected `kv`, `timers`, `incidents:read`, `incidents:write`, `approvals`, `escalation`, `status`, `post:CONVERSATION`, \
     `page:NOTIFIER`, `jobs:KIND`, `command:NAME`, `sql:NAME` or `secret:HANDLE` (a `*` may stand at their end), `http:ORIGIN`, \
     `http-private:ORIGIN`, `alerts`, `deploys`, `reactions`, `conversations`, `backups`, `runbooks` or `services`"
)]
pub struct GrantError(String);

/// Both keys of one plugin.
#[derive(Clone, Debug)]
pub struct Grants {
    plugin: PluginId,
    requested: Vec<Grant>,
    granted: Vec<Grant>,
}

impl Grant {
    /// Reads a grant.
    pub fn parse(text: &str) -> Result<Self, GrantError> {
        let grant = match text {
            "kv" => Self::Kv,
            "timers" => Self::Timers,
            "schedules" => Self::Schedules,
            "incidents:read" => Self::IncidentsRead,
            "incidents:write" => Self::IncidentsWrite,
            "approvals" => Self::Approvals,
            "status" => Self::Status,
            "escalation" => Self::Escalation,
            "alerts" => Self::Alerts,
            "deploys" => Self::Deploys,
            "reactions" => Self::Reactions,
            "conversations" => Self::Conversations,
            "backups" => Self::Backups,
            "runbooks" => Self::Runbooks,
            "services" => Self::Services,
            _ => match text.split_once(':') {
                Some(("post", pattern)) => Pattern::parse(pattern).map(Self::Post),
                Some(("page", pattern)) => Pattern::notifier(pattern).map(Self::Page),
                Some(("jobs", kinds)) => Kinds::parse(kinds).map(Self::Jobs),
                Some((word, rest)) => Operation::parse(word, rest).map(Self::Operation),
                None => None,
            }
            .ok_or_else(|| GrantError(text.into()))?,
        };
        Ok(grant)
    }

    /// Whether it opens the door.
    fn opens(&self, need: Need<'_>) -> bool {
        match (self, need) {
            (Self::Kv, Need::Kv)
            | (Self::Timers, Need::Timers)
            | (Self::Schedules, Need::Schedules)
            | (Self::IncidentsRead | Self::IncidentsWrite, Need::IncidentsRead)
            | (Self::IncidentsWrite, Need::IncidentsWrite)
            | (Self::Approvals, Need::Approvals)
            | (Self::Status, Need::Status)
            | (Self::Escalation, Need::Escalation)
            | (Self::Alerts, Need::Alerts)
            | (Self::Deploys, Need::Deploys)
            | (Self::Reactions, Need::Reactions)
            | (Self::Conversations, Need::Conversations)
            | (Self::Backups, Need::Backups)
            | (Self::Runbooks, Need::Runbooks)
            | (Self::Services, Need::Services) => true,
            (Self::Post(pattern), Need::Post(conversation)) => pattern.matches(conversation.as_str()),
            (Self::Page(pattern), Need::Page(notifier)) => pattern.matches(notifier),
            (Self::Jobs(kinds), Need::Job(kind)) => kinds.matches(kind),
            (Self::Jobs(_), Need::AnyJob) => true,
            (Self::Operation(grant), Need::Operation(what)) => grant.opens(what),
            _ => false,
        }
    }

    /// Whether every door that `other` opens is opened by this one too.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::IncidentsWrite, Self::IncidentsRead) => true,
            (Self::Post(wide), Self::Post(narrow)) | (Self::Page(wide), Self::Page(narrow)) => {
                wide == narrow || (wide.open && wide.matches(&narrow.prefix))
            }
            (Self::Jobs(wide), Self::Jobs(narrow)) => wide == narrow || (wide.open && wide.matches(&narrow.prefix)),
            (Self::Operation(wide), Self::Operation(narrow)) => wide.covers(narrow),
            _ => self == other,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kv => f.write_str("kv"),
            Self::Timers => f.write_str("timers"),
            Self::Schedules => f.write_str("schedules"),
            Self::IncidentsRead => f.write_str("incidents:read"),
            Self::IncidentsWrite => f.write_str("incidents:write"),
            Self::Approvals => f.write_str("approvals"),
            Self::Status => f.write_str("status"),
            Self::Escalation => f.write_str("escalation"),
            Self::Alerts => f.write_str("alerts"),
            Self::Deploys => f.write_str("deploys"),
            Self::Reactions => f.write_str("reactions"),
            Self::Conversations => f.write_str("conversations"),
            Self::Backups => f.write_str("backups"),
            Self::Runbooks => f.write_str("runbooks"),
            Self::Services => f.write_str("services"),
            Self::Post(pattern) => write!(f, "post:{pattern}"),
            Self::Page(pattern) => write!(f, "page:{pattern}"),
            Self::Operation(grant) => grant.fmt(f),
            Self::Jobs(kinds) => write!(f, "jobs:{}{}", kinds.prefix, if kinds.open { "*" } else { "" }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, if self.open { "*" } else { "" })
    }
}

impl Pattern {
    fn notifier(text: &str) -> Option<Self> {
        let (prefix, open) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        ((open || !prefix.is_empty()) && prefix.chars().all(plain)).then(|| Self { prefix: prefix.to_owned(), open })
    }

    fn parse(text: &str) -> Option<Self> {
        let (prefix, open) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
        let whole =
            open || prefix.split_once(':').is_some_and(|(platform, name)| !platform.is_empty() && !name.is_empty());
        (whole && !prefix.contains('*')).then(|| Self { prefix: prefix.to_owned(), open })
    }

    fn matches(&self, conversation: &str) -> bool {
        if self.open { conversation.starts_with(&self.prefix) } else { conversation == self.prefix }
    }
}

impl Kinds {
    fn parse(text: &str) -> Option<Self> {
        let (prefix, open) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
        let word = prefix.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        (word && (open || !prefix.is_empty())).then(|| Self { prefix: prefix.to_owned(), open })
    }

    fn matches(&self, kind: &str) -> bool {
        if self.open { kind.starts_with(&self.prefix) } else { kind == self.prefix }
    }
}

impl Need<'_> {
    /// The grant that would allow it.
    fn grant(self) -> String {
        match self {
            Self::Kv => Grant::Kv.to_string(),
            Self::Timers => Grant::Timers.to_string(),
            Self::Schedules => Grant::Schedules.to_string(),
            Self::IncidentsRead => Grant::IncidentsRead.to_string(),
            Self::IncidentsWrite => Grant::IncidentsWrite.to_string(),
            Self::Approvals => Grant::Approvals.to_string(),
            Self::Status => Grant::Status.to_string(),
            Self::Escalation => Grant::Escalation.to_string(),
            Self::Post(conversation) => format!("post:{conversation}"),
            Self::Page(notifier) => format!("page:{notifier}"),
            Self::Job(kind) => format!("jobs:{kind}"),
            Self::AnyJob => "jobs:KIND".to_owned(),
            Self::Operation(what) => what.grant(),
            Self::Alerts => Grant::Alerts.to_string(),
            Self::Deploys => Grant::Deploys.to_string(),
            Self::Reactions => Grant::Reactions.to_string(),
            Self::Conversations => Grant::Conversations.to_string(),
            Self::Backups => Grant::Backups.to_string(),
            Self::Runbooks => Grant::Runbooks.to_string(),
            Self::Services => Grant::Services.to_string(),
        }
    }
}

impl Grants {
    /// Both keys of `plugin`: what its manifest requests, what its operator grants.
    pub fn new(plugin: PluginId, requested: Vec<Grant>, granted: Vec<Grant>) -> Self {
        Self { plugin, requested, granted }
    }

    /// Whose they are.
    pub fn plugin(&self) -> &PluginId {
        &self.plugin
    }

    /// What the operator grants.
    pub fn granted(&self) -> &[Grant] {
        &self.granted
    }

    /// What was requested and is not, or not wholly, granted.
    pub fn missing(&self) -> impl Iterator<Item = &Grant> {
        self.requested.iter().filter(|request| !self.granted.iter().any(|grant| grant.covers(request)))
    }

    /// What is granted and, at least in part, requested: the doors that both keys open.
    pub fn effective(&self) -> impl Iterator<Item = &Grant> {
        let asked =
            |grant: &&Grant| self.requested.iter().any(|request| grant.covers(request) || request.covers(grant));
        self.granted.iter().filter(asked)
    }

    /// The one question: do both keys cover the need?
    pub fn check(&self, need: Need<'_>) -> Result<(), Denial> {
        let requested = self.requested.iter().any(|grant| grant.opens(need));
        let granted = self.granted.iter().any(|grant| grant.opens(need));
        if requested && granted {
            return Ok(());
        }
        Err(Denial { plugin: self.plugin.clone(), need: need.grant(), requested, granted })
    }
}

#[cfg(test)]
mod tests;

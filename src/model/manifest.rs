//! What a plugin says of itself: its commands with typed arguments and the capabilities it requests.
//! It travels inside the component, in the custom section `drillbell:manifest`, as the text of `plugin.toml`.

use super::ids::PluginId;
use serde::{Deserialize, Serialize};

/// A plugin's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Lower-case words joined by `-`.
    pub name: PluginId,
    /// Semantic version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// SPDX expression.
    pub license: String,
    /// Where to read more; may be empty.
    #[serde(default)]
    pub homepage: String,
    /// It hears the timer `start` when its build or the configuration is new.
    #[serde(default)]
    pub wakes: bool,
    /// What of its memory whoever looks on may read.
    #[serde(default)]
    pub shows: Vec<Shown>,
    /// The slash commands it handles.
    #[serde(default)]
    pub commands: Vec<CommandSpec>,
    /// What it wants to be allowed, each with its reason.
    #[serde(default)]
    pub capabilities: Vec<CapabilityRequest>,
}

/// Something in a plugin's memory that is no secret of its own, in a form that the house knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// Below `last-run/`, by the names of runbooks: how each went last.
    RunbookRuns,
}

/// A capability that a plugin requests: the first of the two keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilityRequest {
    /// `kv`, `timers`, `incidents:read`, `incidents:write`, `post:console:#ops`, `post:*`, …
    pub grant: String,
    /// Shown to the operator who decides.
    pub reason: String,
}

/// A slash command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// Without the slash.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Its subcommands.
    pub subcommands: Vec<SubcommandSpec>,
}

/// A subcommand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubcommandSpec {
    /// One word.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Who sees the answer.
    #[serde(default)]
    pub reply: ReplyMode,
    /// Positional arguments in order, then options (`--name VALUE`) and flags (`--name`).
    #[serde(default)]
    pub args: Vec<ArgSpec>,
}

/// Who sees an answer; fixed before the plugin runs, because a platform wants to know when the reply is deferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplyMode {
    /// Everybody in the conversation.
    #[default]
    Channel,
    /// The one who asked.
    Private,
}

/// An argument, option or flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArgSpec {
    /// Lower case; an option is typed `--name`.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: ArgKind,
    /// One line.
    pub summary: String,
    /// `true`: an option or flag; `false`: positional.
    #[serde(default)]
    pub option: bool,
    /// It must be given.
    #[serde(default)]
    pub required: bool,
    /// The last positional takes the rest of the line, quotes optional.
    #[serde(default)]
    pub rest: bool,
    /// For `choice`: the words to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Canonical text used when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// What an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArgKind {
    /// Any text.
    Text,
    /// A whole number.
    Int,
    /// `90s`, `15m`, `2h`, `1d`, `1h30m`; canonical: milliseconds.
    Duration,
    /// RFC 3339, `14:30`, `tomorrow 09:00`, `+15m`; canonical: RFC 3339 in UTC.
    Time,
    /// A person: `@ana`, or as a platform writes a mention; canonical: the person's id.
    User,
    /// A conversation: `#ops`, `slack:#ops`; canonical: qualified.
    Channel,
    /// One of `choices`.
    Choice,
    /// `INC-7`, `7`.
    Incident,
    /// A configured backup target.
    Target,
    /// A configured service.
    Service,
    /// A configured severity, by any of its names; canonical: the configured one.
    Severity,
    /// Present or not; option only.
    Flag,
}

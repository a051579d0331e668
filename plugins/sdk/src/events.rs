//! What happened, as handlers receive it. Moments are milliseconds since the Unix epoch.

use crate::args::Args;
use crate::ids::{Conversation, IncidentId, MessageRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::Deref;

/// Somebody: a configured person (`id` = `ana`) or a platform identity nobody joined to one (`id` = `console:ana`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Stable identity, for comparing.
    pub id: String,
    /// What to show.
    pub name: String,
}

/// A slash command that this plugin's manifest declares, parsed and checked by the host.
/// Its arguments are read on the command itself: `cmd.text("title")`, `cmd.duration("every")?`, `cmd.flag("all")`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Without the slash: `sev`.
    pub name: String,
    /// `declare`.
    pub subcommand: String,
    /// What was given or has a default.
    pub args: Args,
    /// What was typed, for the record.
    pub line: String,
    /// Who typed it.
    pub by: Person,
    /// Where.
    pub conversation: Conversation,
    /// The incident meant: `--incident`, else the conversation's, else the only open one.
    pub incident: Option<IncidentId>,
    /// When.
    pub at_ms: u64,
}

impl Deref for Command {
    type Target = Args;

    fn deref(&self) -> &Args {
        &self.args
    }
}

/// A click on a button of one of this plugin's cards, or a submitted form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// The card it is on.
    pub card: MessageRef,
    /// What the plugin called the button.
    pub action: String,
    /// What the plugin left on it.
    pub value: String,
    /// Values of a submitted form; empty for a button. A button whose action is `ack` is also pressed by a reply `ack`; then
    /// `said` has its words.
    pub fields: Args,
    /// Who clicked.
    pub by: Person,
    /// Where.
    pub conversation: Conversation,
    /// The incident whose card it is.
    pub incident: Option<IncidentId>,
    /// When.
    pub at_ms: u64,
}

/// An alert that a monitoring system sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// The `[alerts.NAME]` it came in by.
    pub source: String,
    /// The same for the same trouble.
    pub fingerprint: String,
    /// `firing` or `resolved`.
    pub status: String,
    /// One line.
    pub title: String,
    /// Labels.
    pub labels: Args,
    /// Annotations.
    pub annotations: Args,
    /// When it began.
    pub started_ms: u64,
    /// When it ended, if it did.
    pub ended_ms: Option<u64>,
    /// The sender's own page about it, or empty.
    pub url: String,
}

/// A deploy record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deploy {
    /// The service.
    pub service: String,
    /// The version now.
    pub version: String,
    /// The version before.
    pub previous: String,
    /// The commit.
    pub commit: String,
    /// `none`, `expand` or `contract`.
    pub schema: String,
    /// The migrations it brought.
    pub migrations: Vec<String>,
    /// Who or what deployed.
    pub by: String,
    /// When.
    pub at_ms: u64,
}

/// A timer of this plugin that came due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timer {
    /// What the plugin called it.
    pub name: String,
    /// What the plugin left for itself.
    pub payload: String,
    /// When it should have fired.
    pub due_ms: u64,
    /// How late it is.
    pub late_ms: u64,
}

/// The end of a job that this plugin started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The job.
    pub id: String,
    /// What kind of job.
    pub kind: String,
    /// `done`, `failed`, `cancelled` or `lost`.
    pub status: String,
    /// The result as JSON.
    pub detail: String,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// When it ended.
    pub at_ms: u64,
}

impl Job {
    /// What it says, read as a type that names the keys it needs. What is `null` counts as left out.
    pub fn said<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let mut said = serde_json::from_str(&self.detail)?;
        without_nulls(&mut said);
        serde_json::from_value(said)
    }
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(keys) => {
            keys.retain(|_, value| !value.is_null());
            keys.values_mut().for_each(without_nulls);
        }
        Value::Array(all) => all.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// The end of an approval that this plugin asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The approval.
    pub id: String,
    /// `approved`, `denied`, `expired` or `void`.
    pub status: String,
    /// What it was about.
    pub subject: String,
    /// Who decided.
    pub by: Vec<Person>,
    /// When.
    pub at_ms: u64,
}

/// A reaction somebody put on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// The message.
    pub message: MessageRef,
    /// A short name such as `pushpin`.
    pub emoji: String,
    /// The message's text, where the platform tells it.
    pub text: String,
    /// Who reacted.
    pub by: Person,
    /// Where.
    pub conversation: Conversation,
    /// The conversation's incident.
    pub incident: Option<IncidentId>,
    /// When.
    pub at_ms: u64,
}

/// An incident that another plugin declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// The incident.
    pub incident: IncidentId,
    /// The plugin that declared it.
    pub by: String,
    /// Where it was declared.
    pub conversation: Conversation,
    /// When.
    pub at_ms: u64,
}

/// A request for completions of one argument while somebody types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Query {
    /// The command, without the slash.
    pub command: String,
    /// The subcommand.
    pub subcommand: String,
    /// The argument being typed.
    pub argument: String,
    /// What is there already.
    pub prefix: String,
    /// Who is typing.
    pub by: Person,
    /// Where.
    pub conversation: Conversation,
}

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What is filled in.
    pub value: String,
    /// What people read.
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[test]
    fn what_a_job_leaves_open_is_as_if_it_were_not_said() {
        #[derive(Debug, Default, PartialEq, Deserialize)]
        #[serde(default)]
        struct Said {
            rows: u64,
            why: Option<String>,
            parts: Vec<Said>,
        }
        let detail = r#"{"rows": null, "why": "no", "parts": [{"rows": 3, "why": null, "more": null}]}"#.to_owned();
        let (id, kind, status) = ("1".to_owned(), "drill".to_owned(), "done".to_owned());
        let job = Job { id, kind, status, detail, incident: None, at_ms: 0 };
        let part = Said { rows: 3, ..Said::default() };
        assert_eq!(
            job.said::<Said>().expect("it reads"),
            Said { rows: 0, why: Some("no".to_owned()), parts: vec![part] }
        );
        assert!(Job { detail: "what?".to_owned(), ..job }.said::<Said>().is_err());
    }
}

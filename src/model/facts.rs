//! What is known of an incident besides its words: who has which role, what is to be done, when it was open and who took
//! it up. Kept with the incident and counted by its revision; the rules are in `crate::incident`.

use super::ids::{IncidentId, PersonId};
use serde::{Deserialize, Serialize};

/// Everything of the kind. An incident from before there were facts has the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Facts {
    /// Roles that somebody has, in the order they were taken.
    pub roles: Vec<Holder>,
    /// What is or was to be done, in the order it was added; numbered from 1.
    pub tasks: Vec<Task>,
    /// The times it was open, one after the other; the last has no end while it is.
    pub spans: Vec<Span>,
    /// The incident that this one turned out to be part of; it is resolved then, for good.
    pub merged_into: Option<IncidentId>,
    /// When people expect the next update, milliseconds since the epoch; none while it is resolved or nobody does.
    pub next_update_ms: Option<i64>,
}

/// A role and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Holder {
    /// `commander`, `communications`, `scribe` or another word.
    pub role: String,
    /// A person's id.
    pub person: PersonId,
    /// Since when, milliseconds since the epoch.
    pub since_ms: i64,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Task {
    /// Counts from 1 within the incident.
    pub number: u32,
    /// What, in one line.
    pub text: String,
    /// Whose it is (a person's id), if anybody's.
    pub owner: Option<PersonId>,
    /// When it should be done, milliseconds since the epoch.
    pub due_ms: Option<i64>,
    /// Who added it, and when.
    pub added: Deed,
    /// Who did it, and when.
    pub done: Option<Deed>,
}

/// Somebody did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Deed {
    /// A person's id or `plugin:NAME`.
    pub by: PersonId,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

/// A time that an incident was open: from its declaration or reopening to its resolution. All moments are milliseconds
/// since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Span {
    /// When it began.
    pub opened_ms: i64,
    /// Who first said "I have it", and when.
    pub acknowledged: Option<Deed>,
    /// When it first left `investigating`: it was decided what to do.
    pub decided_ms: Option<i64>,
    /// When it first reached `monitoring` or the end: the service was restored.
    pub restored_ms: Option<i64>,
    /// When it ended.
    pub resolved_ms: Option<i64>,
}

impl Facts {
    /// Who has a role.
    pub fn holder(&self, role: &str) -> Option<&Holder> {
        self.roles.iter().find(|holder| holder.role == role)
    }

    /// Who took up the present or last time it was open.
    pub fn acknowledged(&self) -> Option<&Deed> {
        self.spans.last()?.acknowledged.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::incident::Incident;
    use serde_json::json;

    #[test]
    fn an_incident_from_before_there_were_facts_reads_as_one_without_any() {
        let stored = json!({
            "id": "INC-7", "title": "checkout is down", "severity": "sev1", "status": "resolved",
            "conversation": "console:#incidents", "service": null, "declared_by": "ana", "declared_ms": 1,
            "resolved_ms": 2, "card": null, "latest": "", "revision": 3,
        });
        let old: Incident = serde_json::from_value(stored).expect("it reads");
        assert_eq!(old.facts, super::Facts::default());
        assert!(old.facts.acknowledged().is_none() && old.facts.holder("commander").is_none());
        let mut partly = serde_json::to_value(&old).expect("it is JSON");
        partly["facts"] = json!({"merged_into": "INC-1"});
        let partly: Incident = serde_json::from_value(partly).expect("facts of another version read too");
        assert_eq!(partly.facts.merged_into.expect("given").as_str(), "INC-1");
    }
}

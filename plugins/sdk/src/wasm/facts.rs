//! Roles, tasks and times: the author's types from the wire's, field by field.

use super::bindings::drillbell::incidents::incidents as wire;
use crate::facts::{Clocks, Deed, Facts, Holder, Past, Span, Task};

impl From<wire::Deed> for Deed {
    fn from(deed: wire::Deed) -> Self {
        Self { by: deed.by, at_ms: deed.at }
    }
}

impl From<wire::Span> for Span {
    fn from(span: wire::Span) -> Self {
        Self {
            opened_ms: span.opened_at,
            acknowledged: span.acknowledged.map(Into::into),
            decided_ms: span.decided_at,
            restored_ms: span.restored_at,
            resolved_ms: span.resolved_at,
        }
    }
}

impl From<wire::Task> for Task {
    fn from(task: wire::Task) -> Self {
        Self {
            number: task.number,
            text: task.text,
            owner: task.owner,
            due_ms: task.due,
            added: task.added.into(),
            done: task.done.map(Into::into),
        }
    }
}

impl From<wire::Facts> for Facts {
    fn from(facts: wire::Facts) -> Self {
        let holder = |holder: wire::Holder| Holder { role: holder.role, person: holder.person, since_ms: holder.since };
        Self {
            roles: facts.roles.into_iter().map(holder).collect(),
            tasks: facts.tasks.into_iter().map(Into::into).collect(),
            spans: facts.spans.into_iter().map(Into::into).collect(),
            merged_into: facts.merged_into.map(Into::into),
            next_update_ms: facts.next_update,
        }
    }
}

impl From<wire::Clocks> for Clocks {
    fn from(clocks: wire::Clocks) -> Self {
        Self {
            acknowledge_ms: clocks.acknowledge_within,
            decide_ms: clocks.decide_within,
            rollback_ms: clocks.rollback_within,
            update_every_ms: clocks.update_every,
        }
    }
}

impl From<wire::Past> for Past {
    fn from(past: wire::Past) -> Self {
        Self {
            id: past.id.into(),
            severity: past.severity,
            service: past.service,
            declared_ms: past.declared_at,
            merged_into: past.merged_into.map(Into::into),
            spans: past.spans.into_iter().map(Into::into).collect(),
        }
    }
}

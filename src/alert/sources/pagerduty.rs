//! PagerDuty's webhooks v3: one event about one incident of theirs.
//! <https://developer.pagerduty.com/docs/webhooks-overview>

use super::one;
use crate::alert::draft::Draft;
use crate::alert::read::{At, json};
use crate::alert::{Input, Parsed, Reject};

/// Reads one. An event that is about no incident's state (a note, a test ping) holds no alert.
pub(in crate::alert) fn parse(input: Input<'_>) -> Result<Parsed, Reject> {
    let body = json(input.bytes)?;
    let event = At::whole(&body).child("event")?;
    let name = event.needed("id")?;
    let firing = match event.needed("event_type")? {
        "incident.resolved" => false,
        "incident.triggered"
        | "incident.acknowledged"
        | "incident.unacknowledged"
        | "incident.reopened"
        | "incident.escalated"
        | "incident.reassigned"
        | "incident.delegated"
        | "incident.priority_updated" => true,
        _ => return Ok(Parsed { name: Some(name.to_owned()), ..Parsed::default() }),
    };
    let data = event.child("data")?;
    let about = |key: &str| data.maybe(key).and_then(|it| it.word("summary"));
    let occurred = event.moment("occurred_at")?;
    let mut draft = Draft {
        firing,
        titles: [data.word("title"), about("service")].into_iter().flatten().collect(),
        fingerprint: Some(data.needed("id")?.to_owned()),
        started_ms: data.moment("created_at")?.or(occurred),
        ended_ms: occurred,
        urls: data.word("html_url").into_iter().collect(),
        ..Draft::default()
    };
    draft.label("alertname", data.word("title"));
    draft.label("service", about("service"));
    draft.label("urgency", data.word("urgency"));
    // A priority such as P1 says more than the two urgencies.
    let urgency = match data.word("urgency").as_deref() {
        Some("high") => Some("critical".to_owned()),
        Some("low") => Some("warning".to_owned()),
        _ => None,
    };
    draft.label("severity", about("priority").or(urgency));
    draft.annotation("status", data.word("status"));
    draft.annotation("number", data.word("number"));
    draft.annotation("by", event.maybe("agent").and_then(|agent| agent.word("summary")));
    Ok(one(draft.finish(&data)?, Some(name)))
}

//! Sentry's integration platform: issue alerts, metric alerts and issues.
//! <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>

use super::one;
use crate::alert::draft::Draft;
use crate::alert::read::{At, json};
use crate::alert::{Input, Parsed, Reject};
use serde_json::Value;

/// Reads one. What is about neither an alert nor an issue (an installation, a comment) holds no alert.
pub(in crate::alert) fn parse(input: Input<'_>) -> Result<Parsed, Reject> {
    let body = json(input.bytes)?;
    let whole = At::whole(&body);
    let action = whole.needed("action")?;
    let data = whole.child("data")?;
    if let Some(event) = data.maybe("event") {
        return event_alert(&data, &event);
    }
    if let Some(metric) = data.maybe("metric_alert") {
        return metric_alert(action, &data, &metric);
    }
    if let Some(issue) = data.maybe("issue") {
        return issue_of(action, &issue);
    }
    Ok(Parsed::default())
}

/// An issue alert rule was triggered. Its end comes as an issue that is resolved, with the same id.
fn event_alert(data: &At<'_>, event: &At<'_>) -> Result<Parsed, Reject> {
    let id = event.word("issue_id").or_else(|| event.word("event_id"));
    let Some(id) = id else { return Err(event.wrong("issue_id", "it is missing")) };
    let mut draft = Draft {
        firing: true,
        titles: [event.word("title"), event.word("message")].into_iter().flatten().collect(),
        fingerprint: Some(id),
        started_ms: event.moment("datetime")?,
        urls: event.word("web_url").into_iter().collect(),
        ..Draft::default()
    };
    let rule = data.word("triggered_rule");
    draft.label("alertname", rule.clone().or_else(|| event.word("title")));
    draft.label("project", event.word("project"));
    draft.label("severity", event.word("level"));
    draft.label("environment", event.word("environment").or_else(|| tag(event, "environment")));
    draft.label("service", tag(event, "service").or_else(|| tag(event, "server_name")));
    draft.annotation("culprit", event.word("culprit"));
    // One event may trigger several rules; each is a notification.
    let name = event.word("event_id").map(|id| format!("{id} {}", rule.as_deref().unwrap_or_default()));
    draft.annotation("rule", rule);
    Ok(one(draft.finish(event)?, name.as_deref()))
}

/// Tags are pairs in a list.
fn tag(event: &At<'_>, wanted: &str) -> Option<String> {
    let tags = event.value.get("tags")?.as_array()?;
    let pair =
        tags.iter().filter_map(Value::as_array).find(|pair| pair.first().and_then(Value::as_str) == Some(wanted))?;
    pair.get(1)?.as_str().map(str::to_owned)
}

fn metric_alert(action: &str, data: &At<'_>, metric: &At<'_>) -> Result<Parsed, Reject> {
    let (firing, severity) = match action {
        "critical" => (true, "critical"),
        "warning" => (true, "warning"),
        "resolved" => (false, "none"),
        _ => return Ok(Parsed::default()),
    };
    let rule = metric.maybe("alert_rule");
    let id = rule.as_ref().and_then(|rule| rule.word("id")).or_else(|| metric.word("id"));
    let Some(id) = id else { return Err(metric.wrong("id", "it is missing")) };
    let named = rule.as_ref().and_then(|rule| rule.word("name"));
    let mut draft = Draft {
        firing,
        titles: [data.word("description_title"), metric.word("title"), named.clone()].into_iter().flatten().collect(),
        fingerprint: Some(format!("metric-{id}")),
        started_ms: metric.moment("date_started")?.or(metric.moment("date_created")?),
        ended_ms: metric.moment("date_closed")?,
        urls: data.word("web_url").into_iter().collect(),
        ..Draft::default()
    };
    draft.label("alertname", named.or_else(|| metric.word("title")));
    draft.label("severity", Some(severity).filter(|_| firing));
    let projects = metric.value.get("projects").and_then(Value::as_array);
    draft.label("project", projects.and_then(|all| all.first()).and_then(Value::as_str));
    draft.annotation("description", data.word("description_text"));
    Ok(one(draft.finish(metric)?, None))
}

fn issue_of(action: &str, issue: &At<'_>) -> Result<Parsed, Reject> {
    let firing = match action {
        "created" | "unresolved" => true,
        "resolved" | "archived" | "ignored" => false,
        _ => return Ok(Parsed::default()),
    };
    let Some(id) = issue.word("id") else { return Err(issue.wrong("id", "it is missing")) };
    let mut draft = Draft {
        firing,
        titles: [issue.word("title"), issue.word("culprit")].into_iter().flatten().collect(),
        fingerprint: Some(id),
        started_ms: issue.moment("firstSeen")?,
        urls: [issue.word("web_url"), issue.word("permalink")].into_iter().flatten().collect(),
        ..Draft::default()
    };
    draft.label("alertname", issue.word("title"));
    draft.label("project", issue.maybe("project").and_then(|project| project.word("slug")));
    draft.label("severity", issue.word("level"));
    draft.annotation("culprit", issue.word("culprit"));
    draft.annotation("short id", issue.word("shortId"));
    Ok(one(draft.finish(issue)?, None))
}

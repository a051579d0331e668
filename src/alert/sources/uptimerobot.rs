//! UptimeRobot's web-hook alert contact, as a form (its usual way) or as JSON with the same names.
//! <https://help.uptimerobot.com/en/articles/11361342-how-to-set-up-uptimerobot-webhook-alerts>

use super::one;
use crate::alert::draft::Draft;
use crate::alert::read::{At, json};
use crate::alert::{Input, Parsed, Reject};
use serde_json::{Map, Value};

/// Fields that are read of a form.
const FIELDS: usize = 64;

/// Reads one.
pub(in crate::alert) fn parse(input: Input<'_>) -> Result<Parsed, Reject> {
    let body = match input.bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => json(input.bytes)?,
        _ => form(input.bytes)?,
    };
    let at = At::whole(&body);
    let Some(id) = at.word("monitorID") else { return Err(at.wrong("monitorID", "it is missing")) };
    // 1 is down, 2 is up, 3 says that a certificate runs out, which has no end of its own.
    let kind = at.word("alertType").unwrap_or_default();
    let (firing, fingerprint, what) = match kind.trim() {
        "1" => (true, id.clone(), "is down"),
        "2" => (false, id.clone(), "is up"),
        "3" => (true, format!("{id}-certificate"), "has a certificate that expires soon"),
        _ => return Err(at.wrong("alertType", "1 (down), 2 (up) or 3 (certificate expires) was expected")),
    };
    let monitor = at.word("monitorFriendlyName").filter(|name| !name.trim().is_empty());
    let monitor = monitor.or_else(|| at.word("monitorURL")).unwrap_or_else(|| format!("monitor {id}"));
    let when = at.moment("alertDateTime")?;
    let mut draft = Draft {
        firing,
        titles: vec![format!("{monitor} {what}")],
        fingerprint: Some(fingerprint),
        started_ms: when.filter(|_| firing),
        ended_ms: when,
        urls: at.word("monitorURL").into_iter().collect(),
        ..Draft::default()
    };
    draft.label("alertname", Some(if kind.trim() == "3" { "CertificateExpires" } else { "MonitorDown" }));
    draft.label("monitor", Some(monitor));
    draft.label("severity", Some(if kind.trim() == "3" { "warning" } else { "critical" }).filter(|_| firing));
    draft.annotation("description", at.word("alertDetails"));
    draft.annotation("certificate expires", at.word("sslExpiryDate"));
    draft.annotation("down for seconds", at.word("alertDuration").filter(|_| !firing));
    // The name of the notification: the moment with its state.
    let name = at.word("alertDateTime").map(|moment| format!("{id}-{}-{moment}", kind.trim()));
    Ok(one(draft.finish(&at)?, name.as_deref()))
}

fn form(bytes: &[u8]) -> Result<Value, Reject> {
    let fields = url::form_urlencoded::parse(bytes).take(FIELDS);
    let map: Map<String, Value> =
        fields.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
    match map.contains_key("monitorID") {
        true => Ok(Value::Object(map)),
        false => Err(Reject::whole("monitorID", "it is missing; a form or a JSON object was expected")),
    }
}

//! One file a source. Each reads the sender's published format and nothing else.

pub(super) mod generic;
pub(super) mod pagerduty;
pub(super) mod prometheus;
pub(super) mod sentry;
pub mod sns;
pub(super) mod uptimerobot;

use super::read::At;
use super::{Alert, Parsed, Reject};
use crate::config::limits::alerts::ALERTS_PER_NOTIFICATION;
use serde_json::Value;

/// Reads every item of a list; what one of them lacks is no other's trouble.
fn each(list: &[Value], path: &str, read: impl Fn(&At<'_>) -> Result<Alert, Reject>) -> Result<Parsed, Reject> {
    if list.len() > ALERTS_PER_NOTIFICATION {
        let reason = format!("there are {}; at most {ALERTS_PER_NOTIFICATION} are taken at once", list.len());
        return Err(Reject::whole(if path.is_empty() { "body" } else { path }, reason));
    }
    let mut parsed = Parsed::default();
    for (index, value) in list.iter().enumerate() {
        let at = At::item(path, index, value);
        let alert = match value {
            Value::Object(_) => read(&at),
            _ => Err(Reject { at: index, field: at.path.clone(), reason: "an object was expected".to_owned() }),
        };
        match alert {
            Ok(alert) => parsed.alerts.push(alert),
            Err(reject) => parsed.rejects.push(reject),
        }
    }
    Ok(parsed)
}

/// A notification that is one alert.
fn one(alert: Alert, name: Option<&str>) -> Parsed {
    Parsed { alerts: vec![alert], rejects: Vec::new(), name: name.map(str::to_owned) }
}

//! CloudWatch alarms as SNS delivers them over HTTPS: an envelope that is signed, with the alarm as JSON text within.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

mod signature;

pub use signature::{certificate_address, key_of, verify};

use super::one;
use crate::alert::draft::Draft;
use crate::alert::read::{At, json};
use crate::alert::{Input, Parsed, Reject};
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// What an SNS message is signed over and by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    pub kind: String,
    /// The topic's ARN.
    pub topic: String,
    /// Where a visit confirms the subscription.
    pub subscribe: Option<Url>,
    /// Every text of it, by name.
    fields: BTreeMap<String, String>,
}

impl Envelope {
    /// Reads an envelope.
    ///
    /// # Errors
    /// What it lacks.
    pub fn read(bytes: &[u8]) -> Result<Self, Reject> {
        let body = json(bytes)?;
        let at = At::whole(&body);
        let kind = at.needed("Type")?.to_owned();
        if !matches!(kind.as_str(), "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation") {
            return Err(at.wrong("Type", "`Notification` or `SubscriptionConfirmation` was expected"));
        }
        let topic = at.needed("TopicArn")?.to_owned();
        at.needed("MessageId")?;
        at.needed("Message")?;
        let subscribe = at.text("SubscribeURL")?.and_then(|url| Url::parse(url).ok()).filter(signature::is_sns);
        let fields = body.as_object().into_iter().flatten();
        let texts = fields.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Ok(Self { kind, topic, subscribe, fields: texts.collect() })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// Reads a notification; a confirmation holds no alert.
pub(in crate::alert) fn parse(input: Input<'_>) -> Result<Parsed, Reject> {
    let envelope = Envelope::read(input.bytes)?;
    let name = envelope.field("MessageId");
    if envelope.kind != "Notification" {
        return Ok(Parsed { name: name.map(str::to_owned), ..Parsed::default() });
    }
    let message = json(envelope.field("Message").unwrap_or_default().as_bytes())
        .map_err(|wrong| Reject { field: "Message".to_owned(), ..wrong })?;
    let at = At { index: 0, path: "Message".to_owned(), value: &message };
    let alarm = at.needed("AlarmName")?;
    let state = at.needed("NewStateValue")?;
    let (firing, title) = match state {
        "ALARM" => (true, alarm.to_owned()),
        // Unknown is not healthy: nobody measures any more.
        "INSUFFICIENT_DATA" => (true, format!("{alarm}: no data")),
        "OK" => (false, alarm.to_owned()),
        _ => return Err(at.wrong("NewStateValue", "`ALARM`, `OK` or `INSUFFICIENT_DATA` was expected")),
    };
    let changed = at.moment("StateChangeTime")?;
    let mut draft = Draft {
        firing,
        titles: vec![title],
        fingerprint: Some(at.word("AlarmArn").unwrap_or_else(|| alarm.to_owned())),
        started_ms: changed.filter(|_| firing),
        ended_ms: changed,
        ..Draft::default()
    };
    draft.label("alertname", Some(alarm));
    draft.label("state", Some(state.to_lowercase()).filter(|_| firing));
    draft.label("account", at.word("AWSAccountId"));
    draft.label("region", at.word("Region"));
    if let Some(trigger) = at.maybe("Trigger") {
        draft.label("metric", trigger.word("MetricName"));
        draft.label("namespace", trigger.word("Namespace"));
        let dimensions = trigger.value.get("Dimensions").and_then(Value::as_array);
        for dimension in dimensions.into_iter().flatten().take(30) {
            let part = |key: &str| dimension.get(key).and_then(Value::as_str);
            draft.labels.extend(part("name").zip(part("value")).map(|(n, v)| (n.to_owned(), v.to_owned())));
        }
    }
    draft.annotation("description", at.word("AlarmDescription"));
    draft.annotation("reason", at.word("NewStateReason"));
    Ok(one(draft.finish(&at)?, name))
}

//! Alertmanager's webhook (version 4) and Grafana's, which took the same shape and added to it.
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>,
//! <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>

use super::each;
use crate::alert::draft::Draft;
use crate::alert::read::{At, json};
use crate::alert::{Alert, Input, Parsed, Reject};
use serde_json::Value;

/// Reads Alertmanager's notification.
pub(in crate::alert) fn alertmanager(input: Input<'_>) -> Result<Parsed, Reject> {
    read(input, |_, _| {})
}

/// Reads Grafana's.
pub(in crate::alert) fn grafana(input: Input<'_>) -> Result<Parsed, Reject> {
    read(input, |at, draft| {
        for page in ["panelURL", "dashboardURL"] {
            draft.urls.splice(0..0, at.word(page));
        }
        let values = at.value.get("values").and_then(Value::as_object);
        let values =
            values.map(|values| values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>());
        draft.annotation("values", values.filter(|values| !values.is_empty()).map(|values| values.join(" ")));
    })
}

fn read(input: Input<'_>, more: impl Fn(&At<'_>, &mut Draft)) -> Result<Parsed, Reject> {
    let body = json(input.bytes)?;
    let Some(alerts) = body.get("alerts") else { return Err(Reject::whole("alerts", "it is missing")) };
    let Value::Array(alerts) = alerts else { return Err(Reject::whole("alerts", "a list was expected")) };
    if alerts.is_empty() {
        return Err(Reject::whole("alerts", "it is empty"));
    }
    each(alerts, "alerts", |at| alert(at, &more))
}

fn alert(at: &At<'_>, more: &impl Fn(&At<'_>, &mut Draft)) -> Result<Alert, Reject> {
    let firing = match at.needed("status")? {
        "firing" => true,
        "resolved" => false,
        _ => return Err(at.wrong("status", "`firing` or `resolved` was expected")),
    };
    let (labels, annotations) = (at.texts("labels")?, at.texts("annotations")?);
    if labels.is_empty() {
        return Err(at.wrong("labels", "there are none"));
    }
    let of = |pairs: &[(String, String)], name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let titles = [of(&annotations, "summary"), of(&labels, "alertname"), of(&annotations, "description")];
    let mut draft = Draft {
        firing,
        titles: titles.into_iter().flatten().collect(),
        fingerprint: at.text("fingerprint")?.map(str::to_owned),
        started_ms: at.moment("startsAt")?,
        ended_ms: at.moment("endsAt")?,
        urls: at.word("generatorURL").into_iter().collect(),
        labels,
        annotations,
    };
    more(at, &mut draft);
    draft.finish(at)
}

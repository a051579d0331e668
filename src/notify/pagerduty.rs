//! PagerDuty's Events API v2: one event a page, told apart by its `dedup_key`. 202 is taken; 400 is our fault and stays so; 429
//! and 5xx are tried again, as its documentation asks.

use super::http::Client;
use super::page::{Page, clip, said};
use crate::clock::rfc3339;
use crate::config::secret::Secret;
use crate::platform::DeliverError;
use serde_json::{Value, json};
use url::Url;

/// Characters of a summary; PagerDuty refuses longer ones.
const SUMMARY_CHARS: usize = 1024;
/// Characters of one custom detail: the whole event may have 512 KiB.
const DETAIL_CHARS: usize = 4000;
/// Links and details of one event; what is more is in the chat.
const MOST: usize = 20;

/// One integration.
pub(super) struct PagerDuty {
    client: Client,
    url: Url,
    routing_key: Secret,
    public_url: Option<String>,
}

impl PagerDuty {
    pub(super) fn new(client: Client, url: Url, routing_key: Secret, public_url: Option<String>) -> Self {
        Self { client, url, routing_key, public_url }
    }

    pub(super) async fn send(&self, page: &Page<'_>) -> Result<String, DeliverError> {
        let mut event = event(page, self.public_url.as_deref());
        event["routing_key"] = json!(self.routing_key.expose());
        let answer = self.client.send(self.client.post(&self.url, event.to_string())).await?;
        if !answer.status.is_success() {
            return Err(answer.refusal(&[self.routing_key.expose()]));
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let known_as = body.get("dedup_key").and_then(Value::as_str).unwrap_or(page.key);
        Ok(format!("taken as {}", said(known_as, &[self.routing_key.expose()])))
    }

    pub(super) async fn probe(&self) -> Result<String, DeliverError> {
        self.client.probe(&self.url).await
    }
}

/// The event without its routing key.
fn event(page: &Page<'_>, public_url: Option<&str>) -> Value {
    let mut details: serde_json::Map<String, Value> =
        page.fields().take(MOST).map(|(name, value)| (name, json!(clip(&value, DETAIL_CHARS)))).collect();
    details.insert("text".to_owned(), json!(clip(&page.view.to_plain(), DETAIL_CHARS)));
    if let Some(incident) = page.incident {
        details.insert("incident".to_owned(), json!(incident));
    }
    let links: Vec<_> = page.links().take(MOST).map(|(text, href)| json!({"href": href, "text": text})).collect();
    let mut event = json!({
        "event_action": page.action.as_str(),
        "dedup_key": page.key,
        "client": "drillbell",
        "payload": {
            "summary": page.summary(SUMMARY_CHARS),
            "source": "drillbell",
            "severity": page.severity(),
            "timestamp": rfc3339(page.at_ms),
            "custom_details": details,
        },
        "links": links,
    });
    if let Some(url) = public_url {
        event["client_url"] = json!(url);
    }
    event
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::{ROW, outage};
    use super::*;
    use crate::model::page::PageAction;
    use crate::platform::Request;

    #[test]
    fn an_event_says_what_is_wrong_how_bad_it_is_and_where_to_look() {
        let effect = outage(PageAction::Trigger);
        let page = Page::of(Request { id: ROW, effect: &effect, native: None, route: None }, 0).unwrap();
        let event = event(&page, Some("https://drillbell.example.org"));
        insta::assert_snapshot!(serde_json::to_string_pretty(&event).unwrap(), @r#"
        {
          "client": "drillbell",
          "client_url": "https://drillbell.example.org",
          "dedup_key": "INC-1",
          "event_action": "trigger",
          "links": [
            {
              "href": "https://example.org/g?a=1&b=2",
              "text": "Graph"
            }
          ],
          "payload": {
            "custom_details": {
              "Declared": "2026-01-01T00:00:00.000Z",
              "Severity": "sev1",
              "incident": "INC-1",
              "text": "INC-1 · sev1 · checkout is down\nNobody can pay <b>anything</b>.\nSeverity: sev1\nDeclared: 2026-01-01T00:00:00.000Z\nHTTP 500\nHTTP 500\nGraph: https://example.org/g?a=1&b=2\nTrap: javascript:alert(1)\nRolled back: 2/5\nasked by Ana"
            },
            "severity": "critical",
            "source": "drillbell",
            "summary": "INC-1 · sev1 · checkout is down",
            "timestamp": "2026-01-01T00:00:00.000Z"
          }
        }
        "#);
    }
}

//! A signed HTTP request to an address of the operator's choice. Its body and headers are public surface: docs/notify.md.

use super::http::Client;
use super::page::{Page, said};
use crate::clock::rfc3339;
use crate::config::notify::WebhookUrl;
use crate::config::secret::Secret;
use crate::platform::DeliverError;
use hmac::{Hmac, Mac};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::Sha256;

/// A part of an address that is as long as this may be a token.
const TOKEN_BYTES: usize = 16;
/// Characters of the title.
const TITLE_CHARS: usize = 300;

/// One receiver.
pub(super) struct Webhook {
    client: Client,
    url: WebhookUrl,
    secret: Secret,
}

impl Webhook {
    pub(super) fn new(client: Client, url: WebhookUrl, secret: Secret) -> Self {
        Self { client, url, secret }
    }

    pub(super) async fn send(&self, page: &Page<'_>) -> Result<String, DeliverError> {
        let body = body(page).to_string();
        let at_s = self.client.clock().now_ms() / 1000;
        let signature = signature(self.secret.expose(), at_s, &body);
        let request = self
            .client
            .post(self.url.url(), body)
            .header("drillbell-signature", signature)
            .header("drillbell-delivery", page.id)
            .header("drillbell-timestamp", at_s);
        let answer = self.client.send(request).await?;
        match answer.status.is_success() {
            true => Ok(said(&format!("HTTP {}", answer.status.as_u16()), &[])),
            false => {
                let mut hidden = vec![self.secret.expose()];
                // An address that is kept secret is a credential, and error pages like to repeat it.
                if let WebhookUrl::Secret(_, url) = &self.url {
                    hidden.extend(telling(url));
                }
                Err(answer.refusal(&hidden))
            }
        }
    }

    pub(super) async fn probe(&self) -> Result<String, DeliverError> {
        self.client.probe(self.url.url()).await
    }
}

/// What of a secret address must not be repeated: all of it, and its parts that are long enough to be the secret.
fn telling(url: &Url) -> Vec<&str> {
    let values = url.query().unwrap_or_default().split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let parts = url.path_segments().into_iter().flatten().chain(values).filter(|part| part.len() >= TOKEN_BYTES);
    let whole = [url.as_str(), url.query().unwrap_or_default()];
    whole.into_iter().chain(Some(url.path()).filter(|path| path.len() > 1)).chain(parts).collect()
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`. The moment is part of what is signed, so that an old request cannot be
/// sent again as a new one.
fn signature(secret: &str, at_s: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .expect("an HMAC takes a key of any length, by its definition");
    mac.update(format!("{at_s}.{body}").as_bytes());
    format!("t={at_s},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// The same at every attempt.
fn body(page: &Page<'_>) -> Value {
    let links: Vec<_> = page.links().map(|(label, url)| json!({"label": label, "url": url})).collect();
    let fields: Vec<_> = page.fields().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({
        "id": page.id,
        "at": rfc3339(page.at_ms),
        "notifier": page.notifier,
        "action": page.action.as_str(),
        "key": page.key,
        "incident": page.incident,
        "severity": page.severity(),
        "title": page.summary(TITLE_CHARS),
        "text": page.view.to_plain(),
        "fields": fields,
        "links": links,
    })
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::{ROW, outage};
    use super::*;
    use crate::model::page::PageAction;
    use crate::platform::Request;

    #[test]
    fn the_body_is_as_documented() {
        let effect = outage(PageAction::Acknowledge);
        let page = Page::of(Request { id: ROW, effect: &effect, native: None, route: None }, 0).unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&body(&page)).unwrap(), @r#"
        {
          "action": "acknowledge",
          "at": "2026-01-01T00:00:00.000Z",
          "fields": [
            {
              "name": "Severity",
              "value": "sev1"
            },
            {
              "name": "Declared",
              "value": "2026-01-01T00:00:00.000Z"
            }
          ],
          "id": "019b76da-a800-7000-8000-000000000001",
          "incident": "INC-1",
          "key": "INC-1",
          "links": [
            {
              "label": "Graph",
              "url": "https://example.org/g?a=1&b=2"
            }
          ],
          "notifier": "oncall",
          "severity": "critical",
          "text": "INC-1 · sev1 · checkout is down\nNobody can pay <b>anything</b>.\nSeverity: sev1\nDeclared: 2026-01-01T00:00:00.000Z\nHTTP 500\nHTTP 500\nGraph: https://example.org/g?a=1&b=2\nTrap: javascript:alert(1)\nRolled back: 2/5\nasked by Ana",
          "title": "Acknowledged: INC-1 · sev1 · checkout is down"
        }
        "#);
    }

    #[test]
    fn a_secret_address_is_repeated_neither_whole_nor_in_part() {
        let url =
            Url::parse("https://hooks.example.org/services/T0/0123456789abcdef?key=fedcba9876543210&v=2").unwrap();
        let answer = "no hook 0123456789abcdef (key fedcba9876543210, T0) at /services/T0/0123456789abcdef";
        assert_eq!(said(answer, &telling(&url)), "no hook *** (key ***, T0) at ***");
    }

    #[test]
    fn a_signature_is_that_of_another_implementation() {
        // printf '%s' '1767225600.{"id":"x"}' | openssl dgst -sha256 -hmac 'a secret of the receiver'
        assert_eq!(
            signature("a secret of the receiver", 1_767_225_600, "{\"id\":\"x\"}"),
            "t=1767225600,v1=4fa4c814640c08eae67e7542aa5de465d1e2cdb1e3e5ff5ea57dcac567c98c58"
        );
    }
}

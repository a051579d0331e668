//! What senders are told, by the shipped program.

use super::{TOKEN, alert, token_file};
use crate::support::bot::{ALERTS, PEOPLE};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::{Home, Process};
use hmac::{Hmac, Mac};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

/// A home whose program takes alerts.
pub fn home(database: &TestDatabase) -> Home {
    let home = Home::new(database);
    let token = token_file(home.folder.path());
    let more = format!(
        "[chat.console]\nchannels = [\"#incidents\", \"#ops\"]\n[channels]\nalerts = \"console:#ops\"\n\
         [alerts.prom]\nkind = \"alertmanager\"\ntoken = {token}\n[alerts.pager]\nkind = \"pagerduty\"\nsecret = {token}\n\
         [alerts.own]\nkind = \"generic\"\ntoken = {token}\n{ALERTS}\n{PEOPLE}"
    );
    let text = std::fs::read_to_string(&home.config).expect("its configuration");
    let head = text.split("[plugins.").next().expect("a beginning");
    std::fs::write(&home.config, format!("{head}{more}")).expect("write it");
    home
}

pub fn batch(alerts: Vec<Value>) -> String {
    json!({"version": "4", "status": "firing", "alerts": alerts}).to_string()
}

pub fn hook(process: &Process, client: &Client, name: &str) -> RequestBuilder {
    client.post(format!("{}/hooks/{name}", process.url()))
}

async fn told(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[test]
fn senders_are_told_what_became_of_what_they_sent() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::sqlite();
        let home = home(&database);
        let process = home.start(&[]).await;
        let client = Client::new();
        let good = |n: usize| alert("A", &format!("web-{n}"), "firing", "critical");

        // Who does not show the token is a stranger, in every way of not showing it.
        for request in [
            hook(&process, &client, "prom"),
            hook(&process, &client, "prom").bearer_auth("another-token-altogether"),
            hook(&process, &client, "prom").basic_auth(TOKEN, Some("")),
            hook(&process, &client, "prom?token="),
        ] {
            assert_eq!(told(request.body(batch(vec![good(0)]))).await.0, 401);
        }
        assert_eq!(told(hook(&process, &client, "nobody").bearer_auth(TOKEN).body("{}")).await.0, 404);
        let shown = [
            hook(&process, &client, "prom").bearer_auth(TOKEN),
            hook(&process, &client, "prom").basic_auth("alertmanager", Some(TOKEN)),
            hook(&process, &client, &format!("prom?token={TOKEN}")),
        ];
        for (n, request) in shown.into_iter().enumerate() {
            let (status, body) = told(request.body(batch(vec![good(n)]))).await;
            assert_eq!(status, 202, "{body}");
        }

        // One bad alert among fifty.
        let alerts = (0..50).map(|n| if n == 17 { json!({"status": "firing"}) } else { good(n) }).collect();
        let (status, body) = told(hook(&process, &client, "prom").bearer_auth(TOKEN).body(batch(alerts))).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, body["accepted"].as_array().unwrap().len(), &body["rejects"]), (202, 49, &json!(1)));
        assert_eq!(body["rejected"], json!([{"index": 17, "field": "alerts.17.labels", "reason": "there are none"}]));

        // The same under the sender's own name is not taken twice.
        let named = || {
            hook(&process, &client, "own")
                .bearer_auth(TOKEN)
                .header("Idempotency-Key", "once")
                .body("{\"title\":\"t\"}")
        };
        let duplicates = [told(named()).await.1, told(named()).await.1];
        assert!(
            duplicates[0].contains("\"duplicate\":false") && duplicates[1].contains("\"duplicate\":true"),
            "{duplicates:?}"
        );

        // Nothing of use in it.
        for (name, body, status, says) in [
            ("prom", "no JSON".to_owned(), 422, "it is not JSON"),
            ("prom", "{}".to_owned(), 422, "`alerts` does not fit: it is missing"),
            ("prom", batch(vec![json!({"status": 7, "labels": {"a": "b"}})]), 422, "`alerts.0.status` does not fit"),
            ("own", "[".repeat(500_000), 422, "nested too deeply"),
            ("own", "{\"title\": {}}".to_owned(), 422, "`title` does not fit: a text was expected"),
            ("prom", "x".repeat(10_000_000), 413, "larger than"),
        ] {
            let (is, text) = told(hook(&process, &client, name).bearer_auth(TOKEN).body(body)).await;
            assert!(is == status && text.contains(says), "{is} {text}");
        }

        // Signed as PagerDuty signs.
        let body = include_str!("../../fixtures/alerts/pagerduty/triggered.json");
        let signature = |body: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap();
            mac.update(body.as_bytes());
            format!("v1=0000,v1={}", hex::encode(mac.finalize().into_bytes()))
        };
        let signed = |by: String| hook(&process, &client, "pager").header("X-PagerDuty-Signature", by).body(body);
        assert_eq!(told(signed(signature("another body"))).await.0, 401);
        assert_eq!(
            told(hook(&process, &client, "pager").bearer_auth(TOKEN).body(body)).await.0,
            401,
            "a token is no signature"
        );
        let (status, text) = told(signed(signature(body))).await;
        assert!(status == 202 && text.contains("PGR0VU2"), "{status} {text}");
        assert!(told(signed(signature(body))).await.1.contains("\"duplicate\":true"), "by PagerDuty's own name for it");

        // Deploy records, by an API token.
        let deploy = |body: &'static str| {
            hook(&process, &client, "deploys/shop").header("Idempotency-Key", "build-7").body(body)
        };
        assert_eq!(told(deploy("{}")).await.0, 401);
        let deploy = |body| deploy(body).bearer_auth(process.token());
        assert!(told(deploy("{}")).await.1.contains("`version` does not fit: it is missing"));
        assert!(told(deploy("{\"version\":\"1\",\"schema\":\"drop\"}")).await.1.contains("`schema` does not fit"));
        let good = "{\"version\":\"1.4.2\",\"commit\":\"9fceb02\",\"schema\":\"expand\",\"migrations\":[\"0042\"]}";
        assert_eq!(told(deploy(good)).await, (202, "{\"service\":\"shop\",\"duplicate\":false}".to_owned()));
        assert_eq!(told(deploy(good)).await.1, "{\"service\":\"shop\",\"duplicate\":true}");
        let wrong = hook(&process, &client, "deploys/a%20b").bearer_auth(process.token()).body(good);
        assert_eq!(told(wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY.as_u16());
        // The audit trail says by whose token.
        let trail = format!("{}/api/v1/audit?delivery=api/local/deploys/shop/build-7", process.url());
        eventually("the record names who sent it", async || {
            let asked = client.get(&trail).bearer_auth(process.token());
            let (status, text) = told(asked).await;
            (status == 200 && text.contains("\"outcome\":\"ok\"")).then_some(())
        })
        .await;
        assert!(process.end(false).await.success());
    });
}

//! Named tokens: made by the operator, shown once, on record by name, ended at once.

use crate::support::web::TestWeb;
use serde_json::{Value, json};

async fn make(web: &TestWeb, body: Value) -> (u16, Value) {
    let answer = web.post("/api/v1/tokens", body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn whoami(web: &TestWeb, secret: &str) -> (u16, Value) {
    let answer = web.client.get(web.url("/api/v1/whoami")).bearer_auth(secret).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_acts_under_its_name_until_it_is_revoked() {
    let mut web = TestWeb::start().await;
    let (status, made) = make(&web, json!({"name": "ci", "role": "deployer"})).await;
    assert_eq!((status, made["token"]["name"].as_str()), (201, Some("ci")), "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("drillbell_") && secret.len() == 53, "{secret}");

    let (status, who) = whoami(&web, &secret).await;
    assert_eq!(status, 200);
    assert_eq!(who["person"], json!({"id": "token:ci", "name": "ci"}));
    assert_eq!((&who["token"], &who["role"]), (&json!("ci"), &json!("deployer")));
    let command = web.client.post(web.url("/api/v1/commands")).bearer_auth(&secret).json(&json!({"text": "/sev list"}));
    assert_eq!(command.send().await.unwrap().status(), 200);
    assert_eq!(web.seen.recv().await.unwrap().event.by().unwrap().id.as_str(), "token:ci");

    let listed = web.get("/api/v1/tokens").send().await.unwrap().text().await.unwrap();
    assert!(listed.contains("\"ci\"") && !listed.contains(&secret) && !listed.contains("digest"), "{listed}");
    let revoked = web.client.delete(web.url("/api/v1/tokens/ci")).bearer_auth(crate::support::web::TOKEN);
    assert_eq!(revoked.send().await.unwrap().status(), 200);
    assert_eq!(whoami(&web, &secret).await.0, 401);

    let trail = web.store.audit_tail(100).await.unwrap();
    let of = |sealed: &drillbell::audit::SealedRecord| {
        let record: Value = serde_json::from_str(&sealed.record).unwrap();
        format!("{} by {}", record["kind"].as_str().unwrap(), record["actor"].as_str().unwrap())
    };
    let told: Vec<_> = trail.iter().map(of).collect();
    assert_eq!(told, ["token_made by console:local", "command by token:ci", "token_revoked by console:local"]);
    assert!(trail.iter().all(|sealed| !sealed.record.contains(&secret)));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operator_deals_in_tokens_and_a_token_is_nobody_else() {
    let web = TestWeb::start().await;
    let secret = make(&web, json!({"name": "ci"})).await.1["secret"].as_str().unwrap().to_owned();
    let cookie = web.sign_in().await;
    let own = web.address.clone();
    for (method, path) in [("GET", "/api/v1/tokens"), ("POST", "/api/v1/tokens"), ("DELETE", "/api/v1/tokens/ci")] {
        let request = || {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            web.client.request(method, web.url(path)).json(&json!({"name": "mine"}))
        };
        let by_token = request().bearer_auth(&secret).send().await.unwrap();
        let by_session = request().header("Cookie", &cookie).header("Origin", &own).send().await.unwrap();
        assert_eq!((by_token.status().as_u16(), by_session.status().as_u16()), (403, 403), "{method} {path}");
    }
    let other = web.client.get(web.url("/api/v1/whoami?as=anna")).bearer_auth(&secret).send().await.unwrap();
    assert_eq!(other.status(), 403);
    assert_eq!(whoami(&web, &secret).await.0, 200, "it was not revoked");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_run_out_and_their_use_is_noted() {
    let web = TestWeb::start().await;
    let secret = make(&web, json!({"name": "ci", "expires_s": 3600})).await.1["secret"].as_str().unwrap().to_owned();
    assert_eq!(web.store.tokens(1).await.unwrap()[0].used_ms, None);
    web.clock.advance(1000);
    assert_eq!(whoami(&web, &secret).await.0, 200);
    let used = web.store.tokens(1).await.unwrap()[0].used_ms;
    assert_eq!(used, Some(web.clock.now_ms()));
    web.clock.advance(1000);
    whoami(&web, &secret).await;
    assert_eq!(web.store.tokens(1).await.unwrap()[0].used_ms, used, "noted once a minute");
    web.clock.advance(3_598_000);
    assert_eq!(whoami(&web, &secret).await.0, 401);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_is_turned_down_with_a_sentence() {
    let web = TestWeb::start().await;
    make(&web, json!({"name": "ci"})).await;
    let mut told = Vec::new();
    for body in [
        json!({"name": "ci"}),
        json!({"name": "local"}),
        json!({"name": "CI"}),
        json!({"name": "ci", "role": "a b"}),
        json!({"name": "a", "expires_s": 59}),
        json!({"name": "a", "expires_s": 31_622_401}),
        json!({"name": "x".repeat(41)}),
        json!({}),
    ] {
        let (status, problem) = make(&web, body).await;
        told.push(format!("{status} {}: {}", problem["field"].as_str().unwrap(), problem["detail"].as_str().unwrap()));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    409 name: A token `ci` is in use: revoke it first, or choose another name.
    422 name: `local` is the operator's own token; choose another name.
    422 name: `name` is a letter, then lower-case letters, digits, - _ . ; at most 40 in all.
    422 role: `role` is a letter, then lower-case letters, digits, - _ . ; at most 40 in all.
    422 expires_s: `expires_s` is at least 60, and at most 366 days.
    422 expires_s: `expires_s` is at least 60, and at most 366 days.
    422 name: `name` is a letter, then lower-case letters, digits, - _ . ; at most 40 in all.
    422 name: The body does not fit: missing field `name` at line 1 column 2.
    ");
    assert_eq!(web.store.tokens(10).await.unwrap().len(), 1);
    web.end().await;
}

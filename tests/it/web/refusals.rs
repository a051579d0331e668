//! What is turned down: always with a sentence, never with internals.

use crate::support::web::{Options, TOKEN, TestWeb};
use serde_json::{Value, json};

/// Sends a body as it is; status, field and detail of the problem.
async fn refused(web: &TestWeb, path: &str, body: impl Into<reqwest::Body>) -> String {
    let request = web.client.post(web.url(path)).bearer_auth(TOKEN).header("Content-Type", "application/json");
    told(request.body(body).send().await.unwrap()).await
}

async fn told(answer: reqwest::Response) -> String {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let request = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["request"]), (&json!(status), &json!(request)));
    format!("{status} {}: {}", problem["field"].as_str().unwrap_or("-"), problem["detail"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_fit_are_told_what_does_not() {
    let web = TestWeb::start().await;
    let mut told = Vec::new();
    let nul = "{\"text\":\"/sev \\u0000\"}";
    let long = format!("{{\"text\":\"/{}\"}}", "x".repeat(20_000));
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "[\"/x\"]",
        "{\"text\":\"/x\"} {}",
        "{}",
        "{\"text\":7}",
        "{\"text\":\"/x\",\"chanel\":\"#ops\"}",
        "{\"text\":\" \"}",
        "{\"text\":\"/x\",\"text\":\"/y\"}",
        "{\"text\":\"/x\",\"channel\":\"#nowhere\"}",
        "{\"text\":\"/x\",\"channel\":\"slack:#ops\"}",
        "{\"text\":\"/x\",\"as\":\"Ana B\"}",
        nul,
        &long,
    ] {
        told.push(refused(&web, "/api/v1/commands", body.to_owned()).await);
    }
    told.push(refused(&web, "/api/v1/commands", b"{\"text\":\"\xff\"}".to_vec()).await);
    told.push(refused(&web, "/api/v1/commands", "x".repeat(1_000_000)).await);
    told.push(refused(&web, "/api/v1/commands?wait=301", "{\"text\":\"/x\"}").await);
    told.push(refused(&web, "/api/v1/commands?wait=soon", "{\"text\":\"/x\"}").await);
    told.push(refused(&web, "/api/v1/commands?pace=1", "{\"text\":\"/x\"}").await);
    told.push(refused(&web, "/api/v1/actions", "{\"message\":\"m\"}").await);
    insta::assert_snapshot!(told.join("\n"), @r"
    400 -: The body is not JSON: EOF while parsing a value at line 1 column 0.
    400 -: The body is not JSON: EOF while parsing an object at line 1 column 1.
    400 -: The body is not JSON: expected ident at line 1 column 2.
    422 -: The body is JSON, but not an object.
    422 -: The body is JSON, but not an object.
    422 -: The body is JSON, but not an object.
    400 -: The body is more than one JSON object: trailing characters at line 1 column 15.
    422 text: The body does not fit: missing field `text` at line 1 column 2.
    422 text: `text` does not fit: invalid type: integer `7`, expected a string at line 1 column 9.
    422 chanel: `chanel` does not fit: unknown field `chanel`, expected one of `text`, `channel`, `as` at line 1 column 21.
    422 text: `text` is empty.
    422 -: The body does not fit: duplicate field `text` at line 1 column 19.
    422 channel: There is no channel `#nowhere`; there are: #incidents, #ops.
    422 channel: Commands given here belong to the console; `slack` has its own way in.
    422 as: `as` is a console login such as `ana`: at most 40 lower-case letters, digits, - _ .
    422 text: `text` holds the control character U+0000; take it out.
    422 text: `text` has 20001 bytes; at most 16KiB are read.
    400 -: The body is not UTF-8: byte 9 is not part of any text.
    413 -: The body is larger than 256KiB. Nothing was done.
    422 wait: `wait` is a number of seconds, at most 300.
    422 wait: `wait` does not fit: invalid digit found in string.
    422 pace: `pace` does not fit: unknown field `pace`, expected `wait`.
    422 action: The body does not fit: missing field `action` at line 1 column 15.
    ");
    assert_eq!(web.store.open_events().await.unwrap(), 0);
    assert_eq!(web.store.audit_head().await.unwrap().0, 0, "nothing was stored");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_understood_in_every_way_people_write_them() {
    let mut web = TestWeb::start().await;
    for (given, meant) in [
        (json!(null), "console:#incidents"),
        (json!(""), "console:#incidents"),
        (json!("ops"), "console:#ops"),
        (json!("#ops"), "console:#ops"),
        (json!("console:#ops"), "console:#ops"),
    ] {
        let answer = web.post("/api/v1/commands", json!({"text": "/x", "channel": given})).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{given}");
        assert_eq!(web.seen.recv().await.unwrap().conversation.as_str(), meant);
    }
    web.end().await;
    let web = TestWeb::with(Options { channels: Vec::new(), ..Options::default() }).await;
    let off = told(web.post("/api/v1/commands", json!({"text": "/x"})).send().await.unwrap()).await;
    assert_eq!(off, "422 channel: The console is off: `[chat.console] enabled = false`.");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_token_opens_the_api() {
    let web = TestWeb::start().await;
    for (header, challenge) in [
        (None, "Bearer realm=\"drillbell\""),
        (Some("Bearer wrong".to_owned()), "Bearer realm=\"drillbell\", error=\"invalid_token\""),
        (Some("Bearer".to_owned()), "Bearer realm=\"drillbell\", error=\"invalid_token\""),
        (Some(format!("Basic {TOKEN}")), "Bearer realm=\"drillbell\", error=\"invalid_token\""),
        (Some(TOKEN.to_owned()), "Bearer realm=\"drillbell\", error=\"invalid_token\""),
    ] {
        for path in ["/api/v1/whoami", "/api/v1/console/stream", "/api/v1/complete?line=/", "/api/v1/commands/x"] {
            let mut request = web.client.get(web.url(path));
            if let Some(header) = &header {
                request = request.header("Authorization", header);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.headers()["www-authenticate"], challenge, "{path} {header:?}");
            let told = told(answer).await;
            assert!(told.starts_with("401 -: "), "{told}");
            // What it says about tokens is for people to read, as it stands.
            assert!(!told.contains("[secret]"), "{told}");
        }
    }
    let lower = web.client.get(web.url("/api/v1/whoami")).header("Authorization", format!("bearer {TOKEN}"));
    assert_eq!(lower.send().await.unwrap().status(), 200);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_short_and_visible() {
    let web = TestWeb::start().await;
    let long = "k".repeat(201);
    for key in ["", "two words", long.as_str(), "tab\tbed"] {
        let request = web.post("/api/v1/commands", json!({"text": "/x"})).header("Idempotency-Key", key);
        let told = told(request.send().await.unwrap()).await;
        assert_eq!(told, "400 -: `Idempotency-Key` is given once and has 1 to 200 visible ASCII characters.", "{key}");
    }
    let twice = web.post("/api/v1/commands", json!({"text": "/x"}));
    let twice = twice.header("Idempotency-Key", "a").header("Idempotency-Key", "b").send().await.unwrap();
    assert_eq!(twice.status(), 400);
    let longest = web.post("/api/v1/commands", json!({"text": "/x"})).header("Idempotency-Key", "k".repeat(200));
    assert_eq!(longest.send().await.unwrap().status(), 200);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_are_said_in_the_form_of_their_place() {
    let web = TestWeb::start().await;
    assert_eq!(told(web.get("/api/v2/x").send().await.unwrap()).await, "404 -: There is nothing here.");
    let wrong = web.client.delete(web.url("/api/v1/commands")).send().await.unwrap();
    assert_eq!(wrong.headers()["allow"], "POST");
    assert!(told(wrong).await.starts_with("405 -: "));
    let page = web.client.get(web.url("/nowhere")).send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (404, &"text/plain; charset=utf-8".parse().unwrap())
    );
    assert!(page.text().await.unwrap().starts_with("There is nothing here."));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_ours_is_an_answer_without_internals() {
    let web = TestWeb::start().await;
    let told = told(web.get("/api/v1/complete?line=/panic").send().await.unwrap()).await;
    let said = "Something went wrong on our side. The operators find it in the log under this request's id.";
    assert_eq!(told, format!("500 -: {said}"));
    assert_eq!(web.get("/healthz").send().await.unwrap().status(), 200);
    web.end().await;
}

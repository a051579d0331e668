//! Signing in and out, and what a session may do.

use crate::support::web::{Options, TestWeb, ben, signs_in};
use drillbell::signin::new_code;
use serde_json::{Value, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

async fn kinds_on_record(web: &TestWeb) -> Vec<(String, String)> {
    let records = web.store.audit_tail(100).await.unwrap();
    let read = |record: &str| serde_json::from_str::<Value>(record).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    records.iter().map(|sealed| read(&sealed.record)).map(|r| (word(&r["kind"]), word(&r["actor"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_once_and_the_session_opens_the_console() {
    let web = TestWeb::start().await;
    let code = new_code(&web.store, signs_in(ben()), HOUR).await.unwrap();
    let link = web.url(&format!("/login/{code}"));
    assert_eq!(web.client.head(&link).send().await.unwrap().status(), 200, "a preview does not use it up");
    let answer = web.client.get(&link).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &"/console".parse().unwrap()));
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    assert_eq!(value.split_once('=').unwrap().1.len(), 43, "256 bits");

    let page = web.client.get(web.url("/console")).header("Cookie", value).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("/assets/console.js"));
    let whoami = web.client.get(web.url("/api/v1/whoami")).header("Cookie", value).send().await.unwrap();
    let whoami: Value = whoami.json().await.unwrap();
    assert_eq!((&whoami["person"]["id"], &whoami["via"]), (&json!("ben"), &json!("session")));

    let again = web.client.get(&link).send().await.unwrap();
    assert_eq!(again.status(), 403);
    assert!(again.headers().get("set-cookie").is_none());
    assert!(again.text().await.unwrap().contains("This link no longer opens"));
    assert_eq!(kinds_on_record(&web).await, [("login".to_owned(), "ben".to_owned())]);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_sessions_run_out() {
    let web = TestWeb::start().await;
    let code = new_code(&web.store, signs_in(ben()), HOUR).await.unwrap();
    web.clock.advance(3_600_001);
    assert_eq!(web.client.get(web.url(&format!("/login/{code}"))).send().await.unwrap().status(), 403);
    let cookie = web.sign_in().await;
    let whoami = || web.client.get(web.url("/api/v1/whoami")).header("Cookie", &cookie).send();
    web.clock.advance(12 * 3_600_000 - 1);
    assert_eq!(whoami().await.unwrap().status(), 200);
    web.clock.advance(1);
    assert_eq!(whoami().await.unwrap().status(), 401);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_links_is_slowed_down() {
    let web = TestWeb::start().await;
    let guess = async |n: usize| web.client.get(web.url(&format!("/login/guess{n}"))).send().await.unwrap();
    for n in 0..10 {
        assert_eq!(guess(n).await.status(), 403);
    }
    let slowed = guess(10).await;
    assert_eq!((slowed.status().as_u16(), &slowed.headers()["retry-after"]), (429, &"6".parse().unwrap()));
    web.clock.advance(6_000);
    web.sign_in().await;
    web.sign_in().await;
    assert_eq!(guess(11).await.status(), 403, "signing in costs no tries");
    assert_eq!(guess(12).await.status(), 429);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_codes_are_unknown_codes() {
    let web = TestWeb::start().await;
    for code in ["%00", "%FF%FE", "..%2F..%2Fetc", "'%20or%201=1", &"x".repeat(5_000)] {
        assert_eq!(web.client.get(web.url(&format!("/login/{code}"))).send().await.unwrap().status(), 403, "{code}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_for_good() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let logout = || web.client.post(web.url("/logout")).header("Cookie", &cookie);
    assert_eq!(logout().header("Origin", "https://elsewhere.example").send().await.unwrap().status(), 403);
    let out = logout().header("Origin", &web.address).send().await.unwrap();
    assert_eq!(out.status(), 303);
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let page = web.client.get(web.url("/console")).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(page.status(), 401);
    assert!(page.text().await.unwrap().contains("one-time link"));
    assert_eq!(web.client.post(web.url("/logout")).send().await.unwrap().status(), 303, "signed out already");
    let kinds: Vec<_> = kinds_on_record(&web).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["login", "logout"]);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_changes_something_only_from_our_own_page_and_in_its_own_name() {
    let mut web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let request = |body: Value| web.client.post(web.url("/api/v1/commands")).header("Cookie", &cookie).json(&body);
    let plain = || request(json!({"text": "/sev list"}));
    assert_eq!(plain().send().await.unwrap().status(), 403, "no Origin");
    for origin in ["https://elsewhere.example", "null", "http://127.0.0.1:1", "http://localhost", ""] {
        assert_eq!(plain().header("Origin", origin).send().await.unwrap().status(), 403, "{origin}");
    }
    let other = request(json!({"text": "/sev list", "as": "anna"})).header("Origin", &web.address);
    assert_eq!(other.send().await.unwrap().status(), 403);
    assert_eq!(plain().header("Origin", &web.address).send().await.unwrap().status(), 200);
    assert_eq!(web.seen.recv().await.unwrap().event.by().unwrap(), &ben());
    assert!(web.seen.try_recv().is_err(), "nothing else came through");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_cookies_are_locked_to_the_host_and_its_origin_counts() {
    let public_url = Some("https://bell.example.org".to_owned());
    let web = TestWeb::with(Options { public_url, ..Options::default() }).await;
    let code = new_code(&web.store, signs_in(ben()), HOUR).await.unwrap();
    let answer = web.client.get(web.url(&format!("/login/{code}"))).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-drillbell=") && cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    let value = cookie.split(';').next().unwrap();
    for (origin, status) in [("https://bell.example.org", 200), ("http://bell.example.org", 403)] {
        let request = web.client.post(web.url("/api/v1/commands")).header("Cookie", value).header("Origin", origin);
        let request = request.json(&json!({"text": "/sev list"}));
        assert_eq!(request.send().await.unwrap().status(), status, "{origin}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_clicked_on_another_site_goes_on_through_a_page_of_ours() {
    let web = TestWeb::start().await;
    let code = new_code(&web.store, signs_in(ben()), HOUR).await.unwrap();
    let clicked = web.client.get(web.url(&format!("/login/{code}"))).header("Sec-Fetch-Site", "cross-site");
    let answer = clicked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("set-cookie"));
    assert!(answer.text().await.unwrap().contains("url=/console"));
    web.end().await;
}

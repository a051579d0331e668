//! Health, headers and pages: what strangers see.

use crate::support::web::{Options, TestWeb};
use drillbell::web::CheckResult;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_says_that_it_lives_is_ready_and_what_it_counts() {
    let web = TestWeb::start().await;
    let get = async |path: &str| web.client.get(web.url(path)).send().await.unwrap();
    let alive = get("/healthz").await;
    assert_eq!((alive.status().as_u16(), alive.text().await.unwrap().as_str()), (200, "ok"));
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready, json!({"status": "ready", "checks": {"database": {"status": "ok"}}}));
    web.say("/sev list").await;
    let metrics = get("/metrics").await;
    assert_eq!(metrics.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(metrics.text().await.unwrap().contains("drillbell_inbox_deliveries_total{answer=\"accepted\"} 1\n"));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_makes_the_bot_unready_and_what_is_merely_worse_does_not() {
    for (check, status, word) in [
        (CheckResult::degraded("`sev-declare` did not load"), 200, "ready"),
        (CheckResult::failed("no sandbox"), 503, "not_ready"),
    ] {
        let checks = [("plugins".to_owned(), check.clone())].into();
        let web = TestWeb::with(Options { checks, ..Options::default() }).await;
        let answer = web.client.get(web.url("/readyz")).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!((&answer["status"], &answer["checks"]["plugins"]), (&json!(word), &json!(check)));
        web.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_keeps_browsers_careful() {
    let web = TestWeb::start().await;
    for path in [
        "/",
        "/console",
        "/healthz",
        "/api/openapi.json",
        "/api/v1/whoami",
        "/nowhere",
        "/login/x",
        "/assets/console.js",
    ] {
        let answer = web.client.get(web.url(path)).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        let expected = if path.starts_with("/assets/") { "no-cache" } else { "no-store" };
        assert_eq!(header("cache-control"), expected, "{path}");
        assert!(!header("x-request-id").is_empty(), "{path}");
        assert!(answer.headers().get("access-control-allow-origin").is_none(), "{path}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_led_to_the_console_and_told_how_to_get_in() {
    let web = TestWeb::start().await;
    let root = web.client.get(web.url("/")).send().await.unwrap();
    assert_eq!((root.status().as_u16(), &root.headers()["location"]), (303, &"/console".parse().unwrap()));
    let page = web.client.get(web.url("/console")).send().await.unwrap();
    assert_eq!(page.status(), 401);
    assert!(page.text().await.unwrap().contains("one-time link"));
    web.end().await;
}

#[test]
fn the_page_brings_everything_itself_and_never_makes_markup_of_data() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/assets");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "http://",
            "https://",
            "style=",
            "onclick=",
        ] {
            assert!(!text.contains(forbidden), "{} contains {forbidden}", path.display());
        }
        let inline = text.contains("<script>") || text.contains("<style>");
        assert!(!inline, "{}: the policy forbids inline scripts and styles", path.display());
    }
}

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
    for path in
        ["/", "/console", "/healthz", "/api/openapi.json", "/api/v1/whoami", "/nowhere", "/login/x", "/assets/page.js"]
    {
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
async fn nothing_works_without_a_token_or_a_session_but_what_is_meant_for_everybody() {
    let web = TestWeb::start().await;
    let described: Value = web.client.get(web.url("/api/openapi.json")).send().await.unwrap().json().await.unwrap();
    let (mut open, mut guarded) = (Vec::new(), 0);
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] == json!([]) {
                open.push(format!("{method} {path}"));
                continue;
            }
            guarded += 1;
            let address = web.url(&path.replace("{id}", "INC-1").replace("{delivery}", "x").replace("{token}", "x"));
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            for header in [None, Some(("Cookie", "drillbell_session=guess")), Some(("Authorization", "Bearer guess"))] {
                let mut request = web.client.request(method.clone(), &address).header("Origin", &web.address);
                if let Some((name, value)) = header {
                    request = request.header(name, value);
                }
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 401, "{method} {path} with {header:?}");
                assert!(answer.headers().contains_key("www-authenticate"), "{path}");
                let said = answer.text().await.unwrap();
                assert!(
                    path.starts_with("/api/") || path.starts_with("/hooks/") || said.contains("one-time link"),
                    "{path}: {said}"
                );
            }
        }
    }
    assert!(guarded > 20, "{guarded}");
    open.sort_unstable();
    insta::assert_snapshot!(open.join("\n"), @r"
    get /api/openapi.json
    get /assets/{name}
    get /healthz
    get /login/{code}
    get /metrics
    get /readyz
    post /hooks/beats/{name}
    post /hooks/{name}
    post /logout
    ");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_leads_to_no_file_but_ours() {
    let web = TestWeb::start().await;
    for path in
        ["..%2Fpages%2Fmod.rs", "%2e%2e/console.js", "style.css%00", "console.js/", "Style.css", "%2Fetc%2Fpasswd"]
    {
        let answer = web.client.get(web.url(&format!("/assets/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    for path in ["style.css", "console.css", "page.js", "console.js"] {
        let answer = web.client.get(web.url(&format!("/assets/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    web.end().await;
}

#[test]
fn the_page_brings_everything_itself_and_never_makes_markup_of_data() {
    let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let folders = ["assets", "templates"].map(|folder| std::fs::read_dir(web.join(folder)).unwrap());
    for entry in folders.into_iter().flatten() {
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
            "|safe",
        ] {
            assert!(!text.contains(forbidden), "{} contains {forbidden}", path.display());
        }
        let inline = text.contains("<script>") || text.contains("<style>");
        assert!(!inline, "{}: the policy forbids inline scripts and styles", path.display());
    }
}

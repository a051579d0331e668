//! The way in for beats by HTTP, and probes on the overview.

use super::row;
use crate::alerts::{TOKEN, token_file};
use crate::support::web::{Options, TestWeb};
use drillbell::config::{Config, Env};
use drillbell::store::ProbeRow;
use serde_json::Value;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_beat_is_durable_when_it_is_answered_and_strangers_do_not_beat() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[channels]\nalerts = \"console:#ops\"\n[probes.nightly]\ntoken = {}\nevery = \"1h\"\ngrace = \"2m\"\n\
         [probes.shop]\nurl = \"http://shop.example.org/\"\n",
        token_file(folder.path())
    );
    let config = Config::parse(&text, &folder.path().join("drillbell.toml"), &Env::none()).unwrap();
    let web = TestWeb::with(Options { probes: Arc::new(config.probes), ..Options::default() }).await;
    let beat = |path: &str| web.client.post(web.url(path));
    for (request, status) in [
        (beat("/hooks/beats/nightly"), 401),
        (beat("/hooks/beats/nightly").bearer_auth("another-token-altogether"), 401),
        (beat("/hooks/beats/shop").bearer_auth(TOKEN), 404),
        (beat("/hooks/beats/nobody").bearer_auth(TOKEN), 404),
        // Nobody outside sends as the probes.
        (beat("/hooks/probes").bearer_auth(TOKEN).body("{}"), 404),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    assert_eq!(web.store.last_beat("nightly").await.unwrap(), None);
    for request in [
        beat("/hooks/beats/nightly").bearer_auth(TOKEN),
        beat("/hooks/beats/nightly").basic_auth("cron", Some(TOKEN)),
        beat(&format!("/hooks/beats/nightly?token={TOKEN}")).body("done"),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let told: Value = answer.json().await.unwrap();
        assert_eq!(told["probe"], "nightly");
        assert_eq!(web.store.last_beat("nightly").await.unwrap(), Some(web.store.now_ms()));
    }

    let row = ProbeRow {
        detail: "<b>the status is 500</b>".to_owned(),
        standing: "{\"began_ms\":1,\"levels\":[{\"state\":\"fail\",\"firing\":true,\"since_ms\":1767225600000}]}"
            .to_owned(),
        ..row("shop", web.store.now_ms(), "fail", 12)
    };
    web.store.keep_probe(row).await.unwrap();
    let now: Value = web.get("/api/v1/overview").send().await.unwrap().json().await.unwrap();
    let states: Vec<_> = now["probes"].as_array().unwrap().iter().map(|probe| probe["state"].clone()).collect();
    assert_eq!(states, ["unknown", "fail"], "{now}");
    let cookie = web.sign_in().await;
    let html = web.client.get(web.url("/")).header("cookie", cookie).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("failing for 0s: &#60;b&#62;the status is 500"), "{html}");
    web.end().await;
}

//! The public status page over HTTP: open to everybody, cached, and no way to anything else.

use crate::support::commits::{commit, delivery, incident, line};
use crate::support::database::{NEW_YEAR_MS, TestDatabase};
use crate::support::eventually;
use crate::support::public::{components, maintenance, page, publish, update};
use crate::support::web::{Options, TestWeb};
use drillbell::config::status::StatusPage;
use drillbell::model::incident::Status;
use drillbell::status::ComponentState;
use serde_json::Value;

const FEEDS: [&str; 8] = [
    "summary",
    "status",
    "components",
    "incidents",
    "incidents/unresolved",
    "scheduled-maintenances",
    "scheduled-maintenances/upcoming",
    "scheduled-maintenances/active",
];

async fn with_page() -> TestWeb {
    TestWeb::with(Options { page: Some(page()), ..Options::default() }).await
}

async fn get(web: &TestWeb, path: &str) -> reqwest::Response {
    web.client.get(web.url(path)).send().await.unwrap()
}

async fn summary(web: &TestWeb) -> Value {
    get(web, "/status/api/v2/summary.json").await.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_section_people_are_told_that_there_is_no_page() {
    let web = TestWeb::start().await;
    for path in ["/status", "/status/api/v2/summary.json", "/status/history.atom"] {
        let answer = get(&web, path).await;
        assert_eq!(answer.status(), 404);
        let text = answer.text().await.unwrap();
        assert!(
            text.starts_with("There is no public status page: the configuration has no [status] section."),
            "{text}"
        );
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_read_the_page_and_its_feeds_and_nobody_may_do_anything_else_there() {
    let web = with_page().await;
    let feeds = FEEDS.map(|name| (format!("/status/api/v2/{name}.json"), "application/json; charset=utf-8"));
    let others = [
        ("/status".to_owned(), "text/html; charset=utf-8"),
        ("/status/".to_owned(), "text/html; charset=utf-8"),
        ("/status/history.atom".to_owned(), "application/atom+xml; charset=utf-8"),
    ];
    for (path, media) in feeds.into_iter().chain(others) {
        let answer = get(&web, &path).await;
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!((answer.status().as_u16(), header("content-type").as_deref()), (200, Some(media)), "{path}");
        assert_eq!(header("cache-control").as_deref(), Some("public, max-age=1"), "{path}");
        assert_eq!(header("last-modified").as_deref(), Some("Thu, 01 Jan 2026 00:00:00 GMT"), "{path}");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(header("set-cookie"), None, "{path}");
        let is_page = media.starts_with("text/html");
        let policy = header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(policy.contains("'sha256-") && !policy.contains("script-src"), is_page, "{policy}");
        assert_eq!(header("access-control-allow-origin").as_deref(), (!is_page).then_some("*"), "{path}");
        let (etag, length) = (header("etag").unwrap(), header("content-length").unwrap());
        let head = web.client.head(web.url(&path)).send().await.unwrap();
        assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &length.parse().unwrap()));
        let again = web.client.get(web.url(&path)).header("if-none-match", &etag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &etag.parse().unwrap()), "{path}");
        assert!(again.bytes().await.unwrap().is_empty());
        for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::OPTIONS] {
            let refused = web.client.request(method, web.url(&path)).body("x").send().await.unwrap();
            assert_eq!((refused.status().as_u16(), &refused.headers()["allow"]), (405, &"GET,HEAD".parse().unwrap()));
        }
    }
    for path in ["/status/api/v2/subscribers.json", "/status/index.html", "/status/..%2f..%2fetc/passwd", "/status/api"]
    {
        assert_eq!(get(&web, path).await.status(), 404, "{path}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_on_the_page_a_moment_later_and_not_before() {
    let web = with_page().await;
    let before = get(&web, "/status").await.headers()["etag"].clone();
    let slow = [("checkout", ComponentState::PartialOutage)];
    publish(&web.store, "p1", [update(1, Status::Investigating, "Slow checkout", "We look into it.", &slow)]).await;
    let feed = eventually("it is there", async || {
        let feed = summary(&web).await;
        (!feed["incidents"].as_array().unwrap().is_empty()).then_some(feed)
    })
    .await;
    assert_eq!((&feed["status"]["indicator"], &feed["incidents"][0]["impact"]), (&"major".into(), &"major".into()));
    let page = get(&web, "/status").await;
    assert_ne!(page.headers()["etag"], before);
    let page = page.text().await.unwrap();
    assert!(page.contains("We look into it.") && page.contains("Partial System Outage"));
    assert!(get(&web, "/status/history.atom").await.text().await.unwrap().contains("Slow checkout"));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maintenance_begins_on_the_page_when_its_time_has_come() {
    let web = with_page().await;
    let (starts, ends) = (NEW_YEAR_MS + 60_000, NEW_YEAR_MS + 120_000);
    publish(&web.store, "p1", [maintenance("db", starts, ends), components(&[("api", ComponentState::Operational)])])
        .await;
    let stands = async |status: &str, state: &str| {
        eventually(&format!("it is {status}"), async || {
            let feed = summary(&web).await;
            let component = feed["components"].as_array()?.iter().find(|it| it["name"] == "Public API")?.clone();
            (feed["scheduled_maintenances"][0]["status"] == status && component["status"] == state).then_some(())
        })
        .await;
    };
    stands("scheduled", "operational").await;
    web.clock.advance(60_000);
    stands("in_progress", "under_maintenance").await;
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_stay_words_in_the_page_and_in_every_feed() {
    let web = with_page().await;
    let title = "</title></style><script>alert(1)</script><img src=x onerror=alert(2)>";
    let text = "]]></content></entry><entry> & \" ' {{7*7}} \\u0000 <!-- javascript:alert(3)\n\nSet-Cookie: a=b";
    publish(&web.store, "p1", [update(1, Status::Identified, title, text, &[])]).await;
    let page = eventually("it is there", async || {
        let page = get(&web, "/status").await.text().await.unwrap();
        page.contains("alert(3)").then_some(page)
    })
    .await;
    for markup in ["<script", "<img", "</style><", "<!--", "]]></"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert_eq!(page.matches("</title>").count() - page.matches("</title></rect>").count(), 1);
    let feed = summary(&web).await;
    assert_eq!(
        (feed["incidents"][0]["name"].as_str(), feed["incidents"][0]["incident_updates"][0]["body"].as_str()),
        (Some(title), Some(text))
    );
    let atom = get(&web, "/status/history.atom").await.text().await.unwrap();
    let document = roxmltree::Document::parse(&atom).unwrap();
    assert_eq!(document.descendants().filter(|node| node.tag_name().name() == "entry").count(), 1);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_not_published_is_in_any_file() {
    let web = with_page().await;
    web.store.accept(delivery("d1")).await.unwrap();
    let mut secret = commit("d1");
    secret.incidents = vec![drillbell::model::incident::Incident {
        title: "hunter2 leaked".to_owned(),
        service: Some("vault-of-acme".to_owned()),
        ..incident(1)
    }];
    secret.timeline = vec![line(1, "t1", "the root password was seen")];
    web.store.commit(secret).await.unwrap();
    publish(&web.store, "p1", [update(1, Status::Investigating, "Slow checkout", "We look into it.", &[])]).await;
    publish(&web.store, "p2", [components(&[("api", ComponentState::DegradedPerformance)])]).await;
    eventually("it is there", async || (summary(&web).await["status"]["indicator"] == "minor").then_some(())).await;
    eventually("all of it", async || {
        (get(&web, "/status").await.text().await.unwrap().contains("Degraded performance</span>")).then_some(())
    })
    .await;
    let files = FEEDS.map(|name| format!("/status/api/v2/{name}.json"));
    for path in files.into_iter().chain(["/status".to_owned(), "/status/history.atom".to_owned()]) {
        let text = get(&web, &path).await.text().await.unwrap();
        for inner in ["hunter2", "vault", "root password", "INC-1", "console:", "#incidents", "a secret reason", "sev1"]
        {
            assert!(!text.contains(inner), "{path} holds {inner}");
        }
        // Ids are longer words, which may hold anything.
        let named = text.split(|c: char| !c.is_alphanumeric()).any(|word| ["ben", "ana"].contains(&word));
        assert!(!named, "{path} names somebody");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_statuspage_reads_the_summary() {
    let web = with_page().await;
    let slow = [("checkout", ComponentState::PartialOutage), ("api", ComponentState::Operational)];
    let window = (NEW_YEAR_MS - 60_000, NEW_YEAR_MS + 3_600_000);
    let all = [
        update(1, Status::Investigating, "Slow checkout", "We look into it.", &slow),
        maintenance("db", window.0, window.1),
    ];
    publish(&web.store, "p1", all).await;
    eventually("it is there", async || (summary(&web).await["status"]["indicator"] == "major").then_some(())).await;
    // It keeps a cache in its working folder, and reads a configuration that lies there.
    let folder = tempfile::tempdir().unwrap();
    let url = web.url("/status/api/v2/summary.json");
    let services = serde_json::json!({"ours": {"name": "ours", "url": url}});
    std::fs::write(folder.path().join("services.json"), services.to_string()).unwrap();
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/statuspage/bin/python3");
    let script = "import json, sys\nfrom statuspage_prometheus_exporter.service_checker import *\n\
                  print(json.dumps(check_service_status('ours', SERVICES['ours'])))";
    let run = tokio::process::Command::new(&python).args(["-c", script]).current_dir(folder.path()).output().await;
    let run = run.unwrap_or_else(|error| panic!("{}: {error}; run `scripts/prepare.sh statuspage`", python.display()));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let read: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&read["success"], &read["raw_status"]), (&true.into(), &"major".into()), "{read}");
    let feed = summary(&web).await;
    assert_eq!(read["incident_metadata"][0]["id"], feed["incidents"][0]["id"], "{read}");
    assert_eq!(read["maintenance_metadata"][0]["id"], feed["scheduled_maintenances"][0]["id"], "{read}");
    let components = read["component_metadata"].as_array().unwrap();
    assert!(components.iter().any(|it| it["name"] == "Checkout" && it["status"] == "partial_outage"), "{read}");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lies_where_the_configuration_says() {
    let page = StatusPage { path: "/public/state".to_owned(), ..page() };
    let web = TestWeb::with(Options { page: Some(page), ..Options::default() }).await;
    let answer = get(&web, "/public/state").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("href=\"/public/state/history.atom\""));
    let feed: Value = get(&web, "/public/state/api/v2/status.json").await.json().await.unwrap();
    assert_eq!(feed["page"]["url"], "https://bot.example.org/public/state");
    assert_eq!(get(&web, "/status").await.status(), 404);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_and_another_replica_show_the_same_page() {
    for database in TestDatabase::both() {
        let web = TestWeb::with(Options { page: Some(page()), database, ..Options::default() }).await;
        publish(&web.store, "p1", [update(1, Status::Monitoring, "Slow", "Mended.", &[])]).await;
        eventually("it is there", async || (summary(&web).await["incidents"][0]["name"] == "Slow").then_some(())).await;
        let first = get(&web, "/status").await.headers()["etag"].clone();
        let replicas = web.database.url.starts_with("postgres");
        let web = if replicas {
            let other = TestDatabase::at(web.database.url.clone());
            let second = TestWeb::with(Options { page: Some(page()), database: other, ..Options::default() }).await;
            publish(&web.store, "p2", [update(2, Status::Investigating, "More", "We look.", &[])]).await;
            eventually("the other has it too", async || {
                (summary(&second).await["incidents"][0]["name"] == "More").then_some(())
            })
            .await;
            eventually("both are the same", async || {
                let etags =
                    [get(&web, "/status").await, get(&second, "/status").await].map(|it| it.headers()["etag"].clone());
                (etags[0] == etags[1]).then_some(())
            })
            .await;
            second.end().await;
            web
        } else {
            let database = web.end().await;
            let again = TestWeb::with(Options { page: Some(page()), database, ..Options::default() }).await;
            assert_eq!(get(&again, "/status").await.headers()["etag"], first);
            again
        };
        web.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_page_stays_up_and_says_that_it_may_be_old() {
    for database in TestDatabase::both() {
        let web = TestWeb::with(Options { page: Some(page()), database, ..Options::default() }).await;
        publish(&web.store, "p1", [update(1, Status::Monitoring, "Slow", "Mended.", &[])]).await;
        eventually("it is there", async || (summary(&web).await["incidents"][0]["name"] == "Slow").then_some(())).await;
        web.database.execute("alter table status_head rename to gone").await;
        web.clock.advance(121_000);
        let page = eventually("it says so", async || {
            let page = get(&web, "/status").await.text().await.unwrap();
            page.contains("could not be brought up to date").then_some(page)
        })
        .await;
        assert!(page.contains("Mended."));
        web.database.execute("alter table gone rename to status_head").await;
        eventually("it is well again", async || {
            (!get(&web, "/status").await.text().await.unwrap().contains("could not be brought up")).then_some(())
        })
        .await;
        web.end().await;
    }
}

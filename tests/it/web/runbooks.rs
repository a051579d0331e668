//! The runbooks, for programs and on their pages.

use crate::support::web::{Options, TestWeb};
use drillbell::config::runbooks::Runbooks;
use drillbell::runbook::{Known, Library};
use serde_json::{Value, json};
use std::sync::Arc;

/// What somebody would try to have run in another's browser.
const HOSTILE: &str = "<script>alert(1)</script>";

fn library() -> Arc<Library> {
    let manual = include_str!("../../../docs/runbooks.md");
    let text = manual.split("````markdown\n").nth(1).unwrap().split("````").next().unwrap();
    let old = text.replace("2027-03-01", "2025-03-01").replace("Database down", HOSTILE).replacen(
        "risk = ",
        "schedule = \"0 2 * * *\"\nrisk = ",
        1,
    );
    let old = old.split("[inputs]").next().unwrap().to_owned()
        + &old.split("once there is one\"").nth(1).unwrap().replace("{ticket}", "no");
    let files = [("db-down", "bundled".to_owned(), text), ("old", "/srv/secret-place/old.md".to_owned(), old.as_str())];
    Arc::new(Library::read(files, &Runbooks::default(), &Known::default()))
}

async fn page(web: &TestWeb, cookie: &str, path: &str) -> (u16, String) {
    let answer = web.client.get(web.url(path)).header("Cookie", cookie).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_listed_with_whether_it_can_be_started_and_how_it_went_last() {
    let web = TestWeb::with(Options { library: library(), ..Options::default() }).await;
    let cookie = web.sign_in().await;
    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let all = get("/api/v1/runbooks").await;
    let seen: Vec<_> = all["runbooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["name"], &one["overdue"], &one["schedule"], &one["last"]["outcome"]))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!("db-down"), &json!(false), &Value::Null, &json!("1 passed, 1 failed")),
            (&json!("old"), &json!(true), &json!("0 2 * * * UTC"), &Value::Null)
        ]
    );
    assert!(all["runbooks"][0]["unready"][0].as_str().unwrap().starts_with("runbooks.values.ready_url is missing"));
    let one = get("/api/v1/runbooks/old").await;
    assert_eq!((&one["from"], one["all"].as_array().unwrap().len()), (&json!("old.md"), 4));
    assert_eq!(web.get("/api/v1/runbooks/none").send().await.unwrap().status(), 404);

    let (status, html) = page(&web, &cookie, "/runbooks").await;
    for said in ["<code>db-down</code>", "not ready", "(overdue)", "never run", "last run R-3", "1 passed, 1 failed"] {
        assert!(status == 200 && html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains(HOSTILE), "{html}");
    let (status, html) = page(&web, &cookie, "/runbooks/old").await;
    for said in ["The server takes queries", "It never ran", "pg_stat_activity", "starts by itself: 0 2 * * * UTC"] {
        assert!(status == 200 && html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains(HOSTILE) && !html.contains("secret-place"), "{html}");
    assert_eq!(page(&web, &cookie, "/runbooks/none").await.0, 404);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_none_it_is_said_how_to_get_one() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let (_, html) = page(&web, &cookie, "/runbooks").await;
    assert!(html.contains("There is no runbook") && html.contains("[runbooks] dir"), "{html}");
    web.end().await;
}

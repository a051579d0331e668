//! Postmortems, for programs and on their pages.

use crate::support::commits::{commit, delivery, incident};
use crate::support::database::NEW_YEAR_MS;
use crate::support::web::TestWeb;
use drillbell::model::document::Document;
use drillbell::model::facts::{Deed, Task};
use drillbell::model::incident::Incident;
use drillbell::store::CommitOutcome;
use serde_json::{Value, json};

/// What somebody would try to have run in another's browser.
const HOSTILE: &str = "<script>alert(1)</script>";

fn task(number: u32, text: &str, due_ms: Option<i64>, done: bool) -> Task {
    let deed = |at_ms| Deed { by: "ana".into(), at_ms };
    let (owner, added) = (due_ms.map(|_| "ben".into()), deed(NEW_YEAR_MS));
    Task { number, text: text.to_owned(), owner, due_ms, added, done: done.then(|| deed(NEW_YEAR_MS)) }
}

async fn incident_with(web: &TestWeb, number: i64, tasks: Vec<Task>) {
    let id = format!("d{number}");
    web.store.accept(delivery(&id)).await.unwrap();
    let mut commit = commit(&id);
    let mut incident: Incident = incident(number);
    incident.facts.tasks = tasks;
    commit.incidents = vec![incident];
    assert!(matches!(web.store.commit(commit).await.unwrap(), CommitOutcome::Committed(_)));
}

async fn published(web: &TestWeb, job: &str, number: i64, text: &str) {
    let document = Document {
        job: job.to_owned(),
        incident: format!("INC-{number}").as_str().into(),
        revision: 0,
        title: HOSTILE.to_owned(),
        markdown: text.to_owned(),
        author: "ana".into(),
        at_ms: NEW_YEAR_MS + number,
        stored_ms: None,
    };
    web.store.keep_document(document).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_shown_with_what_is_to_be_done_and_runs_nothing() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let page = async |path: &str| {
        let answer = web.client.get(web.url(path)).header("Cookie", &cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (_, empty) = page("/postmortems").await;
    assert!(empty.contains("No postmortem is published yet") && empty.contains("/postmortem draft INC-1"), "{empty}");
    let late = task(2, HOSTILE, Some(NEW_YEAR_MS - 1), false);
    incident_with(&web, 1, vec![task(1, "done long ago", Some(NEW_YEAR_MS), true), late]).await;
    incident_with(&web, 2, vec![task(1, "renew it", Some(NEW_YEAR_MS + 86_400_000), false)]).await;
    incident_with(&web, 3, vec![task(1, "of what was never published", None, false)]).await;
    published(&web, "j1", 1, "# One\n\nfirst").await;
    published(
        &web,
        "j2",
        1,
        "# One\n\n<img src=x onerror=alert(1)> second [T1](/incidents/INC-1#line-a) [x](javascript:alert(1))",
    )
    .await;
    published(&web, "j3", 2, "# Two").await;

    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let all = get("/api/v1/postmortems").await;
    let newest: Vec<_> =
        all["postmortems"].as_array().unwrap().iter().map(|one| (&one["incident"], &one["revision"])).collect();
    assert_eq!(newest, [(&json!("INC-2"), &json!(1)), (&json!("INC-1"), &json!(2))]);
    let items: Vec<_> = all["action_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["incident"], &item["number"], &item["overdue"]))
        .collect();
    assert_eq!(items, [(&json!("INC-1"), &json!(2), &json!(true)), (&json!("INC-2"), &json!(1), &json!(false))]);
    let one = get("/api/v1/postmortems/1?revision=1").await;
    assert_eq!((&one["markdown"], &one["revisions"].as_array().unwrap().len()), (&json!("# One\n\nfirst"), &2));
    for (path, status) in [
        ("/api/v1/postmortems/3", 404),
        ("/api/v1/postmortems/1?revision=9", 404),
        ("/api/v1/postmortems?limit=0", 422),
        ("/api/v1/postmortems?cursor=x", 422),
        ("/api/v1/postmortems?items=1~2", 422),
    ] {
        assert_eq!(web.get(path).send().await.unwrap().status(), status, "{path}");
    }

    let (_, list) = page("/postmortems").await;
    for said in ["state failed\">overdue", "renew it", "href=\"/postmortems/INC-1\"", "revision 2"] {
        assert!(list.contains(said), "{said}: {list}");
    }
    assert!(!list.contains("of what was never published") && !list.contains("done long ago"), "{list}");
    let (_, html) = page("/postmortems/INC-1").await;
    assert!(html.contains("<h1>One</h1>") && html.contains("<a href=\"/incidents/INC-1#line-a\">T1</a> x"), "{html}");
    for page in [&list, &html] {
        assert!(!page.contains(HOSTILE) && !page.contains("<img") && !page.contains("href=\"javascript"), "{page}");
    }
    // Of a page there is a next one, and action items are not those of the page's postmortems only.
    let mut seen = Vec::new();
    let (mut cursor, mut items) = (String::new(), String::new());
    loop {
        let one = get(&format!("/api/v1/postmortems?limit=1&cursor={cursor}&items={items}")).await;
        assert_eq!((&one["open"], &one["overdue"]), (&json!(2), &json!(1)), "whatever the page: {one}");
        seen.push((one["postmortems"][0]["incident"].clone(), one["action_items"][0]["incident"].clone()));
        let next = |key: &str| one[key].as_str().map(str::to_owned);
        match (next("next"), next("next_items")) {
            (Some(a), Some(b)) => (cursor, items) = (a, b),
            (None, None) => break,
            other => panic!("both have two pages: {other:?}"),
        }
    }
    assert_eq!(seen, [(json!("INC-2"), json!("INC-1")), (json!("INC-1"), json!("INC-2"))]);
    let (_, first) = page("/postmortems?limit=1").await;
    for said in ["2 open, 1 overdue", "More action items", "Older postmortems", "renew it"] {
        assert_eq!(first.contains(said), said != "renew it", "{said}: {first}");
    }
    let (_, second) = page(&format!("/postmortems?limit=1&items={items}")).await;
    assert!(second.contains("renew it") && !second.contains("More action items"), "{second}");

    let (_, old) = page("/postmortems/INC-1?revision=1").await;
    assert!(old.contains("<p>first</p>") && !old.contains("second"), "{old}");
    let (status, none) = page("/postmortems/INC-3").await;
    assert!(status == 404 && none.contains("No postmortem of INC-3 is published"), "{none}");
    assert!(page("/incidents/INC-1").await.1.contains("<a href=\"/postmortems/INC-1\">Postmortem of INC-1</a>"));
    assert!(!page("/incidents/INC-3").await.1.contains("Postmortem of"));
    web.end().await;
}

//! The copies, for programs and on their page.

use crate::support::database::NEW_YEAR_MS;
use crate::support::web::TestWeb;
use drillbell::model::copy::{BackupCopy, CopyVerdict};
use serde_json::{Value, json};

/// What somebody would try to have run in another's browser.
const HOSTILE: &str = "<script>alert(1)</script>";

async fn taken(web: &TestWeb, target: &str, number: i64) -> String {
    let object = format!("backups/{target}/20260101T00000{number}Z-0badcaf{number}.db.zst");
    let at_ms = NEW_YEAR_MS + number * 1000;
    let copy = BackupCopy {
        stored_bytes: 1_500 * number,
        ..BackupCopy::taken(object.clone(), target.to_owned(), "sqlite".to_owned(), at_ms)
    };
    web.store.copy_taken(copy).await.unwrap();
    object
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_listed_newest_first_with_what_is_known_of_them() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let page = async |path: &str| {
        let answer = web.client.get(web.url(path)).header("Cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    let empty = page("/backups").await;
    assert!(empty.contains("There is no copy yet") && empty.contains("/backup run NAME"), "{empty}");
    taken(&web, "shop", 1).await;
    let broken = taken(&web, "shop", 2).await;
    taken(&web, "media", 3).await;
    web.store.copy_checked(broken, CopyVerdict::Broken, NEW_YEAR_MS + 9_000, HOSTILE.to_owned()).await.unwrap();

    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let all = get("/api/v1/backups?limit=2").await;
    let seen: Vec<_> =
        all["copies"].as_array().unwrap().iter().map(|copy| (&copy["short"], &copy["verdict"])).collect();
    assert_eq!(
        seen,
        [(&json!("0badcaf3"), &json!("unverified")), (&json!("0badcaf2"), &json!("broken"))],
        "the newest first"
    );
    assert_eq!(all["more"], true);
    let rest = get(&format!("/api/v1/backups?before_ms={}", all["copies"][1]["taken_ms"])).await;
    assert_eq!((rest["copies"].as_array().unwrap().len(), &rest["more"]), (1, &json!(false)));
    assert_eq!(get("/api/v1/backups?target=media").await["copies"].as_array().unwrap().len(), 1);
    assert_eq!(web.get("/api/v1/backups?limit=0").send().await.unwrap().status(), 422);

    let html = page("/backups").await;
    for said in ["<code>0badcaf1</code>", "1.5 kB", "3 kB", "state failed\">broken", "2026-01-01 00:00 UTC"] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains(HOSTILE) && html.contains("&#60;script&#62;alert(1)"), "{html}");
    let html = page("/backups?target=media").await;
    assert!(html.contains("Only those of media") && !html.contains("0badcaf1"), "{html}");
    web.end().await;
}

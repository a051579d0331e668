//! How drills went, for programs and on their page.

use crate::support::database::NEW_YEAR_MS;
use crate::support::drills::{drilled, failed, passed};
use crate::support::web::{Options, TestWeb};
use drillbell::model::copy::{BackupCopy, CopyVerdict};
use drillbell::model::job::JobState;
use drillbell::model::target::TargetSeen;
use serde_json::{Value, json};

/// What somebody would try to have run in another's browser.
const HOSTILE: &str = "<script>alert(1)</script>";
const COPY: &str = "backups/shop/20260101T000000Z-0badcafe.dump.zst";

fn targets() -> Vec<TargetSeen> {
    let target = |name: &str, rpo_ms, rto_ms| TargetSeen {
        name: name.to_owned(),
        kind: "postgres".to_owned(),
        service: String::new(),
        owner: format!("the {name} team"),
        rpo_ms,
        rto_ms,
        policy: json!({"drill": {"schedule": "0 5 1 * *"}}),
    };
    vec![target("media", None, None), target("shop", Some(7_200_000), Some(1_000))]
}

async fn page(web: &TestWeb, cookie: &str, path: &str) -> String {
    let answer = web.client.get(web.url(path)).header("Cookie", cookie).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_it_is_said_how_to_get_one() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let html = page(&web, &cookie, "/drills").await;
    assert!(html.contains("There is nothing to drill") && html.contains("[targets.NAME.drill] schedule"), "{html}");
    web.end().await;

    let web = TestWeb::with(Options { targets: targets(), ..Options::default() }).await;
    let cookie = web.sign_in().await;
    let html = page(&web, &cookie, "/drills").await;
    for said in ["No drill has ended yet", "/drill run NAME", "never proven", "no copy to fall back on", "0 5 1 * *"] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains("<figure>"), "there is nothing to draw");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_causes_stages_and_the_time_to_restore_are_shown_and_drawn() {
    let web = TestWeb::with(Options { targets: targets(), ..Options::default() }).await;
    let cookie = web.sign_in().await;
    for (n, said) in [
        (1, passed(900, COPY)),
        (2, failed("backup", &format!("public.orders has 49 rows instead of 50 {HOSTILE}"))),
        (3, passed(1_250, COPY)),
    ] {
        web.clock.advance(60_000);
        drilled(&web.store, &format!("d{n}"), "shop", JobState::Done, &said).await;
    }
    web.clock.advance(60_000);
    let none = json!({"outcome": "There is no copy of media to drill.", "result": null});
    drilled(&web.store, "d4", "media", JobState::Failed, &none).await;
    // The newest is broken, so that what is at risk counts from the one before.
    for (number, taken_ms) in [(1, NEW_YEAR_MS - 3_600_000), (2, NEW_YEAR_MS)] {
        let object = format!("backups/shop/2026010{number}T000000Z-0badcaf{number}.dump.zst");
        let copy = BackupCopy::taken(object.clone(), "shop".to_owned(), "postgres".to_owned(), taken_ms);
        web.store.copy_taken(copy).await.unwrap();
        if number == 2 {
            web.store.copy_checked(object, CopyVerdict::Broken, NEW_YEAR_MS, String::new()).await.unwrap();
        }
    }

    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let first = get("/api/v1/drills?limit=2").await;
    let told = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|one| format!("{} {} {} {}", one["job"], one["status"], one["cause"], one["rto_ms"])).collect()
    };
    assert_eq!(told(&first), [r#""d4" "failed" "environment" null"#, r#""d3" "pass" null 1250"#]);
    let rest = get(&format!("/api/v1/drills?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(told(&rest), [r#""d2" "fail" "backup" 900"#, r#""d1" "pass" null 900"#]);
    assert_eq!((&rest["next"], &rest["items"][1]["short"]), (&Value::Null, &json!("0badcafe")));
    assert_eq!(rest["items"][1]["stages"][0], json!({"name": "fetch+restore", "took_ms": 500}));
    assert_eq!(told(&get("/api/v1/drills?target=media").await).len(), 1);
    for odd in ["limit=0", "cursor=x", "cursor=1-%00", "target=%00", "nothing=1"] {
        assert_eq!(web.get(&format!("/api/v1/drills?{odd}")).send().await.unwrap().status(), 422, "{odd}");
    }
    let standing = get("/api/v1/drills/targets").await;
    let (media, shop) = (&standing["targets"][0], &standing["targets"][1]);
    assert_eq!((&media["proven_ms"], &media["at_risk_ms"]), (&Value::Null, &Value::Null));
    assert_eq!(shop["measured_ms"], 1_250);
    assert_eq!(shop["at_risk_ms"], web.clock.now_ms() - NEW_YEAR_MS + 3_600_000, "the broken one does not count");

    let drawn = web.get("/api/v1/drills/chart?target=shop&theme=dark").send().await.unwrap();
    assert_eq!((drawn.status().as_u16(), drawn.headers()["content-type"].to_str().unwrap()), (200, "image/svg+xml"));
    let picture = drawn.text().await.unwrap();
    for said in ["shop: time to restore", "allowed", "fail"] {
        assert!(picture.contains(said), "{said}: {picture}");
    }
    assert_eq!(web.get("/api/v1/drills/chart?target=media").send().await.unwrap().status(), 404, "one is no trend");
    assert_eq!(web.get("/api/v1/drills/chart").send().await.unwrap().status(), 422);

    let html = page(&web, &cookie, "/drills").await;
    for said in [
        "measured time to restore 1.2 s of 1.0 s",
        "data at risk now 1 h 4 min of 2 h 0 min",
        "ask the shop team",
        "state failed\">fail</span> <span class=\"tag\">backup</span>",
        "state degraded\">failed</span> <span class=\"tag\">environment</span>",
        "restored in 1.2 s",
        "(fetch+restore 850 ms, check 400 ms)",
        "checksums: Nothing to compare with.",
        "Signed evidence: <code>backups/shop/20260101T000000Z-0badcafe.dump.zst.evidence.json</code>",
        "src=\"/api/v1/drills/chart?target=shop&amp;theme=light\"",
        "There is no copy of media to drill.",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains(HOSTILE) && html.contains("&#60;script&#62;alert(1)"), "{html}");
    let html = page(&web, &cookie, "/drills?target=media&limit=1").await;
    assert!(html.contains("Only those of media") && !html.contains("0badcafe"), "{html}");
    let html = page(&web, &cookie, "/drills?limit=1").await;
    assert!(html.contains("Older drills"), "{html}");
    web.end().await;
}

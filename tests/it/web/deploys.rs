//! Deploys, for programs: recorded by either door, listed once, with what speaks against their sender.

use crate::support::web::TestWeb;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn deploys_are_recorded_once_and_listed_with_what_their_migrations_do() {
    let web = TestWeb::start().await;
    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let record = async |key: &str, body: Value| {
        let sent = web.post("/api/v1/deploys", body).header("Idempotency-Key", key).send().await.unwrap();
        (sent.status().as_u16(), sent.json::<Value>().await.unwrap())
    };
    assert_eq!(get("/api/v1/deploys").await, json!({"items": [], "next": null}));
    let first = json!({"service": "shop", "version": "v1", "at": "2026-01-01T00:00:00Z"});
    assert_eq!(record("one", first.clone()).await, (202, json!({"service": "shop", "duplicate": false})));
    assert_eq!(record("one", first).await.1["duplicate"], true);
    let migrations =
        json!(["0041_named", {"name": "0042_drop", "sql": "-- away\nalter table users drop column email;"}]);
    let second = json!({
        "service": "shop", "version": "v2", "previous": "v1", "schema": "expand", "at": "2026-01-01T00:01:00Z",
        "migrations": migrations,
    });
    assert_eq!(record("two", second).await.0, 202);
    for (body, field) in [
        (json!({"version": "v3"}), "service"),
        (json!({"service": "a b", "version": "v3"}), "service"),
        (json!({"service": "shop"}), "version"),
        (json!({"service": "shop", "version": "v3", "migrations": [{"sql": "select 1"}]}), "migrations.0"),
        (json!({"service": "shop", "version": "v3", "migrations": [{"name": "a", "sql": 7}]}), "migrations.0.sql"),
    ] {
        let (status, problem) = record("three", body).await;
        assert!(status == 422 && problem.to_string().contains(field), "{field}: {problem}");
    }

    let page = get("/api/v1/deploys?service=shop&limit=1").await;
    let newest = &page["items"][0];
    assert_eq!((&newest["version"], &newest["schema"]), (&json!("v2"), &json!("expand")));
    let risks: Vec<_> = newest["migrations"].as_array().unwrap().iter().map(|one| &one["risk"]).collect();
    assert_eq!(risks, ["unknown", "risky"]);
    assert_eq!(
        newest["disagrees"],
        "it says `expand`, but 0042_drop takes something away: line 2 drops email of users"
    );
    let rest = get(&format!("/api/v1/deploys?service=shop&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]["version"]), (1, &json!("v1")));
    assert_eq!(web.get("/api/v1/deploys?cursor=x").send().await.unwrap().status(), 422);
    web.end().await;
}

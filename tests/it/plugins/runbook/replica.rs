//! Runbooks without the bundled plugin: another one runs them, by its own command, and the web says how they went, as it does of any
//! plugin whose manifest says that it shows that.

use super::{book_of, configured};
use crate::cli::program::call;
use crate::support::database::TestDatabase;
use crate::support::plugins::renamed;
use crate::support::process::Home;
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn another_plugin_runs_them_and_the_web_says_how_they_went() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let shop = folder.path().join("shop.db");
    rusqlite::Connection::open(&shop).unwrap().execute_batch("create table carts (id)").unwrap();
    let step = "```sql\ndatabase = \"shop\"\nquery = \"select * from carts\"\nexpect = { count = \"< 1\" }\n```";
    let book = book_of("read-only", "", &[("There is no cart", step)]);
    let books = [("one-thing", book.as_str()), ("another", book.as_str())];
    let config =
        configured(&folder, &books, "[databases.shop]\nurl = \"sqlite:PLACE/shop.db\"\n", "\"sql:shop\"").config;
    let file = renamed("runbook", "recipes", folder.path());
    let config = config
        .replace("[plugins.runbook]", "[plugins.recipes]")
        .replace("\"builtin:runbook\"", &format!("\"file:{}\"", file.display()));
    let home = Home::of(&TestDatabase::sqlite(), &config);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let process = runtime.block_on(home.start(&[]));
    let run = |line: &str| call(home.folder.path(), &["run", "--json", line]).json();
    let get = |path: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", process.url())).bearer_auth(process.token());
        runtime.block_on(async { request.send().await.unwrap().text().await.unwrap() })
    };
    let last = |name: &str| {
        let all: Value = serde_json::from_str(&get("/api/v1/runbooks")).unwrap();
        let one = all["runbooks"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned();
        one.expect("it is listed")["last"].clone()
    };
    assert_eq!(run("/runbook list")["status"], "refused", "the bundled plugin is not there");
    assert_eq!(last("one-thing"), Value::Null);
    let started = run("/recipes start one-thing");
    assert_eq!((&started["status"], &started["data"]["run"]), (&json!("ok"), &json!("R-1")), "{started}");
    assert_eq!(run("/recipes run --run R-1")["status"], "ok");
    assert_eq!((&last("one-thing")["run"], &last("one-thing")["outcome"]), (&json!("R-1"), &json!("1 passed")));
    assert_eq!(last("another"), Value::Null, "nobody ran it");
    let page = get("/runbooks");
    assert!(page.contains("last run R-1") && page.contains("1 passed") && page.contains("never run"), "{page}");
    assert!(runtime.block_on(process.end(false)).success());
}

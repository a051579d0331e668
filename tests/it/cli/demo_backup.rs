//! The demo's shop loses a table, and a picture, and gets them back from copies that were proven before: all of it typed and clicked in
//! the console.

use super::demo::Demo;
use super::program::call;
use crate::backup::restored::sqlite3;
use crate::support::sse::Events;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a restore may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Everything about the orders, and how many of the rest there are.
const ORDERS: &str =
    "select count(*), sum(id * pieces + customer * 7 + product * 11), min(ordered_at), max(ordered_at) from orders";
const CUSTOMERS: &str = "select count(*), max(name) from customers where id > 200";

/// The console of a demo, as its page asks it.
struct Console {
    folder: PathBuf,
    http: reqwest::Client,
}

impl Console {
    fn of(folder: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { folder: folder.to_owned(), http: reqwest::Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let file = std::fs::read_to_string(self.folder.join("here/api.json")).unwrap();
        let file: Value = serde_json::from_str(&file).unwrap();
        let url = format!("{}{path}", file["url"].as_str().unwrap());
        self.http.request(method, url).bearer_auth(file["token"].as_str().unwrap())
    }

    /// What somebody did, and the answer.
    async fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = self.request(Method::POST, &format!("{path}?wait=60")).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} {body}: {answer:?}");
        answer.json().await.unwrap()
    }

    async fn types(&self, user: &str, text: &str) -> Value {
        self.ask("/api/v1/commands", &json!({"text": text, "channel": "#incidents", "as": user})).await
    }

    /// A click on the message of an answer that has the button.
    async fn clicks(&self, user: &str, answer: &Value, action: &str) -> Value {
        let cards = answer["messages"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let with_it = cards.iter().find(|card| card["view"].to_string().contains(&format!("\"{action}\"")));
        let card = &with_it.unwrap_or_else(|| panic!("no button {action}: {answer}"))["message"];
        self.ask("/api/v1/actions", &json!({"message": card, "action": action, "as": user})).await
    }

    /// A command of `ana`'s, followed to the end of everything that it began.
    fn follows(&self, text: &str, says: &str) {
        let run = call(&self.folder, &["run", "--config", "here/drillbell.toml", "--as", "ana", "--json", text]);
        assert!(run.code == 0 && run.stdout.contains(says), "{text}: {run:?}");
    }

    /// Plans a restore, clicks its button, has `ben` agree, and waits until #backups says how it ended.
    async fn restores(&self, target: &str, command: &str, planned: &str) {
        let plan = self.types("ana", command).await;
        assert!(plan["status"] == "ok" && plan["text"].as_str().unwrap().contains(planned), "{plan}");
        let asked = self.clicks("ana", &plan, "restore").await;
        assert_eq!(asked["status"], "pending", "{asked}");
        let own = self.clicks("ana", &asked, "approval.approve").await;
        assert_eq!(own["status"], "refused", "whoever asked does not count: {own}");
        let approved = self.clicks("ben", &asked, "approval.approve").await;
        assert!(approved["status"] == "ok" && approved.to_string().contains("Production is about to be changed"));
        let path = "/api/v1/console/stream?channel=%23backups&as=ben&last=50";
        let mut told = Events::open(self.request(Method::GET, path)).await;
        let over = async {
            loop {
                let title = told.next().await.expect("the stream goes on")["payload"]["title"].clone();
                if let Some(title) = title.as_str().filter(|title| title.contains("restore") && title.contains(target))
                {
                    return title.to_owned();
                }
            }
        };
        let over = tokio::time::timeout(PATIENCE, over).await.expect("it is told in #backups");
        assert!(over.starts_with(&format!("{target} is restored from ")), "{over}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_and_a_picture_that_somebody_deleted_come_back_from_proven_copies() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--no-scenario"]);
    let console = Console::of(folder.path());
    let (database, kite) = (folder.path().join("here/shop/shop.db"), folder.path().join("here/shop/media/kite.svg"));
    let (orders, picture) = (sqlite3(&database, ORDERS), std::fs::read(&kite).unwrap());
    assert!(orders.starts_with("2000|"), "{orders}");
    for target in ["shop", "media"] {
        console.follows(&format!("/backup run {target}"), "is backed up");
        console.follows(&format!("/backup verify {target}"), "is whole");
        console.follows(&format!("/drill run {target}"), "is proven by");
    }

    // Somebody deletes too much, and somebody else goes on meanwhile.
    sqlite3(&database, "delete from orders where id > 7; update orders set pieces = 99");
    sqlite3(&database, "insert into customers (id, name, mail) values (201, 'Newest', 'newest@example.org')");
    std::fs::remove_file(&kite).unwrap();
    assert_ne!(sqlite3(&database, ORDERS), orders);

    let table = "/backup restore --before 2099-01-01T00:00Z --into shop --tables orders --clean";
    console.restores("shop", table, "only orders").await;
    assert_eq!(sqlite3(&database, ORDERS), orders, "every row is back");
    assert_eq!(sqlite3(&database, CUSTOMERS), "1|Newest", "what was not named is as it was left");
    assert_eq!(sqlite3(&database, "pragma foreign_key_check"), "");
    let file = "/backup restore --before 2099-01-01T00:00Z --into media --paths kite.svg";
    console.restores("media", file, "only kite.svg").await;
    assert!(std::fs::read(&kite).unwrap() == picture);
    let port = std::fs::read_to_string(folder.path().join("here/shop/port")).unwrap();
    let page = console.http.get(format!("http://127.0.0.1:{}/readyz", port.trim())).send().await.unwrap();
    assert_eq!(page.status(), 200, "the shop was stopped for it, and runs again");
    demo.stop(Signal::SIGTERM);
}

//! Many readers of the public page at once: each is answered out of memory, and commands go on.

use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::public::{page, publish, update};
use crate::support::web::{Options, TestWeb};
use drillbell::model::incident::Status;
use std::collections::BTreeSet;

const READERS: usize = 50;
const EACH: usize = 100;
const COMMANDS: usize = 40;
const TABLES: [(&str, &str); 4] = [
    ("alter table status_head rename to gone_head", "alter table gone_head rename to status_head"),
    ("alter table status_incidents rename to gone_incidents", "alter table gone_incidents rename to status_incidents"),
    (
        "alter table status_maintenances rename to gone_maintenances",
        "alter table gone_maintenances rename to status_maintenances",
    ),
    ("alter table status_said rename to gone_said", "alter table gone_said rename to status_said"),
];

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_readers_ask_the_database_for_nothing_and_commands_are_answered_meanwhile() {
    for database in TestDatabase::both() {
        let web = TestWeb::with(Options { page: Some(page()), database, ..Options::default() }).await;
        publish(&web.store, "p1", [update(1, Status::Monitoring, "Slow", "Mended.", &[])]).await;
        let url = web.url("/status");
        let client = &web.client;
        eventually("it is there", async || {
            client.get(&url).send().await.unwrap().text().await.unwrap().contains("Mended.").then_some(())
        })
        .await;
        // Whoever asked the database for the page now would get an error.
        for (away, _) in TABLES {
            web.database.execute(away).await;
        }
        let read = async |reader: usize| {
            let mut seen = BTreeSet::new();
            for turn in 0..EACH {
                let path = if (reader + turn).is_multiple_of(2) { "/status" } else { "/status/api/v2/summary.json" };
                let answer = client.get(web.url(path)).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
                assert!(answer.text().await.unwrap().contains("Mended."));
                seen.insert((path, etag));
            }
            seen
        };
        let command = async {
            for turn in 0..COMMANDS {
                let answer = web.say(&format!("/sev note {turn}")).await;
                assert_eq!(answer["status"], "ok", "{answer}");
            }
        };
        let (seen, ()) = tokio::join!(futures::future::join_all((0..READERS).map(read)), command);
        let seen: BTreeSet<_> = seen.into_iter().flatten().collect();
        assert_eq!(seen.len(), 2, "all {} got the same two files: {seen:?}", READERS * EACH);
        for (_, back) in TABLES {
            web.database.execute(back).await;
        }
        web.end().await;
    }
}

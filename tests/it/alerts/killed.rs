//! The shipped program, killed between taking an alert and showing it: what was answered 202 is shown once.

use super::http::{batch, home, hook};
use super::{TOKEN, alert};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Process;
use drillbell::clock::Clock;
use drillbell::store::Store;
use reqwest::Client;
use std::time::Duration;

/// At which of the things that others could observe it is killed.
const POINTS: [u32; 6] = [1, 2, 4, 7, 11, 16];

async fn killed(database: TestDatabase) {
    let home = home(&database);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
    let name = |point: u32| format!("Killed at {point}");
    let mut sent = 0;
    for point in POINTS {
        let process = home.start_to_be_killed(point).await;
        let body = batch(vec![alert(&name(point), "web-1", "firing", "critical")]);
        let send = |process: &Process| hook(process, &client, "prom").bearer_auth(TOKEN).body(body.clone()).send();
        let answered = send(&process).await.is_ok_and(|answer| answer.status() == 202);
        home.disarm();
        process.kill();
        let process = home.start(&[]).await;
        if !answered {
            // The sender knows nothing, and sends again.
            assert_eq!(send(&process).await.unwrap().status(), 202);
        }
        sent += 1;
        // The bot says itself when nothing waits any more.
        let answer = process.command(&format!("after-{point}"), "/alert list").await.expect("an answer");
        assert_eq!(answer["status"], "ok", "{answer}");
        assert!(process.end(false).await.success());
    }
    // What still waited when the last one ended is handled by this one.
    let process = home.start(&[]).await;
    eventually("all are shown", async || {
        let answer = process.command(&drillbell::model::ids::fresh(), "/alert list").await.expect("an answer");
        (answer["data"]["groups"].as_array()?.len() == sent).then_some(())
    })
    .await;
    // One process a database: looked at when it has ended.
    assert!(process.end(false).await.success());
    let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
    let said = store.stream_after(0, Some(&"console:#ops".into()), &"ana".into(), 100_000).await.unwrap();
    for point in POINTS {
        let title = format!("\"{} on web-1\"", name(point));
        let cards = said.iter().filter(|item| item.kind == "post" && item.payload.to_string().contains(&title)).count();
        assert_eq!(cards, 1, "killed at point {point}: {cards} cards");
    }
    assert_eq!(store.open_events().await.unwrap(), 0);
    drop(store);
    closing.wait().await;
}

#[test]
fn killed_between_taking_an_alert_and_showing_it_nothing_is_lost_or_doubled() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(killed(TestDatabase::sqlite()));
}

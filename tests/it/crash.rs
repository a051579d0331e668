//! The shipped program, killed without warning: at every write and flush that anybody else could observe while it handles a
//! command, on both engines. Whatever it had acknowledged has happened exactly once after the next start.

use crate::support::commits::{ana, delivery};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::model::event::{CommandReceived, Delivery, Event};
use drillbell::model::ids::{ConversationId, DeliveryId, IncidentId};
use drillbell::store::{Engine, Store};
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

/// Fewer points than this would mean that the shim sees nothing.
const FEWEST_POINTS: u32 = 8;
/// More would mean that the program never comes to rest.
const MOST_POINTS: u32 = 400;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Every command of the test has declared one incident, posted one card, and stands once in the trail; the trail verifies.
async fn expect_exactly_once(database: &TestDatabase, home: &Home, commands: u32) {
    let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
    let here = ConversationId::from("console:#incidents");
    let seen = store.stream_after(0, Some(&here), &"ana".into(), 100_000).await.unwrap();
    for n in 1..=commands {
        let title = format!("crash number {n} of many");
        let incident =
            store.incident(&IncidentId::numbered(i64::from(n))).await.unwrap().expect("an incident for each");
        assert_eq!(incident.title, title, "numbers follow the commands");
        let id = DeliveryId::new(format!("api/local/crash-{n}"));
        let of_this: Vec<_> = seen.iter().filter(|item| item.root == id).collect();
        let count = |kind: &str| of_this.iter().filter(|item| item.kind == kind).count();
        let card = incident.card.expect("a card");
        let cards = of_this.iter().filter(|item| item.kind == "post" && item.message == card).count();
        assert_eq!((cards, count("typed")), (1, 1), "command {n}: one card, one echo: {of_this:?}");
        let lines = store.timeline(&incident.id, 100).await.unwrap();
        assert_eq!(lines.iter().filter(|line| line.kind == "declared").count(), 1);
    }
    assert_eq!(store.next_incident_number().await.unwrap(), i64::from(commands) + 1, "and none besides");
    assert_eq!(store.open_events().await.unwrap(), 0);
    let report = drillbell::verification::verify(&store, &home.folder.path().join("data")).await.unwrap();
    assert!(report.ok, "{report:?}");
    let mut audited: BTreeMap<String, u32> = BTreeMap::new();
    for record in store.audit_page(0, 100_000).await.unwrap() {
        let record: serde_json::Value = serde_json::from_str(&record.record).unwrap();
        if let Some(delivery) = record["delivery"].as_str() {
            *audited.entry(delivery.to_owned()).or_default() += 1;
        }
    }
    assert!(audited.values().all(|times| *times == 1), "{audited:?}");
    assert_eq!(audited.len(), usize::try_from(commands).unwrap());
    drop(store);
    closing.wait().await;
}

async fn killed_at_every_point(database: TestDatabase) {
    let home = Home::new(&database);
    let mut point = 0;
    loop {
        point += 1;
        assert!(point < MOST_POINTS, "the program never comes to rest");
        let process = home.start_to_be_killed(point).await;
        let (key, text) = (format!("crash-{point}"), format!("/sev declare sev3 crash number {point} of many"));
        let answer = process.command(&key, &text).await;
        let survived = answer.is_some();
        home.disarm();
        let status = process.end(!survived).await;
        if status.signal() != Some(9) {
            // It came through the whole command: there are no more points.
            assert!(survived && status.success(), "{status}");
            break;
        }
        // The sender knows nothing and sends again once the bot is up, as senders do.
        let process = home.start(&[]).await;
        let again = process.command(&key, &text).await.expect("an answer");
        assert_eq!(again["status"], "ok", "{again}");
        assert_eq!(again["incident"], format!("INC-{point}"), "{again}");
        assert!(process.end(false).await.success(), "a clean stop");
    }
    assert!(point > FEWEST_POINTS, "only {point} points: the shim sees nothing");
    println!("{point} points");
    expect_exactly_once(&database, &home, point).await;
}

#[test]
fn killed_at_every_observable_point_on_sqlite_nothing_is_lost_or_doubled() {
    runtime().block_on(killed_at_every_point(TestDatabase::sqlite()));
}

#[test]
fn killed_at_every_observable_point_on_postgres_nothing_is_lost_or_doubled() {
    runtime().block_on(killed_at_every_point(TestDatabase::postgres()));
}

/// The moment between "stored" and "handled", which most commands never have: they are stored with what came of them.
#[test]
fn what_was_stored_and_nothing_else_is_done_after_the_start_though_nobody_sends_it_again() {
    for database in TestDatabase::both() {
        runtime().block_on(async {
            let home = Home::new(&database);
            assert!(home.start(&[]).await.end(false).await.success());
            let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
            let text = "/sev declare sev3 crash number 1 of many".to_owned();
            let event = Event::CommandReceived(CommandReceived { text, asserted_by: None, by: ana() });
            let stored = Delivery { event, ..delivery("api/local/crash-1") };
            store.accept(stored).await.unwrap();
            assert_eq!(store.open_events().await.unwrap(), 1);
            drop(store);
            closing.wait().await;

            let process = home.start(&[]).await;
            let reader = Store::read_only(&database.url, Clock::system()).await.unwrap();
            let is_done = async || (reader.open_events().await.unwrap() == 0).then_some(());
            eventually("it is done", is_done).await;
            drop(reader);
            assert!(process.end(false).await.success());
            expect_exactly_once(&database, &home, 1).await;
        });
    }
}

#[test]
fn of_two_on_one_database_the_survivor_finishes_what_the_other_had_in_hand() {
    runtime().block_on(async {
        let database = TestDatabase::postgres();
        let (first, second) = (Home::new(&database), Home::new(&database));
        let doomed = first.start(&[]).await;
        let survivor = second.start(&[]).await;
        let text = |n: u32| format!("/sev declare sev3 crash number {n} of many");
        let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
        assert_eq!(store.engine(), Engine::Postgres);
        let (none, _) = store.audit_head().await.unwrap();
        // Nothing is committed while somebody holds the trail's head, so that all of these are in its hands and none is done.
        let held = database.hold_head().await;
        let mut commands: FuturesUnordered<_> = (1..=64)
            .map(|n| {
                let doomed = &doomed;
                async move { doomed.command(&format!("two-{n}"), &text(n)).await }
            })
            .collect();
        let in_hand =
            eventually("it has all of them in hand", async || (store.open_events().await.unwrap() == 64).then_some(()));
        tokio::select! {
            answer = commands.next() => panic!("answered before it was done: {answer:?}"),
            () = in_hand => {}
        }
        assert_eq!(store.audit_head().await.unwrap().0, none, "nothing is done");
        drop(commands);
        doomed.kill();
        held.let_go().await;

        // Nobody sends again: what was acknowledged as stored is finished by the survivor alone.
        eventually("the survivor has done all of it", async || (store.open_events().await.unwrap() == 0).then_some(()))
            .await;
        assert_eq!(store.next_incident_number().await.unwrap(), 65, "each of them, once");
        // And when they are sent again, to the survivor, each is answered; each incident is there once.
        let mut numbers = std::collections::BTreeSet::new();
        for n in 1..=64 {
            let answer = survivor.command(&format!("two-{n}"), &text(n)).await.expect("an answer");
            assert_eq!(answer["status"], "ok", "{answer}");
            numbers.insert(answer["incident"].as_str().unwrap().to_owned());
        }
        assert_eq!(numbers.len(), 64, "neither twins nor gaps");
        assert_eq!(store.next_incident_number().await.unwrap(), 65);
        assert!(survivor.end(false).await.success());
        drop(store);
        closing.wait().await;
    });
}

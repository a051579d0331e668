//! Ways back: kept with the event in one transaction, found by a process that did not hear it, refused when expired, forgotten.

use crate::support::commits::delivery;
use crate::support::database::TestDatabase;
use drillbell::model::route::Route;
use drillbell::store::{Accepted, Forgotten, Store};

async fn found(store: &Store, event: &str, root: &str) -> Option<String> {
    store.route(&event.into(), &root.into()).await.unwrap().map(|route| route.value)
}

async fn check(store: &Store) {
    assert_eq!(found(store, "d1", "d1").await.as_deref(), Some("first"), "a repeat changes nothing");
    assert_eq!(found(store, "d1/job", "d1").await.as_deref(), Some("first"), "what came of it has the same");
    assert_eq!(found(store, "d2", "d2").await, None, "it has expired");
    assert_eq!(found(store, "d3", "d3").await, None);
}

#[tokio::test]
async fn a_way_back_is_there_with_its_event_and_until_it_expires() {
    for database in TestDatabase::both() {
        let (store, closing, _) = database.open().await;
        let now_ms = store.now_ms();
        let way = |value: &str, left_ms: i64| Some(Route { value: value.to_owned(), expires_ms: now_ms + left_ms });
        assert_eq!(store.accept_with(delivery("d1"), way("first", 60_000)).await.unwrap(), Accepted::New);
        assert_eq!(store.accept_with(delivery("d2"), way("late", 0)).await.unwrap(), Accepted::New);
        let again = store.accept_with(delivery("d1"), way("forged", 60_000)).await.unwrap();
        assert!(matches!(again, Accepted::Duplicate(_)), "{again:?}");
        store.accept(delivery("d3")).await.unwrap();
        check(&store).await;
        drop(store);
        closing.wait().await;

        let (store, closing, _) = database.open().await;
        check(&store).await;
        let old = store.find_forgotten(Forgotten::Routes, now_ms + 1).await.unwrap();
        assert_eq!(old, ["d2"]);
        store.forget(Forgotten::Routes, old).await.unwrap();
        assert!(store.find_forgotten(Forgotten::Routes, now_ms + 1).await.unwrap().is_empty());
        drop(store);
        closing.wait().await;
    }
}

#[test]
fn a_way_back_shows_itself_nowhere() {
    let route = Route { value: "https://hooks.example/secret".to_owned(), expires_ms: 0 };
    assert_eq!(format!("{route:?}"), "Route(until 1970-01-01T00:00:00.000Z)");
}

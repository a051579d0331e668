//! What probes found: kept by probe and time, the last of each for good; beats that never go back.

use crate::support::database::{NEW_YEAR_MS, on_both};
use drillbell::store::{Forgotten, ProbeRow, Store};

fn row(probe: &str, at_ms: i64, outcome: &str, value: Option<f64>) -> ProbeRow {
    ProbeRow {
        probe: probe.to_owned(),
        at_ms,
        outcome: outcome.to_owned(),
        value,
        took_ms: value.map(|_| 12),
        detail: "it's \"so\"".to_owned(),
        sample: "[1.0,2.0]".to_owned(),
        standing: "{}".to_owned(),
    }
}

async fn times(store: &Store, probe: &str, since_ms: i64) -> Vec<i64> {
    store.looks_since(probe, since_ms).await.unwrap().iter().map(|row| row.at_ms).collect()
}

#[test]
fn looks_are_kept_in_order_and_read_back_as_they_were() {
    on_both(async |store, _| {
        assert_eq!(store.last_look("shop").await.unwrap(), None);
        let odd = row("shop", 30, "fail", Some(-0.000_123_456_789));
        for row in
            [row("shop", 20, "pass", None), odd.clone(), row("shop", 10, "unknown", None), row("db", 40, "pass", None)]
        {
            store.keep_probe(row).await.unwrap();
        }
        assert_eq!(store.last_look("shop").await.unwrap(), Some(odd.clone()));
        assert_eq!(times(&store, "shop", 11).await, [20, 30]);
        // What became of a look takes its place.
        let told = ProbeRow { standing: "{\"told\":true}".to_owned(), ..odd };
        store.keep_probe(told.clone()).await.unwrap();
        assert_eq!(store.last_looks(&["shop", "db", "none"]).await.unwrap(), [row("db", 40, "pass", None), told]);
        assert_eq!(times(&store, "shop", 0).await, [10, 20, 30]);
    });
}

#[test]
fn a_beat_is_no_look_and_never_goes_back() {
    on_both(async |store, _| {
        assert_eq!(store.last_beat("nightly").await.unwrap(), None);
        for at_ms in [500, 700, 600] {
            store.beat("nightly", at_ms).await.unwrap();
        }
        assert_eq!(store.last_beat("nightly").await.unwrap(), Some(700));
        // A beat from far ahead was noted by a clock that has been set back since.
        store.beat("nightly", 3_600_000).await.unwrap();
        store.beat("nightly", 3_540_000).await.unwrap();
        assert_eq!(store.last_beat("nightly").await.unwrap(), Some(3_600_000));
        store.beat("nightly", 3_539_999).await.unwrap();
        assert_eq!(store.last_beat("nightly").await.unwrap(), Some(3_539_999));
        assert!(
            store.last_look("nightly").await.unwrap().is_none()
                && store.last_looks(&["nightly"]).await.unwrap().is_empty()
        );
    });
}

#[test]
fn looks_from_ahead_are_forgotten_and_a_beat_is_none() {
    on_both(async |store, _| {
        for (probe, at_ms) in [("shop", 10), ("shop", 20), ("shop", 30), ("db", 30)] {
            store.keep_probe(row(probe, at_ms, "pass", None)).await.unwrap();
        }
        store.beat("shop", 40).await.unwrap();
        store.forget_looks_after("shop", 20).await.unwrap();
        assert_eq!((times(&store, "shop", 0).await, times(&store, "db", 0).await), (vec![10, 20], vec![30]));
        assert_eq!(store.last_beat("shop").await.unwrap(), Some(40));
    });
}

#[test]
fn old_looks_are_forgotten_but_for_the_last_of_each_and_beats() {
    on_both(async |store, _| {
        for (probe, at_ms) in [("shop", 1), ("shop", 2), ("shop", NEW_YEAR_MS), ("db", 1), ("db", 2)] {
            store.keep_probe(row(probe, at_ms, "pass", None)).await.unwrap();
        }
        store.beat("nightly", 1).await.unwrap();
        let keys = store.find_forgotten(Forgotten::Probes, NEW_YEAR_MS).await.unwrap();
        store.forget(Forgotten::Probes, keys).await.unwrap();
        assert_eq!(times(&store, "shop", 0).await, [NEW_YEAR_MS]);
        assert_eq!(times(&store, "db", 0).await, [2], "it says how the probe stands, however old it is");
        assert_eq!(store.last_beat("nightly").await.unwrap(), Some(1));
    });
}

//! What keeps rows leased to the process that has them in hand, and to nobody who has not.

use crate::support::bot::with_database;
use crate::support::commits::{commit, delivery, post};
use drillbell::store::{ClaimedEvent, CommitOutcome, OutboxRow};

const LAPSE: [&str; 2] = ["update inbox set lease_ms = 0", "update outbox set lease_ms = 0"];

fn ids(events: &[ClaimedEvent]) -> Vec<&str> {
    events.iter().map(|event| event.delivery.id.as_str()).collect()
}

fn messages(rows: &[OutboxRow]) -> Vec<&str> {
    rows.iter().map(|row| row.effect.message().as_str()).collect()
}

#[test]
fn only_what_is_in_hand_stays_leased() {
    with_database(async |database| {
        let (store, closing, _) = database.open().await;
        for id in ["held", "lost", "done"] {
            store.accept(delivery(id)).await.unwrap();
        }
        let mut says = commit("done");
        says.effects = ["m1", "m2", "m3"].map(|message| post(message, "slack:#ops", message)).to_vec();
        let CommitOutcome::Committed(committed) = store.commit(says).await.unwrap() else { panic!("not committed") };
        let row = |message: &str| {
            let rows = committed.clone().into_rows();
            rows.into_iter().find(|row| row.effect.message().as_str() == message).unwrap().id
        };
        for lapse in LAPSE {
            database.execute(lapse).await;
        }
        let unknown = "nobody's".to_owned();
        store.renew(vec!["held".into(), "done".into(), "unknown".into()], vec![row("m2"), unknown]).await.unwrap();
        assert_eq!(ids(&store.claim_events(10, false).await.unwrap()), ["lost"]);
        assert_eq!(messages(&store.claim_outbox(10, false).await.unwrap()), ["m1", "m3"]);
        assert!(store.claim_events(10, false).await.unwrap().is_empty(), "it is leased again");
        assert!(store.claim_outbox(10, false).await.unwrap().is_empty());
        store.renew(Vec::new(), Vec::new()).await.unwrap();
        drop(store);
        closing.wait().await;
    });
}

#[test]
fn nobody_extends_a_lease_of_somebody_elses() {
    with_database(async |database| {
        let (store, closing, _) = database.open().await;
        store.accept(delivery("theirs")).await.unwrap();
        database.execute("update inbox set owner = 'another', lease_ms = 0").await;
        store.renew(vec!["theirs".into()], Vec::new()).await.unwrap();
        assert_eq!(ids(&store.claim_events(10, false).await.unwrap()), ["theirs"], "its lease had run out");
        drop(store);
        closing.wait().await;
    });
}

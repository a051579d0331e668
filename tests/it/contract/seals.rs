//! The chain of a timeline: only added to, whatever order lines come in, and the same whoever seals.

use crate::support::commits::{commit, delivery, incident, line};
use crate::support::database::on_both;
use drillbell::audit::{timeline_begins, timeline_link};
use drillbell::model::ids::IncidentId;
use drillbell::model::incident::TimelineEntry;
use drillbell::store::Store;

async fn writes(store: &Store, id: &str, lines: Vec<TimelineEntry>) {
    store.accept(delivery(id)).await.unwrap();
    let mut one = commit(id);
    one.incidents = if id == "d1" { vec![incident(1)] } else { Vec::new() };
    one.timeline = lines;
    store.commit(one).await.unwrap();
}

#[test]
fn lines_are_sealed_once_in_the_order_in_which_they_are_found() {
    on_both(async |store, _| {
        let id = IncidentId::numbered(1);
        let empty = store.seal_timeline(id.clone()).await.unwrap();
        assert_eq!((empty.lines, empty.hash.as_str()), (0, timeline_begins(&id).as_str()));
        writes(&store, "d1", vec![line(1, "b", "second\0"), line(1, "d", "fourth"), line(2, "a", "another's")]).await;
        let first = store.seal_timeline(id.clone()).await.unwrap();
        assert_eq!(first.lines, 2);
        assert_eq!(store.seal_timeline(id.clone()).await.unwrap(), first, "nothing new, nothing changed");
        // Another replica's clock is behind: its line has an older id, and comes after what was sealed.
        writes(&store, "d2", vec![line(1, "a1", "late")]).await;
        let second = store.seal_timeline(id.clone()).await.unwrap();
        assert_eq!(second.lines, 3);
        let sealed = store.sealed_lines(&id, 10).await.unwrap();
        let order: Vec<_> = sealed.iter().map(|one| one.line.as_ref().unwrap().entry.id.clone()).collect();
        assert_eq!(order, ["b", "d", "a1"]);
        let mut hash = timeline_begins(&id);
        for one in &sealed {
            hash = timeline_link(&hash, one.line.as_ref().unwrap());
            assert_eq!(one.hash, hash);
        }
        assert_eq!(hash, second.hash);
        assert_eq!(store.sealed_lines(&id, 2).await.unwrap(), sealed[..2]);
        assert_eq!(store.seal_timeline(IncidentId::numbered(2)).await.unwrap().lines, 1, "each has its own chain");
    });
}

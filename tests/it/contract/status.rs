//! What is public: published with the commit that approved it, whole, in order, and not otherwise.

use crate::support::commits::{commit, delivery};
use crate::support::database::{NEW_YEAR_MS, on_both};
use crate::support::public::{components, maintenance, publish, update};
use drillbell::model::incident::Status;
use drillbell::status::{ComponentState, Indicator};
use drillbell::store::{Approved, CommitOutcome};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[test]
fn a_publication_is_there_with_its_commit_and_counted() {
    on_both(async |store, clock| {
        store.ensure_status().await.unwrap();
        let empty = store.status_snapshot(0).await.unwrap();
        assert!(!empty.page.is_empty() && empty.incidents.is_empty() && empty.revision == 0);
        let slow = [("checkout", ComponentState::DegradedPerformance)];
        publish(&store, "d1", [update(1, Status::Investigating, "Slow", "We look.", &slow)]).await;
        clock.advance(HOUR);
        publish(&store, "d2", [update(1, Status::Identified, "Slow checkout", "A disk.", &[])]).await;
        let seen = store.status_snapshot(0).await.unwrap();
        assert_eq!((seen.page, seen.revision, seen.changed_ms), (empty.page, 2, NEW_YEAR_MS + HOUR));
        let [incident] = seen.incidents.as_slice() else { panic!("one incident: {:?}", seen.incidents) };
        assert_eq!((incident.title.as_str(), incident.impact), ("Slow checkout", Indicator::Minor));
        let texts: Vec<_> = incident.updates.iter().map(|it| (it.at_ms - NEW_YEAR_MS, it.text.as_str())).collect();
        assert_eq!(texts, [(0, "We look."), (HOUR, "A disk.")]);
        assert_eq!(store.public_incident(&"INC-1".into()).await.unwrap().as_ref(), Some(incident));
        assert_eq!(store.public_incident(&"INC-2".into()).await.unwrap(), None);
        assert_eq!(store.status_revision().await.unwrap(), 2);
        store.ensure_status().await.unwrap();
        assert_eq!(store.status_revision().await.unwrap(), 2, "a start changes nothing");
    });
}

#[test]
fn a_commit_that_has_lost_its_event_publishes_nothing() {
    on_both(async |store, _| {
        publish(&store, "d1", [update(1, Status::Investigating, "Slow", "We look.", &[])]).await;
        let mut again = commit("d1");
        let publication = update(1, Status::Resolved, "Slow", "Over.", &[]);
        again.publications = vec![Approved { publication, by: "ben".into() }];
        assert_eq!(store.commit(again).await.unwrap(), CommitOutcome::Fenced);
        let seen = store.status_snapshot(0).await.unwrap();
        assert_eq!((seen.revision, seen.incidents[0].updates.len()), (1, 1));
    });
}

#[test]
fn publications_of_one_moment_all_count_in_one_order() {
    on_both(async |store, _| {
        let commits = (0..8).map(|n| {
            let store = store.clone();
            async move {
                let id = format!("d{n}");
                store.accept(delivery(&id)).await.unwrap();
                let mut commit = commit(&id);
                let publication = update(1, Status::Identified, "Slow", &format!("update {n}"), &[]);
                commit.publications = vec![Approved { publication, by: "ben".into() }];
                store.commit(commit).await.unwrap()
            }
        });
        let outcomes = futures::future::join_all(commits).await;
        assert!(outcomes.iter().all(|it| matches!(it, CommitOutcome::Committed(_))));
        let seen = store.status_snapshot(0).await.unwrap();
        assert_eq!((seen.revision, seen.incidents.len(), seen.incidents[0].updates.len()), (8, 1, 8));
    });
}

#[test]
fn the_shown_past_ends_but_what_is_open_and_how_components_stand_does_not() {
    on_both(async |store, clock| {
        let down = [("api", ComponentState::MajorOutage), ("checkout", ComponentState::Operational)];
        publish(&store, "d1", [update(1, Status::Investigating, "Old and open", "We look.", &down)]).await;
        publish(&store, "d2", [update(2, Status::Resolved, "Old and over", "Over.", &[])]).await;
        publish(&store, "d3", [maintenance("old", NEW_YEAR_MS, NEW_YEAR_MS + HOUR)]).await;
        clock.advance(10 * DAY);
        let now_ms = NEW_YEAR_MS + 10 * DAY;
        publish(&store, "d4", [components(&[("api", ComponentState::PartialOutage)])]).await;
        publish(&store, "d5", [maintenance("new", now_ms + DAY, now_ms + 2 * DAY)]).await;
        let seen = store.status_snapshot(now_ms - DAY).await.unwrap();
        assert_eq!(seen.incidents.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["Old and open"]);
        let names: Vec<_> = seen.maintenances.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["new", "old"], "nobody said that the old one is over");
        let said: Vec<_> = seen.said.iter().map(|it| (it.component.as_str(), it.state)).collect();
        assert_eq!(said.len(), 3, "what held when the shown past begins, and what came since: {said:?}");
        assert_eq!(seen.last_said("api"), Some(ComponentState::PartialOutage));
        assert_eq!(seen.last_said("checkout"), Some(ComponentState::Operational));
        let since = store.status_snapshot(now_ms + 1).await.unwrap();
        assert_eq!((since.said.len(), since.last_said("api")), (2, Some(ComponentState::PartialOutage)));
        assert_eq!(store.public_maintenance("new").await.unwrap().map(|it| it.starts_ms), Some(now_ms + DAY));
    });
}

//! What is public: published with the commit that approved it, whole, in order, and not otherwise.

use crate::support::commits::{commit, delivery, new_job};
use crate::support::database::{NEW_YEAR_MS, on_both};
use crate::support::public::{components, maintenance, publish, update};
use drillbell::model::changes::Cell;
use drillbell::model::incident::Status;
use drillbell::model::job::{JobChange, JobState, Wish};
use drillbell::status::{
    AboutComponents, AboutNotice, AboutWork, ComponentState, Indicator, NoticeWords, Public, PublicThing, Publication,
    WorkWords,
};
use drillbell::store::{Approved, Claim, Commit, CommitOutcome, Contended, JobStep, StepChange, Store};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

async fn public(store: &Store, incident: &str) -> Public {
    store.public(&PublicThing::Incident(incident.into())).await.unwrap()
}

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
        assert_eq!(public(&store, "INC-1").await.incident.as_ref(), Some(incident));
        assert_eq!(public(&store, "INC-2").await, Public::default());
        assert_eq!(store.status_revision().await.unwrap(), 2);
        store.ensure_status().await.unwrap();
        assert_eq!(store.status_revision().await.unwrap(), 2, "a start changes nothing");
    });
}

#[test]
fn work_that_was_never_said_to_begin_has_no_end_and_work_that_has_ended_does_not_begin() {
    on_both(async |store, _| {
        let work = |begins| Publication::Work(AboutWork { job: "j1".to_owned(), begins });
        let words = || WorkWords { title: "Works".to_owned(), text: "We change something.".to_owned() };
        publish(&store, "d1", [work(None)]).await;
        assert_eq!(store.status_revision().await.unwrap(), 0, "most jobs say nothing");
        store.accept(delivery("d2")).await.unwrap();
        let start = JobChange::Start(Box::new(new_job("j1")));
        store.commit(Commit { jobs: vec![start], ..commit("d2") }).await.unwrap();
        publish(&store, "d3", [work(Some(words()))]).await;
        publish(&store, "d4", [work(None)]).await;
        assert_eq!(store.status_revision().await.unwrap(), 2);
        let cancel = JobChange::Wish { id: "j1".to_owned(), wish: Wish::Cancel, by: "ana".into() };
        store.accept(delivery("d5")).await.unwrap();
        store.commit(Commit { jobs: vec![cancel], ..commit("d5") }).await.unwrap();
        let kinds = ["steps".to_owned()];
        let claim = Claim { kinds: &kinds, limit: 10, wished: true, all: false, now_ms: NEW_YEAR_MS };
        let job = store.claim_jobs(&claim).await.unwrap().remove(0);
        let end = StepChange::End { state: JobState::Cancelled, result: "{}".to_owned(), card: None };
        let step = JobStep { id: job.id, epoch: job.epoch, change: end };
        store.accept(delivery("d6")).await.unwrap();
        store.commit(Commit { job: Some(step), ..commit("d6") }).await.unwrap();
        publish(&store, "d7", [work(Some(words()))]).await;
        assert_eq!(store.status_revision().await.unwrap(), 2, "it would stand there for ever");
    });
}

#[test]
fn what_is_under_way_stays_on_the_page_however_much_came_after_it() {
    on_both(async |store, clock| {
        publish(&store, "d0", [maintenance("long", NEW_YEAR_MS, NEW_YEAR_MS + 90 * DAY)]).await;
        for n in 1..=60 {
            clock.advance(HOUR);
            let at_ms = NEW_YEAR_MS + n * HOUR;
            let mut over = maintenance(&format!("m{n}"), at_ms, at_ms + HOUR);
            if let Publication::Maintenance(about) = &mut over {
                about.ends_itself = true;
            }
            publish(&store, &format!("d{n}"), [over]).await;
        }
        let seen = store.status_snapshot(0).await.unwrap();
        assert!(seen.maintenances.iter().any(|it| it.name == "long"), "{}", seen.maintenances.len());
        assert!(seen.maintenances.is_sorted_by(|a, b| a.starts_ms >= b.starts_ms), "newest first");
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
fn a_decision_that_looked_at_the_page_holds_only_while_it_is_as_it_was() {
    on_both(async |store, _| {
        let thing = PublicThing::Incident("INC-1".into());
        let decided = async |id: &str, seen: i64, text: &str| {
            store.accept(delivery(id)).await.unwrap();
            let mut commit = commit(id);
            commit.reads.cells.insert(Cell::Public(thing.clone()), seen);
            let publication = update(1, Status::Identified, "Slow", text, &[]);
            commit.publications = vec![Approved { publication, by: "ben".into() }];
            store.commit(commit).await.unwrap()
        };
        let lost = CommitOutcome::Conflict(vec![Contended::Public(thing.clone())]);
        assert!(matches!(decided("d1", 0, "first").await, CommitOutcome::Committed(_)));
        assert_eq!(decided("d2", 0, "it did not know of the first").await, lost);
        // At once: of those that saw the same page exactly one holds, whichever batch they are in.
        let names: Vec<_> = (0..6).map(|n| format!("e{n}")).collect();
        let outcomes = futures::future::join_all(names.iter().map(|id| decided(id, 1, id))).await;
        let held = outcomes.iter().filter(|it| matches!(it, CommitOutcome::Committed(_))).count();
        assert_eq!((held, outcomes.iter().filter(|it| **it == lost).count()), (1, 5), "{outcomes:?}");
        let seen = public(&store, "INC-1").await;
        assert_eq!((seen.revision, seen.incident.unwrap().updates.len()), (2, 2));
    });
}

#[test]
fn words_about_a_component_hold_only_while_nobody_else_spoke_of_any() {
    on_both(async |store, _| {
        let down = BTreeMap::from([("api".to_owned(), ComponentState::MajorOutage)]);
        let says = |components: BTreeMap<_, _>, written_ms| {
            Publication::Components(AboutComponents { components, reason: "seen".to_owned(), written_ms })
        };
        let decided = async |id: &str, seen: i64| {
            store.accept(delivery(id)).await.unwrap();
            let mut commit = commit(id);
            commit.reads.cells.insert(Cell::Public(PublicThing::Components), seen);
            commit.publications = vec![Approved { publication: says(down.clone(), 200), by: "ben".into() }];
            store.commit(commit).await.unwrap()
        };
        let names: Vec<_> = (0..4).map(|n| format!("e{n}")).collect();
        let outcomes = futures::future::join_all(names.iter().map(|id| decided(id, 0))).await;
        let held = outcomes.iter().filter(|it| matches!(it, CommitOutcome::Committed(_))).count();
        assert_eq!(held, 1, "{outcomes:?}");
        // Whoever did not look is not told, but turns nothing back either.
        publish(&store, "d1", [says(down.clone(), 100)]).await;
        let up = BTreeMap::from([("api".to_owned(), ComponentState::Operational)]);
        publish(&store, "d2", [says(up.clone(), 150)]).await;
        let seen = store.status_snapshot(0).await.unwrap();
        assert_eq!(seen.last_said("api"), Some(ComponentState::MajorOutage), "{:?}", seen.said);
        publish(&store, "d3", [says(up, 300)]).await;
        let seen = store.status_snapshot(0).await.unwrap();
        assert_eq!(seen.last_said("api"), Some(ComponentState::Operational), "{:?}", seen.said);
    });
}

#[test]
fn what_no_longer_fits_is_left_out_and_nothing_else_of_its_commit_is() {
    on_both(async |store, _| {
        publish(&store, "d1", [update(1, Status::Resolved, "Slow", "Over.", &[])]).await;
        publish(&store, "d2", [update(1, Status::Identified, "Slow", "From before.", &[])]).await;
        let seen = public(&store, "INC-1").await;
        assert_eq!((seen.revision, seen.incident.unwrap().updates.len()), (1, 1));
        assert!(store.result(&"d2".into()).await.unwrap().is_some(), "its event is handled");
    });
}

#[test]
fn work_on_production_is_public_while_it_lasts() {
    on_both(async |store, clock| {
        let work = |begins: bool| {
            let words = || WorkWords { title: "Maintenance".to_owned(), text: "We change something.".to_owned() };
            Publication::Work(AboutWork { job: "j1".to_owned(), begins: begins.then(words) })
        };
        publish(&store, "d0", [work(false)]).await;
        assert_eq!(store.status_revision().await.unwrap(), 0, "what was never announced has no end to tell");
        publish(&store, "d1", [work(true)]).await;
        publish(&store, "d2", [work(true)]).await;
        clock.advance(HOUR);
        publish(&store, "d3", [work(false)]).await;
        let seen = store.status_snapshot(0).await.unwrap();
        let [it] = seen.maintenances.as_slice() else { panic!("{:?}", seen.maintenances) };
        assert_eq!((it.updates.len(), it.ends_ms, seen.revision), (2, NEW_YEAR_MS + HOUR, 2));
    });
}

#[test]
fn one_notice_of_a_service_is_up_whichever_jobs_put_it_up_and_take_it_down() {
    on_both(async |store, clock| {
        let notice = |service: &str, job: &str, begins: bool| {
            let words = || NoticeWords {
                title: "Closed".to_owned(),
                text: "We repair it.".to_owned(),
                components: ["api".to_owned()].into(),
                lasts_ms: HOUR,
            };
            let begins = begins.then(words);
            Publication::Notice(AboutNotice { service: service.to_owned(), job: job.to_owned(), begins })
        };
        publish(&store, "d0", [notice("shop", "j0", false)]).await;
        assert_eq!(store.status_revision().await.unwrap(), 0, "nothing is up");
        publish(&store, "d1", [notice("shop", "j1", true)]).await;
        publish(&store, "d2", [notice("shop", "j2", true)]).await;
        // A name that a pattern of the database would take for the other.
        publish(&store, "d3", [notice("sho_", "j3", true), notice("sho", "j4", false)]).await;
        assert_eq!(store.status_revision().await.unwrap(), 2);
        clock.advance(HOUR);
        publish(&store, "d4", [notice("shop", "j5", false)]).await;
        publish(&store, "d5", [notice("shop", "j6", true)]).await;
        let seen = store.status_snapshot(0).await.unwrap();
        let mut told: Vec<_> = seen.maintenances.iter().map(|it| (it.name.as_str(), it.said.as_str())).collect();
        told.sort_unstable();
        assert_eq!(told, [("//sho_/j3", "in_progress"), ("//shop/j1", "completed"), ("//shop/j6", "in_progress")]);
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
        let new = PublicThing::Maintenance("new".to_owned());
        assert_eq!(store.public(&new).await.unwrap().maintenance.map(|it| it.starts_ms), Some(now_ms + DAY));
    });
}

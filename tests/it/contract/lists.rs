//! Lists in pages: incidents, timelines with filters, the audit trail.

use crate::support::commits::{commit, delivery, incident};
use crate::support::database::on_both;
use drillbell::model::ids::IncidentId;
use drillbell::model::incident::{Incident, Status, TimelineEntry};
use drillbell::store::{CommitOutcome, LineFilter, Store};

async fn write(store: &Store, id: &str, fill: impl FnOnce(&mut drillbell::store::Commit)) {
    store.accept(delivery(id)).await.unwrap();
    let mut commit = commit(id);
    fill(&mut commit);
    assert!(matches!(store.commit(commit).await.unwrap(), CommitOutcome::Committed(_)));
}

fn line(id: &str, incident: i64, kind: &str, author: &str, text: &str) -> TimelineEntry {
    let usual = crate::support::commits::line(incident, id, text);
    TimelineEntry { kind: kind.to_owned(), author: author.into(), ..usual }
}

#[test]
fn incidents_come_in_pages_newest_first() {
    on_both(async |store, _| {
        for number in 1..=5 {
            let status = if number == 3 { Status::Resolved } else { Status::Investigating };
            let new = Incident { status, ..incident(number) };
            write(&store, &format!("d{number}"), |commit| commit.incidents = vec![new]).await;
        }
        let numbers = async |open, before, limit| {
            let page = store.incidents_before(open, before, limit).await.unwrap();
            page.iter().map(|incident| incident.id.number()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(false, i64::MAX, 2).await, [5, 4]);
        assert_eq!(numbers(false, 4, 10).await, [3, 2, 1]);
        assert_eq!(numbers(true, i64::MAX, 10).await, [5, 4, 2, 1]);
        assert!(numbers(false, 1, 10).await.is_empty());
    });
}

#[test]
fn a_timeline_is_filtered_by_kind_author_and_text_as_it_was_typed() {
    on_both(async |store, _| {
        let id = IncidentId::numbered(1);
        let lines = [
            line("01", 1, "declared", "ana", "100% of checkouts fail"),
            line("02", 1, "note", "ben", "The Payment_Provider is slow"),
            line("03", 1, "note", "ana", "paymentXprovider!"),
            line("04", 2, "note", "ana", "another one"),
        ];
        write(&store, "d1", |commit| commit.timeline = lines.to_vec()).await;
        let ids = async |kind: &str, author: &str, text: &str, before: &str| {
            let filter = LineFilter { kind: kind.to_owned(), author: author.to_owned(), text: text.to_owned() };
            let page = store.timeline_before(&id, &filter, before, 10).await.unwrap();
            page.into_iter().map(|line| line.entry.id).collect::<Vec<_>>()
        };
        assert_eq!(ids("", "", "", "").await, ["03", "02", "01"]);
        assert_eq!(ids("", "", "", "03").await, ["02", "01"]);
        assert_eq!(ids("note", "ana", "", "").await, ["03"]);
        assert_eq!(ids("", "", "payment_provider", "").await, ["02"], "an underscore is no wildcard");
        assert_eq!(ids("", "", "0%", "").await, ["01"], "nor is a percent sign");
        assert_eq!(ids("", "", "provider!", "").await, ["03"]);
        assert!(ids("", "", "' or 1=1 --", "").await.is_empty());
        let (kinds, authors) = store.timeline_words(&id).await.unwrap();
        assert_eq!((kinds, authors), (vec!["declared".into(), "note".into()], vec!["ana".into(), "ben".to_owned()]));
    });
}

#[test]
fn the_trail_is_read_from_its_end_in_pages() {
    on_both(async |store, _| {
        for n in 1..=4 {
            write(&store, &format!("d{n}"), |_| {}).await;
        }
        let seqs = async |before, limit| {
            let page = store.audit_before(before, limit).await.unwrap();
            page.iter().map(|record| record.seq).collect::<Vec<_>>()
        };
        assert_eq!(seqs(i64::MAX, 3).await, [4, 3, 2]);
        assert_eq!(seqs(2, 3).await, [1]);
    });
}

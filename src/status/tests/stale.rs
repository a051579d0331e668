//! Words that waited too long for their approval, and the work that the house announces by itself.

use super::*;
use proptest::prelude::*;

fn said(status: Status, text: &str, at_ms: i64, seen: usize) -> Publication {
    Publication::Incident(AboutIncident { written: Written { at_ms, seen }, ..about(status, text, &[]) })
}

fn why_not(publication: &Publication, snapshot: &Snapshot) -> Option<String> {
    fits(publication, &public_of(snapshot), NOON + DAY).err().map(|refusal| refusal.to_string())
}

#[test]
fn words_from_before_the_end_do_not_open_it_again_and_new_ones_do() {
    let over = published(&[
        (NOON, said(Status::Identified, "A disk.", NOON, 0)),
        (NOON + 9, said(Status::Resolved, "Over.", NOON + 5, 1)),
    ]);
    let before = Some("it was over for the public before this was approved".to_owned());
    assert_eq!(why_not(&said(Status::Monitoring, "We watch.", NOON + 7, 1), &over), before, "written before the yes");
    assert_eq!(why_not(&said(Status::Monitoring, "We watch.", NOON + 2, 1), &over), before);
    assert_eq!(why_not(&said(Status::Investigating, "Again.", NOON + 20, 2), &over), None, "it knew of the end");
    assert_eq!(why_not(&said(Status::Resolved, "More on it.", NOON + 7, 1), &over), None, "it opens nothing");
}

#[test]
fn older_words_do_not_follow_newer_ones() {
    let open = published(&[(NOON + 9, said(Status::Monitoring, "It is better.", NOON + 5, 0))]);
    let newer = Some("newer words are public by now".to_owned());
    assert_eq!(why_not(&said(Status::Identified, "A disk.", NOON + 4, 0), &open), newer);
    assert_eq!(why_not(&said(Status::Identified, "A disk.", NOON + 6, 0), &open), None, "approved in their order");
}

#[test]
fn a_maintenance_that_is_over_by_time_or_word_is_not_begun_again_by_old_words() {
    let plan = |status, at_ms, seen| {
        let written = Written { at_ms, seen };
        Publication::Maintenance(AboutMaintenance { status, written, ends_itself: true, ..window(NOON, NOON + HOUR) })
    };
    let past = published(&[(NOON - HOUR, plan(MaintenanceStatus::Scheduled, NOON - HOUR, 0))]);
    let public = public_of(&past);
    let more = plan(MaintenanceStatus::InProgress, NOON, 0);
    assert!(fits(&more, &public, NOON + HOUR - 1).is_ok());
    assert!(fits(&more, &public, NOON + HOUR).is_err(), "it ended by itself");
    assert!(fits(&plan(MaintenanceStatus::Scheduled, NOON + DAY, 1), &public, NOON + DAY).is_ok(), "the next one");
}

fn work(begins: bool) -> Publication {
    Publication::Work(AboutWork { job: "j1".to_owned(), begins: begins.then(words) })
}

#[test]
fn work_on_production_is_shown_while_it_lasts_in_the_operators_words() {
    let during = published(&[(NOON, all(Operational)), (NOON, work(true)), (NOON + 5, work(true))]);
    let [shown] = during.maintenances.as_slice() else { panic!("{:?}", during.maintenances) };
    assert_eq!((shown.title.as_str(), shown.status_at(NOON + DAY).as_str()), ("Maintenance", "in_progress"));
    assert_eq!(shown.updates.len(), 1, "it goes on after its process died, and that is no news");
    assert_eq!(whole(&during, NOON + 5).0, "none", "nobody said that anything is worse for it");
    let after = published(&[(NOON, work(true)), (NOON + HOUR / 2, work(false)), (NOON + HOUR, work(false))]);
    let shown = &after.maintenances[0];
    assert_eq!(shown.lasted(NOON + DAY), Some((NOON, NOON + HOUR / 2)));
    let told: Vec<_> = shown.updates.iter().map(|it| (it.status.as_str(), it.text.as_str())).collect();
    assert_eq!(told, [("in_progress", "We are making a change."), ("completed", "The work has ended.")]);
    assert!(published(&[(NOON, work(false))]).maintenances.is_empty(), "what never began does not end");
    assert!(check(work(true), &["api"]).is_err(), "nobody proposes it");
}

fn closed(job: &str, begins: bool) -> Publication {
    let words = NoticeWords {
        title: "Closed".to_owned(),
        text: "We repair it.".to_owned(),
        components: ["api".to_owned()].into(),
        lasts_ms: HOUR,
    };
    Publication::Notice(AboutNotice {
        service: "shop".to_owned(),
        job: job.to_owned(),
        begins: begins.then_some(words),
    })
}

#[test]
fn a_services_notice_is_up_until_it_is_taken_down_and_nobody_proposes_it() {
    let during = published(&[(NOON, all(Operational)), (NOON, closed("j1", true))]);
    let [shown] = during.maintenances.as_slice() else { panic!("{:?}", during.maintenances) };
    assert_eq!(
        (shown.title.as_str(), shown.status_at(NOON + DAY).as_str()),
        ("Closed", "in_progress"),
        "nobody ended it"
    );
    assert_eq!(whole(&during, NOON + 5).0, "maintenance");
    let public = public_of(&during);
    assert_eq!(apply(&closed("j2", true), public, &BTreeMap::new(), NOON, String::new), Change::default(), "it is up");
    let after = published(&[(NOON, closed("j1", true)), (NOON + HOUR / 2, closed("j1", false))]);
    let told: Vec<_> = after.maintenances[0].updates.iter().map(|it| (it.status.as_str(), it.text.as_str())).collect();
    assert_eq!(told, [("in_progress", "We repair it."), ("completed", "The maintenance is over.")]);
    assert!(published(&[(NOON, closed("j1", false))]).maintenances.is_empty(), "what is not up is not taken down");
    assert!(check(closed("j1", true), &["api"]).is_err());
}

proptest! {
    /// In whatever order proposals are approved: the page never goes from over to open by words that did not know of the
    /// end, and never from newer words to older ones.
    #[test]
    fn no_order_of_approvals_turns_the_page_back(
        written in prop::collection::vec((0_i64..6, 0_usize..4, any::<bool>()), 1..12)
    ) {
        let mut snapshot = Snapshot::default();
        for (at_ms, seen, over) in written {
            let status = if over { Status::Resolved } else { Status::Monitoring };
            let next = said(status, "x", at_ms, seen);
            let public = public_of(&snapshot);
            if fits(&next, &public, NOON).is_err() {
                continue;
            }
            if let Some(known) = &public.incident {
                prop_assert!(known.status != Status::Resolved || over || seen == known.updates.len());
                prop_assert!(known.updates.iter().all(|update| update.written_ms <= at_ms));
            }
            let change = apply(&next, public, &BTreeMap::new(), NOON, String::new);
            snapshot.incidents = change.incident.into_iter().collect();
        }
    }
}

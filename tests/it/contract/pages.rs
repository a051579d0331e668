//! Pages in the store: every attempt, the end with its record and its line, and nobody's end but the owner's.

use crate::support::commits::{ana, commit, delivery, incident};
use crate::support::database::on_both;
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, IncidentId};
use drillbell::model::page::PageAction;
use drillbell::model::view::View;
use drillbell::scrub::Scrub;
use drillbell::store::{CommitOutcome, OutboxRow, PageEnd, Store};
use secrecy::SecretString;

fn page(key: &str) -> Effect {
    Effect::Page {
        message: format!("m-{key}").as_str().into(),
        to: "notify:oncall".into(),
        view: View::text("checkout is down"),
        private_to: None,
        notifier: "oncall".to_owned(),
        key: key.to_owned(),
        action: PageAction::Trigger,
        incident: Some(IncidentId::numbered(1)),
    }
}

async fn commit_pages(store: &Store, keys: &[&str]) -> Vec<OutboxRow> {
    store.accept(delivery("d1")).await.unwrap();
    let mut commit = commit("d1");
    commit.incidents = vec![incident(1)];
    commit.effects = keys.iter().map(|key| page(key)).collect();
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Committed(committed) => committed.into_rows(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn attempts_and_end_of_a_page_are_on_record() {
    on_both(async |store, _| {
        let rows = commit_pages(&store, &["k1", "k2"]).await;
        assert_eq!(rows.iter().map(|row| row.priority).collect::<Vec<_>>(), [0, 0]);
        assert_eq!(store.page_tried(rows[0].id.clone(), "HTTP 500".to_owned()).await.unwrap(), 1);
        assert_eq!(store.page_tried(rows[0].id.clone(), "HTTP 502".to_owned()).await.unwrap(), 2);
        let waiting = store.open_pages(0, 10).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].attempts, waiting[0].error.as_str()), (2, 2, "HTTP 502"));
        let sent = PageEnd::Sent { native: Some("taken".to_owned()) };
        assert!(store.page_ended(rows[0].clone(), sent).await.unwrap());
        assert!(store.page_ended(rows[1].clone(), PageEnd::Dead { error: "HTTP 400".to_owned() }).await.unwrap());
        let outcomes: Vec<_> =
            store.attempts(&rows[0].id).await.unwrap().into_iter().map(|a| (a.n, a.outcome, a.detail)).collect();
        let expected = [(1, "later", "HTTP 500"), (2, "later", "HTTP 502"), (3, "sent", "taken")];
        assert_eq!(outcomes, expected.map(|(n, outcome, detail)| (n, outcome.to_owned(), detail.to_owned())));
        let told: Vec<_> =
            store.timeline(&IncidentId::numbered(1), 10).await.unwrap().into_iter().map(|line| line.text).collect();
        assert_eq!(
            told,
            ["Page to oncall (k1): sent after 3 attempts.", "Page to oncall (k2): given up after 1 attempt: HTTP 400"]
        );
        let open = store.open_pages(0, 10).await.unwrap();
        assert!(open.len() == 1 && open[0].given_up && open[0].key == "k2", "{open:?}");
        assert!(store.dead_deliveries(0, 10).await.unwrap().is_empty(), "pages are listed apart");
        assert_eq!(store.outbox_backlog().await.unwrap(), []);
    });
}

#[test]
fn what_a_receiver_says_is_kept_without_our_secrets() {
    on_both(async |store, _| {
        let rows = commit_pages(&store, &["k1"]).await;
        let (scrub, _) = Scrub::new([("hook".to_owned(), SecretString::from("correct horse battery"))]);
        let store = store.scrubbing(scrub);
        let said = || "HTTP 500: bad signature correct horse battery".to_owned();
        store.page_tried(rows[0].id.clone(), said()).await.unwrap();
        assert!(store.page_ended(rows[0].clone(), PageEnd::Dead { error: said() }).await.unwrap());
        let trail = store.audit_page(0, 100).await.unwrap();
        let kept = format!(
            "{:?} {:?} {:?} {:?}",
            store.attempts(&rows[0].id).await.unwrap(),
            store.timeline(&IncidentId::numbered(1), 10).await.unwrap(),
            store.open_pages(0, 10).await.unwrap(),
            trail.iter().map(|row| row.record.clone()).collect::<Vec<_>>()
        );
        assert!(kept.contains("bad signature [secret hook]") && !kept.contains("horse"), "{kept}");
    });
}

#[test]
fn a_page_that_ended_or_belongs_to_another_process_is_not_ended_again() {
    on_both(async |store, _| {
        let rows = commit_pages(&store, &["k1"]).await;
        let sent = PageEnd::Sent { native: None };
        assert!(store.page_ended(rows[0].clone(), sent.clone()).await.unwrap());
        let (records, _) = store.audit_head().await.unwrap();
        assert!(!store.page_ended(rows[0].clone(), sent).await.unwrap());
        assert_eq!(store.audit_head().await.unwrap().0, records, "one end, one record");
        assert_eq!(store.timeline(&IncidentId::numbered(1), 10).await.unwrap().len(), 1);
    });
}

#[test]
fn a_page_to_the_console_is_delivered_and_on_record_with_its_commit() {
    on_both(async |store, _| {
        store.accept(delivery("d1")).await.unwrap();
        let mut commit = commit("d1");
        commit.incidents = vec![incident(1)];
        let mut effect = page("k1");
        if let Effect::Page { to, private_to, .. } = &mut effect {
            (*to, *private_to) = (ConversationId::from("console:#ops"), Some(ana().id));
        }
        commit.effects = vec![effect];
        let CommitOutcome::Committed(committed) = store.commit(commit).await.unwrap() else { panic!() };
        assert!(committed.is_empty(), "nothing is left to deliver");
        assert_eq!(store.stream_after(0, None, &"ana".into(), 10).await.unwrap().len(), 1);
        assert_eq!(store.stream_after(0, None, &"ben".into(), 10).await.unwrap().len(), 0);
        assert_eq!(store.audit_head().await.unwrap().0, 2, "the command's record and the page's");
        assert_eq!(store.timeline(&IncidentId::numbered(1), 10).await.unwrap().len(), 1);
        assert!(store.message(&"m-k1".into()).await.unwrap().is_some(), "its buttons can be clicked");
    });
}

//! The outbox: in order, marked once, tried again, given up.

use crate::support::commits::{commit, delivery, post};
use crate::support::database::on_both;
use drillbell::model::conversation::PlaceAct;
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, MessageRef};
use drillbell::model::view::View;
use drillbell::store::{Commit, CommitOutcome, Mark, Store, Words};

async fn commit_posts(store: &Store, id: &str, texts: &[&str]) -> Vec<String> {
    store.accept(delivery(id)).await.unwrap();
    let mut commit = commit(id);
    commit.effects = texts.iter().map(|text| post(&format!("{id}-{text}"), "slack:C1", text)).collect();
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Committed(committed) => committed.into_rows().into_iter().map(|row| row.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_commit_hands_out_its_deliveries_in_order_and_leased() {
    on_both(async |store, _| {
        let ids = commit_posts(&store, "d1", &["one", "two", "three"]).await;
        assert!(ids.is_sorted() && ids.len() == 3);
        assert!(store.claim_outbox(10, false).await.unwrap().is_empty(), "they are in our hands");
        let claimed = store.claim_outbox(10, true).await.unwrap();
        assert_eq!(claimed.iter().map(|row| &row.id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
        assert_eq!(store.outbox_backlog().await.unwrap()[0].1, 3);
        assert_eq!(store.open_under(&"d1".into()).await.unwrap(), 3);
    });
}

#[test]
fn marks_end_put_off_or_give_up_a_delivery() {
    on_both(async |store, clock| {
        let ids = commit_posts(&store, "d1", &["sent", "later", "dead"]).await;
        store.mark(ids[0].clone(), Mark::Sent { native: Some("1234.5".to_owned()) });
        store.mark(ids[1].clone(), Mark::Later { delay_ms: -1, error: "slack answered 503".to_owned() });
        store.mark(ids[2].clone(), Mark::Dead { error: "channel_not_found".to_owned() });
        // Marks ride along: the next transaction carries them.
        store.accept(delivery("d2")).await.unwrap();
        store.accept(delivery("d3")).await.unwrap();
        let again = store.claim_outbox(10, false).await.unwrap();
        assert_eq!(again.iter().map(|row| (&row.id, row.attempts)).collect::<Vec<_>>(), [(&ids[1], 1)]);
        let dead = store.dead_deliveries(clock.now_ms(), 10).await.unwrap();
        let [dead] = dead.as_slice() else { panic!("{dead:?}") };
        assert_eq!((dead.conversation.as_str(), dead.reason.as_str()), ("slack:C1", "channel_not_found"));
        assert!(dead.can_go_again && dead.id == ids[2]);
        // Sent after all, as if it had been said now, once.
        let resend = async |id: &str| {
            store.accept(delivery(id)).await.unwrap();
            let commit = Commit { resend: vec![ids[2].clone()], ..commit(id) };
            assert!(matches!(store.commit(commit).await.unwrap(), CommitOutcome::Committed(_)));
            store.claim_outbox(10, false).await.unwrap()
        };
        let claimed = resend("d4").await;
        assert_eq!(claimed.iter().map(|row| (&row.id, row.attempts)).collect::<Vec<_>>(), [(&ids[2], 0)]);
        assert!(store.dead_deliveries(0, 10).await.unwrap().is_empty());
        assert!(resend("d5").await.is_empty(), "it is under way");
    });
}

#[test]
fn console_messages_are_delivered_by_the_commit_itself() {
    on_both(async |store, _| {
        store.accept(delivery("d1")).await.unwrap();
        let mut commit = commit("d1");
        commit.effects = vec![post("m1", "console:#incidents", "hello")];
        let CommitOutcome::Committed(committed) = store.commit(commit).await.unwrap() else { panic!() };
        assert!(committed.is_empty(), "nothing is left to deliver");
        let seen = store.stream_after(0, None, &"ana".into(), 10).await.unwrap();
        assert_eq!(seen.iter().map(|i| (i.seq, i.kind.as_str())).collect::<Vec<_>>(), [(1, "post")]);
        assert_eq!(store.message(&"m1".into()).await.unwrap().unwrap().view.to_plain(), "hello");
    });
}

#[test]
fn only_what_was_sent_later_takes_the_place_of_what_was_said() {
    on_both(async |store, _| {
        store.accept(delivery("d1")).await.unwrap();
        let to: ConversationId = "slack:C1".into();
        let edit = |message: &str| Effect::EditMessage {
            message: message.into(),
            to: to.clone(),
            view: View::text("words"),
            private_to: None,
        };
        let topic =
            Effect::Place { message: "t".into(), to: to.clone(), act: PlaceAct::Topic { topic: "so".to_owned() } };
        let mut says = commit("d1");
        says.effects = vec![edit("m1"), edit("m2"), edit("m1"), topic];
        let CommitOutcome::Committed(committed) = store.commit(says).await.unwrap() else { panic!("not committed") };
        let ids: Vec<_> = committed.into_rows().into_iter().map(|row| row.id).collect();
        let is = async |message: Option<&str>, by: &str, id: &str| {
            let message = message.map(MessageRef::from);
            store.is_outdated(Words { conversation: &to, message: message.as_ref(), by }, id).await.unwrap()
        };
        assert!(!is(Some("m1"), "edit_message", &ids[0]).await, "the newer one is under way, and comes after it");
        ids.iter().for_each(|id| store.mark(id.clone(), Mark::Sent { native: None }));
        store.ensure_status().await.unwrap();
        assert!(is(Some("m1"), "edit_message", &ids[0]).await);
        assert!(!is(Some("m2"), "edit_message", &ids[1]).await, "the newer one is of another message");
        assert!(!is(Some("m1"), "edit_message", &ids[2]).await, "nothing is newer");
        assert!(is(None, "set_topic", &ids[0]).await);
        assert!(!is(None, "archive", &ids[0]).await);
    });
}

//! What a conversation asks somebody to take up, and what it was opened for.

use crate::support::commits::{commit, delivery, incident};
use crate::support::database::on_both;
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use drillbell::model::incident::{Incident, Status};
use drillbell::model::view::{Block, Button, ButtonStyle, Once, View};
use drillbell::store::{Commit, CommitOutcome, OpeningEnd, OutboxRow, Store};

/// A message with a button.
fn asks(message: &str, to: &str, action: &str, private_to: Option<&str>) -> Effect {
    let (action, label) = (action.to_owned(), "Acknowledge".to_owned());
    let button = Button { action, label, value: String::new(), style: ButtonStyle::Primary, once: Once::Never };
    let view = View { blocks: vec![Block::Button(button)], ..View::text("look at \"action\":\"ack\"") };
    let private_to = private_to.map(Into::into);
    Effect::PostMessage { message: message.into(), to: to.into(), view, private_to, reply: false }
}

/// A commit of these messages about an incident.
fn about(id: &str, incident: &Incident, effects: Vec<Effect>) -> Commit {
    Commit { incident: Some(incident.id.clone()), incidents: vec![incident.clone()], effects, ..commit(id) }
}

async fn commits(store: &Store, commit: Commit) -> Vec<OutboxRow> {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Committed(committed) => committed.into_rows(),
        other => panic!("{other:?}"),
    }
}

async fn asked(store: &Store, there: &str, reader: &str) -> Vec<String> {
    let rows = store.messages_asking(&there.into(), &reader.into(), "ack", 10).await.unwrap();
    rows.into_iter().map(|row| row.id.to_string()).collect()
}

#[test]
fn what_asks_to_be_taken_up_is_found_newest_first_where_it_stands_and_by_whom_it_is_seen() {
    on_both(async |store, _| {
        let here = "slack:#incidents";
        let (one, two) = (incident(1), incident(2));
        let over = Incident { status: Status::Resolved, resolved_ms: Some(1), ..incident(3) };
        commits(&store, about("d1", &one, vec![asks("m1", here, "ack", None), asks("m2", here, "resolve", None)]))
            .await;
        commits(
            &store,
            about("d2", &two, vec![asks("m3", here, "ack", Some("ana")), asks("m4", "slack:#ops", "ack", None)]),
        )
        .await;
        commits(&store, about("d3", &over, vec![asks("m5", here, "ack", None)])).await;
        assert_eq!(asked(&store, here, "ana").await, ["m3", "m1"]);
        assert_eq!(asked(&store, here, "ben").await, ["m1"], "what only Ana sees is nothing to Ben");
        assert_eq!(asked(&store, "slack:#ops", "ben").await, ["m4"]);
        assert_eq!(asked(&store, "slack:#random", "ben").await, [""; 0]);
        assert_eq!(store.messages_asking(&here.into(), &"ana".into(), "ack", 1).await.unwrap().len(), 1);
    });
}

#[test]
fn a_conversation_is_known_by_what_it_was_opened_for_under_its_platforms_name() {
    on_both(async |store, _| {
        let (mine, there) = ("slack:+inc-1", "slack:C77");
        let one = Incident { conversation: mine.into(), ..incident(1) };
        let act = PlaceAct::Open { shape: Shape::Channel, name: "inc-1".to_owned(), near: "slack:C1".into() };
        let open = Effect::Place { message: "m1".into(), to: mine.into(), act };
        let rows = commits(&store, about("d1", &one, vec![open, asks("m2", mine, "ack", None)])).await;
        assert_eq!(store.opened_for(&there.into()).await.unwrap(), None);
        assert!(store.opening_ended(rows[0].clone(), OpeningEnd::There(there.into())).await.unwrap());
        assert_eq!(store.opened_for(&there.into()).await.unwrap(), Some(one.id.clone()));
        assert_eq!(asked(&store, there, "ana").await, ["m2"], "people know it by that name");
        assert_eq!(store.opened_for(&"slack:C1".into()).await.unwrap(), None);
    });
}

#[test]
fn where_something_would_have_been_opened_is_opened_for_nothing() {
    on_both(async |store, _| {
        let one = Incident { conversation: "slack:+inc-1".into(), ..incident(1) };
        let act = PlaceAct::Open { shape: Shape::Channel, name: "inc-1".to_owned(), near: "slack:C1".into() };
        let open = Effect::Place { message: "m1".into(), to: "slack:+inc-1".into(), act };
        let rows = commits(&store, about("d1", &one, vec![open])).await;
        let end = OpeningEnd::Instead { near: "slack:C1".into(), problem: "restricted_action".to_owned() };
        assert!(store.opening_ended(rows[0].clone(), end).await.unwrap());
        assert_eq!(store.opened_for(&"slack:C1".into()).await.unwrap(), None, "it is everybody's channel");
    });
}

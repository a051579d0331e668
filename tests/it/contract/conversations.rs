//! Conversations that the bot opened: as the commit asks for them, and where they turn out to be; timelines' sources.

use crate::support::commits::{commit, delivery, incident, line};
use crate::support::database::on_both;
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use drillbell::model::incident::Incident;
use drillbell::store::{Commit, CommitOutcome, OpeningEnd, OutboxRow, Store};

fn place(to: &str, act: PlaceAct) -> Effect {
    Effect::Place { message: "m1".into(), to: to.into(), act }
}

fn open(to: &str) -> Effect {
    let near = if to.starts_with("console") { "console:#incidents" } else { "slack:C1" };
    place(to, PlaceAct::Open { shape: Shape::Channel, name: "inc-1".to_owned(), near: near.into() })
}

async fn commits(store: &Store, commit: Commit) -> Vec<OutboxRow> {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Committed(committed) => committed.into_rows(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_console_channel_is_there_with_the_commit_that_asks_for_it() {
    on_both(async |store, _| {
        let to = "console:#inc-1";
        let mut one = commit("d1");
        let people = vec!["ana".into(), "ben".into()];
        one.effects = vec![
            open(to),
            place(to, PlaceAct::Invite { people, groups: Vec::new() }),
            place(to, PlaceAct::Topic { topic: "down".to_owned() }),
            place(to, PlaceAct::Topic { topic: "up".to_owned() }),
            place(to, PlaceAct::Pin),
        ];
        assert!(commits(&store, one).await.is_empty(), "nothing is left to deliver");
        let opened = store.conversation(&to.into()).await.unwrap().unwrap();
        assert_eq!((opened.topic.as_str(), opened.archived, opened.plugin.as_str()), ("up", false, "test"));
        assert_eq!(opened.lives_in.as_ref().map(|id| id.as_str()), Some(to));
        assert_eq!(opened.pinned.as_ref().map(|message| message.as_str()), Some("m1"));
        assert_eq!(opened.invited, ["ana".into(), "ben".into()]);
        let kinds = async |reader: &str| {
            let seen = store.stream_after(0, None, &reader.into(), 20).await.unwrap();
            seen.iter().map(|item| format!("{} {}", item.conversation.local(), item.kind)).collect::<Vec<_>>()
        };
        let all =
            ["#inc-1 opened", "#inc-1 invited", "#incidents invited", "#inc-1 topic", "#inc-1 topic", "#inc-1 pinned"];
        assert_eq!(kinds("ana").await, all);
        assert_eq!(kinds("eve").await.len(), 5, "who was not invited is not told");

        let mut two = commit("d2");
        two.effects = vec![place(to, PlaceAct::Archive { archived: true }), place("console:#unknown", PlaceAct::Pin)];
        commits(&store, two).await;
        let opened = store.conversation(&to.into()).await.unwrap().unwrap();
        assert!(opened.archived && opened.topic == "up", "what nobody changed stays");
        assert_eq!(store.conversation(&"console:#unknown".into()).await.unwrap(), None);
        let mut three = commit("d3");
        three.effects =
            vec![Effect::Place { message: "m2".into(), to: to.into(), act: PlaceAct::Pin }, place(to, PlaceAct::Unpin)];
        commits(&store, three).await;
        let opened = store.conversation(&to.into()).await.unwrap().unwrap();
        assert_eq!(opened.pinned.as_ref().map(|message| message.as_str()), Some("m2"), "what took its place stays");
        let mut four = commit("d4");
        four.effects = vec![Effect::Place { message: "m2".into(), to: to.into(), act: PlaceAct::Unpin }];
        commits(&store, four).await;
        assert_eq!(store.conversation(&to.into()).await.unwrap().unwrap().pinned, None);
        let listed = store.conversations("console", &"ben".into(), 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].invited, ["ben".into()], "of the invited only the reader is named");
        assert!(store.conversations("slack", &"ben".into(), 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_name_that_another_commit_took_meanwhile_fails_the_second_one_whole() {
    on_both(async |store, _| {
        let mut one = commit("d1");
        one.effects = vec![open("console:#inc-1")];
        commits(&store, one).await;
        store.accept(delivery("d2")).await.unwrap();
        let mut two = commit("d2");
        two.effects = vec![open("console:#inc-1")];
        two.timeline = vec![line(1, "t1", "never written")];
        assert!(store.commit(two).await.is_err());
        assert_eq!(store.open_events().await.unwrap(), 1, "it is run again");
        assert!(store.timeline(&"INC-1".into(), 10).await.unwrap().is_empty());
    });
}

#[test]
fn where_a_conversation_is_becomes_known_when_it_was_opened() {
    on_both(async |store, _| {
        let mut one = commit("d1");
        one.incidents = vec![Incident { conversation: "slack:+inc-1".into(), ..incident(1) }];
        one.incident = Some("INC-1".into());
        one.effects = vec![open("slack:+inc-1")];
        let rows = commits(&store, one).await;
        assert!(store.is_opening(&"slack:+inc-1".into()).await.unwrap());
        assert!(store.open_incidents_in(&"slack:C77".into(), 5).await.unwrap().is_empty());
        assert!(store.opening_ended(rows[0].clone(), OpeningEnd::There("slack:C77".into())).await.unwrap());
        assert!(!store.is_opening(&"slack:+inc-1".into()).await.unwrap());
        for place in ["slack:C77", "slack:+inc-1"] {
            let here = store.open_incidents_in(&place.into(), 5).await.unwrap();
            assert_eq!(here.len(), 1, "what is typed in {place} is about the incident that lives there");
        }
        let again = store.opening_ended(rows[0].clone(), OpeningEnd::There("slack:C88".into())).await.unwrap();
        assert!(!again, "it ended once");
        assert!(store.timeline(&"INC-1".into(), 10).await.unwrap().is_empty(), "that it is there is no news");
    });
}

#[test]
fn who_is_in_a_place_is_in_all_that_was_opened_there_by_whatever_name() {
    on_both(async |store, _| {
        let declared = |number: i64, lives: &str| {
            let mut one = commit(&format!("d{number}"));
            one.incidents = vec![Incident { conversation: lives.into(), ..incident(number) }];
            one.incident = Some(incident(number).id);
            one.effects = if lives.contains('+') { vec![open(lives)] } else { Vec::new() };
            one
        };
        let first = commits(&store, declared(1, "slack:+inc-1")).await.remove(0);
        assert!(store.opening_ended(first, OpeningEnd::There("slack:C9".into())).await.unwrap());
        commits(&store, declared(2, "slack:C9")).await;
        // It was asked for in there, and Slack would not open it.
        let third = commits(&store, declared(3, "slack:+inc-3")).await.remove(0);
        let end = OpeningEnd::Instead { near: "slack:C9".into(), problem: "restricted_action".to_owned() };
        assert!(store.opening_ended(third, end).await.unwrap());
        for (place, all) in [("slack:C9", 3), ("slack:+inc-1", 3), ("slack:+inc-3", 1)] {
            let here = store.open_incidents_in(&place.into(), 5).await.unwrap();
            assert_eq!(here.len(), all, "{place}: {here:?}");
        }
    });
}

#[test]
fn pins_of_one_batch_count_in_their_order_and_only_for_whoever_opened_the_place() {
    on_both(async |store, _| {
        let to = "console:#inc-1";
        let pinned = async || store.conversation(&to.into()).await.unwrap().unwrap().pinned;
        let acts = async |id: &str, plugin: &str, acts: &[(&str, PlaceAct)]| {
            let act = |(message, act): &(&str, PlaceAct)| Effect::Place {
                message: (*message).into(),
                to: to.into(),
                act: act.clone(),
            };
            let effects = acts.iter().map(act).collect();
            commits(&store, Commit { plugin: plugin.into(), effects, ..commit(id) }).await;
        };
        commits(&store, Commit { effects: vec![open(to), place(to, PlaceAct::Pin)], ..commit("d0") }).await;
        acts("d1", "other", &[("m7", PlaceAct::Pin), ("m1", PlaceAct::Unpin)]).await;
        assert_eq!(pinned().await, Some("m1".into()), "what another plugin pins is no business of the place's");
        acts("d2", "test", &[("m2", PlaceAct::Unpin), ("m1", PlaceAct::Unpin)]).await;
        assert_eq!(pinned().await, None);
        acts("d3", "test", &[("m1", PlaceAct::Pin)]).await;
        acts("d4", "test", &[("m2", PlaceAct::Pin), ("m2", PlaceAct::Unpin)]).await;
        assert_eq!(pinned().await, None, "what was pinned last took the place, and was taken off");
    });
}

#[test]
fn what_would_not_be_opened_is_told_on_the_timeline_and_lives_where_it_was_asked_for() {
    on_both(async |store, _| {
        let mut one = commit("d1");
        one.incidents = vec![Incident { conversation: "slack:+inc-1".into(), ..incident(1) }];
        one.incident = Some("INC-1".into());
        one.effects = vec![open("slack:+inc-1")];
        let rows = commits(&store, one).await;
        let end = OpeningEnd::Instead { near: "slack:C1".into(), problem: "restricted_action".to_owned() };
        assert!(store.opening_ended(rows[0].clone(), end).await.unwrap());
        let opened = store.conversation(&"slack:+inc-1".into()).await.unwrap().unwrap();
        assert_eq!(opened.problem.as_deref(), Some("restricted_action"));
        assert_eq!(store.open_incidents_in(&"slack:C1".into(), 5).await.unwrap().len(), 1);
        let told = store.timeline_lines(&"INC-1".into(), 10).await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].entry.text,
            "inc-1 could not be opened: restricted_action. What belongs there is said in slack:C1."
        );
        assert_eq!((told[0].source.as_deref(), told[0].via.as_deref()), (Some("delivery:d1"), None));
        let dead = store.dead_deliveries(0, 10).await.unwrap();
        let [dead] = dead.as_slice() else { panic!("{dead:?}") };
        assert_eq!((dead.conversation.as_str(), dead.reason.as_str()), ("slack:+inc-1", "restricted_action"));
        assert!(!dead.can_go_again, "what would be opened now, nobody speaks in");
    });
}

#[test]
fn lines_say_where_they_come_from() {
    on_both(async |store, _| {
        let mut one = commit("d1");
        one.timeline = vec![line(1, "t1", "first")];
        one.via = Some("sev-declare 0.1.0 sha256:00".to_owned());
        commits(&store, one).await;
        let mut two = commit("d2");
        two.timeline = vec![line(1, "t2", "second")];
        two.source = "message:m1".to_owned();
        commits(&store, two).await;
        let lines = store.timeline_lines(&"INC-1".into(), 10).await.unwrap();
        let told: Vec<_> =
            lines.iter().map(|l| (l.entry.text.as_str(), l.source.as_deref(), l.via.as_deref())).collect();
        let build = Some("sev-declare 0.1.0 sha256:00");
        assert_eq!(told, [("first", Some("delivery:d1"), build), ("second", Some("message:m1"), None)]);
        let last = store.last_lines(&"INC-1".into(), 1).await.unwrap();
        assert_eq!((last.lines.as_slice(), last.earlier), (&lines[1..], 1), "what is left out is counted");
    });
}

#[test]
fn the_trail_is_searched_for_a_delivery_and_not_for_words_like_it() {
    on_both(async |store, clock| {
        for (delivery, text) in [("d1", "x"), ("d2", "\"delivery\":\"d1\""), ("d1/2", "x")] {
            let mut record = drillbell::audit::AuditRecord::new(clock.now_ms(), "command");
            record.delivery = Some(delivery.into());
            record.detail = serde_json::json!({"text": text});
            store.audit(record).await.unwrap();
        }
        let found = store.audit_of("d1", i64::MAX, 10).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
    });
}

//! What stands for what on another platform: kept with the commit that makes the copy, found from either side.

use crate::support::commits::{commit, delivery, incident};
use crate::support::database::on_both;
use drillbell::model::ids::IncidentId;
use drillbell::model::incident::{Incident, Status};
use drillbell::model::mirror::Mirror;
use drillbell::store::{Commit, CommitOutcome, Store, Whereabouts};

fn mirror(copy: &str, original: &str, incident: i64, conversation: &str) -> Mirror {
    let incident = IncidentId::numbered(incident);
    Mirror { copy: copy.to_owned(), original: original.to_owned(), incident, conversation: conversation.into() }
}

async fn commits(store: &Store, commit: Commit) -> Result<CommitOutcome, drillbell::store::StoreError> {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    store.commit(commit).await
}

/// What a command hears of where it was typed.
async fn known(store: &Store, conversation: &str) -> Whereabouts {
    let conversation = conversation.into();
    match store.remembered(&conversation) {
        Some((known, _)) => known,
        None => store.whereabouts(&conversation).await.unwrap(),
    }
}

#[test]
fn a_copy_is_found_by_its_original_and_the_other_way_round() {
    on_both(async |store, _| {
        let mut one = commit("d1");
        one.incidents = vec![incident(1)];
        let card = mirror("card-there", "card", 1, "discord:#incidents");
        let place = mirror("discord:+inc-1", "slack:+inc-1", 1, "discord:+inc-1");
        one.mirrors = vec![card.clone(), place.clone(), mirror("other-there", "other", 1, "discord:#incidents")];
        assert!(matches!(commits(&store, one).await, Ok(CommitOutcome::Committed(_))));
        assert_eq!(store.copies_of(&["card"]).await.unwrap(), std::slice::from_ref(&card));
        assert_eq!(store.behind(&["card-there", "nothing"]).await.unwrap(), [card]);
        assert_eq!(store.copies_of(&["slack:+inc-1"]).await.unwrap(), [place]);
        assert_eq!(store.copies_of(&[]).await.unwrap(), []);
        assert_eq!(store.behind(&["card"]).await.unwrap(), []);
        let shown = async |conversation: &str| {
            let found = known(&store, conversation).await.shown;
            found.into_iter().map(|id| id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(shown("discord:#incidents").await, ["INC-1"], "once, though two messages of it stand there");
        assert_eq!(shown("discord:+inc-1").await, ["INC-1"]);
        assert!(shown("slack:#incidents").await.is_empty());
        let mut over = commit("d2");
        over.incidents = vec![Incident { status: Status::Resolved, revision: 1, ..incident(1) }];
        assert!(matches!(commits(&store, over).await, Ok(CommitOutcome::Committed(_))));
        assert!(shown("discord:#incidents").await.is_empty(), "it is over");
    });
}

#[test]
fn a_conversation_of_ours_is_known_by_where_it_really_is() {
    use drillbell::model::conversation::{PlaceAct, Shape};
    use drillbell::model::effect::Effect;
    use drillbell::store::OpeningEnd;
    on_both(async |store, _| {
        for (n, end) in [
            OpeningEnd::There("discord:77".into()),
            OpeningEnd::Instead { near: "discord:#incidents".into(), problem: "no".to_owned() },
        ]
        .into_iter()
        .enumerate()
        {
            let mut one = commit(&format!("d{n}"));
            let act =
                PlaceAct::Open { shape: Shape::Channel, name: format!("inc-{n}"), near: "discord:#incidents".into() };
            one.effects =
                vec![Effect::Place { message: "m".into(), to: format!("discord:+inc-{n}").as_str().into(), act }];
            let Ok(CommitOutcome::Committed(committed)) = commits(&store, one).await else { panic!("not committed") };
            for row in committed.into_rows() {
                let before = known(&store, "discord:77").await.called;
                assert_eq!(before.is_some(), n > 0, "it is not there yet");
                assert!(store.opening_ended(row, end.clone()).await.unwrap());
            }
        }
        let opened = store.opened_as(&"discord:77".into()).await.unwrap();
        assert_eq!(opened.as_ref().map(|id| id.as_str()), Some("discord:+inc-0"));
        assert_eq!(store.opened_as(&"discord:#incidents".into()).await.unwrap(), None, "it is no place of its own");
        // In one look with what else a command must know, by either name.
        let mut lives_there = incident(1);
        lives_there.conversation = "discord:+inc-0".into();
        let mut elsewhere = commit("d2");
        elsewhere.incidents = vec![lives_there, incident(2)];
        assert!(matches!(commits(&store, elsewhere).await, Ok(CommitOutcome::Committed(_))));
        for name in ["discord:77", "discord:+inc-0"] {
            let known = known(&store, name).await;
            let called = (name == "discord:77").then(|| "discord:+inc-0".into());
            let both = vec!["INC-2".into(), "INC-1".into()];
            assert_eq!(
                known,
                Whereabouts { called, here: vec!["INC-1".into()], shown: Vec::new(), open: both },
                "{name}"
            );
        }
        assert_eq!(known(&store, "discord:#incidents").await.called, None);
        // What moves is seen at once, though the place was asked about a moment ago.
        let mut over = commit("d3");
        over.incidents = vec![Incident { status: Status::Resolved, revision: 1, ..incident(2) }];
        assert!(matches!(commits(&store, over).await, Ok(CommitOutcome::Committed(_))));
        assert_eq!(known(&store, "discord:77").await.open, ["INC-1".into()]);
    });
}

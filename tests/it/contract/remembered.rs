//! What is remembered of conversations between commands, and that nobody is misled by it: not by what this bot moved, and not by what
//! another replica did.

use crate::support::bot::{HERE, SEV, Setup, TestBot};
use crate::support::commits::{commit, delivery, incident, writing};
use crate::support::database::{TestDatabase, on_both, on_postgres, on_replicas};
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, IncidentId};
use drillbell::store::{Accepted, Commit, CommitOutcome, Committed, OpeningEnd, Store, Whereabouts};

fn here() -> ConversationId {
    HERE.into()
}

async fn commits(store: &Store, commit: Commit) -> CommitOutcome {
    store.accept(delivery(commit.inbox.as_str())).await.unwrap();
    store.commit(commit).await.unwrap()
}

async fn committed(store: &Store, commit: Commit) -> Committed {
    match commits(store, commit).await {
        CommitOutcome::Committed(committed) => committed,
        other => panic!("{other:?}"),
    }
}

/// Commits until the writer goes by what it knows: after others have written it takes a while to.
async fn settled(store: &Store, tag: &str) {
    for n in 0..40 {
        committed(store, commit(&format!("{tag}-{n}"))).await;
    }
}

/// A commit that rests on what is remembered of the conversation, and what that is.
fn resting(store: &Store, id: &str) -> (Whereabouts, Commit) {
    let (known, as_of) = store.remembered(&here()).expect("it is remembered");
    assert!(as_of.is_some(), "another replica may write");
    (known, Commit { as_of, ..commit(id) })
}

fn declaring(id: &str) -> Commit {
    Commit { incidents: vec![incident(1)], ..commit(id) }
}

/// Two replicas, of which the first has looked where commands are typed, and goes by what it knows.
fn between_two(check: impl AsyncFn(&Store, &Store)) {
    on_replicas(async |one, other| {
        settled(one, "first").await;
        one.whereabouts(&here()).await.unwrap();
        check(one, other).await;
    });
}

#[test]
fn what_this_bot_moves_is_not_remembered_as_it_was() {
    on_both(async |store, _| {
        settled(&store, "first").await;
        assert_eq!(store.whereabouts(&here()).await.unwrap(), Whereabouts::default());
        assert!(store.remembered(&here()).is_some());
        committed(&store, writing("w", "k", 0)).await;
        assert!(store.remembered(&here()).is_some(), "a key is no place");
        committed(&store, declaring("d")).await;
        assert_eq!(store.remembered(&here()), None);
        assert_eq!(store.whereabouts(&here()).await.unwrap().here, ["INC-1".into()]);
        assert_eq!(store.remembered(&here()).unwrap().0.here, ["INC-1".into()]);
    });
}

#[test]
fn what_rests_on_memory_goes_through_as_long_as_nobody_else_writes() {
    between_two(async |one, _| {
        let (_, early) = resting(one, "early");
        // What this bot itself writes meanwhile comes after the look, as it would if the database had been asked.
        committed(one, declaring("d")).await;
        committed(one, early).await;
    });
}

#[test]
fn what_another_replica_declares_sends_astray_what_rests_on_memory() {
    between_two(async |one, other| {
        let (known, late) = resting(one, "late");
        assert_eq!(known.here, []);
        committed(other, declaring("d")).await;
        assert_eq!(commits(one, late.clone()).await, CommitOutcome::Astray);
        assert_eq!(one.result(&"late".into()).await.unwrap(), None, "nothing came of it");
        assert_eq!(one.remembered(&here()), None, "others write too");
        assert_eq!(one.whereabouts(&here()).await.unwrap().here, ["INC-1".into()]);
        let CommitOutcome::Committed(_) = one.commit(Commit { as_of: None, ..late }).await.unwrap() else {
            panic!("it rests on what is so")
        };
        assert_eq!(one.remembered(&here()), None, "for a while the database is asked");
        settled(one, "again").await;
        assert_eq!(resting(one, "x").0.here, ["INC-1".into()]);
    });
}

#[test]
fn one_that_went_astray_is_stored_and_takes_nobody_along() {
    between_two(async |one, other| {
        let (_, late) = resting(one, "late");
        committed(other, declaring("d")).await;
        let astray = one.accept_and_commit(delivery("late"), None, late);
        let asked = one.accept_and_commit(delivery("asked"), None, commit("asked"));
        let (astray, asked) = tokio::join!(astray, asked);
        assert!(matches!(astray, (Ok(CommitOutcome::Astray), Ok(Accepted::New))), "{astray:?}");
        assert!(matches!(asked, (Ok(CommitOutcome::Committed(_)), Ok(Accepted::New))), "{asked:?}");
        committed(one, commit("late")).await;
        assert_eq!(one.open_events().await.unwrap(), 0);
    });
}

#[test]
fn where_another_replica_opened_a_conversation_is_noticed() {
    between_two(async |one, other| {
        let act = PlaceAct::Open { shape: Shape::Channel, name: "inc-1".to_owned(), near: "discord:#incidents".into() };
        let mut opens = commit("o");
        opens.effects = vec![Effect::Place { message: "m".into(), to: "discord:+inc-1".into(), act }];
        let rows = committed(other, opens).await.into_rows();
        settled(one, "again").await;
        one.whereabouts(&here()).await.unwrap();
        let (_, late) = resting(one, "late");
        for row in rows {
            assert!(other.opening_ended(row, OpeningEnd::There("discord:77".into())).await.unwrap());
        }
        assert_eq!(commits(one, late).await, CommitOutcome::Astray);
    });
}

/// Asks for the incident of the conversation until the bot remembers it.
async fn remembers(bot: &TestBot) {
    for _ in 0..100 {
        bot.ana("/sev show").await;
        if bot.app.store().remembered(&here()).is_some() {
            return;
        }
    }
    panic!("nothing is remembered");
}

async fn told(bot: &TestBot, incident: i64) -> Vec<String> {
    let lines = bot.app.store().timeline(&IncidentId::numbered(incident), 50).await.unwrap();
    lines.into_iter().map(|line| line.text).filter(|text| text.contains("payments")).collect()
}

#[test]
fn a_note_belongs_to_the_incident_that_another_replica_declared_a_moment_ago() {
    on_postgres(async |database: TestDatabase| {
        let one = TestBot::start(&database, Setup::of(SEV)).await;
        let other = TestBot::start(&database, Setup::of(SEV)).await;
        one.ana("/sev declare sev1 checkout is down").await;
        remembers(&one).await;
        other.ana("/sev resolve the certificate was renewed").await;
        other.ana("/sev declare sev2 refunds fail").await;
        assert_eq!(one.app.store().remembered(&here()).unwrap().0.here, ["INC-1".into()], "it has not heard of it yet");
        let answer = one.ana("/sev note payments are slow, too").await;
        assert!(answer.text.contains("INC-2"), "{}", answer.text);
        assert_eq!((told(&one, 1).await.len(), told(&one, 2).await.len()), (0, 1));
        one.finish().await;
        other.finish().await;
    });
}

//! Tokens and sessions: found by their secret only, listed without it, ended for good.

use crate::support::commits::ana;
use crate::support::database::{NEW_YEAR_MS, on_both};
use drillbell::model::event::Person;
use drillbell::store::{SignIn, Store, Token};

fn token(id: &str, name: &str) -> Token {
    Token {
        id: id.to_owned(),
        name: name.to_owned(),
        role: Some("deployer".to_owned()),
        created_by: "ana".to_owned(),
        created_ms: NEW_YEAR_MS,
        expires_ms: NEW_YEAR_MS + 1000,
        used_ms: None,
        revoked_ms: None,
    }
}

#[test]
fn a_token_is_taken_until_it_runs_out_or_is_revoked() {
    on_both(async |store, clock| {
        assert!(store.put_token("secret".to_owned(), token("t1", "ci")).await.unwrap());
        assert_eq!(store.token("secret").await.unwrap(), Some(token("t1", "ci")));
        assert_eq!(store.token("guess").await.unwrap(), None);
        store.touch_token("t1".to_owned()).await.unwrap();
        assert_eq!(store.tokens(10).await.unwrap()[0].used_ms, Some(NEW_YEAR_MS));
        assert_eq!(store.revoke_token("nobody".to_owned()).await.unwrap(), None);
        let revoked = store.revoke_token("ci".to_owned()).await.unwrap().unwrap();
        assert_eq!((revoked.id.as_str(), revoked.revoked_ms), ("t1", Some(NEW_YEAR_MS)));
        assert_eq!(store.token("secret").await.unwrap(), None);
        assert_eq!(store.revoke_token("t1".to_owned()).await.unwrap(), None, "it is over already");

        assert!(store.put_token("other".to_owned(), token("t2", "ci")).await.unwrap(), "the name is free again");
        clock.advance(1000);
        assert_eq!(store.token("other").await.unwrap(), None, "it ran out");
        assert_eq!(store.tokens(10).await.unwrap().iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["t2", "t1"]);
    });
}

#[test]
fn a_name_is_in_use_once_until_its_token_runs_out() {
    on_both(async |store, clock| {
        assert!(store.put_token("one".to_owned(), token("t1", "ci")).await.unwrap());
        assert!(!store.put_token("two".to_owned(), token("t2", "ci")).await.unwrap());
        assert_eq!(store.token("two").await.unwrap(), None);
        assert!(store.put_token("two".to_owned(), token("t2", "other")).await.unwrap());
        clock.advance(2000);
        let later = Token { created_ms: clock.now_ms(), expires_ms: clock.now_ms() + 1, ..token("t3", "ci") };
        assert!(store.put_token("three".to_owned(), later).await.unwrap());
        assert!(store.token("three").await.unwrap().is_some());
    });
}

async fn sign_in(store: &Store, token: &str, person: Person) {
    let agent = format!("browser of {token}");
    let who = SignIn { person, asserted_by: None };
    store.put_session(token.to_owned(), who, agent, NEW_YEAR_MS + 1000).await.unwrap();
}

#[test]
fn sessions_are_listed_by_person_and_ended_by_whoever_may() {
    on_both(async |store, clock| {
        let ben = Person { id: "ben".into(), name: "Ben".to_owned() };
        sign_in(&store, "a1", ana()).await;
        sign_in(&store, "b1", ben.clone()).await;
        clock.advance(10);
        sign_in(&store, "a2", ana()).await;
        let names = async |of: Option<&str>| {
            let of = of.map(Into::into);
            let sessions = store.sessions(of.as_ref(), 10).await.unwrap();
            sessions.into_iter().map(|session| session.agent).collect::<Vec<_>>()
        };
        assert_eq!(names(Some("ana")).await, ["browser of a2", "browser of a1"]);
        assert_eq!(names(None).await.len(), 3);
        clock.advance(50);
        store.touch_session("a1".to_owned()).await.unwrap();
        let session = store.session("a1").await.unwrap().unwrap();
        assert_eq!((session.id, session.seen_ms), (Store::session_id("a1"), NEW_YEAR_MS + 60));

        let id = Store::session_id("a1");
        assert!(!store.end_session_called(id.clone(), Some(ben.id.clone())).await.unwrap(), "it is not Ben's");
        assert!(store.end_session_called(id.clone(), Some(ana().id)).await.unwrap());
        assert!(!store.end_session_called(id, None).await.unwrap(), "it is over already");
        assert_eq!(store.session("a1").await.unwrap(), None);
        assert!(store.end_session_called(Store::session_id("b1"), None).await.unwrap());
        clock.advance(2000);
        assert!(names(None).await.is_empty(), "they ran out");
    });
}

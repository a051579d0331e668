//! Notifiers that are a chat: a message in a conversation or to one person, on record like every page, and in the incident's
//! timeline.

use super::{ended, setup};
use crate::support::bot::{TestBot, with_database};
use drillbell::model::ids::IncidentId;

const CHATS: &str =
    "[notify.room]\nkind = \"chat\"\nto = \"console:#ops\"\n[notify.ben]\nkind = \"chat\"\nto = \"console:@ben\"\n";

#[test]
fn a_page_to_a_conversation_is_read_there_and_told_in_the_timeline() {
    with_database(async |database| {
        let bot = TestBot::start(database, setup(CHATS, &[])).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        bot.ana("/misbehave ask-page room INC-1 --incident INC-1").await;
        let record = ended(&bot, 1).await.remove(0);
        assert_eq!((&record["outcome"], &record["incident"]), (&"ok".into(), &"INC-1".into()));
        let stream = bot.app.store().stream_after(0, Some(&"console:#ops".into()), &"ben".into(), 10).await.unwrap();
        assert!(stream.iter().any(|item| item.payload["title"] == "paged about INC-1"), "{stream:?}");
        let timeline = bot.app.store().timeline(&IncidentId::numbered(1), 10).await.unwrap();
        let line = timeline.last().unwrap();
        assert_eq!((line.kind.as_str(), line.text.as_str()), ("page", "Page to room (INC-1): sent after 1 attempt."));
        bot.finish().await;
    });
}

#[test]
fn a_page_to_a_person_is_seen_by_nobody_else_and_its_button_works() {
    with_database(async |database| {
        let bot = TestBot::start(database, setup(CHATS, &[])).await;
        bot.ana("/misbehave ask-page ben INC-7").await;
        ended(&bot, 1).await;
        let read = async |who: &str| bot.app.store().stream_after(0, None, &who.into(), 100).await.unwrap();
        let page = read("ben").await.into_iter().find(|item| item.payload["title"] == "paged about INC-7").unwrap();
        assert!(read("ana").await.iter().all(|item| item.message != page.message), "not Ana's to see");
        let clicked = bot.clicks("ben", &page.message, "never").await;
        assert!(clicked.text.contains("Ben pressed never"), "{clicked:?}");
        bot.finish().await;
    });
}

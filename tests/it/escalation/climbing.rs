//! Level after level, by a clock that the test moves.

use super::{Levels, heard, hears, pass};
use crate::support::bot::{TestBot, with_database};
use crate::support::script::SameOnBoth;
use drillbell::model::ids::IncidentId;
use drillbell::store::OutcomeStatus;

async fn timeline(bot: &TestBot) -> String {
    let lines = bot.app.store().timeline(&IncidentId::numbered(1), 50).await.unwrap();
    // Reminders of updates are none of a ladder's.
    let lines = lines.iter().filter(|line| line.kind != "update-due");
    lines.map(|line| format!("{} {}", line.kind, line.text)).collect::<Vec<_>>().join("\n")
}

#[test]
fn acknowledged_in_time_the_second_level_never_hears() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup("")).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        hears(&levels.first, 1).await;
        pass(&bot, 1).await;
        let answer = bot.types("ben", crate::support::bot::HERE, "/sev ack").await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
        pass(&bot, 3600).await;
        assert_eq!(hears(&levels.first, 2).await, ["trigger INC-1", "acknowledge INC-1"]);
        bot.ana("/sev resolve").await;
        assert_eq!(hears(&levels.first, 3).await[2], "resolve INC-1");
        assert_eq!(heard(&levels.second), [""; 0]);
        seen.saw(timeline(&bot).await);
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @"
    declared sev1: checkout is down
    escalation Level 1 of default: paged first.
    page Page to first (INC-1): sent after 1 attempt.
    acknowledged taken up after 1 s
    page Acknowledgement to first (INC-1): sent after 1 attempt.
    status investigating → resolved
    page All-clear to first (INC-1): sent after 1 attempt.
    ");
}

#[test]
fn not_acknowledged_it_climbs_and_each_level_hears_once() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup("")).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        hears(&levels.first, 1).await;
        pass(&bot, 2).await;
        assert_eq!(heard(&levels.second), [""; 0]);
        pass(&bot, 1).await;
        assert_eq!(hears(&levels.second, 1).await, ["trigger INC-1"]);
        pass(&bot, 3600).await;
        assert_eq!((heard(&levels.first).len(), heard(&levels.second).len()), (1, 1));
        let read = bot.app.store().stream_after(0, Some(&"console:#ops".into()), &"ben".into(), 50).await.unwrap();
        let said: Vec<_> =
            read.iter().filter(|item| item.payload.to_string().contains("everybody on the ladder")).collect();
        assert_eq!(said.len(), 1, "the operators read it once: {read:?}");
        bot.finish().await;
    });
}

#[test]
fn a_page_by_hand_reaches_a_person_whose_button_acknowledges() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup("")).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        let refused = bot.ana("/sev page bem").await;
        assert!(refused.text.contains("did you mean `ben`?"), "{refused:?}");
        let answer = bot.ana("/sev page ben the database is gone").await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
        let store = bot.app.store();
        let own = store.stream_after(0, None, &"ben".into(), 100).await.unwrap();
        let page = own.iter().find(|item| item.payload.to_string().contains("Ana asks for you")).expect("a page");
        let others = store.stream_after(0, None, &"ana".into(), 100).await.unwrap();
        assert!(others.iter().all(|item| item.message != page.message), "only Ben sees it");
        let clicked = bot.clicks("ben", &page.message, "ack").await;
        assert!(clicked.text.contains("Ben has INC-1"), "{clicked:?}");
        pass(&bot, 60).await;
        hears(&levels.first, 2).await;
        assert_eq!(heard(&levels.second), [""; 0]);
        bot.finish().await;
    });
}

#[test]
fn two_who_acknowledge_at_once_are_told_who_was_first() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup("")).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        let here = crate::support::bot::HERE;
        let (a, b) = tokio::join!(bot.types("ana", here, "/sev ack"), bot.types("ben", here, "/sev ack"));
        let first = [&a, &b].into_iter().filter(|answer| answer.text.contains("nobody else is paged")).count();
        let second = [&a, &b].into_iter().filter(|answer| answer.text.contains("already acknowledged: by")).count();
        assert_eq!((first, second), (1, 1), "{a:?} {b:?}");
        assert_eq!(hears(&levels.first, 2).await, ["trigger INC-1", "acknowledge INC-1"]);
        bot.finish().await;
    });
}

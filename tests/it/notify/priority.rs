//! Paging before decoration: no backlog and no slow platform stands in a page's way, in the house and in the table.

use super::{ended, hook, pages, setup};
use crate::support::bot::{TestBot, with_database};
use crate::support::commits::{commit, delivery, post};
use crate::support::eventually;
use crate::support::platform::{Answer, Scripted};
use crate::support::receiver::Receiver;
use drillbell::model::effect::Effect;
use drillbell::model::page::PageAction;
use drillbell::model::view::View;
use drillbell::store::CommitOutcome;
use std::time::Duration;

/// A page that goes straight to a conversation, as those of a chat notifier do.
fn page(to: &str, key: &str) -> Effect {
    Effect::Page {
        message: format!("page-{key}").as_str().into(),
        to: to.into(),
        view: View::text(format!("page about {key}")),
        private_to: None,
        notifier: "oncall".to_owned(),
        key: key.to_owned(),
        action: PageAction::Trigger,
        incident: None,
    }
}

async fn commits(bot: &TestBot, id: &str, effects: Vec<Effect>) {
    bot.app.store().accept(delivery(id)).await.unwrap();
    let mut commit = commit(id);
    commit.effects = effects;
    match bot.app.store().commit(commit).await.unwrap() {
        CommitOutcome::Committed(committed) => bot.app.house().outbox.deliver(committed),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_goes_out_while_a_slow_platform_holds_a_hundred_messages() {
    with_database(async |database| {
        let (slack, receiver) = (Scripted::new("slack"), Receiver::start().await);
        let bot = TestBot::start(database, setup(&hook(&receiver), &["hook"]).on(slack.clone())).await;
        slack.hold("slack:#ops");
        let chatter = (0..100).map(|n| post(&format!("m{n}"), "slack:#ops", "chatter")).collect();
        commits(&bot, "chatter", chatter).await;
        slack.has_tried("slack:#ops", 1).await;
        pages(&bot, "hook", &["INC-1"]).await;
        ended(&bot, 1).await;
        assert!(slack.delivered("slack:#ops").is_empty() && receiver.taken().len() == 1);
        slack.release("slack:#ops");
        slack.has_delivered("slack:#ops", 100).await;
        bot.finish().await;
    });
}

#[test]
fn a_page_to_a_chat_does_not_wait_behind_that_chats_other_messages() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, setup("", &[]).on(slack.clone())).await;
        slack.answers("slack:#ops", &[Answer::Later(Some(Duration::from_secs(3)))]);
        let chatter = (0..100).map(|n| post(&format!("m{n}"), "slack:#ops", "chatter")).collect();
        commits(&bot, "chatter", chatter).await;
        slack.has_tried("slack:#ops", 1).await;
        commits(&bot, "page", vec![page("slack:#ops", "INC-1")]).await;
        let delivered = slack.has_delivered("slack:#ops", 1).await;
        assert_eq!(delivered[0], "post page about INC-1");
        let record = ended(&bot, 1).await.remove(0);
        assert_eq!(record["conversation"], "slack:#ops");
        slack.has_delivered("slack:#ops", 101).await;
        bot.finish().await;
    });
}

#[test]
fn a_page_that_its_platform_will_not_take_for_an_hour_delays_nobody_else() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, setup("", &[]).on(slack.clone())).await;
        slack.answers("slack:#oncall", &[Answer::Later(Some(Duration::from_secs(3600)))]);
        commits(&bot, "page", vec![page("slack:#oncall", "INC-1")]).await;
        let row = slack.has_tried("slack:#oncall", 1).await.remove(0).id;
        eventually("it is noted that the page must wait", async || {
            (!bot.app.store().attempts(&row).await.unwrap().is_empty()).then_some(())
        })
        .await;
        // More than would come if each of them waited for the page as long as anything waits for one.
        let chatter = (0..5).map(|n| post(&format!("m{n}"), "slack:#ops", "chatter")).collect();
        commits(&bot, "chatter", chatter).await;
        slack.has_delivered("slack:#ops", 5).await;
        assert_eq!(slack.has_tried("slack:#oncall", 1).await.len(), 1, "and it was left alone");
        // It waits still, so that nothing is delivered to the end.
        bot.app.stop().await;
    });
}

#[test]
fn pages_are_claimed_before_a_backlog_that_is_older() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, setup("", &[]).on(slack.clone())).await;
        let store = bot.app.store();
        for hold in ["slack:#ops", "slack:#other"] {
            slack.hold(hold);
        }
        let mut effects: Vec<_> = (0..50).map(|n| post(&format!("m{n}"), "slack:#ops", "chatter")).collect();
        effects.extend([page("slack:#other", "one"), page("slack:#other", "two")]);
        commits(&bot, "all", effects).await;
        let claimed = store.claim_outbox(3, true).await.unwrap();
        let seen: Vec<_> = claimed.iter().map(|row| (row.priority, row.effect.message().as_str())).collect();
        assert_eq!(seen, [(0, "page-one"), (0, "page-two"), (5, "m0")]);
        for release in ["slack:#ops", "slack:#other"] {
            slack.release(release);
        }
        slack.has_delivered("slack:#ops", 50).await;
        bot.finish().await;
    });
}

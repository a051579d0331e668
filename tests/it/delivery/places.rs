//! Conversations that the bot opens on a remote platform: first opened, then everything else in order; interrupted at any
//! point and taken up again; and what becomes of it where the platform will not.

use crate::support::bot::{NO_CLOCKS, SEV_TIMED, Setup, TestBot, with_database};
use crate::support::platform::{Answer, Scripted};
use drillbell::store::OutcomeStatus;
use std::sync::Arc;

/// Where it is declared, what it is called until it is there, and where the scripted platform then has it.
const NEAR: &str = "slack:C1";
const OURS: &str = "slack:+inc-1-checkout-is-down";

const PLACES: &str = "[roles.responder]\nmembers = [\"ana\", \"slack:U7\", \"slack:group:S9\"]\n\
                      [severities.sev1]\nplace = \"channel\"\ninvite = [\"responder\"]\narchive_after = \"1h\"\n\
                      [severities.sev2]\nplace = \"thread\"\n[severities.sev3]";
/// Nobody is reminded, so that a test may move the clock and only what it is about happens.
const CALM: &str = "settings = { nudge_minutes = 0 }";

fn setup(slack: &Arc<Scripted>) -> Setup {
    let sev = SEV_TIMED.replace("post:console:*", "post:slack:*");
    let places = PLACES.replace("]\nplace", &format!("]\n{NO_CLOCKS}\nplace"));
    Setup::of(&format!("{sev}\n{CALM}\n{places}\n[limits]\nshutdown = \"1s\"")).on(slack.clone())
}

async fn declares(bot: &TestBot, level: &str) {
    let id = bot.sends("ana", NEAR, &format!("/sev declare {level} checkout is down")).await;
    assert_eq!(bot.handled(&id).await.status, OutcomeStatus::Ok);
}

/// What a platform was given, without the cards' words.
fn acts(delivered: &[String]) -> Vec<String> {
    delivered.iter().map(|what| what.lines().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_channel_is_opened_before_anything_is_said_in_it() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        slack.hold(OURS);
        let bot = TestBot::start(database, setup(&slack)).await;
        declares(&bot, "sev1").await;
        slack.has_tried(OURS, 1).await;
        slack.has_delivered(NEAR, 1).await;
        assert_eq!(slack.attempts().len(), 2, "everything else waits: {:?}", slack.attempts());
        slack.release(OURS);
        let opening = slack.has_delivered(OURS, 1).await;
        assert_eq!(acts(&opening), ["open channel inc-1-checkout-is-down by slack:C1 (nothing)"]);
        let there = lives_in(&bot).await;
        let there = there.as_str();
        let said = acts(&slack.has_delivered(there, 4).await);
        assert_eq!(said[0], "invite [PersonId(\"slack:U7\")] [\"S9\"]");
        assert_eq!(said[1], "topic sev1 · investigating · checkout is down");
        assert_eq!(said[2], "post INC-1 · sev1 · checkout is down");
        assert!(said[3].starts_with("pin native-"), "{said:?}");

        // Somebody in the real channel means the incident that lives there.
        let id = bot.sends("ana", there, "/sev resolve").await;
        assert_eq!(bot.handled(&id).await.incident, Some("INC-1".into()));
        let said = acts(&slack.has_delivered(there, 7).await);
        assert!(said.iter().any(|what| what == "topic sev1 · resolved · checkout is down"), "{said:?}");
        bot.clock.advance(3_600_000);
        let said = acts(&slack.has_delivered(there, 8).await);
        assert_eq!(said[7], "archived true");
        bot.finish().await;
    });
}

/// Where the scripted platform may have a channel: its opening is the first or the second delivery.
const THERE: [&str; 2] = ["slack:native-0", "slack:native-1"];

async fn lives_in(bot: &TestBot) -> String {
    let there = crate::support::eventually("it is known where it is", async || {
        bot.app.store().conversation(&OURS.into()).await.unwrap().and_then(|opened| opened.lives_in)
    });
    there.await.as_str().to_owned()
}

#[test]
fn a_topic_that_the_platform_will_not_take_yet_holds_nobody_up() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, setup(&slack)).await;
        THERE.iter().for_each(|there| slack.refuses(there, "topic"));
        declares(&bot, "sev1").await;
        let there = lives_in(&bot).await;
        let said = acts(&slack.has_delivered(&there, 3).await);
        assert!(said[0].starts_with("invite") && said[1].starts_with("post INC-1"), "{said:?}");
        assert!(said[2].starts_with("pin native-"), "{said:?}");
        // The topic waits alone now, and whoever says something there is not kept waiting by it.
        let noted = bot.sends("ana", &there, "/sev note the queue is full").await;
        assert_eq!(bot.handled(&noted).await.status, OutcomeStatus::Ok);
        let said = acts(&slack.has_delivered(&there, 4).await);
        assert!(!said[3].starts_with("topic"), "{said:?}");
        slack.refuses(&there, "");
        bot.clock.advance(60_000);
        let topic = async || acts(&slack.delivered(&there)).into_iter().find(|what| what.starts_with("topic"));
        let topic = crate::support::eventually("the topic is taken", topic).await;
        assert_eq!(topic, "topic sev1 · investigating · checkout is down");
        bot.finish().await;
    });
}

#[test]
fn what_comes_late_in_an_incidents_own_channel_says_so_there() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, setup(&slack)).await;
        THERE.iter().for_each(|there| slack.refuses(there, "post INC-1"));
        declares(&bot, "sev1").await;
        let there = lives_in(&bot).await;
        slack.has_tried(&there, 3).await;
        bot.clock.advance(8 * 60_000);
        slack.refuses(&there, "");
        let said = crate::support::eventually("it says so", async || {
            slack.delivered(&there).into_iter().find(|what| what.contains("late"))
        });
        let said = said.await;
        assert!(said.starts_with("post The message above comes late: nothing could be delivered here"), "{said}");
        bot.finish().await;
    });
}

#[test]
fn a_thread_is_under_the_message_that_tells_of_it() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        slack.hold(NEAR);
        let bot = TestBot::start(database, setup(&slack)).await;
        declares(&bot, "sev2").await;
        slack.has_tried(NEAR, 1).await;
        assert!(slack.delivered(OURS).is_empty(), "what it is under is not there yet");
        slack.release(NEAR);
        let opening = slack.has_delivered(OURS, 1).await;
        assert_eq!(acts(&opening), ["open thread inc-1-checkout-is-down by slack:C1 (native-0)"]);
        bot.finish().await;
    });
}

#[test]
fn where_the_platform_will_not_the_incident_goes_on_where_it_was_declared_and_says_so() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        slack.answers(OURS, &[Answer::Never]);
        let bot = TestBot::start(database, setup(&slack)).await;
        declares(&bot, "sev1").await;
        let said = slack.has_delivered(NEAR, 2).await;
        let card = said.iter().find(|what| what.contains("Status: investigating")).expect("the card");
        let why = "Its channel inc-1-checkout-is-down could not be opened (channel_not_found), so it is here.";
        assert!(card.ends_with(why), "{card}");
        assert!(!said.iter().any(|what| what.starts_with("topic") || what.starts_with("invite")), "{said:?}");
        let lines = bot.app.store().timeline(&"INC-1".into(), 10).await.unwrap();
        assert!(lines.iter().any(|line| line.kind == "place" && line.text.contains("channel_not_found")), "{lines:?}");
        // What is typed there is about the incident, even beside another.
        let id = bot.sends("ana", NEAR, "/sev update we look").await;
        assert_eq!(bot.handled(&id).await.incident, Some("INC-1".into()));
        bot.finish().await;
    });
}

#[test]
fn a_platform_that_asks_for_patience_is_asked_again_and_the_order_holds() {
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let soon = Some(std::time::Duration::from_millis(1));
        slack.answers(OURS, &[Answer::Later(soon), Answer::Later(soon)]);
        let bot = TestBot::start(database, setup(&slack)).await;
        declares(&bot, "sev1").await;
        let tried = slack.has_tried(OURS, 3).await;
        assert!(tried.iter().all(|attempt| attempt.id == tried[0].id), "the platform can recognise it: {tried:?}");
        bot.finish().await;
        let kinds: Vec<_> = slack.attempts().iter().filter(|a| a.delivered).map(|a| a.what.clone()).collect();
        let at = |start: &str| kinds.iter().position(|what| what.starts_with(start)).unwrap();
        let card = kinds.iter().position(|what| what.contains("Status: ")).unwrap();
        let order = [at("open"), at("invite"), at("topic"), card, at("pin")];
        assert!(order.is_sorted(), "{kinds:?}");
    });
}

#[test]
fn an_opening_that_was_cut_off_goes_on_after_the_next_start_and_nothing_is_said_twice() {
    with_database(async |database| {
        let (stuck, slack) = (Scripted::new("slack"), Scripted::new("slack"));
        let first = setup(&stuck);
        let again = Setup { folder: first.folder.clone(), clock: first.clock.clone(), ..setup(&slack) };
        let bot = TestBot::start(database, first).await;
        stuck.hold(OURS);
        declares(&bot, "sev1").await;
        stuck.has_tried(OURS, 1).await;
        bot.app.stop().await;
        let bot = TestBot::start(database, again).await;
        slack.has_delivered(OURS, 1).await;
        stuck.release(OURS);
        bot.finish().await;
        let (before, after) = (stuck.attempts(), slack.attempts());
        assert_eq!(before.iter().find(|a| a.conversation == OURS).map(|a| &a.id), Some(&after[0].id));
        assert_eq!(after.iter().filter(|a| a.what.starts_with("post")).count() + stuck.delivered(NEAR).len(), 2);
    });
}

#[test]
fn a_channel_that_was_opened_before_the_end_gets_its_card_after_the_next_start() {
    with_database(async |database| {
        let (stuck, slack) = (Scripted::new("slack"), Scripted::new("slack"));
        let first = setup(&stuck);
        let again = Setup { folder: first.folder.clone(), clock: first.clock.clone(), ..setup(&slack) };
        let bot = TestBot::start(database, first).await;
        THERE.iter().for_each(|there| stuck.hold(there));
        declares(&bot, "sev1").await;
        stuck.has_delivered(OURS, 1).await;
        let there = lives_in(&bot).await;
        stuck.has_tried(&there, 1).await;
        bot.app.stop().await;
        let bot = TestBot::start(database, again).await;
        let said = acts(&slack.has_delivered(&there, 4).await);
        assert!(said[0].starts_with("invite") && said[3].starts_with("pin"), "{said:?}");
        assert!(slack.delivered(OURS).is_empty(), "it is not opened again");
        stuck.release(&there);
        bot.finish().await;
    });
}

//! Limits and outages of the Web API, handlers that hang or break, and a bot that is killed while it speaks.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::{Fault, Slack, rules};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, MessageRef};
use drillbell::model::view::View;
use drillbell::platform::slack::SlackChat;
use drillbell::platform::{Platform, Request};

fn numbered(texts: &[String]) -> Vec<usize> {
    let number = |text: &String| text.split("number-").nth(1)?.split('.').next()?.parse().ok();
    texts.iter().filter_map(number).collect()
}

#[test]
fn limits_and_outages_delay_what_is_said_and_change_nothing_of_it() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let (slack, ben) = (&there.slack, there.slack.ben());
        slack.state().limit_every = 3;
        slack.state().fault(
            "chat.postMessage",
            &[
                Fault::Status(503),
                Fault::Status(502),
                Fault::DoneButCut,
                Fault::Limited(1),
                Fault::Refused("internal_error"),
                Fault::DoneButCut,
            ],
        );
        for n in 0..8 {
            slack.ana().types("#ops", &format!("/misbehave echo number-{n}.")).await;
        }
        let all = async || Some(numbered(&ben.sees("#ops"))).filter(|seen| seen.len() >= 8);
        let seen = eventually("all of it is said", all).await;
        assert_eq!(seen, (0..8).collect::<Vec<_>>(), "in order, and nothing twice");
        there.end().await;
    });
}

#[test]
fn fifty_commands_are_acknowledged_while_one_handler_hangs_and_another_breaks() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        for n in 0..50 {
            slack.state().add_channel(&format!("C1{n:09}"), &format!("room-{n}"), &["U0000000B0T", "U00000000ANA"]);
        }
        let there = There::with(database, slack, "socket", Setup::default()).await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        let envelopes: Vec<String> = (0..50)
            .map(|n| {
                let line = match n {
                    0 => "/misbehave sleep".to_owned(),
                    1 => "/misbehave panic".to_owned(),
                    n => format!("/misbehave echo \"room {n}.\""),
                };
                let payload = ana.command(&format!("#room-{n}"), &line);
                slack.state().send_envelope("slash_commands", payload, true)
            })
            .collect();
        for envelope in &envelopes {
            slack.acknowledged(envelope).await;
        }
        // The one that hangs is cut off after two seconds, and says so; all others have said what they have to say by then.
        for n in 2..50 {
            ana.reads(&format!("#room-{n}"), &format!("room {n}.")).await;
        }
        let broken = ana.reads("#room-1", "misbehav").await;
        assert!(broken.only_for.is_some(), "a failure is told to whoever asked");
        ana.reads("#room-0", "misbehav").await;
        there.end().await;
    });
}

#[test]
fn where_the_bot_is_no_member_whoever_typed_is_answered_all_the_same() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().add_channel("C0000000099", "secret", &["U00000000ANA"]);
        let there = There::with(database, slack, "socket", Setup::default()).await;
        let ana = there.slack.ana();
        // A way back that does not answer at once is still the way.
        there.slack.state().fault("response_url", &[Fault::Status(503), Fault::Limited(0)]);
        ana.types("#secret", "/misbehave echo \"hello there\"").await;
        ana.reads("#secret", "hello there").await;
        ana.types("#secret", "/drillbell whoami").await;
        let private = ana.reads("#secret", "Ana").await;
        assert!(private.only_for.is_some());
        there.end().await;
    });
}

#[test]
fn a_message_that_is_too_long_goes_on_in_its_thread() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        let words: Vec<String> = (0..120).map(|n| format!("line {n} {}", "of a long story ".repeat(20))).collect();
        let view = View { title: "Long".to_owned(), ..View::text(words.join("\n")) };
        let (message, to) = (MessageRef::from("long"), ConversationId::from("slack:#ops"));
        let post = Effect::PostMessage { message, to, view, private_to: None, reply: false };
        let out = SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap();
        let id = drillbell::model::ids::fresh();
        let request = Request { id: &id, effect: &post, native: None, route: None, again: false };
        let native = out.deliver(request).await.unwrap().unwrap();
        let first = ana.reads("#ops", "↳ It goes on in the thread").await;
        assert_eq!(native, format!("{}/{}", first.channel, first.ts));
        // The same row once more, as after a crash: it finds what it said.
        let before = slack.state().messages.len();
        assert!(before >= 4, "the rest is in the thread");
        let fresh = SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap();
        let again = fresh.deliver(Request { again: true, ..request }).await.unwrap();
        assert_eq!((again, slack.state().messages.len()), (Some(native), before), "nothing is said twice");
        let story: Vec<String> =
            slack.state().messages.iter().map(|m| rules::words(&m.body["blocks"]).join("\n")).collect();
        assert!((0..120).all(|n| story.concat().contains(&format!("line {n} "))), "nothing is lost");
        ana.types("#ops", "/misbehave chart").await;
        eventually("the chart is there as a picture", async || {
            let state = slack.state();
            state.files.values().any(|file| file.bytes.starts_with(b"\x89PNG") && file.shared.is_some()).then_some(())
        })
        .await;
        there.end().await;
    });
}

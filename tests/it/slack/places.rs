//! An incident with a channel or a thread of its own: opened, headed, pinned, people invited, and found again after a crash.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::Slack;
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, MessageRef, fresh};
use drillbell::platform::slack::SlackChat;
use drillbell::platform::{Platform, Request};

pub(super) fn setup(place: &str) -> Setup {
    let severity = format!("[severities.sev1]\nplace = {place:?}\ninvite = [\"responder\"]\n");
    // The second group is none: it keeps nobody else out.
    let roles = "[roles.responder]\nmembers = [\"ben\", \"slack:group:S0000000BAD\", \"slack:group:S0123456789\"]\n";
    Setup { config: format!("{severity}{roles}"), ..Setup::default() }
}

#[test]
fn an_incidents_own_channel_is_opened_headed_pinned_and_joined() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().groups.insert("S0123456789".to_owned(), vec!["U0000000CARL".to_owned()]);
        // Somebody has that name already.
        slack.state().add_channel("C0000000077", "inc-1-checkout-is-down", &[]);
        let there = There::with(database, slack, "socket", setup("channel")).await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let opened = || {
            let state = slack.state();
            let mut of = state.channels.iter().filter(|(id, _)| id.as_str() > "C0000000999");
            of.find(|(_, one)| one.name.starts_with("inc-1-checkout-is-down-"))
                .map(|(id, one)| (id.clone(), one.clone()))
        };
        let (id, _) = eventually("a channel is opened", async || opened()).await;
        let card = ana.reads(&id, "checkout is down").await;
        eventually("it has its head, its card and its people", async || {
            let (_, channel) = opened()?;
            let people = ["U00000000BEN", "U0000000CARL"].iter().all(|one| channel.members.contains(*one));
            (people && channel.topic.contains("sev1") && channel.pins == [card.ts.clone()]).then_some(())
        })
        .await;
        // What is clicked and typed there belongs to the incident.
        there.slack.ben().clicks(&card, "Acknowledge").await;
        eventually("the card is edited", async || (ana.now(&card).edits > 0).then_some(())).await;
        there.end().await;
    });
}

#[test]
fn an_opening_that_comes_again_finds_what_it_made() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let slack = &there.slack;
        let out = SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap();
        for (shape, calls) in [(Shape::Channel, "conversations.create"), (Shape::Thread, "chat.postMessage")] {
            let act =
                PlaceAct::Open { shape, name: "inc-9-again".to_owned(), near: ConversationId::from("slack:#ops") };
            let effect =
                Effect::Place { message: MessageRef::from("m"), to: ConversationId::from("slack:+inc-9"), act };
            let id = fresh();
            let request = Request { id: &id, effect: &effect, native: None, route: None, again: false };
            let first = out.deliver(request).await.unwrap();
            let before = slack.state().done(calls);
            let fresh = SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap();
            let second = fresh.deliver(Request { again: true, ..request }).await.unwrap();
            assert_eq!((second, slack.state().done(calls)), (first, before), "{shape:?}");
        }
        there.end().await;
    });
}

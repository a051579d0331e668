//! Everything that is sent to Slack fits the types that Slack publishes for its own clients.

use super::places::setup;
use super::{There, on_sqlite};
use crate::support::eventually;
use crate::support::judge::judge;
use crate::support::slack::Slack;
use drillbell::model::chart::{Chart, Number, Series};
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, MessageRef, PersonId, fresh};
use drillbell::model::view::{Block, View};
use drillbell::platform::slack::SlackChat;
use drillbell::platform::{Platform, Request};
use drillbell_fakes::journal::Sent;
use serde_json::{Value, json};

fn sent(kind: &str, body: Value) -> Sent {
    Sent { platform: "slack", kind: kind.to_owned(), as_text: false, body }
}

#[test]
fn what_people_are_answered_fits_in_every_kind() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().groups.insert("S0123456789".to_owned(), vec!["U0000000CARL".to_owned()]);
        let there = There::with(database, slack, "socket", setup("channel")).await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        ana.reads("#incidents", "checkout is down").await;
        let of_its_own = || slack.state().channels.keys().find(|id| id.as_str() > "C0000000999").cloned();
        let place = eventually("a channel is opened", async || of_its_own()).await;
        let card = ana.reads(&place, "checkout is down").await;
        eventually("it has its head, its card and its people", async || {
            let state = slack.state();
            let done = ["conversations.invite", "conversations.setTopic", "pins.add"];
            done.iter().all(|method| state.done(method) > 0).then_some(())
        })
        .await;
        ana.clicks(&card, "Acknowledge").await;
        eventually("the card is edited", async || (ana.now(&card).edits > 0).then_some(())).await;
        ana.types("#ops", "/misbehave form-card").await;
        let asks = ana.reads("#ops", "Fill this in").await;
        let modal = ana.opens(&asks, "Report…").await;
        assert!(ana.submits(&modal, &[("Count", "many"), ("Level", "High")]).await["errors"].is_object());
        ana.submits(&modal, &[("Title", "fire"), ("Level", "High")]).await;
        ana.chooses(&asks, "Colour", "Green").await;
        ana.types("#incidents", "/drillbell whoami").await;
        ana.reads("#incidents", "slack:U00000000ANA").await;
        by_hand(&there).await;
        judge(&slack.sent()).all_fit(&[
            "AppsConnectionsOpenArguments",
            "AuthTestArguments",
            "ChatPostEphemeralArguments",
            "ChatPostMessageArguments",
            "ChatUpdateArguments",
            "ConversationsArchiveArguments",
            "ConversationsCreateArguments",
            "ConversationsHistoryArguments",
            "ConversationsInviteArguments",
            "ConversationsListArguments",
            "ConversationsOpenArguments",
            "ConversationsSetTopicArguments",
            "ConversationsUnarchiveArguments",
            "FilesCompleteUploadExternalArguments",
            "FilesGetUploadURLExternalArguments",
            "PinsAddArguments",
            "ReactionsAddArguments",
            "ResponseUrl",
            "UsergroupsUsersListArguments",
            "ViewResponseAction",
            "ViewsOpenArguments",
        ]);
        there.end().await;
    });
}

/// What takes long to come about by itself.
async fn by_hand(there: &There) {
    let out = SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap();
    let points = (0..9).map(|n| (i64::from(n) * 60_000, Number::new(f64::from(n)))).collect();
    let series = vec![Series { name: "errors".to_owned(), points }];
    let mut view = View::text("what is private");
    view.blocks.push(Block::Chart(Box::new(Chart { title: "Errors".to_owned(), series, ..Chart::default() })));
    let message = || MessageRef::from("card");
    let post = |to: &str, private: Option<&str>| Effect::PostMessage {
        message: message(),
        to: ConversationId::from(to),
        view: view.clone(),
        private_to: private.map(PersonId::from),
        reply: false,
    };
    let place = |act| Effect::Place { message: message(), to: ConversationId::from("slack:#ops"), act };
    let open =
        PlaceAct::Open { shape: Shape::Thread, name: "a thread".to_owned(), near: ConversationId::from("slack:#ops") };
    let secret = "C0000000099";
    there.slack.state().add_channel(secret, "secret", &["U00000000ANA"]);
    let effects = [
        // With a picture, which is a file.
        post("slack:#ops", None),
        post("slack:#ops", Some("ana")),
        // Where the bot is no member, it goes to her directly.
        post(&format!("slack:{secret}"), Some("ana")),
        Effect::Place { message: message(), to: ConversationId::from("slack:+inc-9"), act: open },
        place(PlaceAct::Archive { archived: true }),
        place(PlaceAct::Archive { archived: false }),
    ];
    for effect in &effects {
        let id = fresh();
        let request = Request { id: &id, effect, native: None, route: None, again: false };
        out.deliver(request).await.unwrap();
        // Once more, as after a crash: it looks for what it said.
        out.deliver(Request { again: true, ..request }).await.unwrap();
    }
    let native = {
        let message = there.slack.ana().reads("#ops", "Fill this in").await;
        format!("{}/{}", message.channel, message.ts)
    };
    let to = ConversationId::from("slack:#ops");
    let effect = Effect::AddReaction { message: message(), to, emoji: "eyes".to_owned(), private_to: None };
    out.deliver(Request { id: &fresh(), effect: &effect, native: Some(&native), route: None, again: false })
        .await
        .unwrap();
}

#[test]
fn what_slack_has_no_type_for_is_found() {
    let good = json!({"channel": "C0000000001", "text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x"}}]});
    let with = |at: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(at).unwrap() = value;
        body
    };
    let mut more = good.clone();
    more["blokcs"] = json!([]);
    let wrong = [
        ("chat.postMessage", more),
        ("chat.postMessage", with("/channel", json!(1))),
        ("chat.postMessage", with("/blocks/0/type", json!("headline"))),
        ("chat.postMessage", with("/blocks/0/text/type", json!("mrkdwn"))),
        ("chat.update", good.clone()),
        ("views.open", json!({"trigger_id": "x", "view": {"type": "modal", "blocks": []}})),
        ("answer to interactive", json!({"response_action": "explode"})),
        ("chat.explode", json!({})),
    ];
    let judged = judge(&wrong.clone().map(|(kind, body)| sent(kind, body)));
    assert_eq!(judged.wrong.len(), wrong.len(), "{:#?}", judged.wrong);
    judge(&[sent("chat.postMessage", good)]).all_fit(&["ChatPostMessageArguments"]);
}

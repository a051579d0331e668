//! What is said in more than one part, and limits in between: each part once, and none lost. Also what is said once more after an
//! edit of it.

use super::{There, on_sqlite};
use crate::support::slack::{Fault, Slack, rules};
use drillbell::model::chart::{Chart, Number, Series};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, MessageRef, PersonId, fresh};
use drillbell::model::view::{Block, View};
use drillbell::platform::slack::SlackChat;
use drillbell::platform::{DeliverError, Platform, Request};
use std::sync::Arc;

/// A text of so many lines of 330 characters.
fn long(lines: usize) -> View {
    let lines: Vec<String> = (0..lines).map(|n| format!("line {n}. {}", "of a long story ".repeat(20))).collect();
    View { title: "Long".to_owned(), ..View::text(lines.join("\n")) }
}

fn chart(title: &str) -> Block {
    let points = (0..9).map(|n| (i64::from(n) * 60_000, Number::new(f64::from(n)))).collect();
    let series = vec![Series { name: "errors".to_owned(), points }];
    Block::Chart(Box::new(Chart { title: title.to_owned(), series, ..Chart::default() }))
}

fn post(to: &str, view: View, private_to: Option<&str>) -> Effect {
    let (message, to, private_to) =
        (MessageRef::from("card"), ConversationId::from(to), private_to.map(PersonId::from));
    Effect::PostMessage { message, to, view, private_to, reply: false }
}

fn out(there: &There) -> Arc<SlackChat> {
    SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap()
}

/// Delivers an effect that a limit stops once, and once more.
async fn twice(out: &SlackChat, request: Request<'_>) -> Option<String> {
    let first = out.deliver(request).await;
    assert!(matches!(first, Err(DeliverError::Later { .. })), "{first:?}");
    out.deliver(Request { again: true, ..request }).await.unwrap()
}

/// How often each line of a story stands on Slack.
fn lines(slack: &Slack, count: usize) -> Vec<usize> {
    let story: String = slack.state().messages.iter().map(|one| rules::words(&one.body["blocks"]).join("\n")).collect();
    (0..count).map(|n| story.matches(&format!("line {n}. ")).count()).collect()
}

fn files(slack: &Slack) -> Vec<String> {
    let state = slack.state();
    state.files.values().filter(|file| file.shared.is_some()).map(|file| file.name.clone()).collect()
}

#[test]
fn a_post_is_found_again_after_it_was_edited() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let (said, edited) = (fresh(), fresh());
        let said_first = post("slack:#ops", View::text("as it was"), None);
        let posting = Request { id: &said, effect: &said_first, native: None, route: None, again: false };
        let native = out(&there).deliver(posting).await.unwrap();
        let (message, to) = (MessageRef::from("card"), ConversationId::from("slack:#ops"));
        let edit = Effect::EditMessage { message, to, view: View::text("as it is"), private_to: None };
        let editing = Request { id: &edited, effect: &edit, native: native.as_deref(), route: None, again: false };
        out(&there).deliver(editing).await.unwrap();
        // Neither was on record when the process ended: both come once more.
        let found = out(&there).deliver(Request { again: true, ..posting }).await.unwrap();
        out(&there).deliver(Request { again: true, ..editing }).await.unwrap();
        assert_eq!(found, native);
        assert_eq!(there.slack.ana().sees("#ops"), ["as it is"]);
        there.end().await;
    });
}

#[test]
fn a_limit_among_the_extras_of_a_message_repeats_none_of_them() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let (slack, out, row) = (&there.slack, out(&there), fresh());
        let mut view = long(120);
        view.blocks.extend([chart("one"), chart("two")]);
        let effect = post("slack:#ops", view, None);
        let request = Request { id: &row, effect: &effect, native: None, route: None, again: false };
        slack.state().fault("chat.postMessage", &[Fault::Nothing, Fault::Nothing, Fault::Limited(0)]);
        assert!(out.deliver(request).await.is_err(), "the second part is too much at once");
        slack.state().fault("files.completeUploadExternal", &[Fault::Nothing, Fault::Limited(0)]);
        let native = twice(&out, Request { again: true, ..request }).await;
        let messages = slack.state().messages.len();
        assert_eq!((lines(slack, 120), files(slack).len()), (vec![1; 120], 2));
        // An edit whose part may have been sent: the answer to it was lost.
        let (message, to) = (MessageRef::from("card"), ConversationId::from("slack:#ops"));
        let edit = Effect::EditMessage { message, to, view: long(121), private_to: None };
        let row = fresh();
        slack.state().fault("chat.postMessage", &[Fault::DoneButCut]);
        twice(&out, Request { id: &row, effect: &edit, native: native.as_deref(), route: None, again: false }).await;
        let parts = slack.state().messages.len() - messages;
        assert_eq!(parts, messages - 1, "as many parts as before, each once more");
        there.end().await;
    });
}

#[test]
fn a_private_message_in_parts_goes_on_where_a_limit_stopped_it() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().add_channel("C0000000099", "secret", &["U00000000ANA"]);
        let there = There::with(database, slack, "socket", crate::support::bot::Setup::default()).await;
        let (slack, out) = (&there.slack, out(&there));
        let tell = async |to: &str, lines: usize, limit: (&str, &[Fault])| {
            slack.state().messages.clear();
            slack.state().fault(limit.0, limit.1);
            let (row, effect) = (fresh(), post(to, long(lines), Some("ana")));
            twice(&out, Request { id: &row, effect: &effect, native: None, route: None, again: false }).await
        };
        let only_for_ana = || slack.state().messages.iter().all(|one| one.only_for.as_deref() == Some("U00000000ANA"));
        let limit = [Fault::Nothing, Fault::Limited(0)];
        assert_eq!(tell("slack:#ops", 90, ("chat.postEphemeral", &limit)).await, None);
        assert_eq!((lines(slack, 90), only_for_ana()), (vec![1; 90], true));
        // Where the bot is no member all of it goes to her directly.
        let direct = tell("slack:C0000000099", 90, ("chat.postMessage", &limit)).await.unwrap();
        assert_eq!(lines(slack, 90), vec![1; 90]);
        let there_only = slack.state().messages.iter().all(|one| direct.starts_with(&format!("{}/", one.channel)));
        assert!(there_only && direct.starts_with('D'), "{direct}");
        // What is too long for that is a file, and the message is not said again for its sake.
        tell("slack:#ops", 300, ("files.getUploadURLExternal", &[Fault::Limited(0)])).await;
        assert_eq!(slack.state().messages.len(), 1);
        assert_eq!(files(slack), ["message.txt"]);
        // A file that Slack will not have is in the log; the message is there.
        slack.state().messages.clear();
        slack.state().fault("files.getUploadURLExternal", &[Fault::Refused("missing_scope")]);
        let (row, effect) = (fresh(), post("slack:#ops", long(300), Some("ana")));
        let told = out.deliver(Request { id: &row, effect: &effect, native: None, route: None, again: false }).await;
        assert_eq!((told, slack.state().messages.len()), (Ok(None), 1));
        there.end().await;
    });
}

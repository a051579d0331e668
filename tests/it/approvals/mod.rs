//! Policy and approvals with the whole bot: who may, who must agree, what is held back and what becomes of it.

mod ends;
mod jobs;
mod plugins;
mod policy;
mod races;
mod restarts;
mod votes;

use crate::support::approvals::{id_of, plain};
use crate::support::bot::TestBot;
use crate::support::eventually;
use drillbell::commands::CommandAnswer;
use drillbell::model::approval::Approval;
use drillbell::model::ids::ApprovalId;
use drillbell::store::OutcomeStatus;

/// The counter takes a commander's yes; who is on call may go without.
const COUNTER: &str = "[[policy]]\ncommand = \"misbehave kv-counter\"\napprovals = 1\napprover = \"commander\"\n\
                       break_glass = \"oncall\"";
/// The same with two.
const TWICE: &str = "[[policy]]\ncommand = \"misbehave kv-counter\"\napprovals = 2\napprover = \"commander\"";

/// Ana wants to count; the approval that this waits for.
async fn asks(bot: &TestBot) -> ApprovalId {
    let answer = bot.ana("/misbehave kv-counter").await;
    assert_eq!(answer.status, OutcomeStatus::Pending, "{answer:?}");
    id_of(&answer)
}

/// Somebody says yes where they are.
async fn approves(bot: &TestBot, who: &str, id: &ApprovalId) -> CommandAnswer {
    bot.types(who, "console:#ops", &format!("/drillbell approve {id}")).await
}

/// The approval as it is kept.
async fn kept(bot: &TestBot, id: &ApprovalId) -> Approval {
    bot.app.store().approval(id).await.unwrap().unwrap()
}

/// Its card as it stands, as text.
async fn card(bot: &TestBot, id: &ApprovalId) -> String {
    idle(bot).await;
    let approval = kept(bot, id).await;
    let view = bot.app.store().message(&approval.card).await.unwrap().expect("a card").view;
    let buttons: Vec<_> = view.buttons().map(|button| format!("[{}]", button.label)).collect();
    plain(format!("{}\n{}", view.to_plain(), buttons.join(" ")).trim_end(), id)
}

/// Waits until everything that follows from what was said has been handled too.
async fn idle(bot: &TestBot) {
    let store = bot.app.store();
    eventually("nothing is in hand", async || (store.open_events().await.unwrap() == 0).then_some(())).await;
}

/// How often it was counted, all told.
async fn count(bot: &TestBot) -> i64 {
    idle(bot).await;
    bot.app.store().kv_get(&"misbehaving".into(), "counter").await.unwrap().revision
}

/// Every message in a conversation that stands there for all to see, in the order of the posts.
async fn said_in(bot: &TestBot, conversation: &str, id: &ApprovalId) -> Vec<String> {
    idle(bot).await;
    let stream = bot.app.store().stream_after(0, Some(&conversation.into()), &"nobody".into(), 1_000).await.unwrap();
    let posts = stream.into_iter().filter(|line| line.kind == "post");
    let texts =
        posts.map(|line| serde_json::from_value::<drillbell::model::view::View>(line.payload).unwrap().to_plain());
    texts.map(|text| plain(&text, id)).collect()
}

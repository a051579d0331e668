//! Jobs with the whole bot: asked for by a plugin, run by a scripted kind, ended once, whatever happens in between.

mod cancel;
mod doomed;
mod ends;
mod every_point;
mod killed;
mod lost;
mod output;
mod replicas;
mod retries;
mod shipped;
mod steps;

use crate::support::bot::{Setup, TestBot};
use crate::support::kinds::ScriptedKind;
use crate::support::{eventually, is_in};
use drillbell::commands::CommandAnswer;
use drillbell::model::job::Job;
use drillbell::model::view::View;
use drillbell::store::OutcomeStatus;
use serde_json::Value;
use std::sync::Arc;

/// The test guest with the right to jobs, which here nobody has to approve.
const PLUGIN: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", \"jobs:*\"]\n\
                      [channels]\nops = \"console:#ops\"\n[[policy]]\njob = \"scripted\"\napprovals = 0";

/// A bot that can run one kind.
fn setup(kind: &Arc<ScriptedKind>) -> Setup {
    Setup { kinds: vec![kind.clone()], ..Setup::of(PLUGIN) }
}

/// The same for the next engine's turn of a test: what ran on the other one is forgotten.
fn anew(kind: &Arc<ScriptedKind>) -> Setup {
    kind.forget();
    setup(kind)
}

/// A command that starts a job of that title.
fn job(title: &str, spec: &str, options: &str) -> String {
    format!("/misbehave job scripted --spec '{spec}' {options} {title}")
}

/// The id of the job that a command started.
fn started(answer: &CommandAnswer) -> String {
    answer.data.as_ref().and_then(Value::as_str).unwrap_or_else(|| panic!("no job: {answer:?}")).to_owned()
}

/// The only job of a title.
async fn row(bot: &TestBot, title: &str) -> Job {
    let store = bot.app.store();
    let jobs = store.jobs_of(&"misbehaving".into(), false, 1000).await.unwrap();
    let mut of: Vec<Job> = jobs.into_iter().filter(|job| job.title == title).collect();
    assert_eq!(of.len(), 1, "{of:?}");
    of.remove(0)
}

/// The card of a job as it stands.
async fn card(bot: &TestBot, title: &str) -> View {
    let message = row(bot, title).await.card.expect("a card");
    bot.app.store().message(&message).await.unwrap().expect("it was posted").view
}

/// Waits until the card of a job says something.
async fn card_says(bot: &TestBot, title: &str, what: &str) -> String {
    eventually(&format!("the card of {title} says {what}"), async || {
        let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 1000).await.unwrap();
        let message = jobs.into_iter().find(|job| job.title == title)?.card?;
        let text = bot.app.store().message(&message).await.unwrap()?.view.to_plain();
        text.contains(what).then_some(text)
    })
    .await
}

/// What the plugin was told of a job's end: exactly once.
async fn told(bot: &TestBot, id: &str) -> Value {
    let store = bot.app.store();
    let heard = eventually(&format!("the plugin hears of {id}"), async || {
        let cell = store.kv_get(&"misbehaving".into(), &format!("seen:job:{id}")).await.unwrap();
        cell.value.map(|value| (value, cell.revision))
    })
    .await;
    assert_eq!(heard.1, 1, "told once");
    serde_json::from_str(&heard.0).unwrap()
}

/// The outcomes on the audit trail of what happened to a job, in order.
async fn trail_of(bot: &TestBot, id: &str) -> Vec<String> {
    let mut trail = bot.trail().await;
    trail.retain(|record| record["kind"] == "job-step" && record["detail"]["job"] == id);
    trail.iter().map(|record| record["outcome"].as_str().unwrap().to_owned()).collect()
}

/// What a command that started a job answered, in one line.
fn status_of(answer: &CommandAnswer) -> (OutcomeStatus, &str) {
    (answer.status, answer.text.as_str())
}

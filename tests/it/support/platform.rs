//! A chat platform that does as the test says: it records what it is asked, answers by a script, and can be held.

use super::eventually;
use drillbell::model::conversation::PlaceAct;
use drillbell::model::effect::Effect;
use drillbell::platform::{DeliverError, Platform, Request};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How the platform answers one attempt; without a script it delivers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is busy, and asks for this much patience if it says so.
    Later(Option<Duration>),
    /// It will never work.
    Never,
    /// Our own code for it breaks.
    Panic,
}

/// One attempt as the platform saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The outbox row.
    pub id: String,
    /// Where to.
    pub conversation: String,
    /// `post`, `edit NATIVE` or `react NATIVE`, and the text.
    pub what: String,
    /// Whether it was delivered; attempts that are still held are not.
    pub delivered: bool,
    /// When it began.
    pub at: Instant,
}

/// The platform.
pub struct Scripted {
    name: &'static str,
    seen: Mutex<Vec<Attempt>>,
    script: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    refused: Mutex<BTreeMap<String, &'static str>>,
    held: watch::Sender<BTreeSet<String>>,
}

impl Scripted {
    /// A platform of that name which delivers everything.
    pub fn new(name: &'static str) -> Arc<Self> {
        let (held, _) = watch::channel(BTreeSet::new());
        Arc::new(Self { name, seen: Mutex::default(), script: Mutex::default(), refused: Mutex::default(), held })
    }

    /// What it answers to the next attempts in a conversation.
    pub fn answers(&self, conversation: &str, answers: &[Answer]) {
        self.script.lock().expect("whole").entry(conversation.to_owned()).or_default().extend(answers.iter().cloned());
    }

    /// From now on it delivers again, whatever was to be answered in a conversation.
    pub fn recovers(&self, conversation: &str) {
        self.script.lock().expect("whole").remove(conversation);
    }

    /// From now on it is busy for whatever begins so in a conversation; for nothing any more if that is empty.
    pub fn refuses(&self, conversation: &str, beginning: &'static str) {
        self.refused.lock().expect("whole").insert(conversation.to_owned(), beginning);
    }

    /// From now on attempts in a conversation wait.
    pub fn hold(&self, conversation: &str) {
        self.held.send_modify(|held| _ = held.insert(conversation.to_owned()));
    }

    /// They wait no longer.
    pub fn release(&self, conversation: &str) {
        self.held.send_modify(|held| _ = held.remove(conversation));
    }

    /// All attempts so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.seen.lock().expect("whole").clone()
    }

    /// What stands in a conversation: what was delivered, in order.
    pub fn delivered(&self, conversation: &str) -> Vec<String> {
        let seen = self.attempts().into_iter().filter(|a| a.delivered && a.conversation == conversation);
        seen.map(|attempt| attempt.what).collect()
    }

    /// Waits until so much was delivered to a conversation.
    pub async fn has_delivered(&self, conversation: &str, count: usize) -> Vec<String> {
        let what = format!("{count} deliveries to {conversation}");
        eventually(&what, async || {
            let delivered = self.delivered(conversation);
            (delivered.len() >= count).then_some(delivered)
        })
        .await
    }

    /// Waits until so many attempts have begun in a conversation.
    pub async fn has_tried(&self, conversation: &str, count: usize) -> Vec<Attempt> {
        eventually(&format!("{count} attempts in {conversation}"), async || {
            let mut tried = self.attempts();
            tried.retain(|attempt| attempt.conversation == conversation);
            (tried.len() >= count).then_some(tried)
        })
        .await
    }

    async fn answer(&self, request: Request<'_>) -> Result<Option<String>, DeliverError> {
        let conversation = request.effect.conversation().to_string();
        let native = request.native.unwrap_or("nothing");
        let what = match request.effect {
            Effect::PostMessage { view, .. } => format!("post {}", view.to_plain()),
            Effect::EditMessage { view, .. } => format!("edit {native}: {}", view.to_plain()),
            Effect::Page { key, action, view, .. } => format!("page {} {key}: {}", action.as_str(), view.to_plain()),
            Effect::AddReaction { emoji, .. } => format!("react {native}: {emoji}"),
            Effect::Place { act, .. } => match act {
                PlaceAct::Open { shape, name, near } => format!("open {} {name} by {near} ({native})", shape.as_str()),
                PlaceAct::Topic { topic } => format!("topic {topic}"),
                PlaceAct::Invite { people, groups } => format!("invite {people:?} {groups:?}"),
                PlaceAct::Pin => format!("pin {native}"),
                PlaceAct::Unpin => format!("unpin {native}"),
                PlaceAct::Archive { archived } => format!("archived {archived}"),
            },
        };
        let number = {
            let mut seen = self.seen.lock().expect("whole");
            let (id, at) = (request.id.to_owned(), Instant::now());
            seen.push(Attempt { id, conversation: conversation.clone(), what: what.clone(), delivered: false, at });
            seen.len() - 1
        };
        let mut held = self.held.subscribe();
        held.wait_for(|held| !held.contains(&conversation)).await.expect("the platform is there");
        let refused = self.refused.lock().expect("whole").get(&conversation).copied().unwrap_or_default();
        if !refused.is_empty() && what.starts_with(refused) {
            return Err(DeliverError::Later { reason: "ratelimited".to_owned(), after: None });
        }
        let scripted = self.script.lock().expect("whole").get_mut(&conversation).and_then(VecDeque::pop_front);
        match scripted {
            Some(Answer::Later(after)) => Err(DeliverError::Later { reason: "ratelimited".to_owned(), after }),
            Some(Answer::Never) => Err(DeliverError::Never { reason: "channel_not_found".to_owned() }),
            Some(Answer::Panic) => panic!("a platform that panics on purpose"),
            None => {
                self.seen.lock().expect("whole")[number].delivered = true;
                Ok(Some(format!("native-{number}")))
            }
        }
    }
}

impl Platform for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn deliver<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Option<String>, DeliverError>> {
        self.answer(request).boxed()
    }
}

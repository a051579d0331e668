//! What stands on the fake Slack, and the knobs.

use super::BOT;
use crate::Whose;
use crate::journal::{self, Sent};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// What goes wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `429` with this `Retry-After`.
    Limited(u32),
    /// A status and a page that is no JSON.
    Status(u16),
    /// It is done, and the connection breaks instead of an answer.
    DoneButCut,
    /// It is done, and nothing is ever answered.
    DoneButSilent,
    /// `ok: false` with this word.
    Refused(&'static str),
    /// Nothing: it is a later call that goes wrong.
    Nothing,
}

/// Decides what goes wrong with a call, by its method and arguments.
pub type Decides = Box<dyn FnMut(&str, &Value) -> Option<Fault> + Send>;

/// A call as it came.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// `chat.postMessage`.
    pub method: String,
    /// Whether it was done.
    pub done: bool,
    /// What it came with.
    pub arguments: Value,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// The channel it is in.
    pub channel: String,
    /// Its moment, which is its id.
    pub ts: String,
    /// What it is under.
    pub thread: Option<String>,
    /// Only this person sees it.
    pub only_for: Option<String>,
    /// As it stands now.
    pub body: Value,
    /// How often it was edited.
    pub edits: usize,
    /// Reactions.
    pub reactions: Vec<String>,
}

/// A channel.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// Without `#`.
    pub name: String,
    /// Who is in it.
    pub members: BTreeSet<String>,
    /// What stands at its head.
    pub topic: String,
    /// Nobody types there any more.
    pub archived: bool,
    /// Pinned messages' moments.
    pub pins: Vec<String>,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where it is shared: channel and thread.
    pub shared: Option<(String, Option<String>)>,
}

/// Where a `response_url` leads.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) channel: String,
    pub(super) user: String,
    pub(super) used: usize,
    /// The message that it is of, if it is of one.
    pub(super) source: Option<String>,
}

/// What a socket is told to do.
#[derive(Debug)]
pub enum Wire {
    /// Send this.
    Text(String),
    /// Close it with a code.
    Close(u16),
    /// Cut it.
    Cut,
}

/// Everything.
#[derive(Default)]
pub struct State {
    /// Channels by id.
    pub channels: BTreeMap<String, Channel>,
    /// Messages in the order in which they came.
    pub messages: Vec<Message>,
    /// Calls in the order in which they came.
    pub calls: Vec<Call>,
    /// What was asked that Slack would not have taken.
    pub refused: Vec<String>,
    /// Acknowledged envelopes, with what the acknowledgement carried.
    pub acks: BTreeMap<String, Value>,
    /// Modals by trigger.
    pub modals: BTreeMap<String, Value>,
    /// Files by id.
    pub files: BTreeMap<String, File>,
    /// User groups and who is in them.
    pub groups: BTreeMap<String, Vec<String>>,
    /// What goes wrong, by method; `*` is any.
    pub faults: BTreeMap<String, VecDeque<Fault>>,
    /// Decides what goes wrong, where nothing else says it.
    pub decides: Option<Decides>,
    /// Every n-th writing call is answered 429; 0 is none.
    pub limit_every: usize,
    /// Scopes that the token has; `None` is all that are asked for.
    pub scopes: String,
    /// Sockets say `disconnect` for this reason as soon as they have greeted.
    pub turned_away: Option<&'static str>,
    /// The app is installed for a whole organisation: payloads name no workspace.
    pub organisation: bool,
    /// Who talks to it.
    pub(super) whose: Whose,
    /// Everything that the bot sent.
    pub(super) sent: Vec<Sent>,
    /// What envelopes carried, by id.
    pub(super) envelopes: BTreeMap<String, String>,
    /// Open sockets.
    pub(super) sockets: Vec<(usize, mpsc::UnboundedSender<Wire>)>,
    /// How often a socket was opened, and when.
    pub opened: Vec<Instant>,
    /// Tickets that open a socket, once.
    pub(super) tickets: BTreeSet<String>,
    /// Triggers and when they were made.
    pub(super) triggers: BTreeMap<String, (Instant, bool)>,
    /// Ways back, by the end of their addresses.
    pub(super) ways: BTreeMap<String, Way>,
    /// Writing calls so far.
    pub(super) writes: usize,
    counter: u64,
}

impl State {
    /// A channel more.
    pub fn add_channel(&mut self, id: &str, name: &str, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.channels.insert(id.to_owned(), Channel { name: name.to_owned(), members, ..Channel::default() });
    }

    /// A number that no other has.
    pub(super) fn unique(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A moment later than all before.
    pub(super) fn moment(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        format!("{now}.{:06}", self.unique())
    }

    /// Whether anybody listens.
    pub fn has_socket(&self) -> bool {
        !self.sockets.is_empty()
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.sockets.len()
    }

    /// What happens next to a method.
    pub fn fault(&mut self, method: &str, faults: &[Fault]) {
        self.faults.entry(method.to_owned()).or_default().extend(faults.iter().cloned());
    }

    /// Says something on the newest socket.
    pub fn on_newest(&mut self, wire: Wire) {
        if let Some((_, socket)) = self.sockets.last() {
            let _ = socket.send(wire);
        }
    }

    /// Cuts every socket.
    pub fn cut_all(&mut self) {
        for (_, socket) in self.sockets.drain(..) {
            let _ = socket.send(Wire::Cut);
        }
    }

    /// Sends an envelope on the newest socket; its id.
    pub fn send_envelope(&mut self, kind: &str, payload: Value, answers: bool) -> String {
        let id = format!("envelope-{}", self.unique());
        self.resend(&id, kind, payload, answers, 0);
        id
    }

    /// Sends an envelope (again) under this id.
    pub fn resend(&mut self, id: &str, kind: &str, payload: Value, answers: bool, attempt: u32) {
        let mut envelope =
            json!({"envelope_id": id, "type": kind, "accepts_response_payload": answers, "payload": payload});
        if kind == "events_api" {
            envelope["retry_attempt"] = json!(attempt);
            envelope["retry_reason"] = json!(if attempt > 0 { "timeout" } else { "" });
        }
        self.envelopes.insert(id.to_owned(), kind.to_owned());
        self.on_newest(Wire::Text(envelope.to_string()));
    }

    /// A fresh trigger, good for three seconds and one modal.
    pub(super) fn trigger(&mut self) -> String {
        let trigger = format!("{}.{}.abcdef", 1_000_000 + self.unique(), self.unique());
        self.triggers.insert(trigger.clone(), (Instant::now(), false));
        trigger
    }

    /// A fresh way back for somebody in a channel, of a message if it is of one: the end of its address.
    pub(super) fn way(&mut self, channel: &str, user: &str, source: Option<&str>) -> String {
        let end = format!("{TEAM}/{}/secretway", self.unique(), TEAM = super::TEAM);
        let (channel, user, source) = (channel.to_owned(), user.to_owned(), source.map(str::to_owned));
        self.ways.insert(end.clone(), Way { channel, user, used: 0, source });
        end
    }

    /// Writes down a call.
    pub(super) fn note(&mut self, method: &str, done: bool, arguments: &Value, as_text: bool) {
        self.calls.push(Call { method: method.to_owned(), done, arguments: arguments.clone() });
        self.keeps(method.to_owned(), arguments, as_text);
    }

    /// Keeps what an interaction was answered with at once, by socket or by request.
    pub(super) fn keeps_answer(&mut self, to: &str, answer: &Value) {
        // Nothing, or what stands for it with Slack's own client.
        if !answer.is_null() && *answer != json!({}) {
            self.keeps(format!("answer to {to}"), answer, false);
        }
    }

    fn keeps(&mut self, kind: String, body: &Value, as_text: bool) {
        let sent = Sent { platform: "slack", kind, as_text, body: body.clone() };
        if self.whose == Whose::Ours {
            journal::keep(&sent);
        }
        self.sent.push(sent);
    }

    /// The id of a channel by its name, or by the id itself.
    pub fn id_of(&self, name: &str) -> String {
        if self.channels.contains_key(name) {
            return name.to_owned();
        }
        let name = name.trim_start_matches('#');
        let found = self.channels.iter().find(|(_, channel)| channel.name == name);
        found.map(|(id, _)| id.clone()).unwrap_or_else(|| panic!("no channel #{name}"))
    }

    /// What somebody sees in a channel, oldest first.
    pub fn seen(&self, channel: &str, user: &str) -> Vec<Message> {
        let id = if channel.starts_with('#') { self.id_of(channel) } else { channel.to_owned() };
        let mine = |message: &&Message| message.only_for.as_deref().is_none_or(|only| only == user);
        self.messages.iter().filter(|message| message.channel == id).filter(mine).cloned().collect()
    }

    /// How often a method was done.
    pub fn done(&self, method: &str) -> usize {
        self.calls.iter().filter(|call| call.method == method && call.done).count()
    }

    /// The direct conversation with somebody.
    pub(super) fn direct(&mut self, user: &str) -> String {
        let id = format!("D{}", &user[1..]);
        if !self.channels.contains_key(&id) {
            self.add_channel(&id, "", &[BOT, user]);
        }
        id
    }
}

//! Discord on this machine: its API and gateway as documented, strict about what a bot sends, with a journal, people who can only
//! use what was really shown to them, and mishaps. Every rule names the page of discord.com/developers/docs it is from.

mod events;
mod gateway;
mod people;
mod requests;
mod routes;
mod rules;
mod state;
mod words;

pub use gateway::Cut;
pub use people::{Shown, Used};
pub use requests::Mishap;
pub use state::{Call, Message};

use crate::Whose;
use crate::journal::Sent;

use ed25519_dalek::SigningKey;
use serde_json::Value;
use state::State;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The bot's token.
pub const TOKEN: &str = "a-bot-token.of-discord";
/// The application, which is the bot's user as well.
pub const APPLICATION: &str = "1100000000000000001";
/// The one server.
pub const GUILD: &str = "1100000000000000002";
/// `#incidents`.
pub const INCIDENTS: &str = "1100000000000000003";
/// `#ops`.
pub const OPS: &str = "1100000000000000004";
/// Ana.
pub const ANA: &str = "1100000000000000011";
/// Ben.
pub const BEN: &str = "1100000000000000012";

/// A channel or thread that the bot opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What stands at its head.
    pub topic: String,
    /// How many messages are pinned.
    pub pins: usize,
    /// Nobody writes there any more.
    pub archived: bool,
}

/// Decides what goes wrong with a request, by its method and path.
pub type Faults = Box<dyn FnMut(&str, &str) -> Option<Mishap> + Send>;

/// The servers.
pub struct FakeDiscord {
    state: Mutex<State>,
    faults: Mutex<Option<Faults>>,
    api_port: u16,
    gateway_port: u16,
    /// Where interactions go by HTTP instead of the gateway.
    endpoint: Mutex<Option<String>>,
    key: SigningKey,
    /// Milliseconds between heartbeats.
    pub heartbeat_ms: AtomicU64,
    /// Heartbeats are answered.
    pub answers_beats: AtomicBool,
    /// How many more connections to the gateway break before anything is said.
    refuses: AtomicUsize,
    /// How each socket ends as soon as it has said who it is.
    ends_at_once: Mutex<Option<Cut>>,
    client: reqwest::Client,
    /// What time it is for signatures, if not the machine's.
    now_ms: Mutex<Option<u64>>,
}

impl FakeDiscord {
    /// Starts it; it ends with the test's runtime.
    pub async fn start() -> Arc<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Arc::new(Self {
            state: Mutex::new(State::new()),
            faults: Mutex::default(),
            api_port: api.local_addr().unwrap().port(),
            gateway_port: gateway.local_addr().unwrap().port(),
            endpoint: Mutex::default(),
            key: SigningKey::from_bytes(&[42; 32]),
            heartbeat_ms: AtomicU64::new(41_250),
            answers_beats: AtomicBool::new(true),
            refuses: AtomicUsize::new(0),
            ends_at_once: Mutex::default(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            now_ms: Mutex::default(),
        });
        tokio::spawn(requests::serve(fake.clone(), api));
        tokio::spawn(gateway::serve(fake.clone(), gateway));
        fake
    }

    /// `[chat.discord]` for it and its people, with the token in a file of that folder.
    pub fn config(&self, folder: &std::path::Path, mode: &str) -> String {
        let file = folder.join("discord-token");
        std::fs::write(&file, TOKEN).unwrap();
        let key = self.public_key();
        format!(
            "[chat.discord]\nmode = {mode:?}\ntoken = {{ file = {file:?} }}\napplication_id = \"{APPLICATION}\"\n\
             guild_id = \"{GUILD}\"\npublic_key = \"{key}\"\napi_url = \"http://127.0.0.1:{}/api/v10\"\n",
            self.api_port
        )
    }

    /// From now on interactions go to this address by HTTP, signed.
    pub fn interactions_go_to(&self, url: String) {
        *self.endpoint.lock().unwrap() = Some(url);
    }

    /// From now on this decides what goes wrong.
    pub fn faults(&self, faults: impl FnMut(&str, &str) -> Option<Mishap> + Send + 'static) {
        *self.faults.lock().unwrap() = Some(Box::new(faults));
    }

    /// What time it is for signatures.
    pub fn time_is(&self, now_ms: i64) {
        *self.now_ms.lock().unwrap() = u64::try_from(now_ms).ok();
    }

    /// Nothing goes wrong any more.
    pub fn no_faults(&self) {
        *self.faults.lock().unwrap() = None;
    }

    /// From now on every socket ends in this way as soon as it has said who it is; `None`: no more.
    pub fn ends_at_once(&self, cut: Option<Cut>) {
        *self.ends_at_once.lock().unwrap() = cut;
    }

    /// So many of the next connections to the gateway break before anything is said.
    pub fn refuses_sockets(&self, many: usize) {
        self.refuses.store(many, Ordering::SeqCst);
    }

    /// Somebody deletes a channel and makes one of the same name; its id.
    pub fn makes_anew(&self, channel: &str) -> String {
        let mut state = self.state();
        let id = state.id();
        let one = state.channel(channel).unwrap();
        one.id.clone_from(&id);
        id
    }

    /// Somebody opens a thread; its id.
    pub fn opens_thread(&self, channel: &str) -> String {
        let mut state = self.state();
        let id = state.id();
        let thread = state::Channel { parent: Some(channel.to_owned()), ..state::Channel::new(&id, "a thread", 11) };
        state.channels.push(thread);
        id
    }

    /// Message Content Intent is switched on for the application.
    pub fn grants_content(&self) {
        self.state().content_granted = true;
    }

    /// From now on somebody has these roles.
    pub fn has_roles(&self, user: &str, roles: &[&str]) {
        self.state().roles.insert(user.to_owned(), roles.iter().map(|role| (*role).to_owned()).collect());
    }

    /// Somebody sets what a channel allows and denies to whom, as bits.
    pub fn permits(&self, channel: &str, whose: &str, kind: u64, allow: u64, deny: u64) {
        self.state().channel(channel).unwrap().overwrites.insert(whose.to_owned(), (kind, allow, deny));
    }

    /// What it allows and denies to them, if it says anything.
    pub fn permitted(&self, channel: &str, whose: &str) -> Option<(u64, u64)> {
        self.state().channel(channel).unwrap().overwrites.get(whose).map(|(_, allow, deny)| (*allow, *deny))
    }

    /// Heartbeats are answered, or not.
    pub fn answers_beats(&self, answers: bool) {
        self.answers_beats.store(answers, Ordering::SeqCst);
    }

    /// Everything that the bot did against the documentation; a test ends with nothing.
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// Every request so far.
    pub fn journal(&self) -> Vec<Call> {
        self.state().journal.clone()
    }

    /// How many sockets were opened, and how many of these began a session.
    pub fn sockets(&self) -> (usize, usize) {
        let state = self.state();
        (state.opened, state.identified)
    }

    /// What the bot opened: channels (0) or threads (11).
    pub fn opened(&self, kind: u64) -> Vec<Opened> {
        let state = self.state();
        let opened = state.channels.iter().skip(3).filter(|channel| channel.kind == kind);
        let (of, pins) = (|c: &state::Channel| c.name.clone(), |c: &state::Channel| c.pins.len());
        opened
            .map(|c| Opened {
                id: c.id.clone(),
                name: of(c),
                topic: c.topic.clone(),
                pins: pins(c),
                archived: c.archived,
            })
            .collect()
    }

    /// How many messages are pinned in a channel.
    pub fn pins(&self, channel: &str) -> usize {
        self.state().channel(channel).map_or(0, |channel| channel.pins.len())
    }

    /// How often a session was resumed.
    pub fn resumed(&self) -> usize {
        self.state().resumed
    }

    /// From now on whoever talks to it need not keep to what is ours alone, only to what Discord asks of everybody.
    pub fn serves_anyone(&self) {
        let mut state = self.state();
        state.whose = Whose::Anyones;
        // Whoever tries something out wants to read what people write.
        state.content_granted = true;
    }

    /// Everything that the bot sent so far, for a judge.
    pub fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// Where the API is, without a version.
    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.api_port)
    }

    /// What interactions by HTTP are checked with, as hexadecimal digits.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().to_bytes())
    }

    /// Interactions come by the gateway again.
    pub fn interactions_go_nowhere(&self) {
        *self.endpoint.lock().unwrap() = None;
    }

    /// The commands that the bot registered.
    pub fn commands(&self) -> Vec<Value> {
        self.state().commands.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

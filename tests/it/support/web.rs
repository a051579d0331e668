//! The web on a real listener over a fresh database, with a dispatcher made for tests: it answers every command with one
//! message, and does a few things on request.

use super::commits::{commit, post};
use super::database::{NEW_YEAR_MS, TestDatabase};
use drillbell::alert::route::Routing;
use drillbell::board;
use drillbell::clock::Clock;
use drillbell::commands::Commands;
use drillbell::config::people::{People, Person as Configured};
use drillbell::config::probes::Probes;
use drillbell::config::status::StatusPage;
use drillbell::config::{Config, Env};
use drillbell::followers::Followers;
use drillbell::hooks::{Fetch, Hooks};
use drillbell::incident::{Clocks, Severity, SeverityTable};
use drillbell::intake::Intake;
use drillbell::model::effect::Effect;
use drillbell::model::event::{Delivery, Event, Person};
use drillbell::model::ids::{MessageRef, PersonId, fresh};
use drillbell::model::manifest::CommandSpec;
use drillbell::model::target::TargetSeen;
use drillbell::model::view::{Block, Button, View};
use drillbell::probes::Beats;
use drillbell::runbook::Library;
use drillbell::scrub::Scrub;
use drillbell::status::Frame;
use drillbell::store::{ClaimedEvent, Closing, Commit, Echo, EventResult, OutcomeStatus, SignIn, Store};
use drillbell::telemetry::Metrics;
use drillbell::web::{self, ApiToken, Candidate, CheckResult, Completion, LastRun, Readiness, WebState};
use drillbell::web::{PluginHealth, PluginLine, Plugins, RequestLine};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The API token of every test.
pub const TOKEN: &str = "a-token-for-tests";

/// How a test wants its web.
pub struct Options {
    pub public_url: Option<String>,
    pub backlog: u64,
    pub checks: BTreeMap<String, CheckResult>,
    pub channels: Vec<String>,
    pub database: TestDatabase,
    pub page: Option<StatusPage>,
    pub probes: Arc<Probes>,
    pub library: Arc<Library>,
    pub targets: Vec<TargetSeen>,
}

impl Default for Options {
    fn default() -> Self {
        let channels = ["#incidents", "#ops"].map(str::to_owned).to_vec();
        Self {
            public_url: None,
            backlog: 10_000,
            checks: BTreeMap::new(),
            channels,
            database: TestDatabase::sqlite(),
            page: None,
            probes: Arc::default(),
            library: Arc::default(),
            targets: Vec::new(),
        }
    }
}

/// A running web.
pub struct TestWeb {
    pub address: String,
    pub client: reqwest::Client,
    pub store: Store,
    pub clock: Clock,
    pub stop: CancellationToken,
    /// Lets `/hold` go on.
    pub gate: watch::Sender<bool>,
    /// What came out of the inbox.
    pub seen: mpsc::UnboundedReceiver<Delivery>,
    serving: JoinHandle<()>,
    dispatching: JoinHandle<()>,
    keeping: Option<JoinHandle<()>>,
    closing: Closing,
    pub database: TestDatabase,
}

struct Checks(BTreeMap<String, CheckResult>);

impl Readiness for Checks {
    fn checks(&self) -> BoxFuture<'_, BTreeMap<String, CheckResult>> {
        std::future::ready(self.0.clone()).boxed()
    }
}

impl TestWeb {
    /// As usual.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// As the options say.
    pub async fn with(options: Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = options.database;
        let (store, closing, clock) = database.open().await;
        let metrics = Metrics::new();
        let (intake, events) = Intake::new(store.clone(), clock.clone(), metrics.clone(), options.backlog);
        let followers = Followers::default();
        let (gate, held) = watch::channel(false);
        let (notes, seen) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let dispatcher = Dispatcher { intake: intake.clone(), followers: followers.clone(), held, notes };
        let dispatching = tokio::spawn(dispatcher.run(events, stop.clone()));
        let ana = Configured {
            name: Some("Ana".to_owned()),
            identities: [("console", "anna".to_owned())].into(),
            ..Configured::default()
        };
        let (board, keeping) = match options.page {
            Some(page) => {
                let frame = Frame { page, base: "https://bot.example.org".to_owned() };
                let (board, keeper) = board::open(store.clone(), clock.clone(), frame, Arc::default()).await.unwrap();
                (Some(board), Some(tokio::spawn(keeper.run(stop.clone()))))
            }
            None => (None, None),
        };
        let hooks = hooks(intake.clone(), &clock);
        let state = WebState {
            store: store.clone(),
            commands: Commands::new(store.clone(), intake, followers),
            hooks,
            beats: Beats::new(store.clone(), options.probes),
            metrics,
            clock: clock.clone(),
            people: People([("ana".to_owned(), ana)].into()),
            api_token: ApiToken::local(TOKEN),
            channels: options.channels,
            readiness: Arc::new(Checks(options.checks)),
            completion: Arc::new(|line, channel, person| {
                assert!(line != "/panic", "asked to panic");
                let label = format!("{} in {channel}", person.id);
                let candidates = vec![Candidate { value: "declare".to_owned(), label }];
                std::future::ready(Completion { start: line.len(), candidates }).boxed()
            }),
            plugins: Arc::new(plugins),
            catalog: Arc::new(router_commands),
            severities: Arc::new(severities()),
            library: options.library,
            last_runs: Arc::new(|| {
                let last = LastRun {
                    run: "R-3".to_owned(),
                    began_ms: NEW_YEAR_MS,
                    ended_ms: NEW_YEAR_MS + 1000,
                    outcome: "1 passed, 1 failed".to_owned(),
                    well: false,
                };
                std::future::ready(Ok([("db-down".to_owned(), last)].into())).boxed()
            }),
            targets: options.targets.into(),
            roster: Arc::default(),
            version: "0.0.0-test",
            public_url: options.public_url,
            scrub: Scrub::default(),
            board,
            stop: stop.clone(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = web::router(state);
        let serving = tokio::spawn(web::serve(listener, router, stop.clone(), Duration::from_secs(30)));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address, client, store, clock, stop, gate, seen, serving, dispatching, keeping, closing, database }
    }

    /// Stops everything and checks that nothing keeps the store open; the database, to go on with.
    pub async fn end(self) -> TestDatabase {
        let Self { stop, gate, serving, dispatching, keeping, closing, store, seen, database, .. } = self;
        stop.cancel();
        serving.await.unwrap();
        drop((gate, seen));
        dispatching.await.unwrap();
        if let Some(keeping) = keeping {
            keeping.await.unwrap();
        }
        drop(store);
        closing.wait().await;
        database
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// A request with the API token.
    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(TOKEN)
    }

    /// A JSON body with the API token.
    pub fn post(&self, path: &str, body: serde_json::Value) -> reqwest::RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(TOKEN).json(&body)
    }

    /// A command in the usual channel.
    pub async fn say(&self, text: &str) -> serde_json::Value {
        let answer = self.post("/api/v1/commands", json!({"text": text})).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Signs Ben in; the cookie to send.
    pub async fn sign_in(&self) -> String {
        let code = drillbell::signin::new_code(&self.store, signs_in(ben()), Duration::from_secs(60)).await.unwrap();
        let answer = self.client.get(self.url(&format!("/login/{code}"))).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// No source of alerts.
fn hooks(intake: Intake, clock: &Clock) -> Arc<Hooks> {
    let config = Config::parse("", std::path::Path::new("drillbell.toml"), &Env::none()).unwrap();
    let fetch: Fetch = Arc::new(|_| std::future::ready(Err("nothing is fetched here".to_owned())).boxed());
    Arc::new(Hooks::new(Arc::new(Routing::of(&config)), intake, clock.clone(), fetch, "console:#ops".into()))
}

/// One plugin that runs and one that does not.
fn plugins() -> Plugins {
    let line = |name: &str, state, reason: Option<&str>| PluginLine {
        name: name.to_owned(),
        state,
        reason: reason.map(str::to_owned),
        version: Some("0.1.0".to_owned()),
        summary: "For tests".to_owned(),
        origin: format!("builtin:{name}"),
        sha256: "0".repeat(64),
        commands: vec![name.to_owned()],
        handles: vec!["command".to_owned()],
        requests: vec![RequestLine { grant: "kv".to_owned(), reason: "to remember".to_owned(), granted: true }],
        grants: vec!["kv".to_owned()],
        effective: vec!["kv".to_owned()],
    };
    Plugins {
        plugins: vec![line("good", PluginHealth::Loaded, None), line("bad", PluginHealth::Failed, Some("it broke"))],
        clashes: Vec::new(),
    }
}

fn router_commands() -> Vec<CommandSpec> {
    drillbell::router::host_commands()
}

/// Ben, who signs in on the page.
pub fn ben() -> Person {
    Person { id: PersonId::from("ben"), name: "Ben".to_owned() }
}

/// Somebody whom a chat platform knows, about to sign in.
pub fn signs_in(person: Person) -> SignIn {
    SignIn { person, asserted_by: None }
}

struct Dispatcher {
    intake: Intake,
    followers: Followers,
    held: watch::Receiver<bool>,
    notes: mpsc::UnboundedSender<Delivery>,
}

impl Dispatcher {
    async fn run(mut self, mut events: mpsc::UnboundedReceiver<ClaimedEvent>, stop: CancellationToken) {
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return,
                event = events.recv() => event,
            };
            let Some(ClaimedEvent { delivery, .. }) = event else { return };
            let holds = matches!(&delivery.event, Event::CommandReceived(c) if c.text.starts_with("/hold"));
            let _ = self.notes.send(delivery.clone());
            if holds {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = self.held.wait_for(|open| *open) => {}
                }
            }
            self.intake.commit(answer(&delivery)).await.unwrap();
            self.intake.release(&delivery.id);
            self.followers.finished(&delivery.id);
        }
    }
}

/// One message back: `did WHAT`, with a button; for the asker only after `/private`.
pub fn answer(delivery: &Delivery) -> Commit {
    // What nobody in particular said, such as a deploy, is taken without a word.
    let Some(by) = delivery.event.by().cloned() else { return commit(delivery.id.as_str()) };
    let what = match &delivery.event {
        Event::CommandReceived(command) => command.text.clone(),
        Event::ActionReceived(action) => format!("{}={}", action.action, action.value),
        Event::ReactionAdded(reaction) => reaction.emoji.clone(),
        other => panic!("{other:?}"),
    };
    let private_to = what.starts_with("/private").then(|| by.id.clone());
    let button = Button {
        action: "ack".to_owned(),
        label: "Acknowledge".to_owned(),
        value: "kept by the host".to_owned(),
        style: Default::default(),
        once: Default::default(),
    };
    let mut view = View::text(format!("did {what}"));
    view.blocks.push(Block::Button(button));
    let mut effect = post(&fresh(), delivery.conversation.as_str(), "");
    if let Effect::PostMessage { view: shown, private_to: only, .. } = &mut effect {
        *shown = view;
        only.clone_from(&private_to);
    }
    let mut commit = commit(delivery.id.as_str());
    commit.conversation = delivery.conversation.clone();
    commit.now_ms = NEW_YEAR_MS;
    commit.result = EventResult::said(OutcomeStatus::Ok, format!("did {what}"));
    commit.echo = Some(Echo { author: by.id.clone(), text: what, private_to });
    commit.audit.actor = Some(by.id);
    commit.effects = vec![effect];
    commit
}

/// The reference of the first message of an answer.
pub fn first_message(answer: &serde_json::Value) -> MessageRef {
    MessageRef::new(answer["messages"][0]["message"].as_str().unwrap())
}

/// One severity, with the clocks of S3-01.
fn severities() -> SeverityTable {
    let minutes = |count: i64| Some(count * 60_000);
    let clocks =
        Clocks { acknowledge_ms: minutes(5), decide_ms: minutes(10), rollback_ms: minutes(15), update_every_ms: None };
    SeverityTable::new(vec![Severity { name: "sev1".to_owned(), clocks, ..Severity::default() }])
}

//! A bot whose platform takes every message at once, so that what is measured is ours.

use drillbell::app::{App, Parts};
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::model::effect::Effect;
use drillbell::model::event::{CommandReceived, Event};
use drillbell::model::ids::{ConversationId, DeliveryId, fresh};
use drillbell::model::manifest::ReplyMode;
use drillbell::platform::{DeliverError, Platform, Request};
use drillbell::plugin::{CallInput, Command, HandlerEvent};
use drillbell::store::OutcomeStatus;
use futures::future::BoxFuture;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A platform that is always there and instantly done; it reports each reply's conversation. A command may have more to say than
/// its reply, a card edited for one.
struct Swift(mpsc::UnboundedSender<ConversationId>);

impl Platform for Swift {
    fn name(&self) -> &str {
        "bench"
    }

    fn deliver<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Option<String>, DeliverError>> {
        if matches!(request.effect, Effect::PostMessage { reply: true, .. }) {
            // The bench may have stopped listening.
            let _ = self.0.send(request.effect.conversation().clone());
        }
        Box::pin(async { Ok(Some("1".to_owned())) })
    }
}

/// What people say.
#[derive(Clone, Copy)]
pub enum Said {
    /// A command that is answered, and nothing else: what the house itself takes for one.
    Plain,
    /// `/sev note`: an answer, an entry of a timeline, the incident's card drawn anew and edited, its clocks set.
    Note,
}

/// The bot.
pub struct BenchHouse {
    app: App,
    delivered: tokio::sync::Mutex<mpsc::UnboundedReceiver<ConversationId>>,
    rooms: Vec<(ConversationId, String)>,
    _folder: tempfile::TempDir,
}

fn config(url: &str, folder: &Path) -> Config {
    let text = format!(
        "[server]\ndata_dir = {:?}\n[database]\nurl = {url:?}\n[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
         grants = [\"kv\", \"timers\", \"incidents:write\", \"post:*\", \"conversations\", \"reactions\"]\n\
         [plugins.misbehaving]\nsource = \"builtin:misbehaving\"\n",
        folder.join("data")
    );
    Config::parse(&text, &folder.join("drillbell.toml"), &Env::none()).expect("a good config")
}

fn parts(platforms: Vec<Arc<dyn Platform>>) -> Parts {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/target/wasm32-wasip2/release/sev_declare.wasm");
    let read = |path: &Path| {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}; run `make plugins`", path.display()));
        Cow::Owned(bytes)
    };
    let builtins = [
        ("sev-declare".to_owned(), read(&path)),
        ("misbehaving".to_owned(), read(&path.with_file_name("misbehaving.wasm"))),
    ];
    Parts { clock: Clock::system(), builtins: builtins.into(), platforms, ..Parts::default() }
}

impl BenchHouse {
    /// Starts a bot and declares an incident in each of `rooms` conversations.
    pub async fn start(url: &str, rooms: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (sender, receiver) = mpsc::unbounded_channel();
        let app =
            App::start(config(url, folder.path()), parts(vec![Arc::new(Swift(sender))])).await.expect("the bot starts");
        // A command of a plugin that is not there is answered, too, and quickly.
        for plugin in ["sev-declare", "misbehaving"] {
            assert!(app.house().registry.get(&plugin.into()).is_some(), "{plugin} is not loaded: run `make plugins`");
        }
        let mut house = Self { app, delivered: receiver.into(), rooms: Vec::new(), _folder: folder };
        for n in 0..rooms {
            let room = ConversationId::new(format!("bench:#room-{n}"));
            let answer = house
                .app
                .commands()
                .run(
                    DeliveryId::new(fresh()),
                    room.clone(),
                    house.app.person("console", "ana"),
                    "/sev declare sev3 a bench".to_owned(),
                    Duration::from_secs(30),
                )
                .await;
            let incident = answer.expect("the database answers").expect("not busy").expect("an answer").incident;
            house.rooms.push((room, incident.expect("an incident").into_string()));
        }
        while house.delivered.get_mut().try_recv().is_ok() {}
        house
    }

    /// Transactions committed so far.
    pub fn transactions(&self) -> u64 {
        self.app.store().counters().transactions.load(Ordering::Relaxed)
    }

    /// Runs a command and gives how long it took until it was handled, milliseconds, and the incident it was about. Whoever follows
    /// a command to its very end, its deliveries, asks now and then; that pace would be all that is measured.
    pub async fn timed(&self, room: &str, text: &str) -> (f64, Option<String>) {
        let id = DeliveryId::new(fresh());
        let finished = self.app.house().followers.wait_for(&id);
        let by = self.app.person("console", "ana");
        let event = Event::CommandReceived(CommandReceived { text: text.to_owned(), asserted_by: None, by });
        let begun = Instant::now();
        let offered = self.app.house().intake.offer(id.clone(), ConversationId::new(room), event).await;
        offered.expect("the database answers");
        finished.await.expect("it is handled");
        let took = begun.elapsed().as_secs_f64() * 1e3;
        let result = self.app.store().result(&id).await.expect("the database answers").expect("an answer");
        assert_eq!(result.status, OutcomeStatus::Ok, "{text}: {}", result.text);
        (took, result.incident.map(|incident| incident.into_string()))
    }

    async fn command(&self, said: Said, room: usize) {
        let (conversation, incident) = &self.rooms[room];
        let id = DeliveryId::new(fresh());
        let finished = self.app.house().followers.wait_for(&id);
        let text = match said {
            Said::Plain => "/misbehave ok".to_owned(),
            Said::Note => format!("/sev note --incident {incident} the queue is draining"),
        };
        let event =
            Event::CommandReceived(CommandReceived { text, asserted_by: None, by: self.app.person("console", "ana") });
        self.app.house().intake.offer(id, conversation.clone(), event).await.expect("the database answers");
        finished.await.expect("it is handled");
    }

    /// Handles `commands` commands, one in flight in each of `lanes` rooms, until each reply has reached the platform.
    pub async fn run(&self, said: Said, lanes: usize, commands: usize) -> Duration {
        let begun = Instant::now();
        let each = commands / lanes;
        let rooms = (0..lanes).map(|room| async move {
            for _ in 0..each {
                self.command(said, room).await;
            }
        });
        let arrive = async {
            let mut delivered = self.delivered.lock().await;
            for _ in 0..each * lanes {
                delivered.recv().await.expect("a reply");
            }
        };
        tokio::join!(futures::future::join_all(rooms), arrive);
        begun.elapsed()
    }

    /// How long each of `count` replies took to reach the platform when nothing else was going on, milliseconds.
    pub async fn replies(&self, said: Said, count: usize) -> Vec<f64> {
        let mut took = Vec::with_capacity(count);
        let mut delivered = self.delivered.lock().await;
        for _ in 0..count {
            let begun = Instant::now();
            let ((), _) = tokio::join!(self.command(said, 0), async {
                delivered.recv().await.expect("a reply");
                took.push(begun.elapsed().as_secs_f64() * 1e3);
            });
        }
        took
    }

    /// Stops the bot.
    pub async fn stop(self) {
        self.app.stop().await;
    }
}

/// Half of the calls of a command that only answers take no longer than this, instantiation and teardown included,
/// microseconds. It reads nothing, so the database is not in it.
pub async fn sandbox_p50_us() -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("sandbox.db").display());
    let app = App::start(config(&url, folder.path()), parts(Vec::new())).await.expect("the bot starts");
    let plugin = app.house().registry.get(&"misbehaving".into()).expect("it is loaded");
    let mut took = Vec::new();
    for _ in 0..5_000 {
        let by = app.person("console", "ana");
        let input = CallInput {
            event: HandlerEvent::Command(Command {
                name: "misbehave".to_owned(),
                subcommand: "ok".to_owned(),
                args: Vec::new(),
                text: "/misbehave ok".to_owned(),
                by: by.clone(),
            }),
            delivery: DeliveryId::from("bench"),
            conversation: "bench:#room".into(),
            incident: None,
            author: by.id.clone(),
            by: Some(by),
            public_refusal: None,
            now_ms: 0,
            reply: ReplyMode::Channel,
            reads: Arc::new(app.store().clone()),
        };
        let report = plugin.call(input).await;
        report.outcome.expect("it answers");
        took.push(report.elapsed.as_secs_f64() * 1e6);
    }
    drop(plugin);
    app.stop().await;
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}

//! The whole bot in this process: real store, real sandbox, real plugins; only the clock is ours.

use super::database::{NEW_YEAR_MS, TestDatabase};
use super::{eventually, warm};
use drillbell::app::{App, Parts};
use drillbell::clock::Clock;
use drillbell::commands::CommandAnswer;
use drillbell::config::{Config, Env};
use drillbell::intake::Admission;
use drillbell::jobs::Kind;
use drillbell::model::event::{ActionReceived, CommandReceived, Event};
use drillbell::model::ids::{ConversationId, DeliveryId, MessageRef, fresh};
use drillbell::platform::{Chat, Platform};
use drillbell::plugin::Builtins;
use drillbell::scrub::Scrub;
use drillbell::store::EventResult;
pub use drillbell_fakes::PATIENCE;
use serde_json::Value;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the web in front of a bot would be.
pub const LISTENS: &str = "http://127.0.0.1:8787";
/// Where people talk.
pub const HERE: &str = "console:#incidents";

/// A running bot.
pub struct TestBot {
    /// The bot itself.
    pub app: App,
    /// Its clock, which stands still until moved.
    pub clock: Clock,
    _folder: Arc<tempfile::TempDir>,
}

/// What a bot is started with.
pub struct Setup {
    /// Sections of the configuration after `[server]` and `[database]`.
    pub config: String,
    /// Remote platforms.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Chat platforms with both sides.
    pub chats: Vec<Chat>,
    /// The data folder, to start a second time on the same one.
    pub folder: Arc<tempfile::TempDir>,
    /// The clock, to share one.
    pub clock: Clock,
    /// Kinds of jobs.
    pub kinds: Vec<Arc<dyn Kind>>,
    /// Where its programs are looked for; the usual folders if nothing is said.
    pub path: Option<String>,
}

impl Setup {
    /// Ana, Ben and these sections.
    pub fn of(config: &str) -> Self {
        Self { config: format!("{config}\n{PEOPLE}"), ..Self::default() }
    }

    /// A platform more.
    pub fn on(mut self, platform: Arc<dyn Platform>) -> Self {
        self.platforms.push(platform);
        self
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: format!("{SEV}\n{MISBEHAVING}\n{PEOPLE}"),
            platforms: Vec::new(),
            chats: Vec::new(),
            folder: Arc::new(tempfile::tempdir().expect("a data folder")),
            clock: Clock::manual(NEW_YEAR_MS),
            kinds: Vec::new(),
            path: None,
        }
    }
}

/// `sev-declare` without its reminders, so that a test may move the clock and nothing else speaks.
pub const SEV: &str = "[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
                       grants = [\"kv\", \"escalation\", \"incidents:write\", \"status\", \"post:console:*\", \"conversations\", \"reactions\"]";
/// `sev-declare` with its reminders and ladders.
pub const SEV_TIMED: &str = "[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
                             grants = [\"kv\", \"timers\", \"escalation\", \"incidents:write\", \"status\", \"post:console:*\", \"conversations\", \"reactions\"]";
/// What [`SEV_TIMED`] says of a severity that nobody is reminded of.
pub const NO_CLOCKS: &str =
    "acknowledge_within = \"0s\"\ndecide_within = \"0s\"\nrollback_within = \"0s\"\nupdate_every = \"0s\"";
/// `misbehaving` with some grants, and without others.
pub const MISBEHAVING: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\n\
                               grants = [\"kv\", \"timers\", \"alerts\", \"deploys\", \"reactions\", \"status\"]\n\
                               limits = { time = \"2s\" }";
/// `alerts` with all it asks for, and where alerts go that nothing sends elsewhere.
pub const ALERTS: &str = "[plugins.alerts]\nsource = \"builtin:alerts\"\n\
                          grants = [\"alerts\", \"kv\", \"timers\", \"incidents:write\", \"jobs:silence\", \"post:*\"]";
/// `backup` with all it asks for.
pub const BACKUP: &str = "[plugins.backup]\nsource = \"builtin:backup\"\n\
                          grants = [\"backups\", \"jobs:*\", \"schedules\", \"timers\", \"kv\", \"post:*\", \"incidents:write\", \"escalation\"]";
/// `restore-drill` with all it asks for.
pub const DRILL: &str = "[plugins.restore-drill]\nsource = \"builtin:restore-drill\"\n\
                         grants = [\"backups\", \"jobs:drill\", \"schedules\", \"timers\", \"kv\", \"post:*\"]";
/// `postmortem` with all it asks for.
pub const POSTMORTEM: &str = "[plugins.postmortem]\nsource = \"builtin:postmortem\"\n\
                              grants = [\"incidents:write\", \"kv\", \"timers\", \"escalation\", \"jobs:document\"]";
/// Ana and Ben.
pub const PEOPLE: &str =
    "[people.ana]\nname = \"Ana\"\nconsole = \"ana\"\n[people.ben]\nname = \"Ben\"\nconsole = \"ben\"";

/// The plugins that `make plugins` left.
pub fn builtins() -> Builtins {
    let folder = plugin_folder();
    ["sev-declare", "alerts", "backup", "restore-drill", "runbook", "rollback", "postmortem", "misbehaving"]
        .into_iter()
        .map(|name| {
            let path = folder.join(format!("{}.wasm", name.replace('-', "_")));
            let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; run `make plugins`", path.display()));
            (name.to_owned(), Cow::Owned(bytes))
        })
        .collect()
}

/// What guards programs: the real `drillbell`, since this test binary is none.
pub fn guard() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_drillbell"))
}

/// Where built plugins lie.
pub fn plugin_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/target/wasm32-wasip2/release")
}

/// The section of the test guest, which comes from its file: the shipped program has no such plugin in it.
pub fn from_file(plugin: &str) -> String {
    let wasm = plugin_folder().join("misbehaving.wasm");
    plugin.replace("builtin:misbehaving", &format!("file:{}", wasm.display()))
}

impl TestBot {
    /// Starts a bot on a database.
    pub async fn start(database: &TestDatabase, setup: Setup) -> Self {
        let Setup { config, platforms, chats, folder, clock, kinds, path } = setup;
        let env: Env = path.iter().map(|path| ("PATH", path.as_str())).collect();
        let text = format!(
            "[server]\ndata_dir = {:?}\n[database]\nurl = {:?}\n{config}",
            folder.path().join("data"),
            database.url
        );
        let config = Config::parse(&text, &folder.path().join("drillbell.toml"), &env).expect("a good config");
        // As `main` does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        warm::lend(&folder.path().join("data"));
        let (listens, scrub, guard) = (Some(LISTENS.to_owned()), Scrub::default(), guard());
        let parts = Parts {
            clock: clock.clone(),
            builtins: builtins(),
            platforms,
            chats,
            kinds,
            listens,
            scrub,
            fetch: None,
            guard,
        };
        let app = App::start(config, parts).await.expect("the bot starts");
        Self { app, clock, _folder: folder }
    }

    /// Ana types a command in `#incidents`.
    pub async fn ana(&self, text: &str) -> CommandAnswer {
        self.types("ana", HERE, text).await
    }

    /// Somebody types a command somewhere.
    pub async fn types(&self, user: &str, conversation: &str, text: &str) -> CommandAnswer {
        self.delivers(&fresh(), user, conversation, text).await
    }

    /// The same, under a delivery id of the test's choice.
    pub async fn delivers(&self, id: &str, user: &str, conversation: &str, text: &str) -> CommandAnswer {
        let by = self.app.person("console", user);
        let id = DeliveryId::new(id);
        let answer =
            self.app.commands().run(id, ConversationId::from(conversation), by, text.to_owned(), PATIENCE).await;
        answer.expect("the database answers").expect("not busy").unwrap_or_else(|| panic!("no answer to {text}"))
    }

    /// Somebody types a command and does not wait for the answer.
    pub async fn sends(&self, user: &str, conversation: &str, text: &str) -> DeliveryId {
        let id = DeliveryId::new(fresh());
        let event = Event::CommandReceived(CommandReceived {
            text: text.to_owned(),
            by: self.app.person("console", user),
            asserted_by: None,
        });
        let intake = &self.app.house().intake;
        let admission = intake.offer(id.clone(), conversation.into(), event).await.expect("the database answers");
        assert_eq!(admission, Admission::Accepted, "{text}");
        id
    }

    /// Waits until that command has been handled; what it says on a platform may still be under way.
    pub async fn handled(&self, id: &DeliveryId) -> EventResult {
        let store = self.app.store();
        eventually(&format!("{id} is handled"), async || store.result(id).await.expect("the database answers")).await
    }

    /// Somebody clicks a button.
    pub async fn clicks(&self, user: &str, card: &MessageRef, action: &str) -> CommandAnswer {
        let event = Event::ActionReceived(ActionReceived {
            card: card.clone(),
            action: action.to_owned(),
            value: "forged".to_owned(),
            fields: Vec::new(),
            by: self.app.person("console", user),
            asserted_by: None,
        });
        self.delivers_event(&fresh(), event).await
    }

    /// An event arrives and is handled.
    pub async fn delivers_event(&self, id: &str, event: Event) -> CommandAnswer {
        let answer = self.app.commands().carry_out(DeliveryId::new(id), ConversationId::from(HERE), event, PATIENCE);
        answer.await.expect("the database answers").expect("not busy").expect("an answer")
    }

    /// The audit trail, as the objects it holds.
    pub async fn trail(&self) -> Vec<Value> {
        let records = self.app.store().audit_page(0, 100_000).await.expect("the database answers");
        records.iter().map(|row| serde_json::from_str(&row.record).expect("a record is JSON")).collect()
    }

    /// The one record of a delivery.
    pub async fn record(&self, delivery: &str) -> Value {
        let mut of_it = self.trail().await;
        of_it.retain(|record| record["delivery"] == delivery);
        assert_eq!(of_it.len(), 1, "one record for {delivery}: {of_it:?}");
        of_it.remove(0)
    }

    /// Waits until every timer that is due has been handled.
    pub async fn timers_handled(&self) {
        let store = self.app.store();
        eventually("all due timers are handled", async || {
            let due = store.due_timers(store.now_ms(), 10).await.expect("the database answers");
            (due.is_empty() && store.open_events().await.expect("the database answers") == 0).then_some(())
        })
        .await;
    }

    /// Stops, and checks that the audit trail is whole and nothing was left lying about.
    pub async fn finish(self) {
        let store = self.app.store();
        eventually("nothing is left in the inbox", async || {
            (store.open_events().await.expect("the database answers") == 0).then_some(())
        })
        .await;
        // How a delivery went is noted a moment after it was made.
        eventually("nothing is left in the outbox", async || {
            store.outbox_backlog().await.expect("the database answers").is_empty().then_some(())
        })
        .await;
        let data_dir = self.app.config().server.data_dir.clone();
        let report = drillbell::verification::verify(self.app.store(), &data_dir).await.expect("the database answers");
        assert!(report.ok, "{report:?}");
        self.app.stop().await;
    }
}

/// Runs a test that starts its bots itself on a database of each engine.
pub fn with_database(test: impl AsyncFn(&TestDatabase)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for database in TestDatabase::both() {
        runtime.block_on(test(&database));
    }
}

/// Runs a test with a whole bot on both engines.
pub fn with_bot<F: Future<Output = ()>>(test: impl Fn(Arc<TestBot>) -> F) {
    with_bot_of(Setup::default, test);
}

/// The same with a setup of the test's own.
pub fn with_bot_of<F: Future<Output = ()>>(setup: impl Fn() -> Setup, test: impl Fn(Arc<TestBot>) -> F) {
    with_database(async |database| {
        let bot = Arc::new(TestBot::start(database, setup()).await);
        test(bot.clone()).await;
        let bot = Arc::into_inner(bot).expect("the test let go of its bot");
        bot.finish().await;
    });
}

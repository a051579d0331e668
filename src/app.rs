//! The composition root: the only place that names concrete parts and puts them together, and the order in which they stop.

use crate::alert::route::Routing;
use crate::artifacts::Artifacts;
use crate::audit::AuditRecord;
use crate::board::Board;
use crate::capability::escalation::EscalationSetup;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::Config;
use crate::dispatch::{
    About, Demo, Directory, Dispatch, House, Mirroring, Names, first_checkpoint, first_contact_test,
};
use crate::escalation::Roster;
use crate::followers::Followers;
use crate::hooks::Fetch;
use crate::housekeeping::Housekeeping;
use crate::intake::Intake;
use crate::jobs::{self, Kind, Kinds, Rights, Wake, Worker};
use crate::model::event::Person;
use crate::notify::Notifiers;
use crate::ops::child::Supervisor;
use crate::outbox;
use crate::platform::{Chat, Platform};
use crate::plugin::Builtins;
use crate::policy::Policy;
use crate::recovery::Recovery;
use crate::schedule::Schedule;
use crate::scrub::Scrub;
use crate::store::{Closing, Store};
use crate::telemetry::Metrics;
use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

mod answers;
mod chats;
mod deaf;
mod folder;
mod hooks;
mod link_test;
mod page;
mod plugins;
mod services;
mod severities;
mod targets;
mod tasks;
mod waking;
mod words;

use chats::Doors;
use plugins::load_plugins;
pub use plugins::look_at_plugins;
use tasks::Tasks;
use words::subscriber;

/// Where files with secrets lie while a command needs them, within the data folder.
const SCRATCH: &str = "scratch";

/// What an `App` is made of beyond its configuration.
pub struct Parts {
    /// The only source of now.
    pub clock: Clock,
    /// Plugins inside the program.
    pub builtins: Builtins,
    /// Where else effects go.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Chat platforms besides those that are configured.
    pub chats: Vec<Chat>,
    /// Kinds of jobs besides the house's own.
    pub kinds: Vec<Arc<dyn Kind>>,
    /// Where the web in front of this bot listens, `http://127.0.0.1:8787`; for links where no `public_url` is set.
    pub listens: Option<String>,
    /// Keeps secrets in; the one that the log already uses.
    pub scrub: Scrub,
    /// How certificates of Amazon's are fetched; `None`, except in tests, as one does.
    pub fetch: Option<Fetch>,
    /// The program that guards others: this one, except in tests, where this one is no `drillbell`.
    pub guard: PathBuf,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            builtins: crate::plugin::builtins(),
            platforms: Vec::new(),
            chats: Vec::new(),
            kinds: Vec::new(),
            listens: None,
            scrub: Scrub::default(),
            fetch: None,
            guard: Supervisor::own_program(),
        }
    }
}

/// The running bot, without its web.
pub struct App {
    config: Config,
    clock: Clock,
    store: Store,
    closing: Closing,
    house: Arc<House>,
    commands: Commands,
    scrub: Scrub,
    board: Option<Board>,
    artifacts: Artifacts,
    fetch: Fetch,
    doors: Doors,
    tasks: Tasks,
}

impl App {
    /// Opens the database, loads the plugins, takes over what an earlier process left, and starts to work. A plugin that
    /// does not load is listed as failed; the bot starts all the same.
    ///
    /// # Errors
    /// The data folder, the database or the sandbox cannot be used; the sentence says which and why.
    pub async fn start(config: Config, parts: Parts) -> anyhow::Result<Self> {
        let Parts { clock, builtins, mut platforms, mut chats, kinds, listens, scrub, fetch, guard } = parts;
        for refused in scrub.learn(config.all_secrets()) {
            tracing::warn!("{refused}");
        }
        let notifiers = Notifiers::new(&config, &clock)?;
        if !notifiers.is_empty() {
            platforms.push(Arc::new(notifiers));
        }
        chats.extend(chats::configured(&config, &clock)?);
        platforms.extend(chats.iter().map(|chat| chat.platform.clone()));
        let groups = Arc::new(chats::ChatGroups::of(&chats));
        let links = chats.iter().map(|chat| chat.inbound.link().clone()).collect();
        let data_dir = config.server.data_dir.clone();
        folder::make_private(&data_dir)?;
        let url = config.database.connect_url();
        let (store, closing) = Store::open(url.expose_secret(), config.database.max_connections, clock.clone()).await?;
        let store = store.scrubbing(scrub.clone());
        let metrics = Metrics::new();
        // Series that are there from the start can be alerted on.
        metrics.pending(platforms.iter().map(|platform| (platform.name(), 0)));
        store.observe({
            let metrics = metrics.clone();
            move |calls, took| metrics.committed(calls, took)
        });
        let supervisor = Supervisor::new(guard, data_dir.join(SCRATCH), scrub.clone());
        supervisor.sweep().context("cannot make the scratch folder of commands")?;

        let severities = Arc::new(severities::table(&config));
        let rights = Rights::default();
        let artifacts = Artifacts::new(&config.artifacts, clock.clone());
        let own = jobs::own_kinds(&config, supervisor.clone(), clock.clone(), scrub.clone(), &rights, &store);
        let scratch = data_dir.join(SCRATCH);
        let (kept, now) = (artifacts.clone(), clock.clone());
        let copies = jobs::copy_kinds(&config, scratch, store.clone(), kept, supervisor, now, scrub.clone());
        let documents = jobs::DocumentKind::new(store.clone(), artifacts.clone(), clock.clone());
        let evidence = jobs::EvidenceKind::new(store.clone(), artifacts.clone());
        let documents: [Arc<dyn jobs::Kind>; 2] = [Arc::new(documents), Arc::new(evidence)];
        let kinds = Kinds::new(own.into_iter().chain(copies).chain(documents).chain(kinds).collect());
        let base_url = config.server.public_url.clone().or(listens);
        let roster = Arc::new(Roster::of(&config));
        let escalation =
            EscalationSetup { roster: roster.clone(), ops: config.channels.ops.clone(), base_url: base_url.clone() };
        let cache = Some(data_dir.join("cache"));
        let registry = load_plugins(&config, severities.clone(), escalation, &kinds, builtins, cache).await?;
        rights.set(registry.grants());
        let subscribers = registry.list().into_iter().map(subscriber).collect();
        let demo = hooks::demo(&config);
        let directory = Directory::new(registry.commands(), subscribers, demo.as_ref().map(Demo::command));
        for clash in &directory.clashes {
            tracing::warn!("{clash}");
        }
        for stranger in directory.strangers(&config.policy) {
            tracing::warn!("{stranger}");
        }

        let (intake, events) = Intake::new(store.clone(), clock.clone(), metrics.clone(), config.limits.inbox_backlog);
        let (outbox, deliverer) = outbox::deliverer(store.clone(), metrics.clone(), platforms);
        let followers = Followers::default();
        let wake = Wake::default();
        let worker = Worker::new(jobs::Setup {
            store: store.clone(),
            clock: clock.clone(),
            intake: intake.clone(),
            outbox: outbox.clone(),
            followers: followers.clone(),
            metrics: metrics.clone(),
            kinds: kinds.clone(),
            scrub: {
                let scrub = scrub.clone();
                Arc::new(move |text| scrub.text(text).into_owned())
            },
            wake: wake.clone(),
            places: usize::try_from(config.limits.jobs).unwrap_or(usize::MAX),
            patience: config.limits.shutdown,
        });
        let house = Arc::new(House {
            store: store.clone(),
            registry,
            directory,
            names: Names::new(&config, &severities),
            policy: Policy::of(&config, groups),
            routing: Arc::new(Routing::of(&config)),
            roster,
            outbox: outbox.clone(),
            intake: intake.clone(),
            followers: followers.clone(),
            kinds,
            jobs: wake,
            metrics,
            about: About {
                version: env!("CARGO_PKG_VERSION"),
                started_ms: clock.now_ms(),
                data_dir: data_dir.clone(),
                base_url: base_url.clone(),
                ops: config.channels.ops.clone(),
                ops_elsewhere: config.channels.ops_elsewhere.clone(),
                mirroring: Mirroring::of(&config),
                page: config.status.clone().map(Arc::new),
                links,
                probes: Arc::new(config.probes.clone()),
            },
            demo,
        });
        let doors = Doors::new(chats, &config, &house);
        let housekeeping = Housekeeping::new(store.clone(), clock.clone(), config.retention.clone(), &data_dir)?
            .sweeping(artifacts.clone());
        let mut started = AuditRecord::new(clock.now_ms(), "started");
        started.outcome = "ok".to_owned();
        started.detail = json!({"version": env!("CARGO_PKG_VERSION"), "process": std::process::id()});
        store.audit(started).await?;

        if config.channels.ops.is_some() {
            store.ensure_timer(first_checkpoint(clock.now_ms())).await?;
        }

        if house.roster.has_ladders() {
            store.ensure_timer(first_contact_test(clock.now_ms())).await?;
        }

        let recovery = Recovery::new(store.clone(), intake.clone(), outbox);
        let left = recovery.first_look().await?;
        if left > 0 {
            tracing::info!(events = left, "took over what the last run left");
        }
        waking::wake(&config, &house.registry, &store, &intake).await?;
        let places = usize::try_from(config.limits.lanes).unwrap_or(usize::MAX);
        let dispatch = Dispatch::new(house.clone(), events, places);
        let schedule = Schedule::new(store.clone(), intake.clone(), clock.clone());
        let page = page::open(&config, base_url.as_deref(), &store, &clock, &artifacts).await?;
        let board = page.as_ref().map(page::Page::board);
        doors.open();
        let watch = hooks::watch(&config, &house, &clock);
        let tasks = Tasks::start(dispatch, deliverer, recovery, (schedule, worker, watch), housekeeping, page);
        let commands = Commands::new(store.clone(), intake, followers);
        let fetch = fetch.unwrap_or_else(hooks::fetch);
        Ok(Self { config, clock, store, closing, house, commands, scrub, board, artifacts, fetch, doors, tasks })
    }

    /// The configuration it runs with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What keeps secrets in.
    pub fn scrub(&self) -> &Scrub {
        &self.scrub
    }

    /// Offering and following commands.
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// The public status page, if there is one.
    pub fn board(&self) -> Option<&Board> {
        self.board.as_ref()
    }

    /// Where backups, reports and other large things are kept.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// The plugins, commands and counters.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The configured severities.
    pub fn severities(&self) -> Arc<crate::incident::SeverityTable> {
        Arc::new(severities::table(&self.config))
    }

    /// Who a platform's user is, by the configuration.
    pub fn person(&self, platform: &str, user: &str) -> Person {
        self.config.people.person(platform, user, user)
    }

    /// What chat platforms call by HTTP, and what the web tells of commands.
    pub fn doors(&self) -> &Doors {
        &self.doors
    }

    /// Resolves when a task that should run for ever has ended: a bug, after which only a restart helps.
    pub async fn broken(&mut self) -> &'static str {
        self.tasks.first_to_end().await
    }

    /// Stops taking events, finishes the calls in hand, delivers for a bounded time, signs the trail's end and closes.
    pub async fn stop(self) {
        let Self { config, store, closing, house, commands, doors, tasks, .. } = self;
        let patience = config.limits.shutdown;
        doors.close(patience).await;
        tasks.stop(patience).await;
        drop((store, house, commands));
        if tokio::time::timeout(patience, closing.wait()).await.is_err() {
            tracing::warn!("the database was not closed in time; what was acknowledged is safe");
        }
    }
}

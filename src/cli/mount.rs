//! The web in front of the bot in this process: the API, the page, health. Hands it what it needs of the house as functions,
//! since the web knows neither plugins nor dispatch.

use super::failure::Failure;
use crate::app::App;
use crate::config::limits::RUNBOOKS;
use crate::dispatch::House;
use crate::model::event::Person;
use crate::model::manifest::Shown;
use crate::plugin::{PluginInfo, PluginState};
use crate::runbook::Library;
use crate::store::{KvRow, SignIn};
use crate::telemetry::Link;
use crate::web::{self, ApiToken, Candidate, CheckResult, Complete, Completion, Readiness, WebState};
use crate::web::{LastRuns, PluginHealth, PluginLine, Plugins, RequestLine};
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What comes before a runbook's name in the memory of a plugin that shows how runbooks went.
const LAST_RUN: &str = "last-run/";
/// How long the link that a start prints may be used.
const LOGIN_LINK: Duration = Duration::from_secs(3600);

/// The serving web.
pub struct Web {
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Web {
    /// Begins to serve on a listener.
    pub fn start(app: &App, listener: TcpListener, token: &SecretString) -> Self {
        let stop = CancellationToken::new();
        let config = app.config();
        let house = app.house();
        let state = WebState {
            store: app.store().clone(),
            commands: app.commands().clone(),
            hooks: app.hooks(),
            beats: app.beats(),
            metrics: house.metrics.clone(),
            clock: app.clock().clone(),
            people: config.people.clone(),
            api_token: ApiToken::local(token.expose_secret()),
            channels: if config.console.enabled { config.console.channels.clone() } else { Vec::new() },
            readiness: Arc::new(Ready(house.clone())),
            completion: completion(house.clone()),
            plugins: plugins(house.clone()),
            catalog: app.doors().commands(),
            severities: app.severities(),
            library: Arc::new(Library::load(config).0),
            last_runs: last_runs(app),
            targets: app.targets().into(),
            roster: house.roster.clone(),
            version: env!("CARGO_PKG_VERSION"),
            public_url: config.server.public_url.clone(),
            scrub: app.scrub().clone(),
            board: app.board().cloned(),
            stop: stop.clone(),
        };
        let drain = config.limits.shutdown;
        let serving =
            tokio::spawn(web::serve(listener, web::router(state).merge(app.doors().routes()), stop.clone(), drain));
        Self { stop, serving }
    }

    /// Lets what is in hand finish, and lets go of the house.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.serving.await {
            tracing::error!(error = %error, "the web did not end well");
        }
    }
}

/// A link under `base` that signs a person in, once.
///
/// # Errors
/// The database does not answer.
pub async fn login_link(app: &App, base: &str, person: Person) -> Result<String, Failure> {
    let code = crate::signin::new_code(app.store(), SignIn { person, asserted_by: None }, LOGIN_LINK)
        .await
        .map_err(|error| Failure::new(format!("cannot make a sign-in link: {error}")))?;
    Ok(format!("{base}/login/{code}"))
}

fn completion(house: Arc<House>) -> Complete {
    Arc::new(move |line, conversation, person| {
        let house = house.clone();
        async move {
            let found = house.complete(&line, &conversation, &person).await;
            let candidates = found.candidates.into_iter();
            let candidates = candidates.map(|one| Candidate { value: one.value, label: one.label }).collect();
            Completion { start: found.start, candidates }
        }
        .boxed()
    })
}

/// How runbooks went, by what those plugins keep that say in their manifests that they show it.
fn last_runs(app: &App) -> LastRuns {
    let (store, house) = (app.store().clone(), app.house().clone());
    Arc::new(move || {
        let shows = |info: &PluginInfo| {
            info.manifest.as_ref().is_some_and(|manifest| manifest.shows.contains(&Shown::RunbookRuns))
        };
        let plugins: Vec<_> = house.registry.list().into_iter().filter(shows).map(|info| info.id).collect();
        let store = store.clone();
        async move {
            let most = i64::try_from(RUNBOOKS).unwrap_or(i64::MAX);
            let mut kept = Vec::new();
            for plugin in &plugins {
                kept.extend(store.kv_list(plugin, LAST_RUN, most).await?);
            }
            let said = |row: &KvRow| Some((row.key.strip_prefix(LAST_RUN)?.to_owned(), row.value.clone()));
            let said: Vec<_> = kept.iter().filter_map(said).collect();
            Ok(web::newest(said.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
        }
        .boxed()
    })
}

type Shared<T> = Arc<dyn Fn() -> T + Send + Sync>;

fn plugins(house: Arc<House>) -> Shared<Plugins> {
    Arc::new(move || Plugins {
        plugins: house.registry.list().into_iter().map(line).collect(),
        clashes: house.directory.clashes.iter().map(ToString::to_string).collect(),
    })
}

fn line(info: PluginInfo) -> PluginLine {
    let (state, reason) = match info.state {
        PluginState::Loaded => (PluginHealth::Loaded, None),
        PluginState::Outdated(reason) => (PluginHealth::Outdated, Some(reason)),
        PluginState::Failed(reason) => (PluginHealth::Failed, Some(reason)),
    };
    let granted = |grant: &str| !info.missing.iter().any(|missing| missing == grant);
    let manifest = info.manifest.as_ref();
    PluginLine {
        name: info.id.to_string(),
        state,
        reason,
        version: manifest.map(|manifest| manifest.version.clone()),
        summary: manifest.map(|manifest| manifest.summary.clone()).unwrap_or_default(),
        origin: info.origin,
        sha256: info.digest,
        commands: manifest.into_iter().flat_map(|m| &m.commands).map(|command| command.name.clone()).collect(),
        handles: info.handlers.into_iter().map(str::to_owned).collect(),
        requests: info
            .requests
            .into_iter()
            .map(|request| RequestLine {
                granted: granted(&request.grant),
                grant: request.grant,
                reason: request.reason,
            })
            .collect(),
        grants: info.grants,
        effective: info.effective,
    }
}

/// A plugin that did not load takes its commands away, not the bot.
struct Ready(Arc<House>);

impl Readiness for Ready {
    fn checks(&self) -> BoxFuture<'_, BTreeMap<String, CheckResult>> {
        let plugins = self.0.registry.list();
        let lame: Vec<_> = plugins
            .iter()
            .filter(|plugin| plugin.state != PluginState::Loaded)
            .map(|plugin| plugin.id.as_str())
            .collect();
        let plugins = match lame.as_slice() {
            [] => CheckResult::ok(),
            lame => CheckResult::degraded(format!("not loaded as configured: {}", lame.join(", "))),
        };
        // The web and the other platforms work without a line, so that one which is lost is no reason to stop sending alerts here.
        let line = |link: &Link| match link.trouble() {
            None => CheckResult::ok(),
            Some(_) => CheckResult::degraded(link.in_words()),
        };
        let links = self.0.about.links.iter().map(|link| (format!("chat.{}", link.platform()), line(link)));
        std::future::ready([("plugins".to_owned(), plugins)].into_iter().chain(links).collect()).boxed()
    }
}

//! The bot in this process: the one file of the command line that knows `App`, and puts the web in front of it.

use super::client::Client;
use super::failure::Failure;
use super::reach;
use super::token_file::{self, ApiFile, Published};
use crate::app::{App, Parts};
use crate::commands::{CommandAnswer, Offered};
use crate::config::Config;
use crate::hooks::Turned;
use crate::model::event::{CommandReceived, Event, Person};
use crate::model::ids::DeliveryId;
use crate::plugin::PluginInfo;
use crate::scrub::Scrub;
use crate::store::Store;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;

/// How long to wait for an answer before asking whether it is there; it goes on all the same.
const PATIENCE: Duration = Duration::from_secs(60);
/// A store that is busy is asked again after this long.
const AGAIN: Duration = Duration::from_millis(500);

/// The bot with everything, reachable by the API, until it is stopped.
pub struct Bot {
    app: App,
    web: super::mount::Web,
    file: ApiFile,
    published: Published,
}

impl Bot {
    /// Starts it: listens, opens the database, loads the plugins, writes the API token file.
    ///
    /// # Errors
    /// The address is taken, the database is held by somebody else or cannot be used, or a folder cannot be written.
    pub async fn start(config: Config, scrub: &Scrub) -> Result<Self, Failure> {
        match Self::try_start(config.clone(), scrub).await {
            Ok(bot) => Ok(bot),
            Err(failure) => Err(explain(&config, failure).await),
        }
    }

    async fn try_start(config: Config, scrub: &Scrub) -> Result<Self, Failure> {
        let listener = listen(config.server.listen).await?;
        let address = listener.local_addr().map_err(|error| Failure::new(format!("cannot listen: {error}")))?;
        let url = format!("http://{}", reachable(address));
        let data_dir = config.server.data_dir.clone();
        let token = token_file::fresh_token()?;
        scrub.learn([("api-token".to_owned(), token.clone())]);
        let app = App::start(config, Parts { listens: Some(url.clone()), ..parts(scrub) }).await?;
        let web = super::mount::Web::start(&app, listener, &token);
        let file = ApiFile { url, token, pid: std::process::id() };
        let published = match token_file::publish(&data_dir, &file) {
            Ok(published) => published,
            Err(failure) => {
                web.stop().await;
                app.stop().await;
                return Err(failure);
            }
        };
        Ok(Self { app, web, file, published })
    }

    /// Where it is, `http://127.0.0.1:8787`.
    pub fn url(&self) -> &str {
        &self.file.url
    }

    /// The configuration it runs with.
    pub fn config(&self) -> &Config {
        self.app.config()
    }

    /// Speaks to it by its API, in a user's name.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn client(&self, user: &str) -> Result<Client, Failure> {
        reach::client(&self.file, user)
    }

    /// Its database.
    pub fn store(&self) -> &Store {
        self.app.store()
    }

    /// The address under which one console user signs in, once.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn login_link(&self, user: &str) -> Result<String, Failure> {
        let base = self.app.config().server.public_url.clone().unwrap_or_else(|| self.file.url.clone());
        super::mount::login_link(&self.app, &base, self.app.person("console", user)).await
    }

    /// Runs until `stop` resolves, then ends cleanly.
    ///
    /// # Errors
    /// A part of the bot ended by itself.
    pub async fn run_until(mut self, stop: impl Future) -> Result<(), Failure> {
        let settling = tokio::spawn(super::footprint::settle());
        let broken = tokio::select! {
            _ = stop => None,
            part = self.app.broken() => Some(part),
        };
        settling.abort();
        let Self { app, web, published, .. } = self;
        drop(published);
        web.stop().await;
        app.stop().await;
        match broken {
            None => Ok(()),
            Some(part) => Err(Failure::new(format!(
                "the bot stopped because its part `{part}` ended by itself, which is a bug; nothing acknowledged is lost. \
                 Start it again, and report the log"
            ))),
        }
    }
}

/// The bot for the length of one command: no web, no chat platforms.
pub struct LocalBot {
    app: App,
}

impl LocalBot {
    /// Starts it.
    ///
    /// # Errors
    /// As [`Bot::start`].
    pub async fn start(config: Config, scrub: &Scrub) -> Result<Self, Failure> {
        Ok(Self { app: App::start(config, parts(scrub)).await? })
    }

    /// Carries one command out to its end.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn carry_out(&self, key: &str, user: &str, channel: &str, text: &str) -> Result<CommandAnswer, Failure> {
        let id = DeliveryId::new(format!("run/{user}/{key}"));
        let by: Person = self.app.person("console", user);
        let conversation = super::place::conversation(channel);
        loop {
            // Whoever may open the database may say any name, just as with the running bot's token.
            let asserted_by = Some("local token".to_owned());
            let event = CommandReceived { text: text.to_owned(), by: by.clone(), asserted_by };
            let (id, conversation) = (id.clone(), conversation.clone());
            match self.app.commands().carry_out(id, conversation, Event::CommandReceived(event), PATIENCE).await? {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) | Err(Offered::Taken) => {}
                Err(Offered::Busy) => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// Records a deploy under a key, which is the running bot's own way of calling it; whether it had been before.
    ///
    /// # Errors
    /// Something of it does not fit, or the database does not answer.
    pub async fn record_deploy(&self, service: &str, key: &str, record: &[u8]) -> Result<bool, Failure> {
        let id = DeliveryId::new(format!("api/local/deploys/{service}/{key}"));
        self.app.hooks().deployed(service, id, record).await.map_err(|turned| match turned {
            Turned::Unfit(rejects) => {
                let first = rejects.first().map(|reject| format!("`{}` does not fit: {}", reject.field, reject.reason));
                Failure::usage(first.unwrap_or_default())
            }
            Turned::Store(error) => error.into(),
            _ => Failure::new("too much waits to be handled: try again in a moment"),
        })
    }

    /// Ends it cleanly.
    pub async fn stop(self) {
        self.app.stop().await;
    }
}

/// What every bot of this program is made of.
fn parts(scrub: &Scrub) -> Parts {
    Parts { builtins: crate::plugin::builtins(), scrub: scrub.clone(), ..Parts::default() }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!(
            "cannot listen on {address}: {error}. Stop whatever has it, or choose another address with server.listen \
             (127.0.0.1:0 takes any free port)"
        ))
    })
}

/// Why a bot could not start: most often because it runs already.
async fn explain(config: &Config, failure: Failure) -> Failure {
    match reach::running(&config.server.data_dir, "operator").await {
        Ok(Some(bot)) => Failure::new(format!(
            "this bot runs already, at {}: join it with `drillbell chat --config {}`",
            bot.url(),
            config.file.display()
        )),
        _ => failure,
    }
}

/// The address under which this machine itself reaches a listener.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Looks at the configured plugins without a bot around them.
///
/// # Errors
/// The sandbox cannot be made.
pub async fn plugins(config: &Config) -> Result<Vec<PluginInfo>, Failure> {
    Ok(crate::app::look_at_plugins(config, crate::plugin::builtins()).await?)
}

//! `[database]`: where everything is kept.

use super::mask;
use super::problem::Refusal;
use super::secret::Secret;
use super::section::{Context, Section};
use super::tree::{Node, Value};
use super::values;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use url::Url;

/// Default of `url`.
pub const DATABASE_URL: &str = "sqlite:data/drillbell.db";
/// Default of `max_connections`: commits are grouped on one or two of them, the rest are readers.
pub const MAX_CONNECTIONS: u32 = 8;

const FORMS: &str =
    "\"sqlite:PATH\", \"postgres://USER:PASSWORD@HOST/NAME\", { env = \"NAME\" } or { file = \"PATH\" }";

/// `[database]`.
#[derive(Clone, Debug)]
pub struct Database {
    /// Which database. Default: SQLite, `data/drillbell.db` beside the file.
    pub place: DatabasePlace,
    /// Connections at most; 2 to 200, default 8.
    pub max_connections: u32,
    /// Where the URL came from, when it was not written in the file.
    pub(super) secret: Option<Secret>,
}

/// Which database.
#[derive(Clone, Debug)]
pub enum DatabasePlace {
    /// A file on this machine; it is made when it is not there.
    Sqlite {
        /// The file, resolved.
        file: PathBuf,
    },
    /// A server.
    Postgres {
        /// The whole URL, password included.
        url: SecretString,
    },
}

impl Database {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let cx = section.cx;
        let read = section.read("url", |node| read_url(cx, node));
        let max = section.read("max_connections", |node| values::integer(node, 2..=200));
        section.finish();
        let (place, secret) = read.unwrap_or_else(|| {
            let path = DATABASE_URL.trim_start_matches("sqlite:");
            (DatabasePlace::Sqlite { file: cx.resolve(path) }, None)
        });
        Self { place, secret, max_connections: max.and_then(|n| u32::try_from(n).ok()).unwrap_or(MAX_CONNECTIONS) }
    }

    /// The URL to connect with: as given for Postgres; for SQLite `sqlite://FILE` with the path percent-encoded.
    pub fn connect_url(&self) -> SecretString {
        match &self.place {
            DatabasePlace::Postgres { url } => url.clone(),
            DatabasePlace::Sqlite { file } => {
                let encoded = file.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
                format!("sqlite://{encoded}").into()
            }
        }
    }

    /// The URL as it may be shown: without a password.
    pub fn shown(&self) -> String {
        match &self.place {
            DatabasePlace::Sqlite { file } => format!("sqlite:{}", file.display()),
            DatabasePlace::Postgres { url } => mask::credentials(url.expose_secret()),
        }
    }

    /// The password within the URL, as it is written there and as it is meant.
    pub(super) fn passwords(&self) -> Vec<(String, SecretString)> {
        let DatabasePlace::Postgres { url } = &self.place else { return Vec::new() };
        passwords_in(url).into_iter().map(|password| ("database.url".to_owned(), password.into())).collect()
    }

    /// A Postgres password stands in the file itself.
    pub(super) fn has_written_password(&self) -> bool {
        self.secret.is_none() && self.shown().contains(mask::HIDDEN)
    }
}

/// The passwords within a URL, as they are written there and as they are meant.
pub(super) fn passwords_in(url: &SecretString) -> Vec<String> {
    let Ok(url) = Url::parse(url.expose_secret()) else { return Vec::new() };
    let asked = url.query_pairs().filter(|(name, _)| mask::is_sensitive(name)).map(|(_, value)| value.into_owned());
    let written = url.password().map(str::to_owned);
    // Decoding is what a query does with its values.
    let meant = url.password().and_then(|text| {
        let text = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
        url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned())
    });
    asked.chain(written).chain(meant).collect()
}

fn read_url(cx: &Context<'_>, node: &Node) -> Result<(DatabasePlace, Option<Secret>), Refusal> {
    match &node.value {
        Value::Text(_) => Ok((place(cx, values::text(node)?)?, None)),
        Value::Table(_) => {
            let secret = Secret::read(cx, node)?;
            // What a variable or file holds is not repeated, whatever is wrong with it.
            let place = place(cx, secret.expose()).map_err(|why| why.found(format!("something else in {secret}")))?;
            Ok((place, Some(secret)))
        }
        _ => Err(Refusal::expected(FORMS)),
    }
}

fn place(cx: &Context<'_>, text: &str) -> Result<DatabasePlace, Refusal> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "sqlite" => sqlite_file(cx, text.trim_start_matches("sqlite:")).map(|file| DatabasePlace::Sqlite { file }),
        "postgres" | "postgresql" => postgres_url(text).map(|url| DatabasePlace::Postgres { url }),
        "mysql" | "mariadb" | "mssql" => Err(Refusal::expected(FORMS).fix("SQLite and Postgres are supported")),
        _ => Err(Refusal::expected(FORMS).fix("begin with sqlite: or postgres://")),
    }
}

/// The file of an `sqlite:` URL, by what follows the scheme.
pub(super) fn sqlite_file(cx: &Context<'_>, rest: &str) -> Result<PathBuf, Refusal> {
    let expected = || Refusal::expected("a file, \"sqlite:data/drillbell.db\"");
    if rest.trim_start_matches('/').starts_with(":memory:") || rest.contains("mode=memory") {
        return Err(expected().fix("name a file: what is kept in memory would not survive a restart"));
    }
    if rest.contains(['?', '#']) {
        return Err(expected().fix("leave out everything from the `?`: drillbell sets SQLite's options itself"));
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.ends_with('/') {
        return Err(expected().fix("name a file, not a folder"));
    }
    Ok(cx.resolve(path))
}

/// A server's URL, if it is one.
pub(super) fn postgres_url(text: &str) -> Result<SecretString, Refusal> {
    let expected = || Refusal::expected("\"postgres://USER:PASSWORD@HOST:PORT/NAME\"");
    match Url::parse(text) {
        Err(why) => Err(expected().fix(format!(
            "it is not a URL ({why}); in a password write % as %25, @ as %40, / as %2F, # as %23, ? as %3F"
        ))),
        // Without a host the rest may come from `?host=/run/postgresql`.
        Ok(url) if url.path().trim_matches('/').is_empty() && url.query().is_none() => {
            Err(expected().fix("name the database at the end: …/drillbell"))
        }
        Ok(url) if !matches!(url.scheme(), "postgres" | "postgresql") => Err(expected()),
        Ok(_) => Ok(text.into()),
    }
}

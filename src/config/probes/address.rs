//! Where a probe looks: an address that the operator wrote, or one that is kept elsewhere because of the password in it.

use crate::config::database;
use crate::config::mask;
use crate::config::problem::Refusal;
use crate::config::secret::Secret;
use crate::config::section::Context;
use crate::config::tree::{Node, Value};
use crate::config::values;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::{Path, PathBuf};
use url::Url;

/// The address of something that is looked at. `Debug` shows no password.
#[derive(Clone)]
pub struct Address {
    /// The whole of it, password included.
    url: SecretString,
    /// The file that an `sqlite:` address means, resolved.
    file: Option<PathBuf>,
    /// Where it came from, when it was not written in the file.
    secret: Option<Secret>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    /// The whole address: for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }

    /// What it begins with.
    pub fn scheme(&self) -> &str {
        self.expose().split(':').next().unwrap_or_default()
    }

    /// The file that an `sqlite:` address means.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Host and port, if it has both.
    pub fn host_and_port(&self) -> Option<(String, u16)> {
        let url = Url::parse(self.expose()).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port().or_else(|| usual_port(url.scheme()))?))
    }

    /// As it may be shown: without a password, or by where it is kept.
    pub fn shown(&self) -> String {
        match &self.secret {
            Some(secret) => format!("the address in {secret}"),
            None => mask::credentials(self.expose()),
        }
    }

    /// As it stands in the file.
    pub(super) fn written(&self) -> toml::Value {
        self.secret.as_ref().map_or_else(|| self.shown().into(), Secret::source)
    }

    pub(super) fn has_written_password(&self) -> bool {
        self.secret.is_none() && self.shown().contains(mask::HIDDEN)
    }

    /// Reads one; what is secret in it is noted under `name`.
    pub(super) fn read(cx: &Context<'_>, name: &str, node: &Node) -> Result<Self, Refusal> {
        let mut address = match &node.value {
            Value::Table(_) => {
                let secret = Secret::read(cx, node)?;
                Self { url: secret.expose().into(), file: None, secret: Some(secret) }
            }
            _ => Self { url: values::text(node)?.into(), file: None, secret: None },
        };
        // What a variable or file holds is not repeated, whatever is wrong with it.
        let checked = address.check(cx).map_err(|refusal| match &address.secret {
            Some(secret) => refusal.found(format!("something else in {secret}")),
            None => refusal,
        });
        address.file = checked?;
        for password in database::passwords_in(&address.url) {
            cx.note_secret(name, &password);
        }
        Ok(address)
    }

    /// Whether it is one; the file, if it means one.
    fn check(&self, cx: &Context<'_>) -> Result<Option<PathBuf>, Refusal> {
        let (text, scheme) = (self.expose(), self.scheme());
        if scheme == "sqlite" {
            return database::sqlite_file(cx, text.trim_start_matches("sqlite:")).map(Some);
        }
        let expected = || Refusal::expected(FORMS);
        let url = Url::parse(text).map_err(|why| expected().fix(format!("it is not a URL ({why})")))?;
        let named = !url.username().is_empty() || url.password().is_some();
        match scheme {
            "http" | "https" if named => Err(expected().found("an address with a name or password in it")),
            "http" | "https" if url.has_host() => Ok(None),
            "tcp" | "tls" => {
                let bare =
                    matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none() && !named;
                match bare && url.host_str().is_some_and(|host| !host.is_empty()) {
                    true if scheme == "tcp" && url.port().is_none() => {
                        Err(expected().fix("name the port: tcp://db:5432"))
                    }
                    true => Ok(None),
                    false => Err(expected().fix(format!("write {scheme}://HOST:PORT and no more"))),
                }
            }
            "postgres" | "postgresql" => database::postgres_url(text).map(|_| None),
            "redis" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(None),
            "rediss" => Err(expected().fix("Redis over TLS is not spoken: probe it through a tunnel on this machine")),
            _ => Err(expected()),
        }
    }
}

const FORMS: &str = "an address that begins with http://, https://, tcp://, tls://, postgres://, sqlite: or redis://";

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "tls" => Some(443),
        "redis" => Some(6379),
        _ => None,
    }
}

//! Origins as they are granted: scheme, host and port.

use std::fmt;
use url::{Host, Url};

/// An origin as it is granted: `https://api.example.org`, `https://api.example.org:8443`, `https://*.example.org`; `*` is all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
    /// `*.`: every name below the host, not the host itself.
    below: bool,
}

impl Origin {
    /// Reads an origin; nothing may follow the port. The error is what to do about it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self { scheme: "", host: String::new(), port: 0, below: true });
        }
        let form = || "write an origin: https://HOST, https://HOST:PORT or https://*.HOST".to_owned();
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            _ => return Err(form()),
        };
        let (rest, below) = match rest.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| form())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !rest.ends_with('/');
        let named = url.username().is_empty() && url.password().is_none() && !rest.contains(['*', '@']);
        let (host, port) = (host_of(&url).ok_or_else(form)?, url.port_or_known_default().ok_or_else(form)?);
        // `*.com` would be half the internet.
        if !bare || !named || (below && (!host.contains('.') || !matches!(url.host(), Some(Host::Domain(_))))) {
            return Err(form());
        }
        Ok(Self { scheme, host, port, below })
    }

    /// Whether a URL is of this origin.
    pub fn has(&self, url: &Url) -> bool {
        if self.is_any() {
            return matches!(url.scheme(), "https" | "http");
        }
        let Some(host) = host_of(url) else { return false };
        let same = match self.below {
            true => host.strip_suffix(&self.host).is_some_and(|name| name.len() > 1 && name.ends_with('.')),
            false => host == self.host,
        };
        same && url.scheme() == self.scheme && url.port_or_known_default() == Some(self.port)
    }

    /// Whether everything of the other origin is of this one.
    pub fn covers(&self, other: &Self) -> bool {
        if self.is_any() {
            return true;
        }
        let below = other.host.strip_suffix(&self.host).is_some_and(|name| name.ends_with('.'));
        let host = if self.below { below || (other.below && self.host == other.host) } else { self == other };
        host && self.scheme == other.scheme && self.port == other.port
    }

    fn is_any(&self) -> bool {
        self.host.is_empty()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("*");
        }
        let star = if self.below { "*." } else { "" };
        write!(f, "{}://{star}{}", self.scheme, self.host)?;
        let usual = if self.scheme == "https" { 443 } else { 80 };
        if self.port == usual { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// The host in lower case, without a dot at its end; an IPv6 address in its brackets.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

//! Grants for what is done outside the sandbox: which commands may run, where requests may go, which secrets may be used.
//! Part of `grants`, which asks them; jobs of the kinds `steps` and `http` are what needs them.

use crate::config::origin::Origin;
use std::fmt;
use url::Url;

/// A grant for something outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `command:NAME`.
    Command(Names),
    /// `http:ORIGIN`: requests to public addresses.
    Http(Origin),
    /// `http-private:ORIGIN`: requests to any address.
    HttpPrivate(Origin),
    /// `secret:HANDLE`: having a secret filled in.
    Secret(Names),
    /// `sql:NAME`: asking a database.
    Sql(Names),
    /// `promql`: asking the Prometheus of `[metrics]`.
    Promql,
}

/// A name, or with a trailing `*` every one that begins so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    prefix: String,
    open: bool,
}

/// What is to be done outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operating<'a> {
    /// Running a command.
    Command(&'a str),
    /// A request to wherever its address is public.
    Http(&'a Url),
    /// A request wherever its address is.
    HttpPrivate(&'a Url),
    /// Using a secret.
    Secret(&'a str),
    /// Asking a database.
    Sql(&'a str),
    /// Asking Prometheus.
    Promql,
}

impl Operation {
    /// Reads what follows the grant's word; `None` if it is no such grant.
    pub(super) fn parse(word: &str, rest: &str) -> Option<Self> {
        match word {
            "command" => Names::parse(rest).map(Self::Command),
            "secret" => Names::parse(rest).map(Self::Secret),
            "sql" => Names::parse(rest).map(Self::Sql),
            "http" => Origin::parse(rest).ok().map(Self::Http),
            "http-private" => Origin::parse(rest).ok().map(Self::HttpPrivate),
            _ => None,
        }
    }

    /// Whether it opens the door.
    pub(super) fn opens(&self, what: Operating<'_>) -> bool {
        match (self, what) {
            (Self::Command(names), Operating::Command(name))
            | (Self::Secret(names), Operating::Secret(name))
            | (Self::Sql(names), Operating::Sql(name)) => names.match_name(name),
            // Who may go inside may go outside too.
            (Self::Http(origin) | Self::HttpPrivate(origin), Operating::Http(url))
            | (Self::HttpPrivate(origin), Operating::HttpPrivate(url)) => origin.has(url),
            (Self::Promql, Operating::Promql) => true,
            _ => false,
        }
    }

    /// Whether every door that the other opens is opened by this one too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Command(wide), Self::Command(narrow))
            | (Self::Secret(wide), Self::Secret(narrow))
            | (Self::Sql(wide), Self::Sql(narrow)) => wide == narrow || (wide.open && wide.match_name(&narrow.prefix)),
            (Self::Http(wide) | Self::HttpPrivate(wide), Self::Http(narrow))
            | (Self::HttpPrivate(wide), Self::HttpPrivate(narrow)) => wide.covers(narrow),
            (Self::Promql, Self::Promql) => true,
            _ => false,
        }
    }
}

impl Operating<'_> {
    /// The grant that would allow it.
    pub(super) fn grant(self) -> String {
        match self {
            Self::Command(name) => format!("command:{name}"),
            Self::Http(url) => format!("http:{}", url.origin().ascii_serialization()),
            Self::HttpPrivate(url) => format!("http-private:{}", url.origin().ascii_serialization()),
            Self::Secret(handle) => format!("secret:{handle}"),
            Self::Sql(name) => format!("sql:{name}"),
            Self::Promql => "promql".to_owned(),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(names) => write!(f, "command:{names}"),
            Self::Http(origin) => write!(f, "http:{origin}"),
            Self::HttpPrivate(origin) => write!(f, "http-private:{origin}"),
            Self::Secret(names) => write!(f, "secret:{names}"),
            Self::Sql(names) => write!(f, "sql:{names}"),
            Self::Promql => f.write_str("promql"),
        }
    }
}

impl Names {
    fn parse(text: &str) -> Option<Self> {
        let (prefix, open) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        ((open || !prefix.is_empty()) && prefix.chars().all(plain)).then(|| Self { prefix: prefix.to_owned(), open })
    }

    fn match_name(&self, name: &str) -> bool {
        if self.open { name.starts_with(&self.prefix) } else { name == self.prefix }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, if self.open { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::grants::{Grant, Grants, Need};

    fn grants(requested: &[&str], granted: &[&str]) -> Grants {
        let parse = |list: &[&str]| list.iter().map(|text| Grant::parse(text).unwrap()).collect();
        Grants::new("probe".into(), parse(requested), parse(granted))
    }

    #[test]
    fn denies_a_command_or_secret_that_is_not_granted_by_both() {
        let grants =
            grants(&["command:*", "secret:app-*", "sql:*", "promql"], &["command:restart-*", "secret:*", "sql:shop"]);
        let check = |what| grants.check(Need::Operation(what)).is_ok();
        assert!(check(Operating::Command("restart-web")) && check(Operating::Secret("app-db")));
        assert!(!check(Operating::Command("drop-web")) && !check(Operating::Secret("root")));
        assert!(check(Operating::Sql("shop")) && !check(Operating::Sql("pay")) && !check(Operating::Promql));
    }

    #[test]
    fn denies_http_to_an_unlisted_host_and_private_ones_unless_that_is_granted() {
        let url = |text: &str| Url::parse(text).unwrap();
        let grants = grants(
            &["http:*", "http-private:https://*.example.org"],
            &["http:https://api.example.com", "http-private:https://*.example.org"],
        );
        let open = |text: &str| grants.check(Need::Operation(Operating::Http(&url(text)))).is_ok();
        assert!(open("https://api.example.com/x"));
        for denied in [
            "http://api.example.com",
            "https://api.example.com:8443",
            "https://evil.com",
            "https://api.example.com.evil.com",
        ] {
            assert!(!open(denied), "{denied}");
        }
        let inside = |text: &str| grants.check(Need::Operation(Operating::HttpPrivate(&url(text)))).is_ok();
        assert!(inside("https://db.example.org") && !inside("https://api.example.com"));
        let denial =
            grants.check(Need::Operation(Operating::Http(&url("https://u:pw@evil.com:444/x?token=a")))).unwrap_err();
        assert!(denial.to_string().starts_with("http:https://evil.com:444 is not granted to `probe`"), "{denial}");
    }

    #[test]
    fn every_such_grant_reads_back_as_it_is_written() {
        for text in [
            "command:*",
            "command:restart-web",
            "secret:app-*",
            "sql:shop",
            "promql",
            "http:*",
            "http:https://a.example:8443",
            "http-private:http://*.b.example",
        ] {
            assert_eq!(Grant::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "command:",
            "command:A",
            "command:a*b",
            "http:example.org",
            "http:https://a/b",
            "http-private:",
            "secret:a b",
        ] {
            assert!(Grant::parse(text).is_err(), "{text}");
        }
        let requested =
            grants(&["http:https://*.example.org", "command:*"], &["http:https://a.example.org", "command:a*"]);
        assert_eq!(requested.missing().count(), 2, "only in part");
        assert_eq!(requested.effective().count(), 2);
    }
}

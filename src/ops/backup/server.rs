//! How the tools of PostgreSQL are told where a database is: by their own variables, and a private file for the password. Nothing
//! secret is in an argument or a variable.

use super::DumpError;
use crate::config::targets::{PARAMETERS, UNTOLD};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use url::Url;

/// How our sessions are called in `pg_stat_activity`, so that nobody ends them for being slow (H6).
pub const APPLICATION: &str = "drillbell-backup";

/// What every session of ours sets, whatever the database or the role sets: no end of its own (H6), and the same row is the same text
/// wherever it lies. What else changes how rows are written `pg_dump` sets itself. Texts in quotes are read as they are written.
const SETTINGS: [&str; 4] =
    ["statement_timeout=0", "bytea_output=hex", "quote_all_identifiers=off", "standard_conforming_strings=on"];
/// Seconds that connecting may take, if the URL does not say.
const CONNECT_SECONDS: &str = "30";

/// A database as the tools are told.
#[derive(Clone)]
pub struct Server {
    /// Variables without anything secret.
    pub env: BTreeMap<String, String>,
    /// `PGPASSFILE` and what is to be in it, if there is a password.
    pub files: BTreeMap<String, SecretString>,
    /// For people: `app@db.example.org:5432/shop`.
    pub shown: String,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}

impl Server {
    /// From a URL `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…`.
    ///
    /// # Errors
    /// It is none, or has a parameter that cannot be handed on. Nothing of it is repeated but that parameter's name.
    pub fn of(url: &SecretString) -> Result<Self, DumpError> {
        let url =
            Url::parse(url.expose_secret()).map_err(|why| DumpError::failed(format!("its URL is none: {why}")))?;
        let mut env = BTreeMap::new();
        let mut password = url.password().map(decoded);
        let host = url.host_str().map(|host| decoded(host.trim_matches(['[', ']'])));
        env.extend(host.filter(|host| !host.is_empty()).map(|host| ("PGHOST".to_owned(), host)));
        env.extend(url.port().map(|port| ("PGPORT".to_owned(), port.to_string())));
        let (user, database) = (decoded(url.username()), decoded(url.path().trim_start_matches('/')));
        env.extend(
            [("PGUSER", user), ("PGDATABASE", database)]
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut options = SETTINGS.map(|setting| format!("-c {setting}")).join(" ");
        for (name, value) in url.query_pairs() {
            match (&*name, PARAMETERS.iter().find(|(known, _)| *known == name)) {
                (_, Some((_, variable))) => drop(env.insert((*variable).to_owned(), value.into_owned())),
                ("password", _) => password = Some(value.into_owned()),
                ("options", _) => options = format!("{value} {options}"),
                // Ours says who it is.
                (name, _) if UNTOLD.contains(&name) => {}
                _ => {
                    let name: String = name.chars().take(40).collect();
                    return Err(DumpError::failed(format!(
                        "its URL has the parameter {name:?}, which pg_dump cannot be told; leave it out"
                    )));
                }
            }
        }
        env.entry("PGCONNECT_TIMEOUT".to_owned()).or_insert_with(|| CONNECT_SECONDS.to_owned());
        env.insert("PGAPPNAME".to_owned(), APPLICATION.to_owned());
        env.insert("PGOPTIONS".to_owned(), options);
        // Whatever zone a server or database has, the same row is the same text, and so has the same sum where it is restored.
        env.insert("PGTZ".to_owned(), "UTC".to_owned());
        // What the tools say is read and shown.
        env.insert("LC_ALL".to_owned(), "C".to_owned());
        let files = password.filter(|password| !password.is_empty()).map(|password| {
            let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
            ("PGPASSFILE".to_owned(), SecretString::from(format!("*:*:*:*:{escaped}\n")))
        });
        let of = |name: &str| env.get(name).cloned().unwrap_or_default();
        let port = env.get("PGPORT").map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}@{}{port}/{}", of("PGUSER"), of("PGHOST"), of("PGDATABASE"));
        Ok(Self { env, files: files.into_iter().collect(), shown })
    }
}

/// Percent-decoded.
fn decoded(text: &str) -> String {
    let form = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Result<Server, DumpError> {
        Server::of(&url.into())
    }

    #[test]
    fn a_url_becomes_variables_and_its_password_a_file() {
        let server =
            server("postgres://ap%40p:p%3Aa%5Cs+s@db.example.org:5433/sh%20op?sslmode=require&options=-c%20geqo=off")
                .unwrap();
        insta::assert_debug_snapshot!(server.env, @r#"
        {
            "LC_ALL": "C",
            "PGAPPNAME": "drillbell-backup",
            "PGCONNECT_TIMEOUT": "30",
            "PGDATABASE": "sh op",
            "PGHOST": "db.example.org",
            "PGOPTIONS": "-c geqo=off -c statement_timeout=0 -c bytea_output=hex -c quote_all_identifiers=off -c standard_conforming_strings=on",
            "PGPORT": "5433",
            "PGSSLMODE": "require",
            "PGTZ": "UTC",
            "PGUSER": "ap@p",
        }
        "#);
        assert_eq!(server.files["PGPASSFILE"].expose_secret(), "*:*:*:*:p\\:a\\\\s+s\n");
        assert_eq!(format!("{server:?}"), "Server(\"ap@p@db.example.org:5433/sh op\")");
    }

    #[test]
    fn a_socket_and_a_password_among_the_parameters_are_understood() {
        let server = server("postgres:///shop?host=/run/postgresql&user=app&password=hunter2").unwrap();
        assert_eq!((&*server.env["PGHOST"], &*server.env["PGUSER"]), ("/run/postgresql", "app"));
        assert!(!format!("{:?}", server.env).contains("hunter2"));
        assert_eq!(server.files["PGPASSFILE"].expose_secret(), "*:*:*:*:hunter2\n");
    }

    #[test]
    fn what_cannot_be_handed_on_is_named() {
        let said = server("postgres://app:hunter2@db/shop?sslpassword=hunter2").unwrap_err().sentence;
        assert_eq!(said, "its URL has the parameter \"sslpassword\", which pg_dump cannot be told; leave it out");
    }
}

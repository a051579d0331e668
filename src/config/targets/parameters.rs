//! The parameters of a PostgreSQL URL that `pg_dump` and its like can be told. They are told by variables, since an argument would show
//! what is secret; what has no variable is refused when the configuration is read, not at night when the backup runs.

use super::TargetUrl;
use crate::config::problem::{Refusal, did_you_mean};
use secrecy::ExposeSecret;
use url::Url;

/// Parameters of a URL and the variables of libpq that mean the same (PostgreSQL manual, 34.15).
pub const PARAMETERS: [(&str, &str); 26] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslsni", "PGSSLSNI"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("gssencmode", "PGGSSENCMODE"),
    ("krbsrvname", "PGKRBSRVNAME"),
    ("gsslib", "PGGSSLIB"),
    ("requirepeer", "PGREQUIREPEER"),
    ("require_auth", "PGREQUIREAUTH"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("client_encoding", "PGCLIENTENCODING"),
];
/// Parameters that may stand there and are not handed on: ours says who it is.
pub const UNTOLD: [&str; 2] = ["application_name", "fallback_application_name"];
/// Those that go another way: to a file, and to what is set for each session.
const APART: [&str; 2] = ["password", "options"];

/// Refuses a URL with a parameter that the tools cannot be told. Only its name is repeated, and of what a variable or file holds not
/// even that: there a password could stand in its place.
pub(super) fn told(read: TargetUrl) -> Result<TargetUrl, Refusal> {
    let known = || PARAMETERS.iter().map(|(name, _)| *name).chain(UNTOLD).chain(APART);
    let Ok(url) = Url::parse(read.url.expose_secret()) else { return Ok(read) };
    let Some((name, _)) = url.query_pairs().find(|(name, _)| !known().any(|known| known == *name)) else {
        return Ok(read);
    };
    let refusal = Refusal::expected("a URL with parameters that pg_dump can be told by a variable");
    Err(match &read.secret {
        Some(secret) => refusal.found(format!("another parameter in {secret}")).fix("leave it out"),
        None => {
            let name: String = name.chars().take(40).collect();
            let fix = did_you_mean(&name, known()).unwrap_or_else(|| "leave it out".to_owned());
            refusal.found(format!("the parameter {name:?}")).fix(fix)
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Env};
    use std::path::Path;

    fn said(sections: &str) -> String {
        let env: Env = [("URL", "postgres://a:b@c/d?hunter2=1")].into_iter().collect();
        let config = Config::parse(sections, Path::new("/etc/drillbell.toml"), &env);
        config.map_or_else(|errors| errors.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn a_parameter_that_the_tools_cannot_be_told_is_refused_where_it_stands() {
        let target = |url: &str| format!("[targets.shop]\nkind = \"postgres\"\nurl = {url}\n");
        let all = [
            target("\"postgres://a@b/c?keepalives=1\""),
            target("\"postgres://a@b/c?service=x\""),
            target("\"postgres://a@b/c?sslmodes=require\""),
            target("{ env = \"URL\" }"),
            target("\"postgres://a@b/c\"") + "[targets.shop.drill]\ninto = \"postgres://a@b/c?tcp_user_timeout=1\"\n",
        ];
        insta::assert_snapshot!(all.map(|sections| said(&sections)).join("\n"), @r#"
        /etc/drillbell.toml has 1 problem:

          1. /etc/drillbell.toml:3:7: targets.shop.url
             found:    the parameter "keepalives"
             expected: a URL with parameters that pg_dump can be told by a variable
             fix:      leave it out
        /etc/drillbell.toml has 1 problem:

          1. /etc/drillbell.toml:3:7: targets.shop.url
             found:    the parameter "service"
             expected: a URL with parameters that pg_dump can be told by a variable
             fix:      leave it out
        /etc/drillbell.toml has 1 problem:

          1. /etc/drillbell.toml:3:7: targets.shop.url
             found:    the parameter "sslmodes"
             expected: a URL with parameters that pg_dump can be told by a variable
             fix:      did you mean `sslmode`?
        /etc/drillbell.toml has 1 problem:

          1. /etc/drillbell.toml:3:7: targets.shop.url
             found:    another parameter in the variable URL
             expected: a URL with parameters that pg_dump can be told by a variable
             fix:      leave it out
        /etc/drillbell.toml has 1 problem:

          1. /etc/drillbell.toml:5:8: targets.shop.drill.into
             found:    the parameter "tcp_user_timeout"
             expected: a URL with parameters that pg_dump can be told by a variable
             fix:      leave it out
        "#);
        let good = "\"postgres://a@b/c?sslmode=require&ssl_max_protocol_version=TLSv1.3&options=-c%20geqo%3Doff&application_name=x\"";
        assert_eq!(said(&target(good)), "fine");
    }
}

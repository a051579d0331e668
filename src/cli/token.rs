//! `drillbell token new|list|revoke`: named API tokens for pipelines and programs. Asks the running bot, or works on the store
//! itself where none runs.

use super::failure::Failure;
use super::output::{print, tell};
use super::place::{ConfigFlag, user_or_own};
use super::progress::Progress;
use super::reach;
use crate::clock::{Clock, rfc3339};
use crate::config::limits::{PAGE_ROWS_MAX, TOKEN_TIME_MAX};
use crate::config::{Config, Env};
use crate::model::ids::PersonId;
use crate::signin;
use crate::store::{Closing, Store, Token};
use clap::{Args, Subcommand};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;

/// `drillbell token …`.
#[derive(Subcommand, Clone, Debug)]
pub enum TokenVerb {
    /// Make a token and print it, this once
    New(NewArgs),
    /// List the tokens, without their secrets
    List(ListArgs),
    /// End a token at once
    Revoke(RevokeArgs),
}

/// `drillbell token new …`.
#[derive(Args, Clone, Debug)]
pub struct NewArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// What it is for; whoever uses it is on record as token:NAME
    #[arg(value_parser = name)]
    name: String,
    /// The configured role that its holder has
    #[arg(long, value_parser = name)]
    role: Option<String>,
    /// How long it lasts: 12h, 30d; at most 366d
    #[arg(long, value_name = "TIME", value_parser = lasting, default_value = "90d")]
    expires: Duration,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// `drillbell token list …`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// `drillbell token revoke …`.
#[derive(Args, Clone, Debug)]
pub struct RevokeArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// The token's name or id
    token: String,
}

/// Does what the verb says.
pub async fn run(verb: &TokenVerb, env: &Env) -> Result<u8, Failure> {
    match verb {
        TokenVerb::New(args) => {
            let desk = Desk::open(&args.config.load(env)?, env).await?;
            let (secret, token) = desk.make(args).await?;
            match args.json {
                true => print(&json!({"secret": secret, "token": token}).to_string())?,
                false => {
                    print(&secret)?;
                    let until = token["expires_ms"].as_i64().map(rfc3339).unwrap_or_default();
                    tell(&format!(
                        "This is the only time it is shown. It is taken until {until}, as token:{}.",
                        args.name
                    ));
                }
            }
        }
        TokenVerb::List(args) => {
            let tokens = Desk::open(&args.config.load(env)?, env).await?.list().await?;
            match args.json {
                true => print(&json!({"tokens": tokens}).to_string())?,
                false if tokens.is_empty() => print("There is no token yet: drillbell token new NAME")?,
                false => tokens.iter().try_for_each(|token| print(&line(token, Clock::system().now_ms())))?,
            }
        }
        TokenVerb::Revoke(args) => {
            let token = Desk::open(&args.config.load(env)?, env).await?.revoke(&args.token).await?;
            print(&format!("token {} is revoked", token["name"].as_str().unwrap_or(&args.token)))?;
        }
    }
    Ok(0)
}

/// Whoever keeps the tokens: the bot that runs, or the store itself.
enum Desk {
    Bot(Box<super::client::Client>),
    Store(Box<(Store, Closing)>, PersonId),
}

impl Desk {
    async fn open(config: &Config, env: &Env) -> Result<Self, Failure> {
        let user = user_or_own(None, env);
        if let Some(client) = reach::running(&config.server.data_dir, &user).await? {
            return Ok(Self::Bot(Box::new(client)));
        }
        let _progress = Progress::start("the database");
        let opened = Store::open(config.database.connect_url().expose_secret(), 2, Clock::system()).await?;
        Ok(Self::Store(Box::new(opened), config.people.resolve("console", &user)))
    }

    /// The secret, and the token as the API shows it.
    async fn make(self, args: &NewArgs) -> Result<(String, Value), Failure> {
        match self {
            Self::Bot(client) => {
                let body = json!({"name": args.name, "role": args.role, "expires_s": args.expires.as_secs()});
                let mut made = client.call(Method::POST, "/api/v1/tokens", Some(body)).await.map_err(asking)?;
                let secret = made["secret"].as_str().unwrap_or_default().to_owned();
                Ok((secret, made["token"].take()))
            }
            Self::Store(opened, by) => {
                let (store, closing) = *opened;
                let made = make(&store, args, by).await;
                drop(store);
                closing.wait().await;
                let (secret, token) = made?;
                Ok((secret, json!(token)))
            }
        }
    }

    async fn list(self) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Bot(client) => {
                let mut all = client.call(Method::GET, "/api/v1/tokens", None).await.map_err(asking)?;
                Ok(all["tokens"].as_array_mut().map(std::mem::take).unwrap_or_default())
            }
            Self::Store(opened, _) => {
                let (store, closing) = *opened;
                let all = store.tokens(PAGE_ROWS_MAX).await;
                drop(store);
                closing.wait().await;
                Ok(all?.into_iter().map(|token| json!(token)).collect())
            }
        }
    }

    async fn revoke(self, token: &str) -> Result<Value, Failure> {
        match self {
            Self::Bot(client) => {
                let segment: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                client.call(Method::DELETE, &format!("/api/v1/tokens/{segment}"), None).await.map_err(asking)
            }
            Self::Store(opened, by) => {
                let (store, closing) = *opened;
                let revoked = revoke(&store, token, by).await;
                drop(store);
                closing.wait().await;
                revoked.map(|token| json!(token))
            }
        }
    }
}

fn asking(error: super::client::ClientError) -> Failure {
    Failure::new(error.to_string())
}

async fn make(store: &Store, args: &NewArgs, by: PersonId) -> Result<(String, Token), Failure> {
    let made = signin::new_token(store, &args.name, args.role.clone(), args.expires, &by).await.map_err(refused)?;
    let name = &args.name;
    made.ok_or_else(|| Failure::new(format!("a token `{name}` is in use: revoke it first, or choose another name")))
}

async fn revoke(store: &Store, token: &str, by: PersonId) -> Result<Token, Failure> {
    let revoked = signin::revoke_token(store, token.to_owned(), &by).await.map_err(refused)?;
    let unknown = || format!("no token `{token}` is in use; `drillbell token list` shows which are");
    revoked.ok_or_else(|| Failure::new(unknown()))
}

fn refused(error: signin::SignInError) -> Failure {
    Failure::new(error.to_string())
}

/// `ci, role deployer, until 2026-04-01T00:00:00.000Z, last used never`.
fn line(token: &Value, now_ms: i64) -> String {
    let time = |name: &str| token[name].as_i64();
    let role = token["role"].as_str().map(|role| format!(", role {role}")).unwrap_or_default();
    let ends = match (time("revoked_ms"), time("expires_ms")) {
        (Some(at_ms), _) => format!("revoked {}", rfc3339(at_ms)),
        (None, Some(at_ms)) if at_ms <= now_ms => format!("ran out {}", rfc3339(at_ms)),
        (None, at_ms) => format!("until {}", at_ms.map(rfc3339).unwrap_or_default()),
    };
    let used = time("used_ms").map_or_else(|| "never".to_owned(), rfc3339);
    format!("{}{role}, {ends}, last used {used}", token["name"].as_str().unwrap_or("?"))
}

/// A token's or role's name.
fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let good = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 40 && text.chars().all(fits);
    match good && text != "local" {
        true => Ok(text.to_owned()),
        false => Err("a letter, then lower-case letters, digits, - _ . ; at most 40, and not `local`".to_owned()),
    }
}

fn lasting(text: &str) -> Result<Duration, String> {
    let expected =
        || format!("a time such as 12h or 30d, at least 1m and at most {}d", TOKEN_TIME_MAX.as_secs() / 86_400);
    let (number, unit) = text.split_at(text.len() - usize::from(text.ends_with(['m', 'h', 'd'])));
    let unit = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(expected()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(expected)?;
    let lasts = Duration::from_secs(seconds);
    if (Duration::from_secs(60)..=TOKEN_TIME_MAX).contains(&lasts) { Ok(lasts) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::limits::TOKEN_TIME;

    #[test]
    fn a_token_lasts_as_long_as_is_typed() {
        assert_eq!(lasting("90d"), Ok(TOKEN_TIME));
        assert_eq!(lasting("12h").map(|time| time.as_secs()), Ok(43_200));
        for text in ["", "d", "0d", "30", "30s", "367d", "-1d", "99999999999999999999d", "1é"] {
            assert!(lasting(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_says_whose_role_how_long_and_whether_it_is_used() {
        let token = json!({"name": "ci", "role": "deployer", "expires_ms": 1000, "used_ms": null, "revoked_ms": null});
        insta::assert_snapshot!(line(&token, 0), @"ci, role deployer, until 1970-01-01T00:00:01.000Z, last used never");
        insta::assert_snapshot!(line(&token, 1000), @"ci, role deployer, ran out 1970-01-01T00:00:01.000Z, last used never");
    }
}

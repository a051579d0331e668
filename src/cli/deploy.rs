//! `drillbell deploy record|list|gate`: for pipelines. Records through the running bot, or is the bot for that moment; lists from the
//! store; asks the gate and ends with its verdict.

use super::bot::LocalBot;
use super::failure::{FAILED, Failure, PENDING};
use super::output::print;
use super::place::{self, ConfigFlag};
use super::reach;
use super::run::{self, RunArgs};
use crate::alert;
use crate::clock::{Clock, rfc3339};
use crate::config::limits::deploys::DEPLOY_BODY_BYTES;
use crate::config::{Config, Env};
use crate::model::deploy::Deploy;
use crate::model::ids::fresh;
use crate::platform::console::clean_line;
use crate::scrub::Scrub;
use crate::store::{OutcomeStatus, Store};
use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// `drillbell deploy …`.
#[derive(Subcommand, Clone, Debug)]
pub enum DeployVerb {
    /// Record that something was deployed
    Record(RecordArgs),
    /// Show what was deployed, newest first
    List(ListArgs),
    /// Ask whether a service may be deployed now; exit 0 only when it may
    Gate(GateArgs),
}

/// `drillbell deploy record …`.
#[derive(Args, Clone, Debug)]
pub struct RecordArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// The version now
    #[arg(long, value_name = "VERSION")]
    version: String,
    /// The version before
    #[arg(long, value_name = "VERSION")]
    previous: Option<String>,
    /// The commit
    #[arg(long, value_name = "SHA")]
    commit: Option<String>,
    /// What it did to the database's schema
    #[arg(long, value_enum)]
    schema: Option<Schema>,
    /// A migration that it brought: its name, or a file that ends in .sql, whose statements are looked at. May be given often
    #[arg(long = "migration", value_name = "NAME|FILE.sql")]
    migrations: Vec<String>,
    /// Who or what deployed. Default: your system login
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// When, RFC 3339. Default: now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// A name for this record: the same one given again records nothing twice
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// What was deployed
    #[arg(value_name = "SERVICE")]
    service: String,
}

/// What a deploy did to the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Schema {
    /// Nothing
    None,
    /// It added what code from before can live with
    Expand,
    /// It took away what code from before may need
    Contract,
}

impl Schema {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Expand => "expand",
            Self::Contract => "contract",
        }
    }
}

/// `drillbell deploy list …`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// How many
    #[arg(short = 'n', long = "lines", value_name = "COUNT", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=500))]
    lines: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Only of this service
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
}

/// `drillbell deploy gate …`.
#[derive(Args, Clone, Debug)]
pub struct GateArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// The version that is to be deployed
    #[arg(long, value_name = "VERSION", default_value = "next")]
    version: String,
    /// What it does to the database's schema. Not said, nobody knows whether code alone could go back
    #[arg(long, value_enum)]
    schema: Option<Schema>,
    /// A migration that it brings: its name, or a file that ends in .sql, whose statements are looked at. May be given often
    #[arg(long = "migration", value_name = "NAME|FILE.sql")]
    migrations: Vec<String>,
    /// How a check of the pipeline went. May be given often
    #[arg(long = "ci", value_name = "NAME=pass|fail|unknown")]
    ci: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// What is to be deployed
    #[arg(value_name = "SERVICE")]
    service: String,
}

/// Does what the verb says.
pub async fn run(verb: &DeployVerb, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    match verb {
        DeployVerb::Record(args) => record(args, env, scrub).await,
        DeployVerb::List(args) => list(args, env).await,
        DeployVerb::Gate(args) => gate(args, env, scrub).await,
    }
}

async fn record(args: &RecordArgs, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    named(&args.service)?;
    let config = args.config.load(env)?;
    let user = place::user_or_own(None, env);
    let body = body(args, &user)?;
    let key = args.key.clone().unwrap_or_else(fresh);
    let duplicate = match reach::running(&config.server.data_dir, &user).await? {
        Some(client) => {
            let answer = client.record_deploy(&args.service, &key, &body).await;
            let answer = answer.map_err(|error| Failure::new(error.to_string()))?;
            answer["duplicate"].as_bool().unwrap_or_default()
        }
        None => {
            let bot = LocalBot::start(config, scrub).await?;
            let recorded = bot.record_deploy(&args.service, &key, body.to_string().as_bytes()).await;
            bot.stop().await;
            recorded?
        }
    };
    if args.json {
        let answer = json!({"service": args.service, "version": args.version, "duplicate": duplicate});
        print(&answer.to_string())?;
    } else {
        let again = if duplicate { ", as it was before" } else { "" };
        print(&clean_line(&format!("recorded: {} {}{again}", args.service, args.version)))?;
    }
    Ok(0)
}

/// Refuses what no service is called.
fn named(service: &str) -> Result<(), Failure> {
    alert::deploy::service(service).map_err(Failure::usage)
}

/// What the hook is sent; statements are read from their files here.
fn body(args: &RecordArgs, user: &str) -> Result<Value, Failure> {
    let migrations: Result<Vec<Value>, Failure> = args.migrations.iter().map(|given| migration(given)).collect();
    let schema = args.schema.map(Schema::word);
    let all = json!({
        "version": args.version,
        "previous": args.previous,
        "commit": args.commit,
        "schema": schema,
        "migrations": migrations?,
        "by": args.by.as_deref().unwrap_or(user),
        "at": args.at,
    });
    let given = all.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Ok(Value::Object(given.map(|(key, value)| (key.clone(), value.clone())).collect()))
}

fn migration(given: &str) -> Result<Value, Failure> {
    let path = Path::new(given);
    let sql = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql"));
    let Some(name) = path.file_stem().filter(|_| sql) else { return Ok(json!(given)) };
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {given}: {error}"));
    let mut text = String::new();
    // One more than may be sent: a migration that is cut off would be judged by its beginning.
    let most = u64::try_from(DEPLOY_BODY_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path).map_err(cannot)?.take(most).read_to_string(&mut text).map_err(cannot)?;
    if text.len() > DEPLOY_BODY_BYTES {
        return Err(Failure::usage(format!(
            "{given} is longer than {DEPLOY_BODY_BYTES} bytes: name the migration without its file, and it is recorded as one of which \
             nobody knows what it does"
        )));
    }
    Ok(json!({"name": name.to_string_lossy(), "sql": text}))
}

async fn open(config: &Config) -> Result<Store, Failure> {
    Ok(Store::read_only(config.database.connect_url().expose_secret(), Clock::system()).await?)
}

async fn list(args: &ListArgs, env: &Env) -> Result<u8, Failure> {
    let store = open(&args.config.load(env)?).await?;
    let deploys = store.deploys(args.service.as_deref(), i64::from(args.lines), None).await?;
    for deploy in &deploys {
        print(&if args.json { object(deploy).to_string() } else { line(deploy) })?;
    }
    if deploys.is_empty() && !args.json {
        print("No deploy is on record: `drillbell deploy record SERVICE --version VERSION` adds one.")?;
    }
    Ok(0)
}

fn object(deploy: &Deploy) -> Value {
    let record = &deploy.record;
    json!({
        "service": record.service, "version": record.version, "previous": record.previous, "commit": record.commit,
        "schema": record.schema, "disagrees": record.disagrees, "migrations": record.migrations, "by": record.by,
        "at": rfc3339(record.at_ms), "recorded": rfc3339(deploy.recorded_ms), "rollback": record.rollback,
    })
}

/// `2026-01-01T00:00:00.000Z shop v2 after v1 by ana, schema contract: 0042_drop_email (risky)`; of a rollback that left migrations in
/// the schema `schema keeps: 0041_add_tax (safe)`.
fn line(deploy: &Deploy) -> String {
    let record = &deploy.record;
    let said = |word: &str, text: &str| if text.is_empty() { String::new() } else { format!(" {word} {text}") };
    let word = if record.rollback { "back from" } else { "after" };
    let (after, by) = (said(word, &record.previous), said("by", &record.by));
    let schema = if record.rollback && !record.migrations.is_empty() { "keeps" } else { &record.schema };
    let mut line =
        format!("{} {} {}{after}{by}, schema {schema}", rfc3339(record.at_ms), record.service, record.version);
    let migrations = record.migrations.iter().map(|one| format!("{} ({})", one.name, one.risk.as_str()));
    let migrations: Vec<_> = migrations.collect();
    if !migrations.is_empty() {
        line.push_str(&format!(": {}", migrations.join(", ")));
    }
    if !record.disagrees.is_empty() {
        line.push_str(&format!(" – {}", record.disagrees));
    }
    clean_line(&line)
}

/// The command that asks. What statements do is judged here, as it is at the hook: they are not sent.
fn asks(args: &GateArgs) -> Result<String, Failure> {
    let migrations: Result<Vec<Value>, Failure> = args.migrations.iter().map(|given| migration(given)).collect();
    let body = json!({"version": args.version, "migrations": migrations?}).to_string();
    let read = alert::deploy::parse(&args.service, body.as_bytes(), Clock::system().now_ms());
    let read = read.map_err(|reject| Failure::usage(format!("`{}`: {}", reject.field, reject.reason)))?;
    let mut command = format!("/rollback gate {} --version {}", args.service, read.version);
    if let Some(schema) = args.schema {
        command.push_str(&format!(" --schema {}", schema.word()));
    }
    let judged = read.migrations.iter().map(|one| format!("{}={}", one.name, one.risk.as_str()));
    let judged: Vec<String> = judged.collect();
    if !judged.is_empty() {
        command.push_str(&format!(" --migrations {}", judged.join(",")));
    }
    let mut names = BTreeSet::new();
    for told in &args.ci {
        let name = told.split_once('=').map_or(told.as_str(), |(name, _)| name);
        if !names.insert(name) {
            return Err(Failure::usage(format!("--ci {name} was given more than once: a check went one way")));
        }
        let known = told.split_once('=').is_some_and(|(name, went)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !name.is_empty() && name.chars().all(plain) && matches!(went, "pass" | "fail" | "unknown")
        });
        if !known {
            return Err(Failure::usage(format!("--ci {told}: NAME=pass, NAME=fail or NAME=unknown was expected")));
        }
    }
    if !args.ci.is_empty() {
        command.push_str(&format!(" --ci {}", args.ci.join(",")));
    }
    Ok(command)
}

/// Runs `/rollback gate` to its end, then reads what its look found: what was said in chat is for people.
async fn gate(args: &GateArgs, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    let config = args.config.load(env)?;
    named(&args.service)?;
    let command = RunArgs::of(args.config.clone(), asks(args)?);
    let answer = run::answered(&command, env, scrub).await?;
    let job = answer.data.as_ref().and_then(|data| data["job"].as_str()).map(str::to_owned);
    let found = match &job {
        Some(job) => open(&config).await?.job(job).await?.and_then(|job| job.result),
        None => None,
    };
    let found: Value = found.and_then(|found| serde_json::from_str(&found).ok()).unwrap_or_default();
    // A job's result is `{"outcome": SENTENCE, "result": …}`; what the look found is within.
    let found = &found["result"];
    let ended = !matches!(answer.status, OutcomeStatus::Pending | OutcomeStatus::Refused);
    let (verdict, code) = match found["status"].as_str().filter(|_| ended) {
        Some("pass") if answer.status == OutcomeStatus::Ok => ("pass", 0),
        Some("fail") => ("fail", FAILED),
        // What nobody can tell is not a yes.
        _ => ("unknown", PENDING),
    };
    let sentence = found["sentence"].as_str().filter(|text| !text.is_empty()).unwrap_or(&answer.text);
    if args.json {
        let results = &found["results"];
        let object = json!({"service": args.service, "verdict": verdict, "sentence": sentence, "results": results});
        print(&object.to_string())?;
    } else {
        print(&clean_line(&format!("{verdict}: {sentence}")))?;
    }
    Ok(code)
}

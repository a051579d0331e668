//! The configuration as it applies, defaults filled in and secrets masked: what `drillbell check` shows.
//! Structs are taken apart by name, so that a new field cannot be forgotten here.

use super::commands::{Arg, Command, Commands, Kind};
use super::database::{Database, DatabasePlace};
use super::people::Person;
use super::plugins::{Plugin, PluginLimits, Source};
use super::quantity::{show_bytes, show_duration};
use super::{
    Config, console::Console, limits::Limits, mask, retention::Retention, server::Server, severities::Severity,
};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// TOML that reads back as the same configuration, except for what is masked.
pub(super) fn text(config: &Config) -> String {
    let Config {
        file: _,
        known: _,
        server,
        database,
        console,
        people,
        channels,
        severities,
        plugins,
        secrets,
        commands,
        limits,
        retention,
    } = config;
    let channels = channels.all().into_iter().filter_map(|(key, id)| Some((key, id?.to_string().into())));
    let people = people.0.iter().map(|(name, person)| (name.as_str(), person_table(person)));
    let severities = severities.0.iter().map(|severity| (severity.name.as_str(), severity_table(severity)));
    let plugins = plugins.iter().map(|plugin| (plugin.name.as_str(), plugin_table(plugin)));
    let whole = table([
        ("server", server_table(server)),
        ("database", database_table(database)),
        ("chat", Value::Table(table([("console", console_table(console))]))),
        ("channels", Value::Table(table(channels))),
        ("people", Value::Table(table(people))),
        ("severities", Value::Table(table(severities))),
        ("plugins", Value::Table(table(plugins))),
        ("secrets", Value::Table(table(secrets.sources()))),
        ("commands", commands_table(commands)),
        ("limits", limits_table(limits)),
        ("retention", retention_table(retention)),
    ]);
    toml::to_string_pretty(&whole).expect("a table of texts, numbers and tables is always TOML")
}

fn table<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Table {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn strings(items: &[String]) -> Value {
    items.iter().cloned().map(Value::String).collect::<Vec<_>>().into()
}

fn server_table(server: &Server) -> Value {
    let Server { listen, public_url, data_dir } = server;
    let mut pairs =
        vec![("listen", listen.to_string().into()), ("data_dir", data_dir.to_string_lossy().into_owned().into())];
    pairs.extend(public_url.clone().map(|url| ("public_url", Value::String(url))));
    Value::Table(table(pairs))
}

fn database_table(database: &Database) -> Value {
    let Database { place, max_connections, secret } = database;
    let url = match (secret, place) {
        (Some(secret), _) => secret.source(),
        (None, DatabasePlace::Sqlite { .. } | DatabasePlace::Postgres { .. }) => database.shown().into(),
    };
    Value::Table(table([("url", url), ("max_connections", i64::from(*max_connections).into())]))
}

fn console_table(console: &Console) -> Value {
    let Console { enabled, channels } = console;
    Value::Table(table([("enabled", (*enabled).into()), ("channels", strings(channels))]))
}

fn person_table(person: &Person) -> Value {
    let Person { name, identities } = person;
    let identities = identities.iter().map(|(platform, user)| (*platform, user.clone().into()));
    Value::Table(table(identities.chain(name.clone().map(|name| ("name", Value::String(name))))))
}

fn severity_table(severity: &Severity) -> Value {
    let Severity { name: _, title, description, rank, aliases } = severity;
    let mut pairs =
        vec![("title", title.clone().into()), ("rank", i64::from(*rank).into()), ("aliases", strings(aliases))];
    if !description.is_empty() {
        pairs.push(("description", description.clone().into()));
    }
    Value::Table(table(pairs))
}

fn plugin_table(plugin: &Plugin) -> Value {
    let Plugin { name: _, source, sha256, grants, limits, settings, enabled } = plugin;
    let PluginLimits { memory_bytes, time } = limits;
    let source = match source {
        Source::Builtin(name) => format!("builtin:{name}"),
        Source::File(path) => format!("file:{}", path.display()),
    };
    let limits = table([("memory", show_bytes(*memory_bytes).into()), ("time", show_duration(*time).into())]);
    let settings = settings.iter().filter_map(|(key, value)| Some((key.as_str(), setting(key, value)?)));
    let mut pairs = vec![
        ("source", source.into()),
        ("grants", strings(grants)),
        ("limits", Value::Table(limits)),
        ("settings", Value::Table(table(settings))),
        ("enabled", (*enabled).into()),
    ];
    pairs.extend(sha256.clone().map(|digest| ("sha256", Value::String(digest))));
    Value::Table(table(pairs))
}

/// A setting with what looks secret masked; whatever hangs below a sensitive key counts as secret too.
fn setting(key: &str, value: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match value {
        // Cannot come from TOML, and TOML cannot say it.
        Json::Null => return None,
        _ if mask::is_sensitive(key) => mask::HIDDEN.into(),
        Json::Bool(answer) => (*answer).into(),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => mask::credentials(text).into(),
        Json::Array(items) => items.iter().filter_map(|item| setting(key, item)).collect::<Vec<_>>().into(),
        Json::Object(map) => {
            Value::Table(table(map.iter().filter_map(|(key, value)| Some((key.as_str(), setting(key, value)?)))))
        }
    })
}

fn commands_table(commands: &Commands) -> Value {
    // Where programs are looked for is the environment's business.
    let Commands { all, path: _ } = commands;
    Value::Table(table(all.iter().map(|(name, command)| (name.as_str(), command_table(command)))))
}

fn command_table(command: &Command) -> Value {
    let Command {
        name: _,
        argv,
        args,
        cwd,
        env,
        secrets,
        secret_files,
        timeout,
        hosts,
        undo,
        changes,
        on_lost,
        background,
    } = command;
    let texts = |map: &BTreeMap<String, String>| {
        Value::Table(table(map.iter().map(|(key, value)| (key.as_str(), value.clone().into()))))
    };
    let mut pairs = vec![
        ("argv", strings(&argv.iter().map(ToString::to_string).collect::<Vec<_>>())),
        ("args", Value::Table(table(args.iter().map(|(name, arg)| (name.as_str(), arg_table(arg)))))),
        ("env", strings(&env.keys().cloned().collect::<Vec<_>>())),
        ("secrets", texts(secrets)),
        ("secret_files", texts(secret_files)),
        ("timeout", show_duration(*timeout).into()),
        ("hosts", strings(hosts)),
        ("changes", (*changes).into()),
        ("on_lost", on_lost.as_str().into()),
        ("background", (*background).into()),
    ];
    pairs.extend(cwd.as_ref().map(|cwd| ("cwd", Value::String(cwd.to_string_lossy().into_owned()))));
    pairs.extend(undo.clone().map(|undo| ("undo", Value::String(undo))));
    Value::Table(table(pairs))
}

fn arg_table(arg: &Arg) -> Value {
    let Arg { kind, default } = arg;
    let mut pairs = vec![("type", Value::from(kind.word()))];
    match kind {
        Kind::Choice(values) => pairs.push(("values", strings(values))),
        Kind::Word(most) => pairs.push(("max", i64::try_from(*most).unwrap_or(i64::MAX).into())),
        Kind::Int(least, most) => pairs.extend([("min", (*least).into()), ("max", (*most).into())]),
        Kind::Path(under) => pairs.push(("under", under.to_string_lossy().into_owned().into())),
        Kind::Host | Kind::Version => {}
    }
    pairs.extend(default.clone().map(|value| ("default", Value::String(value))));
    Value::Table(table(pairs))
}

fn limits_table(limits: &Limits) -> Value {
    let Limits { lanes, inbox_backlog, call_time, call_memory_bytes, shutdown } = limits;
    Value::Table(table([
        ("lanes", i64::from(*lanes).into()),
        ("inbox_backlog", Value::Integer(i64::try_from(*inbox_backlog).unwrap_or(i64::MAX))),
        ("call_time", show_duration(*call_time).into()),
        ("call_memory", show_bytes(*call_memory_bytes).into()),
        ("shutdown", show_duration(*shutdown).into()),
    ]))
}

fn retention_table(retention: &Retention) -> Value {
    let Retention { inbox, outbox, receipts } = retention;
    Value::Table(table([
        ("inbox", show_duration(*inbox).into()),
        ("outbox", show_duration(*outbox).into()),
        ("receipts", show_duration(*receipts).into()),
    ]))
}

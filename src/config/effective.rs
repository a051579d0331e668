//! The configuration as it applies, defaults filled in and secrets masked: what `drillbell check` shows.
//! Structs are taken apart by name, so that a new field cannot be forgotten here.

mod chat;
mod commands;
mod escalation;

use super::artifacts::{Artifacts, S3};
use super::availability::Availability;
use super::database::{Database, DatabasePlace};
use super::notify::{Notifier, WebhookUrl};
use super::people::Person;
use super::plugins::{Plugin, PluginLimits, Source};
use super::policy::Rule;
use super::quantity::{show_bytes, show_duration};
use super::roles::Member;
use super::{
    Config, limits::Limits, mask, retention::Retention, server::Server, severities::Severity, smtp::Smtp,
    status::Component, status::StatusPage,
};
use toml::{Table, Value};

/// TOML that reads back as the same configuration, except for what is masked.
pub(super) fn text(config: &Config) -> String {
    let Config {
        file: _,
        known: _,
        server,
        database,
        artifacts,
        console,
        slack,
        discord,
        people,
        roles,
        policy,
        channels,
        alerts,
        probes,
        metrics,
        notify,
        rotations,
        escalation,
        smtp,
        severities,
        plugins,
        secrets,
        targets,
        databases,
        commands,
        services,
        runbooks,
        gamedays,
        limits,
        retention,
        status,
        demo: _,
    } = config;
    let roles = roles.0.iter().map(|(name, members)| (name.as_str(), role_table(members)));
    let policy: Vec<Value> = policy.iter().map(rule_table).collect();
    let always = Availability::default();
    let notify = notify
        .0
        .iter()
        .map(|(name, notifier)| (name.as_str(), notifier_table(notifier, notify.1.get(name).unwrap_or(&always))));
    let elsewhere: Vec<_> = channels.incidents_elsewhere.iter().map(ToString::to_string).collect();
    let elsewhere = (!elsewhere.is_empty()).then(|| ("incidents_elsewhere", strings(&elsewhere)));
    let channels = channels.all().into_iter().filter_map(|(key, id)| Some((key, id?.to_string().into())));
    let channels = channels.chain(elsewhere);
    let people = people.0.iter().map(|(name, person)| (name.as_str(), person_table(person)));
    let severities = severities.0.iter().map(|severity| (severity.name.as_str(), severity_table(severity)));
    let plugins = plugins.iter().map(|plugin| (plugin.name.as_str(), plugin_table(plugin)));
    let mut whole = table([
        ("server", server_table(server)),
        ("database", database_table(database)),
        ("artifacts", artifacts_table(artifacts)),
        ("chat", Value::Table(chat::all(console, slack.as_ref(), discord.as_ref()))),
        ("channels", Value::Table(table(channels))),
        ("alerts", super::alerts::table_of(alerts)),
        ("probes", super::probes::table_of(probes)),
        ("metrics", metrics.table()),
        ("people", Value::Table(table(people))),
        ("roles", Value::Table(table(roles))),
        ("policy", Value::Array(policy)),
        ("notify", Value::Table(table(notify))),
        ("rotations", escalation::rotations(rotations)),
        ("escalation", escalation::ladders(escalation)),
        ("severities", Value::Table(table(severities))),
        ("plugins", Value::Table(table(plugins))),
        ("secrets", Value::Table(table(secrets.sources()))),
        ("targets", super::targets::table_of(targets)),
        ("databases", databases.shown()),
        ("commands", commands::table_of(commands)),
        ("services", super::services::table_of(services)),
        ("runbooks", runbooks.shown()),
        ("gamedays", gamedays.shown()),
        ("limits", limits_table(limits)),
        ("retention", retention_table(retention)),
    ]);
    whole.extend(status.as_ref().map(|page| ("status".to_owned(), status_table(page))));
    whole.extend(smtp.iter().map(|smtp| ("smtp".to_owned(), smtp_table(smtp))));
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

fn artifacts_table(artifacts: &Artifacts) -> Value {
    let Artifacts { place: _, s3, encryption } = artifacts;
    let S3 {
        endpoint,
        region,
        path_style,
        storage_class,
        sse,
        kms_key,
        expect,
        access_key,
        secret_key,
        session_token,
        keys: _,
    } = s3;
    let mut pairs = vec![("region", Value::from(region.clone())), ("path_style", (*path_style).into())];
    let texts = [("endpoint", endpoint), ("storage_class", storage_class), ("kms_key", kms_key)];
    pairs.extend(texts.into_iter().filter_map(|(key, text)| Some((key, text.clone()?.into()))));
    pairs.extend(sse.map(|sse| ("sse", sse.as_str().into())));
    let expect: Vec<Value> = expect.iter().map(|expected| expected.as_str().into()).collect();
    pairs.extend((!expect.is_empty()).then(|| ("expect", Value::from(expect))));
    let secrets = [("access_key", access_key), ("secret_key", secret_key), ("session_token", session_token)];
    pairs.extend(secrets.into_iter().filter_map(|(key, secret)| Some((key, secret.as_ref()?.source()))));
    let mut whole = vec![("store", artifacts.shown().into()), ("s3", Value::Table(table(pairs)))];
    whole.extend(encryption.shown());
    Value::Table(table(whole))
}

fn person_table(person: &Person) -> Value {
    let Person { name, identities, notify, availability } = person;
    let identities = identities.iter().map(|(platform, user)| (*platform, user.clone().into()));
    let mut pairs: Vec<_> = identities.chain(name.clone().map(|name| ("name", Value::String(name)))).collect();
    if !notify.is_empty() {
        pairs.push(("notify", strings(notify)));
    }
    pairs.extend(escalation::availability(availability));
    Value::Table(table(pairs))
}

fn role_table(members: &[Member]) -> Value {
    Value::Table(table([("members", strings(&members.iter().map(Member::written).collect::<Vec<_>>()))]))
}

fn rule_table(rule: &Rule) -> Value {
    let Rule { what, role, channels, approvals, approver, approval_timeout, break_glass } = rule;
    let (key, value) = what.written();
    let mut pairs = vec![(key, Value::String(value)), ("approvals", i64::from(*approvals).into())];
    for (key, role) in [("role", role), ("approver", approver), ("break_glass", break_glass)] {
        pairs.extend(role.clone().map(|role| (key, Value::String(role))));
    }
    if !channels.is_empty() {
        pairs.push(("channels", strings(&channels.iter().map(ToString::to_string).collect::<Vec<_>>())));
    }
    pairs.push(("approval_timeout", show_duration(*approval_timeout).into()));
    Value::Table(table(pairs))
}

fn severity_table(severity: &Severity) -> Value {
    let Severity {
        name: _,
        title,
        description,
        rank,
        aliases,
        place,
        invite,
        archive_after,
        escalation,
        acknowledge_within,
        decide_within,
        rollback_within,
        update_every,
        status_page,
    } = severity;
    let mut pairs =
        vec![("title", title.clone().into()), ("rank", i64::from(*rank).into()), ("aliases", strings(aliases))];
    let clocks = [
        ("acknowledge_within", acknowledge_within),
        ("decide_within", decide_within),
        ("rollback_within", rollback_within),
        ("update_every", update_every),
    ];
    pairs.extend(clocks.map(|(key, span)| (key, show_duration(span.unwrap_or_default()).into())));
    pairs.push(("status_page", status_page.as_str().into()));
    pairs.extend(escalation.clone().map(|ladder| ("escalation", Value::String(ladder))));
    if !description.is_empty() {
        pairs.push(("description", description.clone().into()));
    }
    pairs.push(("place", place.as_str().into()));
    pairs.push(("invite", strings(invite)));
    pairs.push(("archive_after", show_duration(*archive_after).into()));
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

fn notifier_table(notifier: &Notifier, availability: &Availability) -> Value {
    let mut pairs = vec![("kind", Value::from(notifier.kind()))];
    pairs.extend(escalation::availability(availability));
    match notifier {
        Notifier::Chat { written, route: _ } => pairs.push(("to", written.as_str().into())),
        Notifier::Email { to } => pairs.push(("to", strings(to))),
        Notifier::PagerDuty { routing_key, url, timeout } => {
            pairs.push(("timeout", show_duration(*timeout).into()));
            pairs.extend([("routing_key", routing_key.source()), ("url", mask::credentials(url.as_str()).into())]);
        }
        Notifier::Webhook { url, secret, timeout } => {
            pairs.push(("timeout", show_duration(*timeout).into()));
            let url = match url {
                WebhookUrl::Written(url) => mask::credentials(url.as_str()).into(),
                WebhookUrl::Secret(secret, _) => secret.source(),
            };
            pairs.extend([("url", url), ("secret", secret.source())]);
        }
    }
    Value::Table(table(pairs))
}

fn smtp_table(smtp: &Smtp) -> Value {
    let Smtp { host, port, tls, plaintext, ca, login, from, timeout } = smtp;
    let mut pairs = vec![
        ("host", Value::from(host.as_str())),
        ("port", i64::from(*port).into()),
        ("tls", tls.as_str().into()),
        ("plaintext", (*plaintext).into()),
        ("from", from.as_str().into()),
        ("timeout", show_duration(*timeout).into()),
    ];
    pairs.extend(ca.iter().map(|path| ("ca", path.to_string_lossy().into_owned().into())));
    if let Some((user, password)) = login {
        pairs.extend([("user", user.as_str().into()), ("password", password.source())]);
    }
    Value::Table(table(pairs))
}

fn limits_table(limits: &Limits) -> Value {
    let Limits { lanes, inbox_backlog, call_time, call_memory_bytes, jobs, shutdown, deaf_after } = limits;
    Value::Table(table([
        ("lanes", i64::from(*lanes).into()),
        ("inbox_backlog", Value::Integer(i64::try_from(*inbox_backlog).unwrap_or(i64::MAX))),
        ("call_time", show_duration(*call_time).into()),
        ("call_memory", show_bytes(*call_memory_bytes).into()),
        ("jobs", i64::from(*jobs).into()),
        ("shutdown", show_duration(*shutdown).into()),
        ("deaf_after", show_duration(*deaf_after).into()),
    ]))
}

fn status_table(page: &StatusPage) -> Value {
    let StatusPage { title, description, path, cache, history, export, work, components, on_page: _ } = page;
    let components = components.iter().map(|component| (component.name.as_str(), component_table(component)));
    let mut pairs = vec![
        ("title", title.clone().into()),
        ("path", path.clone().into()),
        ("cache", show_duration(*cache).into()),
        ("history", show_duration(*history).into()),
        ("work_title", work.title.clone().into()),
        ("work_text", work.text.clone().into()),
        ("components", Value::Table(table(components))),
    ];
    pairs.extend(export.clone().map(|prefix| ("export", Value::String(prefix))));
    if !description.is_empty() {
        pairs.push(("description", description.clone().into()));
    }
    Value::Table(table(pairs))
}

fn component_table(component: &Component) -> Value {
    let Component { name: _, title, group, description, from, position } = component;
    let mut pairs = vec![
        ("title", title.clone().into()),
        ("from", from.to_string().into()),
        ("position", i64::from(*position).into()),
    ];
    pairs.extend(group.clone().map(|group| ("group", Value::String(group))));
    if !description.is_empty() {
        pairs.push(("description", description.clone().into()));
    }
    Value::Table(table(pairs))
}

fn retention_table(retention: &Retention) -> Value {
    let Retention { inbox, outbox, receipts } = retention;
    Value::Table(table([
        ("inbox", show_duration(*inbox).into()),
        ("outbox", show_duration(*outbox).into()),
        ("receipts", show_duration(*receipts).into()),
    ]))
}

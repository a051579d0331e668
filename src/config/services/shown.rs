//! `[services]` as it applies, defaults filled in. Structs are taken apart by name, so that a new field cannot be forgotten here.

use super::rollback::{Container, Does, Flag, Rollback, Smoke, Strategy};
use super::{Criterion, Pair, Service, Services};
use crate::config::quantity::show_duration;
use crate::model::public::NoticeWords;
use std::path::Path;
use std::time::Duration;
use toml::{Table, Value};

/// The section as TOML that reads back as the same.
pub(in crate::config) fn table_of(services: &Services) -> Value {
    Value::Table(services.0.iter().map(|(name, service)| (name.clone(), service_table(service))).collect())
}

fn table(pairs: Vec<(&str, Option<Value>)>) -> Value {
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Table(pairs.collect::<Table>())
}

fn text(text: &Option<String>) -> Option<Value> {
    text.clone().map(Value::String)
}

fn texts(texts: &[String]) -> Option<Value> {
    Some(texts.iter().cloned().map(Value::String).collect::<Vec<_>>().into())
}

fn path(path: &Path) -> Option<Value> {
    Some(path.to_string_lossy().into_owned().into())
}

fn word(word: &str) -> Option<Value> {
    Some(word.into())
}

fn some(list: Vec<Value>) -> Option<Value> {
    (!list.is_empty()).then_some(Value::Array(list))
}

fn service_table(service: &Service) -> Value {
    let Service {
        name: _,
        health,
        stop,
        start,
        migrate,
        restart,
        maintenance,
        read_only,
        notice,
        vendors,
        criteria,
        verify,
        rollback,
    } = service;
    let pair = |pair: &Option<Pair>| {
        let Pair { on, off } = pair.as_ref()?;
        Some(table(vec![("on", word(on)), ("off", word(off))]))
    };
    table(vec![
        ("health", text(health)),
        ("stop", text(stop)),
        ("start", text(start)),
        ("migrate", text(migrate)),
        ("restart", text(restart)),
        ("maintenance", pair(maintenance)),
        ("read_only", pair(read_only)),
        ("notice", notice.as_ref().map(notice_table)),
        ("vendors", texts(vendors).filter(|_| !vendors.is_empty())),
        ("criteria", criteria_table(criteria, "when")),
        ("verify", criteria_table(verify, "expect")),
        ("rollback", rollback.as_ref().map(rollback_table)),
    ])
}

fn notice_table(notice: &NoticeWords) -> Value {
    let NoticeWords { title, text, components, lasts_ms } = notice;
    let components: Vec<String> = components.iter().cloned().collect();
    let lasts = Duration::from_millis(u64::try_from(*lasts_ms).unwrap_or(0));
    table(vec![
        ("title", word(title)),
        ("text", word(text)),
        ("components", texts(&components)),
        ("lasts", word(&show_duration(lasts))),
    ])
}

fn criteria_table(criteria: &[Criterion], key: &str) -> Option<Value> {
    let one = |criterion: &Criterion| {
        let Criterion { name, probe, limit } = criterion;
        let limit = limit.as_ref().map(|limit| limit.written.clone().into());
        (name.clone(), table(vec![("probe", word(probe)), (key, limit)]))
    };
    (!criteria.is_empty()).then(|| Value::Table(criteria.iter().map(one).collect()))
}

fn rollback_table(rollback: &Rollback) -> Value {
    let Rollback { order, asks, against, checklist, smoke, watch, deploy_windows, ci, undo_flags, strategies } =
        rollback;
    let smoke = smoke.iter().map(|smoke| {
        let Smoke { url, status, contains, secret, post, token } = smoke;
        table(vec![
            ("url", word(url)),
            ("status", Some(i64::from(*status).into())),
            ("contains", text(contains)),
            ("secret", text(secret)),
            ("post", text(post)),
            ("token", text(token)),
        ])
    });
    let flags = undo_flags.iter().map(|flag| {
        let Flag { off, on } = flag;
        table(vec![("off", word(off)), ("on", word(on))])
    });
    let windows = deploy_windows.iter().map(|window| Value::String(window.to_string()));
    let strategies = strategies.iter().map(|(name, strategy)| (name.clone(), strategy_table(strategy)));
    table(vec![
        ("order", texts(order)),
        ("asks", texts(asks)),
        ("against", texts(against)),
        ("checklist", texts(checklist)),
        ("smoke", some(smoke.collect())),
        ("watch", word(&show_duration(*watch))),
        ("deploy_windows", some(windows.collect())),
        ("ci", texts(ci).filter(|_| !ci.is_empty())),
        ("undo_flags", some(flags.collect())),
        ("strategies", Some(Value::Table(strategies.collect()))),
    ])
}

fn strategy_table(strategy: &Strategy) -> Value {
    let Strategy { name: _, does, takes, risk, after, env } = strategy;
    let mut pairs = match does {
        Does::Git { repo, remote, branch } => {
            vec![("repo", path(repo)), ("remote", word(remote)), ("branch", word(branch))]
        }
        Does::Release { link, releases } => vec![("link", path(link)), ("releases", path(releases))],
        Does::Container(Container::Compose { file, env_file, service, variable }) => vec![
            ("tool", word("compose")),
            ("file", path(file)),
            ("env_file", path(env_file)),
            ("service", word(service)),
            ("variable", word(variable)),
        ],
        Does::Container(Container::Kubectl { service, container, image, namespace }) => vec![
            ("tool", word("kubectl")),
            ("service", word(service)),
            ("container", word(container)),
            ("image", word(image)),
            ("namespace", text(namespace)),
        ],
        Does::Migration { preserve, migrate_down, reimport, code } => vec![
            ("preserve", word(preserve)),
            ("migrate_down", word(migrate_down)),
            ("reimport", text(reimport)),
            ("code", word(code)),
        ],
        Does::Restore { target, code } => vec![("target", word(target)), ("code", text(code))],
    };
    let env: Vec<Value> = env.keys().cloned().map(Value::String).collect();
    pairs.extend([
        ("kind", word(does.kind())),
        ("takes", word(&show_duration(*takes))),
        ("risk", word(risk.as_str())),
        ("after", texts(after).filter(|_| !after.is_empty())),
        ("env", some(env)),
    ]);
    table(pairs)
}

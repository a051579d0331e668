//! Reading one target: its kind decides which keys there are.

use super::parameters::told;
use super::{Adopt, BackupPolicy, DrillPolicy, Target, TargetPlace, TargetUrl};
use crate::config::commands::Commands;
use crate::config::database;
use crate::config::limits::{BACKUP_EXCLUDES_MAX, BACKUP_SPAN_MAX};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::secret::Secret;
use crate::config::section::{Context, Section};
use crate::config::tree::{Entry, Node, Value};
use crate::config::values;
use std::time::Duration;

const KINDS: [&str; 3] = ["postgres", "sqlite", "files"];

/// A target with its name; `None` when it cannot be said what or where it is, which was noted then.
pub(super) fn target(
    all: &Section<'_>,
    entry: &Entry,
    mut section: Section<'_>,
    commands: &Commands,
) -> Option<(String, Target)> {
    let name = entry.key.clone();
    if !values::is_name(&name, "-_") {
        all.refuse_name(
            entry,
            Refusal::expected("a name of lower-case letters, digits, - _: it is part of objects' names"),
        );
    }
    if section.is_empty() {
        section.refuse_whole(&entry.place, Refusal::expected("`kind` and `url` or `path` in it"));
        return None;
    }
    let kind = section.required("kind", "\"postgres\", \"sqlite\" or \"files\"", kind);
    let place = kind.and_then(|kind| place(&mut section, kind));
    if kind.is_none() {
        // Not to be called unknown because of a kind that was not understood.
        for key in ["url", "path", "pg_bin", "exclude", "wal_archiving"] {
            section.node(key);
        }
    }
    let span = |node| values::duration(node, Duration::from_secs(60)..=BACKUP_SPAN_MAX);
    let (rpo, rto) = (section.read("rpo", span), section.read("rto", span));
    let wal_archiving = if kind == Some("postgres") { section.read("wal_archiving", span) } else { None };
    let service = section.read("service", service);
    let owner = section.read("owner", owner);
    let backup = BackupPolicy::read(section.child("backup"), matches!(kind, None | Some("postgres")));
    let drill = DrillPolicy::read(section.child("drill"), kind == Some("postgres"), commands);
    let adopt = Adopt::read(section.child("adopt"));
    section.finish();
    let target =
        Target { name: name.clone(), place: place?, rpo, rto, wal_archiving, service, owner, backup, drill, adopt };
    Some((name, target))
}

fn kind(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    KINDS.into_iter().find(|kind| *kind == text).ok_or_else(|| {
        let fix = match text {
            "postgresql" | "pg" => Some("write \"postgres\"".to_owned()),
            "redis" | "memcached" | "celery" => {
                Some("caches and queues are not backed up: they are filled again".to_owned())
            }
            _ => did_you_mean(text, KINDS),
        };
        Refusal::expected("\"postgres\", \"sqlite\" or \"files\"").maybe_fix(fix)
    })
}

fn place(section: &mut Section<'_>, kind: &str) -> Option<TargetPlace> {
    let cx = section.cx;
    let name = section.path("url");
    let folder = |node| values::text(node).map(|text| cx.resolve(text));
    match kind {
        "postgres" => {
            let pg_bin = section.read("pg_bin", folder);
            let what = "where the database is: url = { env = \"NAME\" }";
            let url = section.required("url", what, |node| url(cx, &name, node).and_then(told))?;
            Some(TargetPlace::Postgres { url, pg_bin })
        }
        // Both spellings: a path, as of files, and the URL that applications have.
        "sqlite" if section.has("url") => {
            let what = "\"sqlite:data/shop.db\"";
            let file = section.required("url", what, |node| match values::text(node)?.strip_prefix("sqlite:") {
                Some(rest) => database::sqlite_file(cx, rest),
                None => Err(Refusal::expected(what)),
            })?;
            Some(TargetPlace::Sqlite(file))
        }
        "sqlite" => section.required("path", "the file: path = \"data/shop.db\"", folder).map(TargetPlace::Sqlite),
        _ => {
            let exclude =
                section.read_list("exclude", "a list of patterns, such as [\"cache/**\", \"**/*.tmp\"]", pattern);
            let exclude = exclude.unwrap_or_default();
            if exclude.len() > BACKUP_EXCLUDES_MAX {
                let expected = format!("at most {BACKUP_EXCLUDES_MAX} patterns");
                section.refuse("exclude", Refusal::expected(expected).found(format!("{} of them", exclude.len())));
            }
            let path = section.required("path", "the folder: path = \"/srv/media\"", folder)?;
            Some(TargetPlace::Files { path, exclude })
        }
    }
}

/// A PostgreSQL database's URL, written or named; what is secret in it is noted under `name`.
pub(in crate::config) fn url(cx: &Context<'_>, name: &str, node: &Node) -> Result<TargetUrl, Refusal> {
    let read = match &node.value {
        Value::Text(_) => TargetUrl { url: database::postgres_url(values::text(node)?)?, secret: None },
        Value::Table(_) => {
            let secret = Secret::read(cx, node)?;
            // What a variable or file holds is not repeated, whatever is wrong with it.
            let url = database::postgres_url(secret.expose());
            let url = url.map_err(|why| why.found(format!("something else in {secret}")))?;
            TargetUrl { url, secret: Some(secret) }
        }
        _ => return Err(Refusal::expected("\"postgres://USER@HOST/NAME\", { env = \"NAME\" } or { file = \"PATH\" }")),
    };
    for password in database::passwords_in(&read.url) {
        cx.note_secret(name, &password);
    }
    Ok(read)
}

fn service(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match values::is_name(text, "-_.") {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("the name of a service: lower-case letters, digits, - _ .")),
    }
}

fn owner(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.chars().count() {
        0..=100 => Ok(text.trim().to_owned()),
        n => Err(Refusal::expected("at most 100 characters").found(format!("{n} characters"))),
    }
}

fn pattern(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected("a pattern of paths within the folder, such as \"cache/**\" or \"**/*.tmp\"");
    if text.starts_with('/') {
        return Err(expected().fix("leave out the slash in front: patterns begin at the folder"));
    }
    glob::Pattern::new(text).map(|_| text.to_owned()).map_err(|why| expected().fix(why.to_string()))
}

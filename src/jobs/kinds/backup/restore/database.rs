//! How a copy goes into a PostgreSQL database that is there: what is in the way, and what the server says where it is not there at all.

use super::Spec;
use super::destination::meant;
use crate::ops::backup::contents::Contents;
use crate::ops::backup::server::Server;
use crate::ops::restore::postgres::Database;
use crate::ops::restore::put::How;
use crate::ops::restore::{Counted, RestoreError};
use secrecy::SecretString;

/// Tables that one sentence names.
const NAMED: usize = 5;

/// What a server answered, with what to type where the server says that it has no such database: who owns it and what it is like is not ours to guess.
pub(super) fn absent(error: RestoreError, url: &SecretString) -> RestoreError {
    let Ok(server) = Server::of(url) else { return error };
    let named = |key: &str| server.env.get(key).map(String::as_str);
    let Some(name) = named("PGDATABASE") else { return error };
    if !error.sentence.contains(&format!("database \"{name}\" does not exist")) {
        return error;
    }
    let options = [("-h", named("PGHOST")), ("-p", named("PGPORT")), ("-U", named("PGUSER"))];
    let options: String =
        options.iter().filter_map(|(option, value)| Some(format!(" {option} {}", (*value)?))).collect();
    RestoreError::check(format!(
        "the database {} is not there: make it, empty, with `createdb{options} {name}`, and restore again",
        server.shown
    ))
}

/// What is in a database that is replaced has to be in the copy: what it does not know would stay behind, and be in the way of what
/// made it.
async fn known(database: &Database, contents: &Contents) -> Result<(), RestoreError> {
    if contents.tables.is_none() {
        return Ok(());
    }
    let others = database.others(&meant(&[], contents)?).await?;
    if others.is_empty() {
        return Ok(());
    }
    let more = if others.len() > NAMED { ", …" } else { "" };
    let named = others.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    Err(RestoreError::check(format!(
        "the database {} has tables that the copy does not have, and `clean` removes only what it has: {named}{more}. Drop them or move \
         them elsewhere, or restore into an empty database",
        database.shown()
    )))
}

/// A partitioned table has no rows of its own, so that no copy knows it: its partitions are named instead.
async fn partitioned(
    database: &Database,
    words: &[String],
    contents: &Contents,
) -> Result<Option<RestoreError>, RestoreError> {
    let known = meant(&[], contents)?;
    for word in words.iter().filter(|word| !known.iter().any(|table| table.is_meant_by(word))) {
        let parts = database.partitions(word).await?;
        let parts: Vec<String> =
            parts.into_iter().filter(|part| known.iter().any(|table| table.shown() == *part)).collect();
        if !parts.is_empty() {
            return Ok(Some(RestoreError::check(format!(
                "the table {word} is partitioned and has no rows of its own: name those of its partitions that are meant, {}",
                parts.join(", ")
            ))));
        }
    }
    Ok(None)
}

/// How a database is restored into, as far as what is in it allows it. A bot's own is not restored over.
pub(super) async fn how(database: &Database, spec: &Spec, contents: &Contents) -> Result<How, RestoreError> {
    if database.is_a_bots().await? {
        return Err(RestoreError::check(super::a_bots(database.shown())));
    }
    if spec.tables.is_empty() && !spec.data_only {
        let objects = database.objects().await?;
        if objects > 0 && !spec.clean {
            let shown = database.shown();
            return Err(RestoreError::check(format!(
                "the database {shown} is not empty, it has {objects} tables, views and sequences: with `clean` they go first"
            )));
        }
        if objects > 0 {
            known(database, contents).await?;
        }
        return Ok(How { clean: objects > 0, ..How::default() });
    }
    let tables = match meant(&spec.tables, contents) {
        Ok(tables) => tables,
        Err(error) => return Err(partitioned(database, &spec.tables, contents).await?.unwrap_or(error)),
    };
    database.takes_scripts().await?;
    let found = database.counts(&tables).await?;
    let missing = tables.iter().zip(&found).find(|(_, found)| **found == Counted::Missing).map(|(table, _)| table);
    let there = tables.iter().zip(&found).find(|(_, found)| **found != Counted::Missing).map(|(table, _)| table);
    match (missing, there) {
        (Some(missing), _) if spec.data_only => Err(RestoreError::check(format!(
            "the table {} is not there, and rows alone make no table",
            missing.shown()
        ))),
        (Some(missing), Some(there)) => Err(RestoreError::check(format!(
            "the table {} is there and {} is not: restore them one after the other",
            there.shown(),
            missing.shown()
        ))),
        (Some(_), None) => Ok(How { tables, ..How::default() }),
        (None, _) => {
            let full = tables.iter().zip(&found).find(|(_, found)| !matches!(found, Counted::Rows(0)));
            if let Some((table, _)) = full.filter(|_| !spec.clean) {
                return Err(RestoreError::check(format!(
                    "the table {} is not empty: with `clean` its rows are replaced",
                    table.shown()
                )));
            }
            let around = database.around(&tables, full.is_some()).await?;
            // All of them need no names, which `pg_restore` takes for one schema only.
            let tables = if spec.tables.is_empty() { Vec::new() } else { tables };
            Ok(How { data_only: true, tables, around, ..How::default() })
        }
    }
}

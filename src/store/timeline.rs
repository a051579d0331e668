//! Timelines of incidents: appended to, read from the end.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{IncidentId, PersonId};
use crate::model::incident::{TimelineEntry, TimelineLine};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Executor, Row};

const APPEND: Sql = sql!(
    "insert into timeline (id, incident, at_ms, kind, author, text, source, via) \
     select r.value->>0, r.value->>1, cast(r.value->>2 as bigint), r.value->>3, r.value->>4, r.value->>5, r.value->>6, \
     r.value->>7 from ",
    rows,
    " where true"
);

// One search for each incident, by the index; `limit` takes no column of another table on SQLite, so that all have one.
const ENDS: Sql = sql!(
    "select t.incident, t.id from ",
    rows,
    " join timeline t on t.incident = r.value->>0 and t.id >= coalesce((select o.id from timeline o \
     where o.incident = r.value->>0 order by o.id desc limit 1 offset $2), '') order by t.id"
);

/// Asks for the ids of the last `limit` lines of each; `end_of` reads the rows, oldest first.
pub(super) fn ends(engine: Engine, incidents: &[&IncidentId], limit: i64) -> Statement {
    let rows: Vec<_> = incidents.iter().map(|id| json!([id])).collect();
    ENDS.statement(engine, "checking what a call read").text(parameter(&json!(rows))).number((limit - 1).max(0))
}

pub(super) fn end_of(row: &AnyRow) -> (IncidentId, String) {
    (IncidentId::new(row.get::<String, _>(0)), row.get(1))
}

/// The last `limit` lines, oldest first.
pub(super) async fn list(
    executor: impl Executor<'_, Database = sqlx::Any>,
    incident: &IncidentId,
    limit: i64,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let rows =
        sqlx::query("select id, at_ms, kind, author, text from timeline where incident = $1 order by id desc limit $2")
            .bind(incident.as_str())
            .bind(limit)
            .fetch_all(executor)
            .await
            .map_err(StoreError::doing("reading a timeline"))?;
    Ok(rows.iter().rev().map(|row| parse(row, incident)).collect())
}

/// A line as it is written: with where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) entry: &'a TimelineEntry,
    pub(super) source: Option<&'a str>,
    pub(super) via: Option<&'a str>,
}

/// The last `limit` lines with where they come from, oldest first.
pub(super) async fn last(pool: &AnyPool, incident: &IncidentId, limit: i64) -> Result<Vec<TimelineLine>, StoreError> {
    let mut lines = page(pool, incident, &LineFilter::default(), "", limit).await?;
    lines.reverse();
    Ok(lines)
}

/// How many lines come before one.
pub(super) async fn before(
    pool: &AnyPool,
    incident: &IncidentId,
    line: Option<&TimelineLine>,
) -> Result<usize, StoreError> {
    let Some(line) = line else { return Ok(0) };
    let row = sqlx::query("select count(*) from timeline where incident = $1 and id < $2")
        .bind(incident.as_str())
        .bind(&line.entry.id)
        .fetch_one(pool)
        .await
        .map_err(StoreError::doing("counting a timeline"))?;
    Ok(usize::try_from(row.get::<i64, _>(0)).unwrap_or_default())
}

/// The line in a row's first five columns: id, at_ms, kind, author, text.
pub(super) fn parse(row: &AnyRow, incident: &IncidentId) -> TimelineEntry {
    TimelineEntry {
        id: row.get(0),
        incident: incident.clone(),
        at_ms: row.get(1),
        kind: row.get(2),
        author: PersonId::new(row.get::<String, _>(3)),
        text: row.get(4),
    }
}

/// Which lines of a timeline are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Of this kind.
    pub kind: String,
    /// By this person or plugin.
    pub author: String,
    /// With this in their text; the case of ASCII letters does not matter.
    pub text: String,
}

/// Lines that pass the filter, newest first, from before the line `before`; empty is from the end.
pub(super) async fn page(
    pool: &AnyPool,
    incident: &IncidentId,
    filter: &LineFilter,
    before: &str,
    limit: i64,
) -> Result<Vec<TimelineLine>, StoreError> {
    let rows = sqlx::query(
        "select id, at_ms, kind, author, text, source, via from timeline where incident = $1 and ($2 = '' or kind = $2) \
         and ($3 = '' or author = $3) and ($4 = '' or lower(text) like $4 escape '!') and ($5 = '' or id < $5) \
         order by id desc limit $6",
    )
    .bind(incident.as_str())
    .bind(filter.kind.as_str())
    .bind(filter.author.as_str())
    .bind(contains(&filter.text))
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("reading a timeline"))?;
    let line = |row: &AnyRow| TimelineLine { entry: parse(row, incident), source: row.get(5), via: row.get(6) };
    Ok(rows.iter().map(line).collect())
}

/// The pattern of "has this in it", with the pattern's own signs made harmless; empty for nothing.
fn contains(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut pattern = "%".to_owned();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

/// The kinds and the authors that occur, each sorted.
pub(super) async fn words(pool: &AnyPool, incident: &IncidentId) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let mut found = (Vec::new(), Vec::new());
    for (text, into) in [
        ("select distinct kind from timeline where incident = $1 order by kind", &mut found.0),
        ("select distinct author from timeline where incident = $1 order by author", &mut found.1),
    ] {
        let rows = sqlx::query(text)
            .bind(incident.as_str())
            .fetch_all(pool)
            .await
            .map_err(StoreError::doing("reading what occurs in a timeline"))?;
        into.extend(rows.iter().map(|row| row.get::<String, _>(0)));
        into.sort_unstable();
    }
    Ok(found)
}

pub(super) fn append(engine: Engine, lines: &[Line<'_>]) -> Statement {
    let row = |line: &Line<'_>| {
        let e = line.entry;
        json!([e.id, e.incident, e.at_ms, e.kind, e.author, e.text, line.source, line.via])
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    APPEND.statement(engine, "writing timelines").text(parameter(&json!(rows)))
}

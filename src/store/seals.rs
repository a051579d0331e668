//! The chain of an incident's timeline: lines are sealed in the order in which they are found, so that a line which another
//! replica wrote with an older id comes after those that were posted already. Never changed, only added to.

use super::Store;
use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use super::timeline;
use crate::audit::{timeline_begins, timeline_link};
use crate::model::ids::IncidentId;
use crate::model::incident::TimelineLine;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

const LAST: &str = "select position, hash from seals where incident = $1 order by position desc limit 1";
const OPEN: &str = "select id, at_ms, kind, author, text, source, via from timeline where incident = $1 and not exists \
                    (select 1 from seals where seals.incident = timeline.incident and seals.line = timeline.id) order by id";
// No upsert: of two replicas that seal at once, the second fails and looks again.
const INSERT: Sql = sql!(
    "insert into seals (incident, position, line, hash) \
     select r.value->>0, cast(r.value->>1 as bigint), r.value->>2, r.value->>3 from ",
    rows,
    " where true"
);
const WALK: &str = "select timeline.id, timeline.at_ms, timeline.kind, timeline.author, timeline.text, timeline.source, timeline.via, \
                    seals.position, seals.hash from seals left join timeline on timeline.id = seals.line \
                    and timeline.incident = seals.incident where seals.incident = $1 and seals.position <= $2 \
                    order by seals.position";

/// How far a timeline is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// So many lines.
    pub lines: i64,
    /// The last one's hash; what the chain begins with if there is none.
    pub hash: String,
}

/// A sealed line as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedLine {
    /// Which one, from 1.
    pub position: i64,
    /// The hash that was kept for it.
    pub hash: String,
    /// The line; `None` if it is gone.
    pub line: Option<TimelineLine>,
}

fn line(row: &AnyRow, incident: &IncidentId) -> TimelineLine {
    TimelineLine { entry: timeline::parse(row, incident), source: row.get(5), via: row.get(6) }
}

async fn seal(connection: &mut AnyConnection, engine: Engine, incident: &IncidentId) -> Result<Seal, StoreError> {
    let ask = |text| Statement::new(text, "sealing a timeline").text(incident.as_str());
    let last = ask(LAST).run(&mut *connection).await?;
    let mut seal = match last.first() {
        Some(row) => Seal { lines: row.get(0), hash: row.get(1) },
        None => Seal { lines: 0, hash: timeline_begins(incident) },
    };
    let mut rows = Vec::new();
    for row in ask(OPEN).run(&mut *connection).await? {
        let line = line(&row, incident);
        seal = Seal { lines: seal.lines + 1, hash: timeline_link(&seal.hash, &line) };
        rows.push(json!([incident, seal.lines, line.entry.id, seal.hash]));
    }
    if !rows.is_empty() {
        let insert = INSERT.statement(engine, "sealing a timeline");
        insert.text(parameter(&json!(rows))).run(connection).await?;
    }
    Ok(seal)
}

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or the store is closing")]
impl Store {
    /// Seals what of a timeline is not sealed yet.
    pub async fn seal_timeline(&self, incident: IncidentId) -> Result<Seal, StoreError> {
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { seal(connection, engine, &incident).await })
        })
        .await
    }

    /// The first `lines` sealed lines of a timeline, in the order in which they were sealed.
    pub async fn sealed_lines(&self, incident: &IncidentId, lines: i64) -> Result<Vec<SealedLine>, StoreError> {
        let rows = sqlx::query(WALK)
            .bind(incident.as_str())
            .bind(lines)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("walking a sealed timeline"))?;
        let sealed = rows.iter().map(|row| SealedLine {
            position: row.get(7),
            hash: row.get(8),
            line: row.get::<Option<String>, _>(0).map(|_| line(row, incident)),
        });
        Ok(sealed.collect())
    }
}

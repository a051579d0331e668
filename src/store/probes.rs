//! What the bot's own looks found, and beats. A row a look; the last one of each probe says how it stands. What the words in it
//! mean is `crate::probes`' business.

use super::Store;
use super::error::StoreError;
use super::sql::{Sql, parameter, sql};
use super::statement::Statement;
use crate::config::limits::{PROBE_BEAT_AHEAD_MS, PROBE_RESULTS_READ};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// The outcome of a row that is no look.
const BEAT: &str = "beat";

const KEEP: &str = "insert into probes (id, probe, at_ms, outcome, value, took_ms, detail, sample, standing) \
    values ($1, $2, $3, $4, nullif($5, ''), nullif($6, -1), $7, $8, $9) \
    on conflict (id) do update set outcome = excluded.outcome, value = excluded.value, took_ms = excluded.took_ms, \
    detail = excluded.detail, sample = excluded.sample, standing = excluded.standing";
// A beat that was held up on its way does not turn the clock back. One that lies far ahead is of a clock that was set back.
const BEATEN: &str = "insert into probes (id, probe, at_ms, outcome, detail, sample, standing) values ($1, $2, $3, 'beat', '', '', '') \
    on conflict (id) do update set at_ms = case when excluded.at_ms > probes.at_ms or probes.at_ms - excluded.at_ms > $4 \
    then excluded.at_ms else probes.at_ms end";
const FORGET_AFTER: &str = "delete from probes where probe = $1 and at_ms > $2 and outcome <> 'beat'";
// One step into the index for each, however many looks are kept.
const LAST_OF: Sql = sql!(
    "select probe, at_ms, outcome, value, took_ms, detail, sample, standing from probes where id in (select (select last.id from \
     probes last where last.probe = r.value->>0 and last.outcome <> 'beat' order by last.at_ms desc limit 1) from ",
    rows,
    ") order by probe"
);

/// One look.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRow {
    /// The probe.
    pub probe: String,
    /// When it was looked, milliseconds since the epoch. There is one look of a probe at a time.
    pub at_ms: i64,
    /// `pass`, `fail` or `unknown`.
    pub outcome: String,
    /// The number that was found.
    pub value: Option<f64>,
    /// How long it took, milliseconds.
    pub took_ms: Option<i64>,
    /// What there is to say of it.
    pub detail: String,
    /// What a later look needs of it, as JSON.
    pub sample: String,
    /// How the probe stood after it, as JSON.
    pub standing: String,
}

impl Store {
    /// Keeps a look, or what became of one that is kept.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_probe(&self, mut row: ProbeRow) -> Result<(), StoreError> {
        if let Some(scrub) = &self.scrub {
            scrub.string(&mut row.detail);
        }
        self.solo(&self.inner.front, move |connection, _| Box::pin(async move { keep(connection, &row).await })).await
    }

    /// Forgets the looks of a probe that lie after a moment: those of a clock that has been set back.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_looks_after(&self, probe: &str, at_ms: i64) -> Result<(), StoreError> {
        let forget = Statement::new(FORGET_AFTER, "forgetting looks from ahead").text(probe).number(at_ms);
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { forget.run(connection).await.map(drop) })
        })
        .await
    }

    /// Notes that a heartbeat beat.
    ///
    /// # Errors
    /// The database does not answer; the sender should try again.
    pub async fn beat(&self, probe: &str, at_ms: i64) -> Result<(), StoreError> {
        let beaten = Statement::new(BEATEN, "noting a beat").text(format!("{probe}/beat")).text(probe);
        let beaten = beaten.number(at_ms).number(PROBE_BEAT_AHEAD_MS);
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { beaten.run(connection).await.map(drop) })
        })
        .await
    }

    /// When a heartbeat last beat.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_beat(&self, probe: &str) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query("select at_ms from probes where id = $1 and outcome = $2")
            .bind(format!("{probe}/beat"))
            .bind(BEAT)
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading a beat"))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// The last look of a probe.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_look(&self, probe: &str) -> Result<Option<ProbeRow>, StoreError> {
        const LAST: &str = "select probe, at_ms, outcome, value, took_ms, detail, sample, standing from probes \
                            where probe = $1 and outcome <> 'beat' order by at_ms desc limit 1";
        let row = sqlx::query(LAST)
            .bind(probe)
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading the last look of a probe"))?;
        Ok(row.as_ref().map(look))
    }

    /// The last look of each of these probes that was ever looked at, by name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_looks(&self, probes: &[&str]) -> Result<Vec<ProbeRow>, StoreError> {
        let names: Vec<_> = probes.iter().map(|name| json!([name])).collect();
        let rows = sqlx::query(LAST_OF.on(self.engine()))
            .bind(parameter(&json!(names)))
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading the last look of each probe"))?;
        Ok(rows.iter().map(look).collect())
    }

    /// The looks of a probe since a moment, oldest first: without what there is to say of each and how the probe stood.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn looks_since(&self, probe: &str, since_ms: i64) -> Result<Vec<ProbeRow>, StoreError> {
        const SINCE: &str = "select at_ms, outcome, value, took_ms, sample from probes \
                             where probe = $1 and at_ms >= $2 and outcome <> 'beat' order by at_ms desc limit $3";
        let rows = sqlx::query(SINCE)
            .bind(probe)
            .bind(since_ms)
            .bind(PROBE_RESULTS_READ)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading the looks of a probe"))?;
        let short = |row: &AnyRow| ProbeRow {
            probe: probe.to_owned(),
            at_ms: row.get(0),
            outcome: row.get(1),
            value: number(row, 2),
            took_ms: row.get(3),
            detail: String::new(),
            sample: row.get(4),
            standing: String::new(),
        };
        Ok(rows.iter().rev().map(short).collect())
    }
}

async fn keep(connection: &mut AnyConnection, row: &ProbeRow) -> Result<(), StoreError> {
    let ProbeRow { probe, at_ms, outcome, value, took_ms, detail, sample, standing } = row;
    let keep = Statement::new(KEEP, "keeping what a probe found")
        .text(format!("{probe}/{at_ms}"))
        .text(probe.as_str())
        .number(*at_ms)
        .text(outcome.as_str())
        .text(value.map(|value| value.to_string()).unwrap_or_default())
        .number(took_ms.unwrap_or(-1))
        .text(detail.as_str())
        .text(sample.as_str())
        .text(standing.as_str());
    keep.run(connection).await.map(drop)
}

fn number(row: &AnyRow, column: usize) -> Option<f64> {
    row.get::<Option<String>, _>(column).and_then(|text| text.parse().ok())
}

fn look(row: &AnyRow) -> ProbeRow {
    ProbeRow {
        probe: row.get(0),
        at_ms: row.get(1),
        outcome: row.get(2),
        value: number(row, 3),
        took_ms: row.get(4),
        detail: row.get(5),
        sample: row.get(6),
        standing: row.get(7),
    }
}

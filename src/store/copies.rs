//! The catalogue of copies: what was taken, what is known of it, what must stay. It says nothing that the objects and their manifests
//! do not say too, except verdicts and pins; those are never lost to a copy being entered once more.

use super::Store;
use super::error::StoreError;
use super::sql::{Sql, sql};
use super::statement::Statement;
use crate::config::limits::COPIES_LISTED;
use crate::model::copy::{BackupCopy, CopyVerdict, Pin, is_short};
use crate::model::ids::PersonId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use std::collections::BTreeMap;

const TAKE: &str = "insert into copies (object, target, kind, taken_ms, stored_bytes, plain_bytes, manifest, verdict, verdict_ms, \
    verdict_detail, verified_ms, proven_ms, pinned_by, pinned_ms, pin_reason, gone_ms) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict (object) do update set \
    target = excluded.target, kind = excluded.kind, taken_ms = excluded.taken_ms, stored_bytes = excluded.stored_bytes, \
    plain_bytes = excluded.plain_bytes, manifest = excluded.manifest, gone_ms = excluded.gone_ms, \
    verdict = case when copies.verdict = 'unverified' then excluded.verdict else copies.verdict end, \
    verdict_ms = case when copies.verdict = 'unverified' then excluded.verdict_ms else copies.verdict_ms end, \
    verdict_detail = case when copies.verdict = 'unverified' then excluded.verdict_detail else copies.verdict_detail end, \
    verified_ms = coalesce(copies.verified_ms, excluded.verified_ms), proven_ms = coalesce(copies.proven_ms, excluded.proven_ms), \
    pinned_by = coalesce(copies.pinned_by, excluded.pinned_by), \
    pinned_ms = case when copies.pinned_by is null then excluded.pinned_ms else copies.pinned_ms end, \
    pin_reason = case when copies.pinned_by is null then excluded.pin_reason else copies.pin_reason end";
const STANDS: Sql =
    sql!("select verdict, verdict_ms, verdict_detail, verified_ms, proven_ms from copies where object = $1", hold);
const CHECK: &str = "update copies set verdict = $2, verdict_ms = $3, verdict_detail = $4, verified_ms = $5, proven_ms = $6 \
    where object = $1";
// One statement: whoever pins it at the same moment is either seen here or finds it gone.
const GO: &str =
    "update copies set gone_ms = $2 where object = $1 and gone_ms is null and pinned_by is null returning object";
// A copy that went in the meantime loses its key, which fails the transaction: nobody is told that it is kept.
const PIN: &str = "update copies set object = case when gone_ms is null then object else null end, pinned_by = $2, pinned_ms = $3, \
    pin_reason = $4 where object = $1";
const UNPIN: &str = "update copies set pinned_by = null, pinned_ms = null, pin_reason = null where object = $1";

/// The columns in the order in which `copy` reads them; the manifest last, for lists go without.
macro_rules! columns {
    () => {
        "object, target, kind, taken_ms, stored_bytes, plain_bytes, verdict, verdict_ms, verdict_detail, verified_ms, \
         proven_ms, pinned_by, pinned_ms, pin_reason, gone_ms"
    };
}
const GET: &str = concat!("select ", columns!(), ", manifest from copies where object = $1");
const LIST: &str = concat!(
    "select ",
    columns!(),
    ", '' from copies where gone_ms is null and taken_ms < $1 and ($2 = '' or target = $2) \
     order by taken_ms desc, object desc limit $3"
);
const NAMED: &str = concat!(
    "select ",
    columns!(),
    ", '' from copies where gone_ms is null and (object = $1 or object like $2) order by taken_ms desc, object desc limit $3"
);

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or a row is corrupt")]
impl Store {
    /// Enters a copy, or enters it anew: sizes and manifest are as given, and it is there. A verdict and a pin that it has stay.
    pub async fn copy_taken(&self, mut copy: BackupCopy) -> Result<(), StoreError> {
        if let Some(scrub) = &self.scrub {
            scrub.string(&mut copy.manifest);
            scrub.string(&mut copy.verdict_detail);
        }
        self.solo(&self.inner.front, move |connection, _| Box::pin(async move { take(connection, &copy).await })).await
    }

    /// Notes what a look at a copy said; `detail` is one sentence. What stands afterwards is `CopyVerdict::after`; a look from
    /// before the last one takes nothing back. `false` if there is no such copy.
    pub async fn copy_checked(
        &self,
        object: String,
        verdict: CopyVerdict,
        at_ms: i64,
        mut detail: String,
    ) -> Result<bool, StoreError> {
        if let Some(scrub) = &self.scrub {
            scrub.string(&mut detail);
        }
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move {
                let stands = sqlx::query(STANDS.on(engine))
                    .bind(&object)
                    .fetch_optional(&mut *connection)
                    .await
                    .map_err(StoreError::doing("reading what is known of a copy"))?;
                let Some(row) = stands else { return Ok(false) };
                check(connection, &object, &row, (verdict, at_ms, detail)).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Notes that a copy is about to be deleted. `false` if it may not be, since it is pinned, or if it is gone already. Ask this
    /// before deleting the object, and enter the copy anew if it could not be deleted: a pin set in between is then never lost.
    pub async fn copy_gone(&self, object: String, at_ms: i64) -> Result<bool, StoreError> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move {
                let gone = sqlx::query(GO).bind(&object).bind(at_ms).fetch_optional(connection).await;
                Ok(gone.map_err(StoreError::doing("noting that a copy goes"))?.is_some())
            })
        })
        .await
    }

    /// A copy with its manifest, gone or not.
    pub async fn copy(&self, object: &str) -> Result<Option<BackupCopy>, StoreError> {
        let row = sqlx::query(GET)
            .bind(object)
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("reading a copy"))?;
        row.as_ref().map(copy).transpose()
    }

    /// The copies that are there, of one target or of all, newest first, from before a moment; at most `COPIES_LISTED`, without
    /// their manifests.
    pub async fn copies(
        &self,
        target: Option<&str>,
        limit: u32,
        before_ms: Option<i64>,
    ) -> Result<Vec<BackupCopy>, StoreError> {
        let rows = sqlx::query(LIST)
            .bind(before_ms.unwrap_or(i64::MAX))
            .bind(target.unwrap_or_default())
            .bind(i64::from(limit.min(COPIES_LISTED)))
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("listing copies"))?;
        rows.iter().map(copy).collect()
    }

    /// The copies that somebody may mean: the one of that object, or those whose short name it is. Newest first, without their
    /// manifests. Two that share a short name are rare, and whoever asks has to say which.
    pub async fn copies_named(&self, name: &str) -> Result<Vec<BackupCopy>, StoreError> {
        const FEW: i64 = 10;
        let like = if is_short(name) { format!("%-{name}.%") } else { String::new() };
        let rows = sqlx::query(NAMED)
            .bind(name)
            .bind(like)
            .bind(FEW)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("looking for a copy"))?;
        rows.iter().map(copy).collect()
    }
}

/// What sets and takes away pins.
pub(super) fn pins(pins: &BTreeMap<String, Option<Pin>>) -> Vec<Statement> {
    let one = |(object, pin): (&String, &Option<Pin>)| match pin {
        Some(pin) => Statement::new(PIN, "pinning a copy")
            .text(object.as_str())
            .text(pin.by.as_str())
            .number(pin.at_ms)
            .text(pin.reason.as_str()),
        None => Statement::new(UNPIN, "taking a pin away").text(object.as_str()),
    };
    pins.iter().map(one).collect()
}

/// A copy that is there, as a read set remembers it.
pub(super) async fn held(connection: &mut AnyConnection, object: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query(
        "select object, cast(case when pinned_by is null then 0 else 1 end as bigint) from copies where object = $1 and gone_ms is null",
    )
    .bind(object)
    .fetch_all(connection)
    .await
    .map_err(StoreError::doing("checking a copy"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1))).collect())
}

async fn take(connection: &mut AnyConnection, copy: &BackupCopy) -> Result<(), StoreError> {
    let pin = copy.pinned.as_ref();
    let query = sqlx::query(TAKE)
        .bind(&copy.object)
        .bind(&copy.target)
        .bind(&copy.kind)
        .bind(copy.taken_ms)
        .bind(copy.stored_bytes)
        .bind(copy.plain_bytes)
        .bind(without_nul(&copy.manifest))
        .bind(copy.verdict.as_str())
        .bind(copy.verdict_ms)
        .bind(without_nul(&copy.verdict_detail))
        .bind(copy.verified_ms)
        .bind(copy.proven_ms)
        .bind(pin.map(|pin| pin.by.as_str()))
        .bind(pin.map(|pin| pin.at_ms))
        .bind(pin.map(|pin| without_nul(&pin.reason)))
        .bind(copy.gone_ms);
    query.execute(connection).await.map_err(StoreError::doing("entering a copy"))?;
    Ok(())
}

/// PostgreSQL keeps no NUL in a text.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

async fn check(
    connection: &mut AnyConnection,
    object: &str,
    stands: &AnyRow,
    (said, at_ms, detail): (CopyVerdict, i64, String),
) -> Result<(), StoreError> {
    let before = verdict(stands.get(0))?;
    let looked: Option<i64> = stands.get(1);
    let newest = looked.is_none_or(|looked| at_ms >= looked);
    let (verdict, verdict_ms, detail) = match before.after(said) == said && said != CopyVerdict::Unverified && newest {
        true => (said, Some(at_ms), without_nul(&detail)),
        false => (before, looked, stands.get(2)),
    };
    let later = |known: Option<i64>, now: bool| if now { known.max(Some(at_ms)) } else { known };
    let whole = matches!(said, CopyVerdict::Verified | CopyVerdict::Proven);
    let query = sqlx::query(CHECK)
        .bind(object)
        .bind(verdict.as_str())
        .bind(verdict_ms)
        .bind(detail)
        .bind(later(stands.get(3), whole))
        .bind(later(stands.get(4), said == CopyVerdict::Proven));
    query.execute(connection).await.map_err(StoreError::doing("noting what is known of a copy"))?;
    Ok(())
}

fn verdict(word: &str) -> Result<CopyVerdict, StoreError> {
    CopyVerdict::parse(word)
        .ok_or_else(|| StoreError::Corrupt { table: "copies", reason: format!("the verdict `{word}`") })
}

fn copy(row: &AnyRow) -> Result<BackupCopy, StoreError> {
    let pin = |by: String| Pin {
        by: PersonId::new(by),
        at_ms: row.get::<Option<i64>, _>(12).unwrap_or_default(),
        reason: row.get::<Option<String>, _>(13).unwrap_or_default(),
    };
    Ok(BackupCopy {
        object: row.get(0),
        target: row.get(1),
        kind: row.get(2),
        taken_ms: row.get(3),
        stored_bytes: row.get(4),
        plain_bytes: row.get(5),
        verdict: verdict(row.get(6))?,
        verdict_ms: row.get(7),
        verdict_detail: row.get(8),
        verified_ms: row.get(9),
        proven_ms: row.get(10),
        pinned: row.get::<Option<String>, _>(11).map(pin),
        gone_ms: row.get(14),
        manifest: row.get(15),
    })
}

//! The audit trail as it lies in its table, for whoever verifies it. Nothing is taken for granted: a number may have become a text, a text
//! bytes that are none, a row may be damaged in the file. What does not hold what only we write is handed over as missing, not as an error.

use super::Store;
use super::error::StoreError;
use super::sql::{Engine, Sql};
use crate::audit::Head;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A row of the trail, with what of it is as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it lies: what to go on after.
    pub at: i64,
    /// Its number, if it is one.
    pub seq: Option<i64>,
    /// Its record, if that is a text.
    pub record: Option<String>,
    /// Its hash, likewise.
    pub hash: Option<String>,
}

/// SQLite keeps the numbers twice, in the table and in its index: the table's count, in the order in which rows were added. Texts come as
/// hexadecimal digits, since a driver gives up on one that is no UTF-8.
const PAGE: Sql = Sql {
    sqlite: "select rowid, case when typeof(seq) = 'integer' then seq end, \
             case when typeof(record) = 'text' then hex(record) end, case when typeof(hash) = 'text' then hex(hash) end \
             from audit not indexed where rowid > $1 order by rowid limit $2",
    postgres: "select seq, seq, encode(convert_to(record, 'UTF8'), 'hex'), encode(convert_to(hash, 'UTF8'), 'hex') \
               from audit where seq > $1 order by seq limit $2",
};

const END: Sql = Sql {
    sqlite: "select case when typeof(audit_seq) = 'integer' then audit_seq end, \
             case when typeof(audit_hash) = 'text' then hex(audit_hash) end from heads where name = 'main'",
    postgres: "select audit_seq, encode(convert_to(audit_hash, 'UTF8'), 'hex') from heads where name = 'main'",
};

/// One line `ok`, or the first things that are wrong. Of this table and its index alone: the rest of a database may be large.
const SOUND: &str = "pragma integrity_check(audit)";

impl Store {
    /// At most `limit` rows of the trail, in the order in which they lie, after the one that lies at `after`.
    ///
    /// # Errors
    /// The database does not answer, or one of the rows cannot be read at all.
    pub async fn audit_evidence(&self, after: i64, limit: i64) -> Result<Vec<Evidence>, StoreError> {
        const DOING: &str = "reading the audit trail";
        let query = sqlx::query(PAGE.on(self.engine())).bind(after).bind(limit);
        let rows = query.fetch_all(&self.inner.pool).await.map_err(StoreError::doing(DOING))?;
        let evidence = |row: &AnyRow| -> Result<_, sqlx::Error> {
            Ok(Evidence { at: row.try_get(0)?, seq: row.try_get(1)?, record: text(row, 2)?, hash: text(row, 3)? })
        };
        rows.iter().map(evidence).collect::<Result<_, _>>().map_err(StoreError::doing(DOING))
    }

    /// The trail's end by the database's own account; `None` if it has none, or one that is not of the kind we write.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn audit_end(&self) -> Result<Option<Head>, StoreError> {
        const DOING: &str = "reading the head of the audit trail";
        let row = sqlx::query(END.on(self.engine())).fetch_optional(&self.inner.pool).await;
        let Some(row) = row.map_err(StoreError::doing(DOING))? else { return Ok(None) };
        let seq: Option<i64> = row.try_get(0).map_err(StoreError::doing(DOING))?;
        let hash = text(&row, 1).map_err(StoreError::doing(DOING))?;
        Ok(seq.zip(hash).map(|(seq, hash)| Head { seq, hash }))
    }

    /// What is wrong with the trail's table as the engine keeps it, in the engine's words: `None` if nothing is. PostgreSQL says so by
    /// itself when such a page is read, where data checksums are on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn audit_damage(&self) -> Result<Option<String>, StoreError> {
        if self.engine() != Engine::Sqlite {
            return Ok(None);
        }
        let rows = sqlx::query(SOUND).fetch_all(&self.inner.pool).await;
        let rows = rows.map_err(StoreError::doing("looking whether the audit trail is whole"))?;
        let first = rows.first().and_then(|row| row.try_get::<String, _>(0).ok());
        Ok(first.filter(|said| said != "ok"))
    }
}

/// A text that comes as hexadecimal digits, if it is one.
fn text(row: &AnyRow, column: usize) -> Result<Option<String>, sqlx::Error> {
    let digits: Option<String> = row.try_get(column)?;
    Ok(digits.and_then(|digits| hex::decode(digits).ok()).and_then(|bytes| String::from_utf8(bytes).ok()))
}

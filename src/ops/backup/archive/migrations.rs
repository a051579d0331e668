//! Which migration a database was at: the last row of the table in which the usual tools keep it, read from the dump itself.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tables of Django, sqlx, Rails (and golang-migrate, dbmate), Flyway and Alembic.
const TABLES: [&str; 5] =
    ["django_migrations", "_sqlx_migrations", "schema_migrations", "flyway_schema_history", "alembic_version"];
/// Characters kept of each value.
const VALUE_CHARS: usize = 200;

/// Where a database's migrations stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The table, with its schema.
    pub table: String,
    /// How many migrations it holds.
    pub applied: u64,
    /// The row with the greatest first column, by column.
    pub latest: BTreeMap<String, String>,
}

/// Whether migrations are kept in a table of this name.
pub fn is_one(table: &str) -> bool {
    TABLES.contains(&table)
}

impl Migration {
    /// From a row as `COPY` writes it.
    pub(super) fn of(table: &str, applied: u64, columns: &[String], row: &[u8]) -> Self {
        let row = String::from_utf8_lossy(row);
        let values = row.split('\t').map(|value| value.chars().take(VALUE_CHARS).collect::<String>());
        let pairs = columns.iter().cloned().zip(values).filter(|(_, value)| value != "\\N");
        Self { table: table.to_owned(), applied, latest: pairs.collect() }
    }
}

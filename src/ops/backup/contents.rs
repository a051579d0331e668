//! What a dump holds, as counted while it passed: the part of a manifest that is compared when the copy is verified.

use super::archive::{Archive, Counted, Migration};
use serde::{Deserialize, Serialize};

/// What a dump holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The database's name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The server's version, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What made the dump, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Tables with their exact numbers of rows, in order of their names; none if they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Vec<TableCount>>,
    /// Why they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<String>,
    /// Where its migrations stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<Migration>,
    /// Constraints and indexes by their names, `public.orders orders_pkey`, in order; none if they were not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Vec<String>>,
    /// Of files: how many of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FileCount>,
    /// What happened while it was made that whoever restores it should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A table in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCount {
    /// Its schema; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema: String,
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// The sum of its rows' hashes, 32 hex digits, if it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// How many files and folders a copy of files holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCount {
    /// Regular files.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Symbolic links.
    pub links: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// The sum of the hashes of all entries, 32 hex digits, if it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

impl Contents {
    /// Of a PostgreSQL archive that has passed.
    pub fn of_archive(archive: Archive) -> Self {
        let head = archive.head().cloned();
        let mut contents = Self::default();
        if let Some(head) = head {
            contents.database = Some(head.database);
            contents.server = Some(format!("PostgreSQL {}", head.server));
            contents.tool = Some(format!("pg_dump {}", head.tool));
        }
        let constraints = archive.constraints();
        match archive.finish() {
            Ok((tables, migrations)) => {
                contents.constraints = constraints;
                contents.tables = Some(tables.into_iter().map(TableCount::from).collect());
                contents.migrations = migrations;
            }
            Err(why) => contents.not_counted = Some(format!("counts not taken: {why}")),
        }
        contents
    }

    /// All rows of all tables, if they were counted.
    pub fn rows(&self) -> Option<u64> {
        Some(self.tables.as_ref()?.iter().map(|table| table.rows).sum())
    }
}

impl From<Counted> for TableCount {
    fn from(counted: Counted) -> Self {
        let Counted { schema, table, rows, sum } = counted;
        Self { schema, table, rows, checksum: sum.map(|sum| sum.to_string()) }
    }
}

impl TableCount {
    /// The name with its schema.
    pub fn name(&self) -> String {
        if self.schema.is_empty() { self.table.clone() } else { format!("{}.{}", self.schema, self.table) }
    }
}

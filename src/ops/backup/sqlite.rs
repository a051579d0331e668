//! An SQLite database as a file, copied online by SQLite's own backup interface. Writers in another journal than WAL must not wait
//! for an upload, so the copy goes to a file of ours first: mode 0600, and without a name before anything is written into it.

use super::archive::Migration;
use super::archive::{Sum, migrations};
use super::contents::{Contents, TableCount};
use super::tap::Tap;
use super::{Dump, DumpError};
use crate::config::limits::{BACKUP_CONSTRAINTS_MAX, BACKUP_TABLES_MAX, SQLITE_BUSY, SQLITE_STEP_PAGES};
use crate::model::ids;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A database to copy.
pub struct Sqlite {
    /// Its file.
    pub file: PathBuf,
    /// The folder of ours in which the copy lies without a name.
    pub scratch: PathBuf,
    /// Hash the rows too.
    pub hashing: bool,
    /// Ends it.
    pub cancel: CancellationToken,
}

/// Bytes of the header, and where in it are the size of a page and the number of pages (file format, 1.3).
const HEADER: usize = 100;

impl Sqlite {
    fn cannot(&self, doing: &str, error: &dyn std::fmt::Display) -> DumpError {
        DumpError::retry(format!("cannot {doing} {}: {error}", self.file.display()))
    }

    /// A connection to an empty file without a name, and the file.
    fn nameless(&self) -> Result<(Connection, File), DumpError> {
        let folder = self.scratch.join(format!("run-{}", ids::fresh()));
        let cannot = |error: &dyn std::fmt::Display| {
            DumpError::retry(format!("cannot make room for the copy in {}: {error}", self.scratch.display()))
        };
        let made = || -> io::Result<(PathBuf, File)> {
            DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
            let path = folder.join("copy");
            let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
            Ok((path, file))
        };
        let opened = made().map_err(|error| cannot(&error)).and_then(|(path, file)| {
            let copy = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| cannot(&error))?;
            // No journal beside it, and the file is opened now, while it has a name.
            let ready = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; \
                         BEGIN EXCLUSIVE; COMMIT;";
            copy.execute_batch(ready).map_err(|error| cannot(&error))?;
            Ok((copy, file))
        });
        let gone = std::fs::remove_dir_all(&folder);
        let opened = opened?;
        gone.map_err(|error| cannot(&error))?;
        Ok(opened)
    }

    /// Copies what the database holds at one moment, and counts it at that moment.
    fn copy(&self, to: &mut Connection) -> Result<Contents, DumpError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let from = Connection::open_with_flags(&self.file, flags).map_err(|error| self.cannot("open", &error))?;
        from.busy_timeout(SQLITE_BUSY).map_err(|error| self.cannot("open", &error))?;
        // The moment: what is committed later is not seen, however long the copy takes.
        let begun = from
            .execute_batch("BEGIN")
            .and_then(|()| from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())));
        begun.map_err(|error| self.cannot("read", &error))?;
        self.pages(&from, to)?;
        // Not in the copy: one that is in WAL mode would want a file beside it.
        counted(&from, self.hashing, &self.cancel).map_err(|error| self.cannot("count the rows of", &error))
    }

    fn pages(&self, from: &Connection, to: &mut Connection) -> Result<(), DumpError> {
        let backup = Backup::new(from, to).map_err(|error| self.cannot("copy", &error))?;
        let patience = Instant::now() + SQLITE_BUSY;
        loop {
            if self.cancel.is_cancelled() {
                return Err(DumpError::retry("it was cancelled"));
            }
            match backup.step(SQLITE_STEP_PAGES).map_err(|error| self.cannot("copy", &error))? {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                _ if Instant::now() > patience => return Err(self.cannot("copy", &"somebody keeps it locked")),
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

impl Dump for Sqlite {
    fn write(self: Box<Self>, out: &mut Tap) -> Result<Contents, DumpError> {
        let (mut copy, mut file) = self.nameless()?;
        let mut contents = self.copy(&mut copy)?;
        contents.tool = Some(format!("SQLite {}", rusqlite::version()));
        out.pour(&mut file).map_err(|error| self.cannot("hand on the copy of", &error))?;
        Ok(contents)
    }
}

pub(in crate::ops) fn counted(
    from: &Connection,
    hashing: bool,
    cancel: &CancellationToken,
) -> rusqlite::Result<Contents> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                  AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name";
    let tables: Vec<String> = from.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut contents = Contents::default();
    if tables.len() > BACKUP_TABLES_MAX {
        contents.not_counted = Some(format!("counts not taken: it has more than {BACKUP_TABLES_MAX} tables"));
        return Ok(contents);
    }
    let mut counts = Vec::new();
    for table in tables {
        let quoted = format!("\"{}\"", table.replace('"', "\"\""));
        let count = count(from, &quoted, hashing, cancel)?;
        if migrations::is_one(&table) {
            contents.migrations.extend(latest(from, &table, &quoted, count.rows)?);
        }
        counts.push(TableCount { table, ..count });
    }
    contents.tables = Some(counts);
    contents.constraints = indexes(from)?;
    Ok(contents)
}

/// Its indexes, those included that keep values unique; none if there are too many to list.
fn indexes(from: &Connection) -> rusqlite::Result<Option<Vec<String>>> {
    let names = "SELECT tbl_name || ' ' || name FROM sqlite_schema WHERE type = 'index' ORDER BY 1";
    let names: Vec<String> = from.prepare(names)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(names).filter(|names| names.len() <= BACKUP_CONSTRAINTS_MAX))
}

fn count(from: &Connection, quoted: &str, hashing: bool, cancel: &CancellationToken) -> rusqlite::Result<TableCount> {
    let (schema, table) = (String::new(), String::new());
    if !hashing {
        let rows: i64 = from.query_row(&format!("SELECT count(*) FROM {quoted}"), [], |row| row.get(0))?;
        return Ok(TableCount { schema, table, rows: rows.unsigned_abs(), checksum: None });
    }
    let mut statement = from.prepare(&format!("SELECT * FROM {quoted}"))?;
    let columns = statement.column_count();
    let mut all = statement.query([])?;
    let (mut rows, mut sum) = (0, Sum::default());
    while let Some(row) = all.next()? {
        sum.add(&hash(row, columns)?);
        rows += 1;
        if rows % 1024 == 0 && cancel.is_cancelled() {
            // The job says that it was cancelled, whatever it is called here.
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
    }
    Ok(TableCount { schema, table, rows, checksum: Some(sum.to_string()) })
}

/// SHA-256 of a row: each column as a letter for its type, then eight bytes of the number or of the length, then the bytes.
fn hash(row: &Row<'_>, columns: usize) -> rusqlite::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut long = |letter: u8, bytes: &[u8]| {
        hash.update([letter]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for column in 0..columns {
        match row.get_ref(column)? {
            ValueRef::Null => long(b'n', &[]),
            ValueRef::Integer(number) => long(b'i', &number.to_be_bytes()),
            ValueRef::Real(number) => long(b'r', &number.to_bits().to_be_bytes()),
            ValueRef::Text(text) => long(b't', text),
            ValueRef::Blob(bytes) => long(b'b', bytes),
        }
    }
    Ok(hash.finalize().into())
}

fn latest(from: &Connection, table: &str, quoted: &str, applied: u64) -> rusqlite::Result<Option<Migration>> {
    let mut statement = from.prepare(&format!("SELECT * FROM {quoted} ORDER BY 1 DESC LIMIT 1"))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut latest = BTreeMap::new();
    for (column, name) in names.into_iter().enumerate() {
        let value = match row.get_ref(column)? {
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).chars().take(200).collect(),
            ValueRef::Null | ValueRef::Blob(_) => continue,
        };
        latest.insert(name, value);
    }
    Ok(Some(Migration { table: table.to_owned(), applied, latest }))
}

/// Whether a file of so many bytes with this beginning is a whole database: as many pages as its header says.
pub(super) fn looks_whole(header: &[u8], bytes: u64) -> Result<Contents, String> {
    let Some(header) = header.get(..HEADER) else { return Err("it is shorter than an SQLite header".to_owned()) };
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        size => size,
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    match page * pages == bytes {
        true => Ok(Contents::default()),
        false => Err(format!("its header says {pages} pages of {page} bytes, and it has {bytes} bytes")),
    }
}

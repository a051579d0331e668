//! SQLite: a dump becomes a file beside the database, is checked, and takes its place at once; or only some tables' rows are taken
//! over in one transaction. Nothing is replaced by something that was not looked at.

use super::RestoreError;
use super::table::{TableName, quoted};
use crate::config::limits::SQLITE_BUSY;
use crate::ops::backup::channel::Source;
use crate::ops::backup::contents::Contents;
use crate::ops::backup::format::Format;
use crate::ops::backup::sqlite;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// A restored file that is not in anybody's place yet. It is removed when it is dropped.
pub struct Fresh(PathBuf);

impl Drop for Fresh {
    fn drop(&mut self) {
        for path in companions(&self.0) {
            let _ = std::fs::remove_file(path);
        }
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The files that SQLite keeps beside one.
fn companions(file: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        name.into()
    })
}

fn around(doing: &str, path: &Path, error: &dyn std::fmt::Display) -> RestoreError {
    RestoreError::environment(format!("cannot {doing} {}: {error}", path.display()))
}

/// Writes a dump into a new file, mode 0600. Blocks.
///
/// # Errors
/// It is no SQLite database, or cannot be written. That the dump broke off says whoever opened it.
pub fn write(format: Format, mut dump: Source, path: &Path) -> Result<Fresh, RestoreError> {
    if format != Format::Sqlite {
        return Err(RestoreError::backup(format!("it is {}, which is no SQLite database", format.words())));
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| around("write", path, &error))?;
    let fresh = Fresh(path.to_owned());
    io::copy(&mut dump, &mut file).and_then(|_| file.sync_all()).map_err(|error| around("write", path, &error))?;
    Ok(fresh)
}

impl Fresh {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn open(&self) -> Result<Connection, RestoreError> {
        open(&self.0, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// SQLite's own check of the whole file; what is wrong.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn check(&self) -> Result<(), RestoreError> {
        let broken = |error: rusqlite::Error| RestoreError::backup(format!("SQLite cannot read it: {error}"));
        let said: String = self.open()?.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(broken)?;
        match said.as_str() {
            "ok" => Ok(()),
            wrong => Err(RestoreError::backup(format!("SQLite finds it damaged: {wrong}"))),
        }
    }

    /// The first rows that refer to what is not there, as people read it.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn dangling(&self) -> Result<Option<String>, RestoreError> {
        dangling(&self.open()?).map_err(|error| around("check the references of", &self.0, &error))
    }

    /// Counts and hashes everything in it as a backup would.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn recount(&self, hashing: bool, cancel: &CancellationToken) -> Result<Contents, RestoreError> {
        let broken = |error: rusqlite::Error| RestoreError::backup(format!("SQLite cannot read it: {error}"));
        sqlite::counted(&self.open()?, hashing, cancel).map_err(broken)
    }

    /// A query of the operator's: every row as the texts of its columns.
    ///
    /// # Errors
    /// It fails.
    pub fn query(&self, query: &str) -> Result<Vec<Vec<String>>, RestoreError> {
        let failed = |error: rusqlite::Error| RestoreError::check(error.to_string());
        let connection = self.open()?;
        let mut statement = connection.prepare(query).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(failed)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(failed)?
            && all.len() < 2
        {
            let text = |column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => String::new(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    ValueRef::Blob(_) => "a blob".to_owned(),
                })
            };
            all.push((0..columns).map(text).collect::<rusqlite::Result<_>>().map_err(failed)?);
        }
        Ok(all)
    }

    /// Puts it where a database is, at once, with that one's owner and mode. Blocks.
    ///
    /// # Errors
    /// Somebody holds the database locked, or the file cannot be moved; then the old one is where it was.
    pub fn replace(self, file: &Path) -> Result<(), RestoreError> {
        let failed = |error: io::Error| around("replace", file, &error);
        if let Ok(old) = std::fs::metadata(file) {
            settle(file)?;
            std::fs::set_permissions(&self.0, old.permissions()).map_err(failed)?;
            if nix::unistd::geteuid().is_root() {
                std::os::unix::fs::chown(&self.0, Some(old.uid()), Some(old.gid())).map_err(failed)?;
            }
        }
        // What belongs to the old file must not be taken for a part of the new one.
        for path in companions(file) {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(around("remove", &path, &error)),
                _ => {}
            }
        }
        std::fs::rename(&self.0, file).map_err(failed)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Takes the rows of tables over into a database, all or none; how many of each. With `clean` they replace what is there. No trigger
    /// fires for them: what it did when the rows were written first is not done again. Blocks.
    ///
    /// # Errors
    /// A table is in neither of both or not empty, or the rows do not fit.
    pub fn rows_into(&self, file: &Path, tables: &[TableName], clean: bool) -> Result<Vec<u64>, RestoreError> {
        let failed = |error: rusqlite::Error| around("restore tables into", file, &error);
        let mut to = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        to.execute_batch("PRAGMA foreign_keys = OFF").map_err(failed)?;
        to.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(failed)?;
        to.execute("ATTACH DATABASE ?1 AS copy", [self.0.to_string_lossy()]).map_err(failed)?;
        let before = dangling(&to).map_err(failed)?;
        let all = to.transaction().map_err(failed)?;
        let mut counts = Vec::new();
        for table in tables {
            counts.push(take_over(&all, &table.table, clean).map_err(failed)??);
        }
        if before.is_none()
            && let Some(what) = dangling(&all).map_err(failed)?
        {
            return Err(RestoreError::check(format!(
                "with these tables alone {what}: nothing was changed; restore the others too"
            )));
        }
        all.commit().map_err(failed)?;
        Ok(counts)
    }
}

/// How many rows each table of a database has.
///
/// # Errors
/// It cannot be read.
pub fn count(file: &Path, cancel: &CancellationToken) -> Result<Contents, RestoreError> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    sqlite::counted(&connection, false, cancel).map_err(|error| around("count the rows of", file, &error))
}

/// What SQLite finds wrong with a database; `None`: nothing, or it could not look for a reason that is none of the file's.
pub fn damage(file: &Path) -> Option<String> {
    let look = || -> rusqlite::Result<String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(SQLITE_BUSY)?;
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
    };
    match look() {
        Ok(said) => Some(said).filter(|said| said != "ok"),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure) => {
                Some(error.to_string())
            }
            _ => None,
        },
    }
}

/// Keeps a database's bytes as they are under another name, with what lies beside it. Blocks.
///
/// # Errors
/// They cannot be read or written; nothing is left then.
pub fn keep_raw(file: &Path, to: &Path) -> Result<(), RestoreError> {
    let keep = |from: &Path, to: &Path| -> io::Result<()> {
        std::fs::copy(from, to)?;
        File::open(to)?.sync_all()
    };
    let kept = keep(file, to).and_then(|()| {
        companions(file).iter().zip(companions(to)).filter(|(from, _)| from.exists()).try_for_each(|(a, b)| keep(a, &b))
    });
    kept.map_err(|error| {
        for path in companions(to).iter().map(PathBuf::as_path).chain([to]) {
            let _ = std::fs::remove_file(path);
        }
        around("keep the bytes of", file, &error)
    })
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, RestoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| around("open", path, &error))?;
    connection.busy_timeout(SQLITE_BUSY).map_err(|error| around("open", path, &error))?;
    Ok(connection)
}

/// Folds what lies beside a database into it, so that nothing that was committed is only there, and sees to it that nobody is
/// within it.
fn settle(file: &Path) -> Result<(), RestoreError> {
    let old = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let settled = old
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        .optional()
        .and_then(|busy| old.execute_batch("BEGIN EXCLUSIVE; ROLLBACK").map(|()| busy));
    match settled {
        Ok(Some(1)) => Err(around("replace", file, &"somebody is using it: stop who writes to it")),
        Ok(_) => Ok(()),
        Err(error) => match error.sqlite_error_code() {
            // What is no database, or a broken one, is replaced as it is.
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Ok(()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Err(around("replace", file, &format!("somebody is using it: stop who writes to it ({error})")))
            }
            _ => Err(around("replace", file, &error)),
        },
    }
}

/// Where a database really is: a link to it stays one.
///
/// # Errors
/// It is a link to what is not there.
pub fn real(file: &Path) -> Result<PathBuf, RestoreError> {
    match std::fs::canonicalize(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound || std::fs::symlink_metadata(file).is_ok() => {
            Err(around("follow", file, &error))
        }
        Err(_) => Ok(file.to_owned()),
        Ok(real) => Ok(real),
    }
}

/// Whether a bot, this or another one, runs with a file as its own database: it holds the lock beside it.
pub fn is_a_bots(file: &Path) -> bool {
    let held = |file: &Path| {
        let mut lock = file.as_os_str().to_owned();
        lock.push(".lock");
        File::open(lock).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    };
    held(file) || real(file).is_ok_and(|real| held(&real))
}

/// The first row that refers to one that is not there.
fn dangling(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let first = connection.query_row("PRAGMA main.foreign_key_check", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, String>(2)?))
    });
    let words = |(table, row, parent): (String, Option<i64>, String)| {
        let row = row.map_or_else(|| "a row of".to_owned(), |row| format!("row {row} of"));
        format!("{row} {table} refers to a row of {parent} that is not there")
    };
    Ok(first.optional()?.map(words))
}

fn take_over(all: &Transaction<'_>, table: &str, clean: bool) -> rusqlite::Result<Result<u64, RestoreError>> {
    let name = quoted(table);
    let made = |of: &str| -> rusqlite::Result<Option<String>> {
        let sql = format!("SELECT sql FROM {of}.sqlite_schema WHERE type = 'table' AND name = ?1");
        all.query_row(&sql, [table], |row| row.get(0)).optional()
    };
    let check = |sentence: String| Ok(Err(RestoreError::check(sentence)));
    let Some(sql) = made("copy")? else { return check(format!("the copy has no table {table}")) };
    let is_new = made("main")?.is_none();
    if is_new {
        all.execute_batch(&sql)?;
    }
    let rows: bool = all.query_row(&format!("SELECT EXISTS (SELECT 1 FROM main.{name})"), [], |row| row.get(0))?;
    if rows && !clean {
        return check(format!("the table {table} is not empty: with `clean` its rows are replaced"));
    }
    all.execute(&format!("DELETE FROM main.{name}"), [])?;
    let columns =
        format!("SELECT name FROM pragma_table_xinfo({}, 'copy') WHERE hidden = 0", super::table::literal(table));
    let columns: Vec<String> = all.prepare(&columns)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let columns = columns.join(", ");
    let taken = all.execute(&format!("INSERT INTO main.{name} ({columns}) SELECT {columns} FROM copy.{name}"), [])?;
    if is_new {
        let besides = "SELECT sql FROM copy.sqlite_schema WHERE type IN ('index', 'trigger') AND tbl_name = ?1 AND sql IS NOT NULL";
        let besides: Vec<String> =
            all.prepare(besides)?.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for sql in besides {
            all.execute_batch(&sql)?;
        }
    }
    Ok(Ok(taken as u64))
}

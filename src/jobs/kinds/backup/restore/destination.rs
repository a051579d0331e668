//! Where a restore goes, looked at beforehand: whether something is in the way, and which tables are meant. Then how the copy is put
//! there, and how it is counted.

use super::Spec;
use super::beside::beside;
use super::database::{absent, how};
use crate::config::targets::{Target, TargetPlace};
use crate::jobs::JobContext;
use crate::jobs::kinds::backup::drill::{blocking, both, counts, major};
use crate::jobs::kinds::backup::restore::TableSeen;
use crate::jobs::kinds::backup::source::Restoring;
use crate::ops::backup::contents::{Contents, FileCount, TableCount};
use crate::ops::backup::files::{Files, LeftOut};
use crate::ops::backup::{Meter, count};
use crate::ops::restore::postgres::Database;
use crate::ops::restore::put::How;
use crate::ops::restore::{Counted, Opened, RestoreError, TableName, files, sqlite};
use std::path::{Path, PathBuf};

/// Where a restore goes.
pub(super) enum Destination {
    Database(Box<Database>, How),
    /// A file, and the tables that are taken over; none: it is replaced.
    Sqlite(PathBuf, Vec<TableName>),
    /// A folder, and the patterns of what is left out of its copies.
    Files(PathBuf, Vec<String>),
}

/// The tables of a copy that are meant by these words; all of them if there are none.
pub(super) fn meant(words: &[String], contents: &Contents) -> Result<Vec<TableName>, RestoreError> {
    let Some(tables) = &contents.tables else {
        return Err(RestoreError::check(
            "its tables were not counted when it was made, so that none can be restored alone",
        ));
    };
    let all = tables.iter().map(|table| TableName { schema: table.schema.clone(), table: table.table.clone() });
    let all: Vec<TableName> = all.filter(|table| table.schema != "pg_catalog").collect();
    if words.is_empty() {
        return Ok(all);
    }
    let one = |word: &String| {
        let found: Vec<&TableName> = all.iter().filter(|table| table.is_meant_by(word)).collect();
        match found[..] {
            [one] => Ok(one.clone()),
            [] => Err(RestoreError::check(format!("the copy has no table {word}"))),
            [a, b, ..] => Err(RestoreError::check(format!(
                "the name {word} may be {} or {}: write its schema too",
                a.shown(),
                b.shown()
            ))),
        }
    };
    let mut tables = words.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    tables.sort();
    tables.dedup();
    Ok(tables)
}

impl Destination {
    /// Whether a dump that is SQL as text may be put there.
    pub(super) async fn takes_scripts(&self) -> Result<(), RestoreError> {
        match self {
            Self::Database(database, _) => database.takes_scripts().await,
            _ => Ok(()),
        }
    }

    /// Looks at it; an error says what is in the way, and nothing was touched.
    pub(super) async fn look(
        restoring: &Restoring,
        job: &JobContext,
        target: &Target,
        spec: &Spec,
        contents: &Contents,
    ) -> Result<Self, RestoreError> {
        match &target.place {
            TargetPlace::Postgres { url, pg_bin } => {
                let tools = restoring.tools(job, job.cancel().clone());
                let pipes = restoring.copies.scratch.clone();
                let made_with = contents.tool.as_deref().and_then(major);
                let database = Database::of(tools, &url.url, pg_bin.as_deref(), pipes, made_with).await;
                let database = database.map_err(|error| absent(error, &url.url))?;
                let how = how(&database, spec, contents).await?;
                Ok(Self::Database(Box::new(database), how))
            }
            TargetPlace::Sqlite(file) => {
                let file = &sqlite::real(file)?;
                let there = std::fs::metadata(file).is_ok_and(|meta| meta.len() > 0);
                let rows = spec.data_only || !spec.tables.is_empty();
                if there && !rows && !spec.clean {
                    return Err(RestoreError::check(format!(
                        "{} is not empty: with `clean` it is replaced",
                        file.display()
                    )));
                }
                if !there && rows {
                    return Err(RestoreError::check(format!(
                        "{} is not there, and rows alone make no database",
                        file.display()
                    )));
                }
                let tables = if rows { meant(&spec.tables, contents)? } else { Vec::new() };
                Ok(Self::Sqlite(file.clone(), tables))
            }
            TargetPlace::Files { path, exclude } => {
                let cannot = |error| RestoreError::environment(format!("cannot list {}: {error}", path.display()));
                if let Some(left) = files::cut_off(path).map_err(cannot)? {
                    return Err(RestoreError::check(left));
                }
                let empty = files::is_empty(path).map_err(cannot)?;
                if !empty && spec.paths.is_empty() && !spec.clean {
                    return Err(RestoreError::check(format!(
                        "{} is not empty: with `clean` what is in it is replaced",
                        path.display()
                    )));
                }
                let in_the_way = spec.paths.iter().find(|wanted| std::fs::symlink_metadata(path.join(wanted)).is_ok());
                match in_the_way.filter(|_| !spec.clean) {
                    Some(wanted) => Err(RestoreError::check(format!(
                        "the path {} is there: with `clean` it is replaced",
                        wanted.display()
                    ))),
                    None => Ok(Self::Files(path.clone(), exclude.clone())),
                }
            }
        }
    }

    /// Whether there is anything a safety copy could be taken of.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::Database(..) => true,
            Self::Sqlite(file, _) => std::fs::metadata(file).is_ok_and(|meta| meta.len() > 0),
            Self::Files(path, _) => files::is_empty(path).is_ok_and(|empty| !empty),
        }
    }

    /// Whether something there goes, or rows are put into what stays.
    pub(super) fn replaces(&self) -> bool {
        match self {
            Self::Database(_, how) => how.clean || how.data_only || !how.tables.is_empty(),
            Self::Sqlite(..) | Self::Files(..) => false,
        }
    }

    /// Puts the copy there; what is to be said of it, and how many files.
    pub(super) async fn put(
        &self,
        job: &JobContext,
        spec: &Spec,
        opened: Opened,
        aside: Option<PathBuf>,
    ) -> Result<(String, Option<u64>), RestoreError> {
        match self {
            Self::Database(database, how) => {
                database.restore(opened, how).await?;
                let said = match (how.data_only, how.tables.is_empty()) {
                    (false, true) => "It was restored in one transaction.",
                    (true, _) => "The rows were restored in one transaction; the tables' definitions are as they were.",
                    (false, false) => {
                        "The tables were made and filled in one transaction. Indexes, keys, constraints and triggers do not come \
                         with a single table: make them again."
                    }
                };
                Ok((said.to_owned(), None))
            }
            Self::Sqlite(file, tables) => {
                let (file, tables, clean) = (file.clone(), tables.clone(), spec.clean);
                let Opened { format, dump, outcome } = opened;
                let beside = beside(&file, job.id());
                let written = blocking(move || {
                    let folder = file_folder(&beside);
                    std::fs::create_dir_all(folder).map_err(|error| {
                        RestoreError::environment(format!("cannot make {}: {error}", folder.display()))
                    })?;
                    // An earlier run of this very job may have died.
                    let _ = std::fs::remove_file(&beside);
                    sqlite::write(format, dump, &beside)
                });
                let written = written.await;
                let fresh = both(outcome.whole().await, written)?;
                blocking(move || {
                    fresh.check()?;
                    if tables.is_empty() {
                        fresh
                            .replace(&file)
                            .map(|()| ("It was checked and took the old file's place at once.".to_owned(), None))
                    } else {
                        let rows: u64 = fresh.rows_into(&file, &tables, clean)?.iter().sum();
                        Ok((
                            format!("{rows} rows of {} tables were taken over in one transaction.", tables.len()),
                            None,
                        ))
                    }
                })
                .await
            }
            Self::Files(root, exclude) => {
                let (root, paths, clean, cancel) = (root.clone(), spec.paths.clone(), spec.clean, job.cancel().clone());
                let left_out = LeftOut::of(exclude);
                let Opened { format, dump, outcome } = opened;
                let (at, wanted) = (root.clone(), paths.clone());
                let written = blocking(move || {
                    std::fs::create_dir_all(&at)
                        .map_err(|error| RestoreError::environment(format!("cannot make {}: {error}", at.display())))?;
                    files::unpack(format, dump, &at, &wanted, &cancel)
                });
                let written = written.await;
                let staged = both(outcome.whole().await, written)?.keeping(aside);
                let moved = blocking(move || match paths.is_empty() {
                    true => staged.replace_all(&root, &left_out),
                    false => staged.replace(&root, &paths, clean, &left_out),
                });
                let files = moved.await?;
                Ok((format!("{files} files and links were unpacked and moved into place."), Some(files)))
            }
        }
    }

    /// The tables as they are now and as the copy has them, or what is wrong with the files; empty where there is nothing to count.
    pub(super) async fn counted(
        &self,
        job: &JobContext,
        spec: &Spec,
        contents: &Contents,
    ) -> Result<Vec<TableSeen>, RestoreError> {
        let expected: Vec<TableCount> = contents.tables.iter().flatten().cloned().collect();
        let wanted = |name: &TableName, only: &[TableName]| only.is_empty() || only.contains(name);
        let name = |table: &TableCount| TableName { schema: table.schema.clone(), table: table.table.clone() };
        match self {
            Self::Database(database, how) => {
                let expected: Vec<TableCount> =
                    expected.into_iter().filter(|table| wanted(&name(table), &how.tables)).collect();
                let names: Vec<TableName> = expected.iter().map(name).collect();
                let found = database.counts(&names).await?;
                // What an extension fills is not counted again here: its rows are not all of the copy.
                let pairs = expected.into_iter().zip(found).filter(|(_, found)| *found != Counted::Dumped);
                let (expected, found): (Vec<_>, Vec<_>) = pairs.unzip();
                Ok(counts(&expected, &found, &Contents::default()))
            }
            Self::Sqlite(file, only) => {
                let expected: Vec<TableCount> =
                    expected.into_iter().filter(|table| wanted(&name(table), only)).collect();
                let (file, cancel) = (file.clone(), job.cancel().clone());
                let now = blocking(move || sqlite::count(&file, &cancel)).await?;
                let found = |table: &TableCount| {
                    let found = now.tables.iter().flatten().find(|found| found.table == table.table);
                    found.map_or(Counted::Missing, |found| Counted::Rows(found.rows))
                };
                let found: Vec<Counted> = expected.iter().map(found).collect();
                Ok(counts(&expected, &found, &Contents::default()))
            }
            Self::Files(root, exclude) => {
                let Some(then) = contents.files.as_ref().filter(|_| spec.paths.is_empty()) else {
                    return Ok(Vec::new());
                };
                let mut now = of_files(root, exclude, job).await?;
                if (now.files, now.bytes) != (then.files, then.bytes) && !exclude.is_empty() {
                    // The copy may be from before something was left out.
                    now = of_files(root, &[], job).await?;
                }
                match (now.files, now.bytes) == (then.files, then.bytes) {
                    true => Ok(Vec::new()),
                    false => Err(RestoreError::backup(format!(
                        "there are {} files with {} bytes instead of {} with {}",
                        now.files, now.bytes, then.files, then.bytes
                    ))),
                }
            }
        }
    }
}

/// The folder that a file lies in.
fn file_folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) async fn of_files(root: &Path, exclude: &[String], job: &JobContext) -> Result<FileCount, RestoreError> {
    let (root, exclude, cancel) = (root.to_owned(), exclude.to_owned(), job.cancel().clone());
    let counted = count(Box::new(Files { root, exclude, hashing: false, cancel }), Meter::default()).await?;
    Ok(counted.files.unwrap_or_default())
}

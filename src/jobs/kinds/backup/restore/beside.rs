//! The file beside an SQLite database into which a restore writes before it takes that one's place. It is plaintext, and its name says
//! whose it is, so that what a killed restore left goes once its job has ended, also if nobody wants it run again.

use super::RestoreKind;
use crate::config::targets::TargetPlace;
use crate::jobs::kinds::backup::Copies;
use crate::model::job::short;
use crate::ops::restore::sqlite;
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite may keep beside it, and it itself.
const ENDS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

fn stem(file: &Path) -> String {
    format!(".{}.drillbell-", file.file_name().unwrap_or_default().to_string_lossy())
}

/// Where a job writes to.
pub(super) fn beside(file: &Path, job: &str) -> PathBuf {
    file.with_file_name(stem(file) + short(job))
}

/// The files of that kind that are there, each with the digits of the job in its name.
fn found(file: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = stem(file);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(&stem)) else { continue };
        let Some((digits, end)) = rest.split_at_checked(8) else { continue };
        if ENDS.contains(&end) && entry.file_type()?.is_file() {
            found.push((entry.path(), digits.to_owned()));
        }
    }
    Ok(found)
}

impl RestoreKind {
    /// Removes what ended jobs left beside the databases of the configuration; what that was.
    pub(super) async fn clear_beside(&self) -> Vec<String> {
        let copies = &self.0.copies;
        let mut cleared = Vec::new();
        for place in copies.targets.0.values().map(|target| target.place.clone()) {
            let TargetPlace::Sqlite(file) = place else { continue };
            // A folder that is not there holds nothing, and a target that cannot be read is told of by its backups.
            let listed =
                tokio::task::spawn_blocking(move || sqlite::real(&file).ok().and_then(|file| found(&file).ok()));
            for (path, digits) in listed.await.ok().flatten().unwrap_or_default() {
                match remove(copies, &path, &digits).await {
                    Ok(true) => cleared.push(path.display().to_string()),
                    Ok(false) => {}
                    Err(why) => {
                        tracing::warn!(file = %path.display(), error = %why, "a file that a dead restore left cannot be removed")
                    }
                }
            }
        }
        cleared
    }
}

async fn remove(copies: &Copies, path: &Path, digits: &str) -> Result<bool, String> {
    if copies.ended(digits).await.map_err(|error| error.to_string())?.is_empty() {
        return Ok(false);
    }
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(true),
    }
}

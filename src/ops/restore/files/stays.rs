//! What stays where it is when files are restored over it, since no copy has it; and what an earlier restore left.

use super::folders::Folder;
use super::{RestoreError, STAGING, around, is_empty, through};
use crate::ops::backup::files::LeftOut;
use std::io;
use std::path::{Path, PathBuf};

/// Below a path within a folder: the outermost paths that are left out, restores' own folders not among them.
pub(super) fn below(root: &Path, path: &Path, left_out: &LeftOut) -> Result<Vec<PathBuf>, RestoreError> {
    let there = |path: &Path| std::fs::symlink_metadata(root.join(path));
    if left_out.has_within(path) {
        return Ok(if there(path).is_ok() { vec![path.to_owned()] } else { Vec::new() });
    }
    let mut stay = Vec::new();
    let mut folders = match there(path) {
        Ok(meta) if meta.is_dir() => vec![path.to_owned()],
        _ => Vec::new(),
    };
    while let Some(folder) = folders.pop() {
        let whole = root.join(&folder);
        let failed = |error: io::Error| around("list", &whole, &error);
        for entry in std::fs::read_dir(&whole).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = folder.join(entry.file_name());
            if folder.as_os_str().is_empty() && entry.file_name().to_string_lossy().starts_with(STAGING) {
                continue;
            }
            if left_out.has(&path) {
                stay.push(path);
            } else if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(path);
            }
        }
    }
    stay.sort();
    Ok(stay)
}

/// Makes room in the unpacked files for what stays: the folders on the way to it, as they are now.
pub(super) fn prepare(root: &Path, new: &Path, stay: &[PathBuf]) -> Result<(), RestoreError> {
    let refuse = |why: String| RestoreError::check(why);
    for path in stay {
        let shown = path.display();
        through(new, path).map_err(|_| {
            refuse(format!(
                "{shown} is there and in no copy, and the copy has no folder for it: move it elsewhere first"
            ))
        })?;
        if std::fs::symlink_metadata(new.join(path)).is_ok() {
            return Err(refuse(format!(
                "{shown} is in the copy, but the target leaves it out now, so that what is there would be lost: move it elsewhere first"
            )));
        }
        let parents: Vec<&Path> = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()).collect();
        for parent in parents.into_iter().rev().filter(|parent| std::fs::symlink_metadata(new.join(parent)).is_err()) {
            let failed = |error: io::Error| around("make", &new.join(parent), &error);
            std::fs::create_dir(new.join(parent)).map_err(failed)?;
            let like = std::fs::symlink_metadata(root.join(parent)).map_err(failed)?;
            Folder::like(new.join(parent), &like).set().map_err(failed)?;
        }
    }
    Ok(())
}

/// What an earlier restore left in a folder, as people read it: it did not come to its end, or is at it.
///
/// # Errors
/// It cannot be listed.
pub fn cut_off(root: &Path) -> io::Result<Option<String>> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            let (folder, old) = (entry.path(), entry.path().join("old"));
            return Ok(Some(match is_empty(&old)? {
                true => {
                    format!("an earlier restore was cut off before anything was moved: remove {}", folder.display())
                }
                false => format!(
                    "an earlier restore was cut off; what was there before is in {}: put back what is needed, then remove {}",
                    old.display(),
                    folder.display()
                ),
            }));
        }
    }
    Ok(None)
}

//! Clearing away what dead writers have left: hidden files whose lock nobody holds, and notes of files that are gone.

use super::files::{lock, remove_empty_parents};
use super::upload::PART;
use super::{ArtifactError, Folder, notes};
use std::fs::File;
use std::io;
use std::path::Path;

/// How many were cleared away in the folders that `prefix` names.
pub(super) fn sweep(folder: &Folder, prefix: &str) -> Result<usize, ArtifactError> {
    let failed = |error: io::Error| ArtifactError::from_os("clear", &folder.shown, &error);
    let root: &Path = &folder.root;
    let below = root.join(prefix.rsplit_once('/').map_or("", |(folders, _)| folders));
    if !below.is_dir() {
        return Ok(0);
    }
    let mut swept = 0;
    // Under the lock no file is between its notes and its name, and nobody is writing notes.
    let _lock = lock(root).map_err(failed)?;
    each_file(&below, &mut |path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let left = if name.starts_with('.') && name.ends_with(PART) {
            // Its writer holds the lock for as long as it lives.
            path.starts_with(notes::folder(root)) || File::open(path).is_ok_and(|file| file.try_lock().is_ok())
        } else {
            notes::artifact_of(root, path).is_some_and(|artifact| !artifact.is_file())
        };
        if left {
            std::fs::remove_file(path)?;
            remove_empty_parents(root, path);
            swept += 1;
        }
        Ok(())
    })
    .map_err(failed)?;
    Ok(swept)
}

fn each_file(folder: &Path, look: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let looked = if kind.is_dir() { each_file(&entry.path(), look) } else { look(&entry.path()) };
        match looked {
            // Somebody else was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

//! Files: a tar archive is unpacked into a folder of ours within the target's, so that putting it in place is one rename each, and
//! what was there is put back if one fails. No entry leaves that folder: not by `..`, not by `/`, not through a link. What no copy
//! has since the target leaves it out stays where it is.

mod folders;
mod stays;

use super::RestoreError;
use crate::model::ids;
use crate::ops::backup::channel::Source;
use crate::ops::backup::files::{LeftOut, STAGING};
use crate::ops::backup::format::Format;
use folders::Folder;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};
use tokio_util::sync::CancellationToken;

pub use stays::cut_off;

/// Unpacked files that are in nobody's way yet. They are removed when this is dropped.
pub struct Staged {
    folder: PathBuf,
    /// Where what was there is kept; none: it goes.
    aside: Option<PathBuf>,
    /// How many files and links there are.
    pub files: u64,
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn around(doing: &str, path: &Path, error: &io::Error) -> RestoreError {
    RestoreError::environment(format!("cannot {doing} {}: {error}", path.display()))
}

/// A path that stays where it begins: names only.
///
/// # Errors
/// It does not, or says nothing.
pub fn plain(path: &Path) -> Result<PathBuf, String> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            _ => return Err(format!("{:?} leaves the folder", path.to_string_lossy())),
        }
    }
    if plain.as_os_str().is_empty() { Err("a path is empty".to_owned()) } else { Ok(plain) }
}

/// Unpacks a dump, or of it only `paths` and what is below them, into a new folder within `root`, which is made if it is not there.
/// Blocks.
///
/// # Errors
/// It is no such archive, or an entry would leave the folder, or it cannot be written.
pub fn unpack(
    format: Format,
    dump: Source,
    root: &Path,
    paths: &[PathBuf],
    cancel: &CancellationToken,
) -> Result<Staged, RestoreError> {
    if format != Format::Tar {
        return Err(RestoreError::backup(format!("it is {}, which is no archive of files", format.words())));
    }
    let folder = root.join(format!("{STAGING}{}", ids::fresh()));
    let make = |path: &Path| DirBuilder::new().mode(0o700).recursive(true).create(path);
    make(&folder.join("new"))
        .and_then(|()| make(&folder.join("old")))
        .map_err(|error| around("make", &folder, &error))?;
    let mut staged = Staged { folder, aside: None, files: 0 };
    let into = staged.folder.join("new");
    let mut tar = tar::Archive::new(dump);
    tar.set_preserve_permissions(true);
    tar.set_preserve_mtime(true);
    tar.set_preserve_ownerships(nix::unistd::geteuid().is_root());
    let broken = |error: io::Error| RestoreError::backup(format!("it is no tar archive to its end: {error}"));
    let mut folders = Vec::new();
    for entry in tar.entries().map_err(broken)? {
        if cancel.is_cancelled() {
            return Err(RestoreError::environment("it was cancelled"));
        }
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        if entry.header().entry_type().is_dir() && path.components().all(|part| part == Component::CurDir) {
            // `tar .` begins with the folder itself, which is here already.
            continue;
        }
        let path = plain(&path).map_err(|why| RestoreError::backup(format!("it was not made by a backup: {why}")))?;
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_dir() || kind.is_symlink()) {
            let path = path.display();
            return Err(RestoreError::backup(format!(
                "it was not made by a backup: {path} is no file, folder or link"
            )));
        }
        if !paths.is_empty() && !paths.iter().any(|wanted| path.starts_with(wanted)) {
            continue;
        }
        through(&into, &path).map_err(RestoreError::backup)?;
        if let Some(parent) = path.parent().filter(|_| !paths.is_empty()) {
            make(&into.join(parent)).map_err(|error| around("make", &path, &error))?;
        }
        if kind.is_dir() {
            // A link of that name is no folder to go on in.
            through(&into, &path.join("within")).map_err(RestoreError::backup)?;
            make(&into.join(&path)).map_err(|error| around("make", &path, &error))?;
            folders.push(Folder::of(into.join(&path), entry.header()).map_err(broken)?);
            continue;
        }
        match entry.unpack_in(&into) {
            Ok(true) => staged.files += u64::from(!kind.is_dir()),
            Ok(false) => return Err(RestoreError::backup(format!("{} leaves the folder", path.display()))),
            Err(error) => return Err(around("write", &path, &error)),
        }
    }
    // What lies behind the archive's end belongs to the dump: whoever writes it must not be cut off.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(broken)?;
    // Last, for a folder that cannot be written takes no files, and one that gets a file is not as old as it was; the innermost first.
    for folder in folders.iter().rev() {
        folder.set().map_err(|error| around("write", folder.path(), &error))?;
    }
    Ok(staged)
}

/// Whether every folder on the way to a path is one, and not a link to elsewhere.
fn through(root: &Path, path: &Path) -> Result<(), String> {
    let mut at = root.to_owned();
    for part in path.parent().unwrap_or(Path::new("")).components() {
        at.push(part);
        match std::fs::symlink_metadata(&at) {
            Ok(meta) if !meta.is_dir() => {
                return Err(format!("the path {} goes through {}, which is no folder", path.display(), at.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is moved to where, as far as it went.
struct Moves(Vec<(PathBuf, PathBuf)>);

impl Moves {
    fn make(&mut self, from: PathBuf, to: PathBuf) -> io::Result<()> {
        std::fs::rename(&from, &to)?;
        self.0.push((from, to));
        Ok(())
    }

    fn take_back(self) -> bool {
        self.0.into_iter().rev().all(|(from, to)| std::fs::rename(to, from).is_ok())
    }
}

impl Staged {
    /// Where the files are.
    pub fn path(&self) -> PathBuf {
        self.folder.join("new")
    }

    /// What was there is kept in a folder of that name.
    #[must_use]
    pub fn keeping(mut self, aside: Option<PathBuf>) -> Self {
        self.aside = aside;
        self
    }

    /// Puts all of it in place of what is in the folder, but for what is left out there. Blocks.
    ///
    /// # Errors
    /// The copy has what is left out and there, or something cannot be moved; what was is put back.
    pub fn replace_all(self, root: &Path, left_out: &LeftOut) -> Result<u64, RestoreError> {
        let (new, old) = (self.path(), self.folder.join("old"));
        let stay = stays::below(root, Path::new(""), left_out)?;
        stays::prepare(root, &new, &stay)?;
        self.moved(root, |moves| {
            for entry in std::fs::read_dir(root)? {
                let entry = entry?;
                if !entry.file_name().to_string_lossy().starts_with(STAGING) {
                    moves.make(entry.path(), old.join(entry.file_name()))?;
                }
            }
            for entry in std::fs::read_dir(&new)? {
                let entry = entry?;
                moves.make(entry.path(), root.join(entry.file_name()))?;
            }
            for path in &stay {
                moves.make(old.join(path), root.join(path))?;
            }
            Ok(())
        })
    }

    /// Puts only these paths in place; what is there goes with `clean`, but for what is left out there. Blocks.
    ///
    /// # Errors
    /// One is not in the copy, is in the way of another, or cannot be moved; what was is put back.
    pub fn replace(self, root: &Path, paths: &[PathBuf], clean: bool, left_out: &LeftOut) -> Result<u64, RestoreError> {
        let (new, old) = (self.path(), self.folder.join("old"));
        let check = |sentence: String| RestoreError::check(sentence);
        for path in paths {
            if std::fs::symlink_metadata(new.join(path)).is_err() {
                return Err(check(format!("the copy has no {}", path.display())));
            }
            through(root, path).map_err(check)?;
            if !clean && std::fs::symlink_metadata(root.join(path)).is_ok() {
                return Err(check(format!("the path {} is there: with `clean` it is replaced", path.display())));
            }
        }
        // A path within another one comes with it.
        let outer: Vec<&PathBuf> =
            paths.iter().filter(|path| !paths.iter().any(|other| other != *path && path.starts_with(other))).collect();
        let mut stay = Vec::new();
        for path in &outer {
            let below = stays::below(root, path, left_out)?;
            stays::prepare(root, &new, &below)?;
            stay.push(below);
        }
        self.moved(root, |moves| {
            for (path, stay) in outer.iter().zip(&stay) {
                let was = old.join(path);
                let to = root.join(path);
                if std::fs::symlink_metadata(&to).is_ok() {
                    std::fs::create_dir_all(was.parent().unwrap_or(&old))?;
                    moves.make(to.clone(), was.clone())?;
                }
                if let Some(parent) = to.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                moves.make(new.join(path), to.clone())?;
                for inner in stay {
                    let within = inner.strip_prefix(path).map_err(io::Error::other)?;
                    moves.make(was.join(within), to.join(within))?;
                }
            }
            Ok(())
        })
    }

    fn moved(self, root: &Path, moving: impl FnOnce(&mut Moves) -> io::Result<()>) -> Result<u64, RestoreError> {
        let mut moves = Moves(Vec::new());
        let done = moving(&mut moves).and_then(|()| match &self.aside {
            Some(aside) => std::fs::rename(self.folder.join("old"), aside),
            None => Ok(()),
        });
        match done {
            Ok(()) => Ok(self.files),
            Err(error) if moves.take_back() => Err(around("put files into", root, &error)),
            Err(error) => {
                // What was there is kept where people find it.
                let folder = self.folder.display().to_string();
                std::mem::forget(self);
                let sentence = format!(
                    "cannot put files into {}: {error}; what could not be put back is in {folder}",
                    root.display()
                );
                Err(RestoreError { half_done: true, ..RestoreError::environment(sentence) })
            }
        }
    }
}

/// A folder whose contents can be moved beside it, by its real name: it lies on the same file system as the folder that it is in.
///
/// # Errors
/// It is a file system of its own, or cannot be looked at.
pub fn movable(root: &Path) -> Result<PathBuf, RestoreError> {
    let cannot = |error| around("look at", root, &error);
    let real = std::fs::canonicalize(root).map_err(cannot)?;
    let above = real.parent().map(std::fs::metadata).transpose().map_err(cannot)?;
    let own = std::fs::metadata(&real).map_err(cannot)?.dev();
    match above.is_some_and(|above| above.dev() == own) {
        true => Ok(real),
        false => {
            let shown = real.display();
            Err(RestoreError::environment(format!(
                "{shown} is a file system of its own: nothing can be moved beside it"
            )))
        }
    }
}

/// Whether a folder holds anything; one that is not there holds nothing.
///
/// # Errors
/// It cannot be listed.
pub fn is_empty(root: &Path) -> io::Result<bool> {
    match std::fs::read_dir(root) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

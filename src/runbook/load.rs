//! Where runbooks come from: the binary, and the operator's folder. The only code here that opens files.

use super::ready::{Known, Library};
use crate::config::Config;
use crate::config::limits::{RUNBOOK_BYTES, RUNBOOKS};
use std::io::Read;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/runbooks.rs"));

/// A file of a folder that is read as a runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name without the ending.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// A file's text.
///
/// # Errors
/// It cannot be read, is no UTF-8, or is longer than `most`; a sentence without a full stop.
pub fn file(path: &Path, most: usize) -> Result<File, String> {
    let cannot = |why: String| format!("{} cannot be read: {why}", path.display());
    let opened = std::fs::File::open(path).map_err(|error| cannot(error.to_string()))?;
    let mut bytes = Vec::new();
    opened.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| cannot(error.to_string()))?;
    if bytes.len() > most {
        return Err(cannot(format!("it is longer than {most} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8".to_owned()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(File { name, path: path.to_owned(), text })
}

/// The files `*.md` of a folder, by name, but for a `README.md`.
///
/// # Errors
/// The folder, or a file of it, cannot be read.
pub fn folder(path: &Path) -> Result<Vec<File>, String> {
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let is_readme = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("README.md"));
        if path.extension().is_some_and(|extension| extension == "md") && !is_readme && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    paths.truncate(RUNBOOKS);
    paths.iter().map(|path| file(path, RUNBOOK_BYTES)).collect()
}

impl Library {
    /// All runbooks of a configuration, and why the operator's folder could not be read, if it could not.
    pub fn load(config: &Config) -> (Self, Option<String>) {
        let own = config.runbooks.dir.as_deref().map(folder).transpose();
        let (own, why) = own.map_or_else(|why| (Vec::new(), Some(why)), |own| (own.unwrap_or_default(), None));
        let bundled = BUNDLED.iter().map(|(name, text)| (*name, "bundled".to_owned(), *text));
        let own = own.iter().map(|file| (file.name.as_str(), file.path.display().to_string(), file.text.as_str()));
        (Self::read(bundled.chain(own), &config.runbooks, &Known::of(config)), why)
    }
}

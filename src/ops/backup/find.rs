//! Which `pg_dump` to use: it must be as new as the server, and the server's own major version is the best.

use super::DumpError;
use std::path::{Path, PathBuf};

/// Where Debian and its kin keep the versions side by side.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A folder with `pg_dump` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Found {
    pub(in crate::ops) folder: PathBuf,
    /// Its major version, if the folder says; elsewhere the program is asked.
    pub(in crate::ops) major: Option<u32>,
}

/// The folders that have one, those that say their version first.
pub(in crate::ops) fn all(path: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(VERSIONS).into_iter().flatten().flatten() {
        let major = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let folder = entry.path().join("bin");
        if major.is_some() && has_dump(&folder) {
            found.push(Found { folder, major });
        }
    }
    let in_path = std::env::split_paths(path).filter(|folder| folder.is_absolute() && has_dump(folder));
    found.extend(in_path.map(|folder| Found { folder, major: None }));
    found
}

fn has_dump(folder: &Path) -> bool {
    folder.join("pg_dump").is_file()
}

/// The best for a server of this major version: its own, else the oldest that is newer.
pub(in crate::ops) fn best(found: &[Found], server: u32) -> Result<&Found, DumpError> {
    let fitting = found.iter().filter(|found| found.major.is_some_and(|major| major >= server));
    fitting.min_by_key(|found| found.major).ok_or_else(|| {
        let have: Vec<String> = found.iter().filter_map(|found| found.major).map(|major| major.to_string()).collect();
        let have = if have.is_empty() { "none was found".to_owned() } else { format!("there is {}", have.join(", ")) };
        DumpError::failed(format!(
            "the server is PostgreSQL {server}, which needs pg_dump {server} or newer; {have}: install the client programs, or name \
             their folder with pg_bin"
        ))
    })
}

/// The major version in `pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)`.
pub(in crate::ops) fn major_of(version: &str) -> Option<u32> {
    let number = version.split(") ").nth(1)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_version_is_preferred_and_an_older_one_never_taken() {
        let found = [14, 18, 16].map(|major| Found { folder: major.to_string().into(), major: Some(major) });
        let best = |server| best(&found, server).map(|found| found.major.unwrap());
        assert_eq!([best(14), best(15), best(16), best(17)], [Ok(14), Ok(16), Ok(16), Ok(18)]);
        insta::assert_snapshot!(best(19).unwrap_err().sentence, @"the server is PostgreSQL 19, which needs pg_dump 19 or newer; there is 14, 18, 16: install the client programs, or name their folder with pg_bin");
    }

    #[test]
    fn a_version_is_read_as_the_program_says_it() {
        assert_eq!(major_of("pg_dump (PostgreSQL) 17.2 (Debian 17.2-1.pgdg)"), Some(17));
        assert_eq!(major_of("pg_dump (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("something else"), None);
    }
}

//! Which `pg_dump` to use: it must be as new as the server, and the server's own major version is the best.

use super::DumpError;
use std::path::{Path, PathBuf};

/// Where Debian and its kin keep the versions side by side.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A folder with a `pg_dump` that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Found {
    pub(in crate::ops) folder: PathBuf,
    /// Its major version, as the program says.
    pub(in crate::ops) major: u32,
}

/// The folders that have one, whether or not it can be used. Reads folders.
pub(super) fn all(path: &str) -> Vec<PathBuf> {
    let side_by_side =
        std::fs::read_dir(VERSIONS).into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for folder in side_by_side.chain(in_path(path)).filter(|folder| folder.join("pg_dump").exists()) {
        // Often `/bin` is `/usr/bin`.
        let really = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        if !known.contains(&really) {
            known.push(really);
            found.push(folder);
        }
    }
    found
}

/// The program that lets another one write in larger pieces than it would, if there is one (coreutils). Reads folders.
pub(super) fn stdbuf(path: &str) -> Option<PathBuf> {
    in_path(path).map(|folder| folder.join("stdbuf")).find(|program| program.exists())
}

/// The folders of a `PATH`, but for those that depend on where one stands.
fn in_path(path: &str) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(path).filter(|folder| folder.is_absolute())
}

/// Whether a folder has the programs that make a server and run it. Reads the folder.
pub(super) fn makes_servers(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).exists())
}

/// Whether any folder that is looked through has them.
pub fn can_make_servers(path: &str, pg_bin: Option<&Path>) -> bool {
    match pg_bin {
        Some(folder) => makes_servers(folder),
        None => all(path).iter().any(|folder| makes_servers(folder)),
    }
}

/// The best for a server of this major version: its own, else the oldest that is newer.
pub(in crate::ops) fn best(found: &[Found], server: u32) -> Result<&Found, DumpError> {
    let fitting = found.iter().filter(|found| found.major >= server);
    fitting.min_by_key(|found| found.major).ok_or_else(|| {
        let have: Vec<String> = found.iter().map(|found| found.major.to_string()).collect();
        let have = have.join(", ");
        DumpError::failed(format!(
            "the server is PostgreSQL {server}, which needs pg_dump {server} or newer; there is {have}: install the client programs, \
             or name their folder with pg_bin"
        ))
    })
}

/// The major version in `pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)`.
pub(super) fn major_of(version: &str) -> Option<u32> {
    let number = version.strip_prefix("pg_dump (")?.split(") ").nth(1)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_version_is_preferred_and_an_older_one_never_taken() {
        let found = [14, 18, 16].map(|major| Found { folder: major.to_string().into(), major });
        let best = |server| best(&found, server).map(|found| found.major);
        assert_eq!([best(14), best(15), best(16), best(17)], [Ok(14), Ok(16), Ok(16), Ok(18)]);
        insta::assert_snapshot!(best(19).unwrap_err().sentence, @"the server is PostgreSQL 19, which needs pg_dump 19 or newer; there is 14, 18, 16: install the client programs, or name their folder with pg_bin");
    }

    #[test]
    fn a_version_is_read_as_the_program_says_it() {
        assert_eq!(major_of("pg_dump (PostgreSQL) 17.2 (Debian 17.2-1.pgdg)"), Some(17));
        assert_eq!(major_of("pg_dump (PostgreSQL) 18beta1"), Some(18));
        for other in ["something else", "echo (GNU coreutils) 9.1", ""] {
            assert_eq!(major_of(other), None, "{other}");
        }
    }
}

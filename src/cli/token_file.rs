//! `data_dir/api.json`: where the running bot listens and the token that makes its owner's shell its owner. Written at the
//! start, removed at the end, readable by nobody else.

use super::failure::Failure;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The file's name.
pub const NAME: &str = "api.json";
/// More than this is not our file.
const MOST_BYTES: u64 = 16 * 1024;

/// What the file says.
#[derive(Clone, Debug)]
pub struct ApiFile {
    /// Where the API is, `http://127.0.0.1:8787`.
    pub url: String,
    /// What to show it.
    pub token: SecretString,
    /// Whose it is.
    pub pid: u32,
}

#[derive(Serialize, Deserialize)]
struct Text {
    url: String,
    token: String,
    pid: u32,
}

/// A token nobody can guess: 256 random bits in hex.
///
/// # Errors
/// The system gives no random bytes.
pub fn fresh_token() -> Result<SecretString, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(format!("the system gave no random bytes for a token: {error}")))?;
    Ok(hex::encode(bytes).into())
}

/// The file while the bot runs; removed when dropped, unless somebody else's has taken its place.
#[derive(Debug)]
pub struct Published {
    path: PathBuf,
    token: SecretString,
}

/// Writes the file whole or not at all.
///
/// # Errors
/// The folder cannot be written.
pub fn publish(data_dir: &Path, file: &ApiFile) -> Result<Published, Failure> {
    let path = data_dir.join(NAME);
    let draft = data_dir.join(format!("{NAME}.{}", file.pid));
    let text = Text { url: file.url.clone(), token: file.token.expose_secret().to_owned(), pid: file.pid };
    let text = serde_json::to_string(&text).map_err(|error| Failure::new(error.to_string()))? + "\n";
    let write = || {
        // What an earlier process of the same number left may have another mode.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&draft, &path)
    };
    write().map_err(|error| Failure::new(format!("cannot write the API token file {}: {error}", path.display())))?;
    Ok(Published { path, token: file.token.clone() })
}

impl Drop for Published {
    fn drop(&mut self) {
        let ours = self.path.parent().map(read).is_some_and(|read| {
            read.is_ok_and(|file| file.is_some_and(|file| file.token.expose_secret() == self.token.expose_secret()))
        });
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(error = %error, file = %self.path.display(), "the API token file could not be removed");
        }
    }
}

/// Reads the file; `None` when there is none, so that no bot has been running there since its last clean end.
///
/// # Errors
/// Others could have read or written it, or it is not what a bot writes.
pub fn read(data_dir: &Path) -> Result<Option<ApiFile>, Failure> {
    let path = data_dir.join(NAME);
    let shown = path.display();
    let cannot = |error: std::io::Error| Failure::new(format!("cannot read the API token file {shown}: {error}"));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
    };
    let mode = file.metadata().map_err(cannot)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(format!(
            "others can read the API token file {shown} (mode {mode:03o}), so its token is no secret any more: \
             remove it and restart the bot"
        )));
    }
    let mut text = String::new();
    file.take(MOST_BYTES).read_to_string(&mut text).map_err(cannot)?;
    let Text { url, token, pid } = serde_json::from_str(&text).map_err(|_| {
        Failure::new(format!("{shown} is not what a running bot writes: remove it and restart the bot"))
    })?;
    Ok(Some(ApiFile { url, token: token.into(), pid }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(pid: u32) -> ApiFile {
        ApiFile { url: "http://127.0.0.1:8787".to_owned(), token: fresh_token().unwrap(), pid }
    }

    #[test]
    fn what_is_published_is_read_back_and_removed_in_the_end() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_none());
        let ours = file(7);
        let published = publish(dir.path(), &ours).unwrap();
        let found = read(dir.path()).unwrap().unwrap();
        assert_eq!((found.url.as_str(), found.pid), ("http://127.0.0.1:8787", 7));
        assert_eq!(found.token.expose_secret(), ours.token.expose_secret());
        assert_eq!(found.token.expose_secret().len(), 64);
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(published);
        assert!(read(dir.path()).unwrap().is_none());
    }

    #[test]
    fn a_successors_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let first = publish(dir.path(), &file(1)).unwrap();
        let second = publish(dir.path(), &file(2)).unwrap();
        drop(first);
        assert_eq!(read(dir.path()).unwrap().unwrap().pid, 2);
        drop(second);
        assert!(read(dir.path()).unwrap().is_none());
    }

    #[test]
    fn refuses_a_file_that_others_can_read() {
        let dir = tempfile::tempdir().unwrap();
        let _published = publish(dir.path(), &file(1)).unwrap();
        fs::set_permissions(dir.path().join(NAME), fs::Permissions::from_mode(0o640)).unwrap();
        let refusal = read(dir.path()).unwrap_err().to_string();
        assert!(refusal.contains("mode 640") && refusal.contains("remove it and restart the bot"), "{refusal}");
    }

    #[test]
    fn refuses_a_file_that_no_bot_wrote_and_repeats_none_of_it() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "{}", "{\"token\":\"secret\"", "\u{0}"] {
            let mut out = OpenOptions::new();
            let mut out = out.write(true).create(true).truncate(true).mode(0o600).open(dir.path().join(NAME)).unwrap();
            out.write_all(text.as_bytes()).unwrap();
            let refusal = read(dir.path()).unwrap_err().to_string();
            assert!(refusal.contains("not what a running bot writes") && !refusal.contains("secret"), "{refusal}");
        }
    }
}

//! The checkpoint file and its keys in the data folder: JSON lines appended and synced, a private key only its owner can
//! read, a public key that pins who may sign. Blocking file work: call it off the async threads.

use super::checkpoint::{Checkpoint, Checkpoints, is_torn};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The checkpoints, one JSON object a line.
pub const CHECKPOINT_FILE: &str = "audit-checkpoints.jsonl";
/// The private key that signs them (PKCS#8 PEM, mode 0600), made on first use.
pub const KEY_FILE: &str = "audit-key.pem";
/// The public key (PEM) they are checked with; copy it elsewhere to verify without the bot's machine.
pub const PUBLIC_KEY_FILE: &str = "audit-key.pub";

/// A file of the trail cannot be used: which one, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct CheckpointError {
    path: PathBuf,
    what: String,
}

impl CheckpointError {
    fn new(path: &Path, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), what: what.into() }
    }
}

/// Signs checkpoints and appends them.
pub struct CheckpointLog {
    path: PathBuf,
    key: SigningKey,
}

impl CheckpointLog {
    /// Opens the log in this data folder; on first use it makes the key pair.
    pub fn open(dir: &Path) -> Result<Self, CheckpointError> {
        let (key_path, public_path, path) = (dir.join(KEY_FILE), dir.join(PUBLIC_KEY_FILE), dir.join(CHECKPOINT_FILE));
        let fresh = !key_path.exists();
        if fresh && (public_path.exists() || path.exists()) {
            let what = format!(
                "the key that signed {CHECKPOINT_FILE} is gone; put it back from a backup, or move {CHECKPOINT_FILE} and \
                 {PUBLIC_KEY_FILE} away together to begin a new series"
            );
            return Err(CheckpointError::new(&key_path, what));
        }
        if fresh {
            make_key(&key_path)?;
        }
        let key = load_key(&key_path)?;
        match load_public_key(&public_path)? {
            Some(pinned) if pinned != key.verifying_key() => {
                let what = format!("it is not the public half of {KEY_FILE}; put the pair that belongs together back");
                return Err(CheckpointError::new(&public_path, what));
            }
            Some(_) => {}
            None => write_public_key(&public_path, &key.verifying_key())?,
        }
        Ok(Self { path, key })
    }

    /// Signs "record `seq` has `hash`" and appends it; on return it is on the disk. A half-written last line is replaced.
    pub fn append(&self, seq: i64, hash: &str, at_ms: i64) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint::sign(&self.key, seq, hash, at_ms);
        self.write(&checkpoint)
            .map_err(|e| CheckpointError::new(&self.path, format!("cannot add a checkpoint: {e}")))?;
        Ok(checkpoint)
    }

    /// Signs a text of another kind with the same key, in hexadecimal digits; `what` is the kind, so that no signature can stand for
    /// one of another.
    pub fn sign(&self, what: &str, text: &str) -> String {
        let signature = ed25519_dalek::Signer::sign(&self.key, format!("{what}\n{text}").as_bytes());
        hex::encode(signature.to_bytes())
    }

    /// The public half of the key, in hexadecimal digits.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().to_bytes())
    }

    fn write(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
        let (whole, tail) = last_line(&mut file)?;
        let mut text = String::new();
        if is_torn(&String::from_utf8_lossy(&tail)) {
            file.set_len(whole)?;
        } else {
            text.push('\n');
        }
        text.push_str(&checkpoint.line());
        text.push('\n');
        // One write, so that two processes that share a folder by mistake still write whole lines.
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

/// Reads and checks the checkpoints of a data folder with its pinned public key; none is fine. Needs no private key.
pub fn read_checkpoints(dir: &Path) -> Result<Checkpoints, CheckpointError> {
    let (path, public_path, key_path) = (dir.join(CHECKPOINT_FILE), dir.join(PUBLIC_KEY_FILE), dir.join(KEY_FILE));
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Checkpoints::default()),
        Err(e) => return Err(CheckpointError::new(&path, format!("cannot read the checkpoints: {e}"))),
    };
    let key = match load_public_key(&public_path)? {
        Some(key) => key,
        None if key_path.exists() => load_key(&key_path)?.verifying_key(),
        None => {
            let what = format!("the key that checks {CHECKPOINT_FILE} is gone; put it back from a copy");
            return Err(CheckpointError::new(&public_path, what));
        }
    };
    Ok(Checkpoints::parse(&text, &key))
}

/// Where the last whole line ends, and the bytes after it.
fn last_line(file: &mut File) -> io::Result<(u64, Vec<u8>)> {
    // A checkpoint line is about 370 bytes; a tail longer than this is no torn line and is left alone.
    const TAIL: u64 = 4096;
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    Ok((from + whole as u64, bytes.split_off(whole)))
}

fn make_key(path: &Path) -> Result<(), CheckpointError> {
    let fail = |what: String| CheckpointError::new(path, what);
    let mut secret = [0u8; 32];
    getrandom::fill(&mut secret).map_err(|e| fail(format!("the system gave no random bytes for a key: {e}")))?;
    let key = SigningKey::from_bytes(&secret);
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| fail(format!("cannot write the key as PEM: {e}")))?;
    place(path, pem.as_bytes()).map_err(|e| fail(format!("cannot make the signing key: {e}")))
}

/// Puts a new file, readable by its owner only, in place whole and synced. It is written under another name and then linked,
/// which fails if the name is taken: a crash leaves no half key, and of two processes that start at once one wins for both.
fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let made = write_private(Path::new(&draft), bytes).and_then(|()| match fs::hard_link(&draft, path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let swept = fs::remove_file(&draft);
    made.and(swept)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A draft that a crash left under this name is nobody's; should it stay, the next line says so.
    fs::remove_file(path).ok();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn load_key(path: &Path) -> Result<SigningKey, CheckpointError> {
    let fail = |what: String| CheckpointError::new(path, what);
    let pem =
        secrecy::SecretString::from(fs::read_to_string(path).map_err(|e| fail(format!("cannot read the key: {e}")))?);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(|e| fail(e.to_string()))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let what = format!("others can read this key (mode {mode:03o}); run: chmod 600 {}", path.display());
            return Err(fail(what));
        }
    }
    SigningKey::from_pkcs8_pem(secrecy::ExposeSecret::expose_secret(&pem))
        .map_err(|_| fail("it is no ed25519 private key in PKCS#8 PEM; put the real one back".to_owned()))
}

fn load_public_key(path: &Path) -> Result<Option<VerifyingKey>, CheckpointError> {
    let fail = |what: String| CheckpointError::new(path, what);
    match fs::read_to_string(path) {
        Ok(pem) => VerifyingKey::from_public_key_pem(&pem)
            .map(Some)
            .map_err(|_| fail("it is no ed25519 public key in PEM; put the real one back".to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(fail(format!("cannot read the public key: {e}"))),
    }
}

fn write_public_key(path: &Path, key: &VerifyingKey) -> Result<(), CheckpointError> {
    let fail = |what: String| CheckpointError::new(path, what);
    let pem = key.to_public_key_pem(LineEnding::LF).map_err(|e| fail(format!("cannot write the key as PEM: {e}")))?;
    place(path, pem.as_bytes()).map_err(|e| fail(format!("cannot write the public key: {e}")))
}

#[cfg(test)]
mod tests;

//! Compiled plugins on disk, by content: machine code for exactly these bytes and this engine. Trusted only in a folder
//! that nobody else can write, and only with the checksum noted beside each file.

use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tracing::{debug, warn};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The cache; without a folder every plugin is compiled anew.
#[derive(Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

/// Where one compiled plugin is kept.
struct Slot {
    code: PathBuf,
    checksum: PathBuf,
}

impl Cache {
    /// Uses `folder`, made if need be for its owner alone. A folder that cannot be trusted or used is left alone and said so.
    pub fn open(folder: &Path) -> Self {
        match private_folder(folder) {
            Ok(()) => Self { folder: Some(folder.to_owned()) },
            Err(error) => {
                warn!(folder = %folder.display(), "plugins are compiled at every start, because the compile cache cannot be used: {error}");
                Self::default()
            }
        }
    }

    /// The component of these bytes: from the cache if it is there and whole, compiled and put there otherwise. Takes CPU
    /// time, so not for an async worker.
    pub fn component(&self, engine: &Engine, wasm: &[u8], digest: &str) -> wasmtime::Result<Component> {
        let Some(folder) = &self.folder else { return Component::new(engine, wasm) };
        let mut compatibility = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut compatibility);
        let name = format!("{digest}-{:016x}", compatibility.finish());
        let slot = Slot { code: folder.join(format!("{name}.cwasm")), checksum: folder.join(format!("{name}.sha256")) };
        match slot.load(engine) {
            Ok(component) => return Ok(component),
            Err(error) => debug!(plugin.digest = digest, "compiling, as the cache does not help: {error:#}"),
        }
        let code = engine.precompile_component(wasm)?;
        if let Err(error) = slot.save(&code) {
            warn!(path = %slot.code.display(), "the compiled plugin could not be cached, and will be compiled again: {error}");
            return Component::new(engine, wasm);
        }
        slot.load(engine)
    }
}

impl Slot {
    fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        let expected = fs::read_to_string(&self.checksum)?;
        let found = hex::encode(Sha256::digest(fs::read(&self.code)?));
        if found != expected.trim() {
            wasmtime::bail!("the cached code is damaged");
        }
        deserialize(engine, &self.code)
    }

    /// Writes code and checksum, each whole or not at all, the checksum last.
    fn save(&self, code: &[u8]) -> io::Result<()> {
        replace(&self.code, code)?;
        replace(&self.checksum, hex::encode(Sha256::digest(code)).as_bytes())
    }
}

#[expect(unsafe_code, reason = "running cached machine code cannot be made safe by types")]
fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file was written by this program with `Engine::precompile_component`, its checksum was just verified, and
    // it lies in a folder that `private_folder` found to be writable by our own user only. wasmtime itself refuses code of
    // another version or configuration.
    unsafe { Component::deserialize_file(engine, path) }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let meta = fs::symlink_metadata(folder)?;
    let refuse = |text: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, text.to_owned()));
    if !meta.is_dir() {
        return refuse("it is not a folder");
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if meta.mode() & 0o022 != 0 {
        return refuse("others can write to it: chmod 700 it");
    }
    Ok(())
}

/// Writes a file for its owner alone, so that readers see the old content or the new one.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", uuid::Uuid::now_v7()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // Best effort: the file may not exist, and the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// An empty component.
    const EMPTY: &[u8] = &[0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn what_was_compiled_is_kept_for_its_owner_alone_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("cache");
        let engine = Engine::default();
        Cache::open(&folder).component(&engine, EMPTY, "d1").unwrap();
        let before = files(&folder);
        assert_eq!(before.len(), 2);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(before.iter().all(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600));
        let written = fs::metadata(&before[0]).unwrap().ino();
        Cache::open(&folder).component(&engine, EMPTY, "d1").unwrap();
        assert_eq!(fs::metadata(&files(&folder)[0]).unwrap().ino(), written, "not written again");
    }

    #[test]
    fn damaged_code_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("cache");
        let engine = Engine::default();
        let cache = Cache::open(&folder);
        cache.component(&engine, EMPTY, "d1").unwrap();
        let code = files(&folder).remove(0);
        let whole = fs::read(&code).unwrap();
        for damage in [&whole[..whole.len() / 2], &[0_u8; 64][..], &[]] {
            fs::write(&code, damage).unwrap();
            cache.component(&engine, EMPTY, "d1").unwrap();
            assert_eq!(fs::read(&code).unwrap().len(), whole.len());
        }
    }

    #[test]
    fn refuses_a_folder_that_others_can_write() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let cache = Cache::open(folder.path());
        cache.component(&Engine::default(), EMPTY, "d1").unwrap();
        assert!(files(folder.path()).is_empty());
    }
}

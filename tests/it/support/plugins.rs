//! The guest workspace, built once for each test run: the same bytes that are shipped, and `misbehaving`, which is not.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The component of a folder in `plugins/`, built if need be.
pub fn built(plugin: &str) -> Arc<[u8]> {
    static BYTES: OnceLock<Mutex<HashMap<String, Arc<[u8]>>>> = OnceLock::new();
    let path = built_path(plugin);
    let mut bytes = BYTES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let read = || {
        let found = std::fs::read(&path);
        found.unwrap_or_else(|error| panic!("{} was not built: {error}", path.display())).into()
    };
    Arc::clone(bytes.entry(plugin.to_owned()).or_insert_with(read))
}

/// The file of that component.
pub fn built_path(plugin: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build_all).join(format!("{}.wasm", plugin.replace('-', "_")))
}

/// A file with that component as its author would have built it under another name of as many letters; a command that is called as the
/// plugin is gets the name, too.
pub fn renamed(plugin: &str, name: &str, folder: &Path) -> PathBuf {
    assert_eq!(plugin.len(), name.len(), "what is found by its place in the component stays there");
    let (mut bytes, old, new) = (built(plugin).to_vec(), format!("name = \"{plugin}\""), format!("name = \"{name}\""));
    let places: Vec<usize> =
        (0..bytes.len() - old.len()).filter(|&at| bytes[at..].starts_with(old.as_bytes())).collect();
    assert!(!places.is_empty(), "the manifest is in the component");
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    }
    let path = folder.join(format!("{name}.wasm"));
    std::fs::write(&path, bytes).unwrap();
    path
}

fn build_all() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--target", "wasm32-wasip2", "--manifest-path"]);
    cargo.arg(workspace.join("Cargo.toml"));
    // A wrapper's or the host's own settings are not meant for guests.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(variable);
    }
    let output = cargo.output().expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "the plugins do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    workspace.join("target/wasm32-wasip2/release")
}

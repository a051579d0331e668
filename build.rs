//! Puts the bundled runbooks and plugins into the binary; of plugins those that `plugins/bundled.txt` lists, as `make plugins` built them.
//! It never builds a plugin itself. A release build refuses missing or stale ones; a debug build warns.

use sha2::{Digest, Sha256};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where `scripts/bundle-plugins.sh` leaves `NAME.wasm` and `NAME.sources`.
const BUILT: &str = "plugins/target/bundled";
/// Where the bundled runbooks are.
const RUNBOOKS: &str = "assets/runbooks";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=plugins/bundled.txt");
    println!("cargo::rerun-if-changed={BUILT}");
    // Cargo holds a watched path that does not exist for changed every time; an empty folder spares those rebuilds.
    if root.join("plugins").is_dir() {
        // On a read-only source tree there is nothing to watch for, and nothing is lost.
        fs::create_dir_all(root.join(BUILT)).ok();
    }

    let mut entries = String::new();
    for name in listed(&root) {
        let wasm = root.join(BUILT).join(format!("{name}.wasm"));
        let built_from = fs::read_to_string(root.join(BUILT).join(format!("{name}.sources"))).unwrap_or_default();
        let trouble = match sources(&root, &name) {
            Err(sentence) => Some(sentence),
            Ok(_) if !wasm.is_file() => {
                Some(format!("the bundled plugin {name} has not been built; run `make plugins` first"))
            }
            Ok(sources) if built_from.trim() != sources => {
                Some(format!("the bundled plugin {name} is older than its sources; run `make plugins` first"))
            }
            Ok(_) => None,
        };
        match trouble {
            Some(sentence) if release => println!("cargo::error={sentence}"),
            Some(sentence) => println!("cargo::warning={sentence}"),
            None => {}
        }
        // A copy, so that a plugin built anew while the compiler runs cannot slip in half written.
        let copy = out.join(format!("{name}.wasm"));
        if root.join("plugins").join(&name).is_dir() && fs::copy(&wasm, &copy).is_ok() {
            entries.push_str(&format!("    ({name:?}, include_bytes!({copy:?}), {:?}),\n", built_from.trim()));
        }
    }
    let code = format!(
        "/// The bundled plugins: name, component, SHA-256 of the sources it was built from (hex).\n\
         pub const BUNDLED: &[(&str, &[u8], &str)] = &[\n{entries}];\n"
    );
    fs::write(out.join("bundled.rs"), code).expect("cargo lets a build script write to OUT_DIR");
    runbooks(&root, &out);
}

/// Puts the runbooks of `assets/runbooks` into the binary, in the order of their names.
fn runbooks(root: &Path, out: &Path) {
    println!("cargo::rerun-if-changed={RUNBOOKS}");
    // As above: what is watched must be there.
    fs::create_dir_all(root.join(RUNBOOKS)).ok();
    let mut files: Vec<PathBuf> =
        fs::read_dir(root.join(RUNBOOKS)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let entries: String = files
        .iter()
        .map(|file| {
            format!("    ({:?}, include_str!({file:?})),\n", file.file_stem().unwrap_or_default().to_string_lossy())
        })
        .collect();
    let code =
        format!("/// The bundled runbooks: name and text.\npub const BUNDLED: &[(&str, &str)] = &[\n{entries}];\n");
    fs::write(out.join("runbooks.rs"), code).expect("cargo lets a build script write to OUT_DIR");
}

/// The names in `plugins/bundled.txt`: one a line, `#` begins a comment; no file, no bundled plugins.
fn listed(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("plugins/bundled.txt")).unwrap_or_default();
    let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// One hash over everything a plugin is built from, computed as `scripts/bundle-plugins.sh` does it: the SHA-256 of
/// `sha256sum`'s lines, in the order of the paths. Documentation is left out.
fn sources(root: &Path, name: &str) -> Result<String, String> {
    if !root.join("plugins").join(name).is_dir() {
        return Err(format!("plugins/bundled.txt lists {name}, but there is no folder plugins/{name}"));
    }
    let mut files = Vec::new();
    for part in ["plugins/Cargo.toml", "plugins/Cargo.lock", "plugins/sdk", &format!("plugins/{name}"), "wit"] {
        println!("cargo::rerun-if-changed={part}");
        collect(&root.join(part), &mut files).map_err(|e| format!("{part}: cannot read the plugin's sources: {e}"))?;
    }
    let mut lines: Vec<(String, String)> = Vec::new();
    for file in files {
        let bytes =
            fs::read(&file).map_err(|e| format!("{}: cannot read the plugin's sources: {e}", file.display()))?;
        let path = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        lines.push((path, hex(&Sha256::digest(bytes))));
    }
    lines.sort();
    let listing: String = lines.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
    Ok(hex(&Sha256::digest(listing)))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?.path();
            if entry.file_name().is_none_or(|name| name != "target") {
                collect(&entry, files)?;
            }
        }
    } else if path.extension().is_none_or(|extension| extension != "md") && path.exists() {
        files.push(path.to_owned());
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

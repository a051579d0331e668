//! Compiled plugins, handed from one bot to the next: what each would otherwise compile anew is most of what a test waits
//! for. They are found by content and checked by the bot itself, so nothing stale is ever used.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins")
}

/// Puts into a data folder what earlier bots compiled.
pub fn lend(data_dir: &Path) {
    take_over(&kept(), &data_dir.join("cache"));
}

/// Keeps what this bot compiled.
pub fn keep(data_dir: &Path) {
    take_over(&data_dir.join("cache"), &kept());
}

/// Copies what is missing, each file whole or not at all.
fn take_over(from: &Path, to: &Path) {
    for folder in [from, to] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).expect("make a folder for compiled plugins");
    }
    for entry in fs::read_dir(from).expect("a folder of compiled plugins") {
        let name = entry.expect("an entry").file_name();
        let target = to.join(&name);
        if target.exists() || name.to_string_lossy().ends_with(".tmp") {
            continue;
        }
        let copy = to.join(format!("{}.tmp", drillbell::model::ids::fresh()));
        fs::copy(from.join(&name), &copy).and_then(|_| fs::rename(&copy, &target)).expect("copy a compiled plugin");
    }
}

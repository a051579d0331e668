//! Compiled plugins, handed from one bot to the next: what each would otherwise compile anew is most of what a test waits
//! for. They are compiled once, before the first test that needs one, found by content and checked by the bot itself, so nothing stale
//! is ever used.

use super::bot::builtins;
use super::memory::Memory;
use super::sandbox::{Bench, source};
use drillbell::plugin::{Origin, PluginSource, SandboxOptions};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where they are, all of them compiled.
pub fn compiled() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
        // On a thread of its own, since whoever asks may be in a runtime.
        let work = || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(compile(folder.clone()));
        };
        std::thread::scope(|scope| scope.spawn(work).join().expect("compile the plugins"));
        folder
    })
}

async fn compile(folder: PathBuf) {
    let (all, options) = (builtins(), SandboxOptions { calls: 1, workers: 2, cache: Some(folder), pooling: true });
    let sources = all.keys().map(|name| PluginSource { origin: Origin::Builtin(name.clone()), ..source(name, &[]) });
    let sources = sources.collect();
    Bench::of(&options, Memory::default(), all, sources).await;
}

/// Puts them into a data folder. What is there already stays.
pub fn lend(data_dir: &Path) {
    let cache = data_dir.join("cache");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache).expect("make a folder for compiled plugins");
    for entry in fs::read_dir(compiled()).expect("a folder of compiled plugins") {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        let to = cache.join(&name);
        if to.exists() || name.to_string_lossy().ends_with(".tmp") {
            continue;
        }
        // Never written again, so that one file serves everybody; another file system gets a copy.
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).expect("lend a compiled plugin");
    }
}

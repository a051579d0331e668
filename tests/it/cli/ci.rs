//! The commands of `docs/ci.md`, as a pipeline runs them: on a machine that knows nothing but the store.

use super::program::call;
use crate::support::process::env_clear;
use drillbell::config::demo;
use std::path::Path;
use std::process::Command;

const MANUAL: &str = include_str!("../../../docs/ci.md");

/// The pipeline's commands, which write their answers into files.
fn commands() -> Vec<&'static str> {
    let commands: Vec<_> = MANUAL.lines().filter_map(|line| line.trim().strip_prefix("run: drillbell ")).collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    commands
}

/// Its configuration, with the sample shop for the database and a folder for the bucket.
fn config(store: &Path) -> String {
    let text = MANUAL.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let url = "url = { env = \"SCRATCH_DATABASE_URL\" }              # a drill";
    let into = "into = { env = \"SCRATCH_DATABASE_URL\" }\n";
    assert!(text.contains(url) && text.contains(into) && text.contains("kind = \"postgres\""), "{text}");
    text.replace("s3://backups-of-ours/drillbell", &format!("dir:{}", store.display()))
        .replace("identity = { env = \"AGE_IDENTITY\" }\n", "")
        .replace("kind = \"postgres\"", "kind = \"sqlite\"")
        .replace(url, "path = \"nowhere.db\" # a drill")
        .replace(into, "")
}

/// Runs one as the pipeline's shell does; how it exits.
fn run(folder: &Path, command: &str) -> Option<i32> {
    let program = Path::new(env!("CARGO_BIN_EXE_drillbell"));
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{} {command}", program.display())]).current_dir(folder);
    env_clear(&mut shell).env("USER", "runner").env("PATH", "/usr/bin:/bin").status().unwrap().code()
}

#[test]
fn a_pipeline_that_knows_the_store_alone_proves_the_newest_copy_and_fails_when_it_is_damaged() {
    let (bot, pipeline) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(bot.path().join("drillbell.toml"), demo("127.0.0.1:0".parse().unwrap(), 4001)).unwrap();
    lay_shop(bot.path());
    let copied = call(bot.path(), &["run", "/backup run shop"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    std::fs::write(pipeline.path().join("drillbell.ci.toml"), config(&bot.path().join("artifacts"))).unwrap();
    let read = |name: &str| std::fs::read_to_string(pipeline.path().join(name)).unwrap();
    for command in commands() {
        let code = run(pipeline.path(), command);
        let said = read(command.rsplit("> ").next().unwrap());
        assert_eq!(code, Some(0), "{command}: {said}");
    }
    assert!(read("drill.json").contains("is proven by"), "{}", read("drill.json"));
    super::demo::damage(&bot.path().join("artifacts/backups/shop"));
    let codes: Vec<_> = commands().into_iter().map(|command| run(pipeline.path(), command)).collect();
    assert_eq!(codes[2], Some(1), "{}", read("verified.json"));
    assert!(read("verified.json").contains("is broken"), "{}", read("verified.json"));
    assert_eq!(codes[3], Some(1), "{}", read("drill.json"));
}

/// The demo's shop, without the demo.
fn lay_shop(folder: &Path) {
    std::fs::create_dir_all(folder.join("shop/media")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(drillbell::store::write_sample_shop(&folder.join("shop/shop.db"))).unwrap();
}

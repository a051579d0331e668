//! Programs that a dump needs: what is called `pg_dump` and is none is told, and the next one taken; what only makes it quicker may be anything.

use crate::support::bot::guard;
use crate::support::postgres::{binaries, fresh_database};
use drillbell::ops::backup::DumpError;
use drillbell::ops::backup::Meter;
use drillbell::ops::backup::pack::pack;
use drillbell::ops::backup::postgres::Tools;
use drillbell::ops::child::{Process, Supervisor, Watch};
use drillbell::scrub::Scrub;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a job would say.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Watch for Heard {
    fn started(&self, _: Process) -> BoxFuture<'_, Result<(), String>> {
        async { Ok(()) }.boxed()
    }

    fn line(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// Looks for tools; how that ended, and what was said of those that were not used.
async fn look(path: &str, pg_bin: Option<&Path>) -> (Result<(), DumpError>, Vec<String>) {
    let (scratch, heard) = (tempfile::tempdir().unwrap(), Arc::new(Heard::default()));
    let supervisor = Supervisor::new(guard(), scratch.path().to_owned(), Scrub::default());
    let tools = Tools { supervisor, path: path.to_owned(), watch: heard.clone(), cancel: CancellationToken::new() };
    let looked = tools.look(&fresh_database().into(), pg_bin).await.map(drop);
    let lines = std::mem::take(&mut *heard.0.lock().unwrap());
    (looked, lines.into_iter().filter(|line| line.starts_with("not used: ")).collect())
}

/// A folder in which `pg_dump` is something else.
fn folder(below: &tempfile::TempDir, name: &str, program: Option<&Path>) -> PathBuf {
    let folder = below.path().join(name);
    std::fs::create_dir(&folder).unwrap();
    match program {
        Some(program) => symlink(program, folder.join("pg_dump")).unwrap(),
        None => std::fs::write(folder.join("pg_dump"), "no program").unwrap(),
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_pg_dump_and_is_none_is_told_and_the_next_one_is_taken() {
    let below = tempfile::tempdir().unwrap();
    let cases = [
        (folder(&below, "text", None), "could not be started: ", "the bot may not run"),
        (folder(&below, "fails", Some("/bin/false".as_ref())), "exited with 1", ""),
        (folder(&below, "other", Some("/bin/echo".as_ref())), "says \"", "instead of a version"),
    ];
    let mut path: Vec<String> = cases.iter().map(|(folder, ..)| folder.display().to_string()).collect();
    // Behind another name it is the same, and is told of once.
    let alias = below.path().join("alias");
    symlink(&cases[0].0, &alias).unwrap();
    path.push(alias.display().to_string());
    let (looked, told) = look(&path.join(":"), None).await;
    assert_eq!(looked, Ok(()), "the real one is there too");
    assert_eq!(told.len(), 3, "{told:?}");
    for ((folder, what, why), told) in cases.iter().zip(&told) {
        let program = folder.join("pg_dump").display().to_string();
        assert!(told.contains(&program) && told.contains(what) && told.contains(why), "{told}");
        // Named by the configuration, there is no other.
        let said = look("", Some(folder)).await.0.unwrap_err().sentence;
        assert!(said.starts_with(&format!("no pg_dump that was found can be used ({program} ")), "{said}");
        assert!(said.contains(what) && said.ends_with("or name their folder with pg_bin"), "{said}");
    }
    // With a good one, and nothing to ask the server with.
    let alone = folder(&below, "alone", Some(&binaries().join("pg_dump")));
    let said = look("", Some(&alone)).await.0.unwrap_err().sentence;
    let psql = alone.join("psql").display().to_string();
    assert!(said.starts_with(&format!("no psql that was found can be used ({psql} could not be started: ")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_is_not_the_tools_fault() {
    let scratch = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::new(guard(), scratch.path().to_owned(), Scrub::default());
    let watch = Arc::new(Heard::default());
    let tools = Tools { supervisor, path: String::new(), watch: watch.clone(), cancel: CancellationToken::new() };
    let url = format!("{}_not_there", fresh_database());
    let error = tools.look(&url.into(), None).await.unwrap_err();
    assert!(error.retry && error.sentence.starts_with("psql on drillbell@127.0.0.1:"), "{error:?}");
    assert!(watch.0.lock().unwrap().iter().all(|line| !line.starts_with("not used: ")));
}

/// Dumps three rows with a `stdbuf` of the test's; how many rows there are in the dump.
async fn rows_dumped_with(stdbuf: Option<&Path>) -> Option<u64> {
    let (scratch, below, url) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), fresh_database());
    super::psql(&url, "create table orders as select n from generate_series(1, 3) n");
    if let Some(stdbuf) = stdbuf {
        symlink(stdbuf, below.path().join("stdbuf")).unwrap();
    }
    let supervisor = Supervisor::new(guard(), scratch.path().to_owned(), Scrub::default());
    let (path, watch) = (below.path().display().to_string(), Arc::new(Heard::default()));
    let tools = Tools { supervisor, path, watch, cancel: CancellationToken::new() };
    let ready = tools.look(&url.into(), None).await.unwrap();
    let prepared = tools.prepare(&ready, Duration::from_secs(60), false).await;
    let dump = tools.dump(prepared).await.unwrap();
    let mut packing = pack(Box::new(dump), Vec::new(), Meter::default());
    tokio::io::copy(&mut packing.source, &mut tokio::io::sink()).await.unwrap();
    let plain = packing.outcome().await.unwrap();
    let tables = plain.contents.tables?;
    tables.iter().find(|table| table.table == "orders").map(|table| table.rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_is_the_same_with_a_stdbuf_without_one_and_with_one_that_is_none() {
    let below = tempfile::tempdir().unwrap();
    let (program, log) = (below.path().join("program"), below.path().join("log"));
    let script = format!("#!/bin/sh\necho \"$@\" >>'{}'\nshift\nexec \"$@\"\n", log.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    for stdbuf in [None, Some("/bin/false".as_ref()), Some("/bin/echo".as_ref()), Some(program.as_path())] {
        assert_eq!(rows_dumped_with(stdbuf).await, Some(3), "{stdbuf:?}");
    }
    // One that works is tried out first, and then relied on.
    let log = std::fs::read_to_string(log).unwrap();
    let asked: Vec<_> = log.lines().collect();
    assert_eq!(asked.len(), 2, "{log}");
    for (asked, what) in asked.iter().zip(["--version", "--format=custom --compress=0 --no-password"]) {
        assert!(asked.starts_with("--output=1048576 /") && asked.ends_with(&format!("/pg_dump {what}")), "{asked}");
    }
}

//! What is called `pg_dump` and is none: told, and the next one is taken.

use crate::support::bot::guard;
use crate::support::postgres::{binaries, fresh_database};
use drillbell::ops::backup::DumpError;
use drillbell::ops::backup::postgres::Tools;
use drillbell::ops::child::{Process, Supervisor, Watch};
use drillbell::scrub::Scrub;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
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
    let path: Vec<String> = cases.iter().map(|(folder, ..)| folder.display().to_string()).collect();
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

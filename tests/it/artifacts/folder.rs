//! A folder whose writer is killed at every step, runs out of room, or meets what does not belong there.

use crate::support::artifacts::{bytes, folder, key, put, read};
use crate::support::process::{kill_shim, preloads};
use drillbell::artifacts::{Artifacts, Folder, Kind};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// Larger than one chunk.
const SIZE: usize = 700_000;
/// Names the folder to a child of ours.
const FOLDER: &str = "DRILLBELL_TEST_FOLDER";
/// Says what the child is to expect.
const EXPECT: &str = "DRILLBELL_TEST_EXPECT";

/// Also the writer that the tests below start as a process of its own.
#[tokio::test]
async fn a_writer_replaces_what_is_there_or_says_why_not() {
    let own = tempfile::tempdir().unwrap();
    let path = std::env::var_os(FOLDER).map_or(own.path().join("a"), Into::into);
    let artifacts = Artifacts::in_folder(Folder::new(path));
    let new = bytes(SIZE, 2);
    match (std::env::var(EXPECT).as_deref(), put(&artifacts, "x/y", &new).await) {
        (Ok("full"), Err(error)) => assert_eq!(error.kind, Kind::Full, "{error}"),
        (Ok("full"), Ok(_)) => panic!("there was no room"),
        (_, stored) => assert_eq!(stored.unwrap().size, SIZE as u64),
    }
    if std::env::var_os(EXPECT).is_none() {
        assert!(read(&artifacts, "x/y").await.unwrap().1 == new);
    }
}

/// The writer above as a process, by way of `sh` so that it can be limited.
fn writer(prelude: &str, folder: &Path, env: &[(&str, &str)]) -> ExitStatus {
    Command::new("sh")
        .args(["-c", &format!("{prelude} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["artifacts::folder::a_writer_replaces_what_is_there_or_says_why_not", "--exact", "--test-threads=1"])
        .env(FOLDER, folder)
        .envs(env.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

/// Files below a folder, hidden ones included.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path.display().to_string()),
        }
    }
    found
}

#[tokio::test]
async fn killed_at_every_step_it_leaves_the_old_or_the_new_and_a_sweep_takes_the_rest() {
    let shim = preloads(&kill_shim());
    for fresh in [true, false] {
        let (guard, artifacts) = folder();
        let root = guard.path().join("artifacts");
        let armed = guard.path().join("armed");
        std::fs::write(&armed, "").unwrap();
        let (old, new) = (bytes(SIZE, 1), bytes(SIZE, 2));
        let (mut point, mut seen_old, mut seen_new, mut left) = (0, 0, 0, 0);
        loop {
            point += 1;
            assert!(point < 200, "the writer never comes to rest");
            artifacts.delete(&key("x/y")).await.unwrap();
            if !fresh {
                put(&artifacts, "x/y", &old).await.unwrap();
            }
            let at = point.to_string();
            let env = [("LD_PRELOAD", shim.as_str()), ("KILL_AT", &at), ("KILL_ARMED", armed.to_str().unwrap())];
            let ended = writer("", &root, &env);
            match read(&artifacts, "x/y").await {
                Ok((_, there)) if there == new => seen_new += 1,
                Ok((_, there)) => {
                    assert!(!fresh && there == old, "point {point}: neither old nor new");
                    seen_old += 1;
                }
                Err(error) => {
                    assert!(fresh && error.kind == Kind::NotFound, "point {point}: {error}");
                    seen_old += 1;
                }
            }
            left += artifacts.sweep().await.unwrap();
            let parts: Vec<_> = files(&root).into_iter().filter(|name| name.ends_with(".part")).collect();
            assert_eq!(parts, [""; 0], "point {point}");
            if ended.signal() != Some(9) {
                assert!(ended.success(), "{ended}");
                break;
            }
        }
        assert!(seen_old > 3 && seen_new > 1 && left > 3, "{seen_old} old, {seen_new} new, {left} left");
    }
}

#[tokio::test]
async fn without_room_it_says_so_and_leaves_what_was_there() {
    let (guard, artifacts) = folder();
    let root = guard.path().join("artifacts");
    put(&artifacts, "x/y", b"old").await.unwrap();
    // Half of what is written, in blocks of 512 bytes; without the signal it is an error like a full disk's.
    let ended = writer("trap '' XFSZ; ulimit -f 700;", &root, &[(EXPECT, "full")]);
    assert!(ended.success(), "{ended}");
    assert!(read(&artifacts, "x/y").await.unwrap().1 == b"old");
    assert_eq!(files(&root).iter().filter(|name| name.ends_with(".part")).count(), 0);
}

#[tokio::test]
async fn a_sweep_leaves_alone_what_is_still_being_written() {
    let (guard, artifacts) = folder();
    let (mut pipe, mut source) = tokio::io::duplex(1024);
    let writing = artifacts.clone();
    let upload = tokio::spawn(async move { writing.put(&key("a"), &mut source, &Default::default()).await });
    tokio::io::AsyncWriteExt::write_all(&mut pipe, &[1; 5000]).await.unwrap();
    let parts = || files(guard.path()).into_iter().filter(|name| name.ends_with(".part")).count();
    assert_eq!((parts(), artifacts.sweep().await.unwrap(), parts()), (1, 0, 1));
    drop(pipe);
    assert_eq!(upload.await.unwrap().unwrap().size, 5000);
    assert!(read(&artifacts, "a").await.is_ok());
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_any_more_leaves_nothing() {
    let (guard, artifacts) = folder();
    let (mut pipe, mut source) = tokio::io::duplex(1024);
    {
        let options = Default::default();
        let name = key("a");
        let upload = artifacts.put(&name, &mut source, &options);
        tokio::select! {
            _ = upload => panic!("the source has not ended"),
            sent = tokio::io::AsyncWriteExt::write_all(&mut pipe, &[1; 5000]) => sent.unwrap(),
        }
    }
    assert_eq!(files(guard.path()).iter().filter(|name| name.ends_with(".part")).count(), 0);
    assert_eq!(artifacts.head(&key("a")).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn files_are_plain_private_and_survive_a_copy_of_the_folder() {
    let (guard, artifacts) = folder();
    let root = guard.path().join("artifacts");
    put(&artifacts, "x/y", b"plain").await.unwrap();
    assert_eq!(std::fs::read(root.join("x/y")).unwrap(), b"plain");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&root), mode(&root.join("x")), mode(&root.join("x/y"))), (0o700, 0o700, 0o600));
    let copy = guard.path().join("copy");
    assert!(Command::new("cp").arg("-r").args([&root, &copy]).status().unwrap().success());
    let copied = Artifacts::in_folder(Folder::new(copy.clone()));
    assert_eq!(read(&copied, "x/y").await.unwrap().1, b"plain");
    std::fs::write(copy.join("x/y"), "plaiN").unwrap();
    assert_eq!(read(&copied, "x/y").await.unwrap_err().kind, Kind::Corrupt);
    std::fs::write(copy.join("x/y"), "longer").unwrap();
    assert_eq!(read(&copied, "x/y").await.unwrap_err().kind, Kind::Corrupt, "nothing vouches for it");
}

#[tokio::test]
async fn links_and_pipes_are_not_followed_and_names_do_not_collide() {
    let (guard, artifacts) = folder();
    let root = guard.path().join("artifacts");
    put(&artifacts, "x/y", b"inside").await.unwrap();
    let outside = guard.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "hunter2").unwrap();
    symlink(&outside, root.join("away")).unwrap();
    symlink(outside.join("secret"), root.join("x/link")).unwrap();
    nix::unistd::mkfifo(&root.join("x/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for name in ["away/secret", "x/link"] {
        assert!(read(&artifacts, name).await.is_err(), "{name}");
    }
    assert_eq!(read(&artifacts, "x/pipe").await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(put(&artifacts, "away/new", b"x").await.unwrap_err().kind, Kind::Refused);
    assert!(artifacts.delete(&key("away/secret")).await.is_err() && outside.join("secret").exists());
    let listed: Vec<_> = futures::TryStreamExt::try_collect(artifacts.list("")).await.unwrap();
    assert_eq!(listed.iter().map(|item: &drillbell::artifacts::Listed| item.key.as_str()).collect::<Vec<_>>(), ["x/y"]);
    let error = put(&artifacts, "x", b"a folder is there").await.unwrap_err();
    assert_eq!(error.kind, Kind::Refused, "{error}");
    assert!(put(&artifacts, "x/y/z", b"a file is there").await.is_err());
    artifacts.delete(&key("x")).await.unwrap();
    assert!(read(&artifacts, "x/y").await.is_ok());
}

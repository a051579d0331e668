//! The files: made once, kept private, repaired after a crash, refused when they do not fit together.

use super::*;
use crate::audit::link;

fn hash(n: i64) -> String {
    link("", &n.to_string())
}

fn error<T>(outcome: Result<T, CheckpointError>, dir: &Path) -> String {
    let e = outcome.err().expect("it must be refused");
    e.to_string().replace(&dir.display().to_string(), "DIR")
}

#[test]
fn checkpoints_are_appended_and_read_back_by_the_pinned_key() {
    let dir = tempfile::tempdir().unwrap();
    let first = CheckpointLog::open(dir.path()).unwrap().append(3, &hash(3), 1_000).unwrap();
    let second = CheckpointLog::open(dir.path()).unwrap().append(9, &hash(9), 2_000).unwrap();
    let found = read_checkpoints(dir.path()).unwrap();
    assert_eq!((found.valid, found.bad, found.torn), (vec![first, second], None, false));
}

#[test]
fn a_folder_without_checkpoints_has_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(read_checkpoints(dir.path()).unwrap().valid.is_empty());
}

#[test]
fn an_auditor_needs_only_the_public_key() {
    let dir = tempfile::tempdir().unwrap();
    CheckpointLog::open(dir.path()).unwrap().append(1, &hash(1), 0).unwrap();
    fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
    assert_eq!(read_checkpoints(dir.path()).unwrap().valid.len(), 1);
    fs::remove_file(dir.path().join(PUBLIC_KEY_FILE)).unwrap();
    insta::assert_snapshot!(error(read_checkpoints(dir.path()), dir.path()), @"DIR/audit-key.pub: the key that checks audit-checkpoints.jsonl is gone; put it back from a copy");
}

#[test]
fn a_half_written_last_line_is_tolerated_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let log = CheckpointLog::open(dir.path()).unwrap();
    log.append(1, &hash(1), 0).unwrap();
    let whole = fs::read(dir.path().join(CHECKPOINT_FILE)).unwrap();
    let torn_line = Checkpoint::sign(&log.key, 2, &hash(2), 0).line();
    for cut in 0..torn_line.len() {
        let torn = [whole.as_slice(), &torn_line.as_bytes()[..cut], b"\0\0"].concat();
        fs::write(dir.path().join(CHECKPOINT_FILE), torn).unwrap();
        let found = read_checkpoints(dir.path()).unwrap();
        assert_eq!((found.valid.len(), found.bad, found.torn), (1, None, true), "cut at {cut}");
        log.append(3, &hash(3), 0).unwrap();
        let found = read_checkpoints(dir.path()).unwrap();
        let seqs: Vec<i64> = found.valid.iter().map(|c| c.seq).collect();
        assert_eq!((seqs, found.bad, found.torn), (vec![1, 3], None, false), "cut at {cut}");
    }
}

#[test]
fn a_last_line_that_only_lost_its_line_feed_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let log = CheckpointLog::open(dir.path()).unwrap();
    log.append(1, &hash(1), 0).unwrap();
    let path = dir.path().join(CHECKPOINT_FILE);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    log.append(2, &hash(2), 0).unwrap();
    assert_eq!(read_checkpoints(dir.path()).unwrap().valid.len(), 2);
}

#[test]
fn an_edited_line_is_never_repaired_away() {
    let dir = tempfile::tempdir().unwrap();
    let log = CheckpointLog::open(dir.path()).unwrap();
    log.append(1, &hash(1), 0).unwrap();
    let path = dir.path().join(CHECKPOINT_FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end().replace("\"seq\":1,", "\"seq\":2,")).unwrap();
    log.append(3, &hash(3), 0).unwrap();
    let found = read_checkpoints(dir.path()).unwrap();
    assert_eq!(found.valid.len(), 1);
    insta::assert_snapshot!(found.bad.unwrap().sentence, @"line 1 of the checkpoint file was edited: its signature does not hold");
}

#[cfg(unix)]
#[test]
fn the_key_is_private_and_a_readable_one_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    CheckpointLog::open(dir.path()).unwrap();
    let key = dir.path().join(KEY_FILE);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    insta::assert_snapshot!(error(CheckpointLog::open(dir.path()), dir.path()), @"DIR/audit-key.pem: others can read this key (mode 640); run: chmod 600 DIR/audit-key.pem");
    let left = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 2, "nothing but the two keys is left behind");
}

#[test]
fn a_lost_or_foreign_key_is_refused_with_what_to_do() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    CheckpointLog::open(dir.path()).unwrap().append(1, &hash(1), 0).unwrap();
    CheckpointLog::open(other.path()).unwrap();
    fs::copy(other.path().join(KEY_FILE), dir.path().join(KEY_FILE)).unwrap();
    insta::assert_snapshot!(error(CheckpointLog::open(dir.path()), dir.path()), @"DIR/audit-key.pub: it is not the public half of audit-key.pem; put the pair that belongs together back");
    fs::write(dir.path().join(KEY_FILE), "nonsense").unwrap();
    insta::assert_snapshot!(error(CheckpointLog::open(dir.path()), dir.path()), @"DIR/audit-key.pem: it is no ed25519 private key in PKCS#8 PEM; put the real one back");
    fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
    insta::assert_snapshot!(error(CheckpointLog::open(dir.path()), dir.path()), @"DIR/audit-key.pem: the key that signed audit-checkpoints.jsonl is gone; put it back from a backup, or move audit-checkpoints.jsonl and audit-key.pub away together to begin a new series");
}

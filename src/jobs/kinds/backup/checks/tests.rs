//! What each check says of a copy, and what all of them together make of it.

use super::*;
use crate::ops::backup::format::Format;

fn tables(all: &[(&str, u64, &str)]) -> Contents {
    let table = |(name, rows, sum): &(&str, u64, &str)| TableCount {
        schema: "public".to_owned(),
        table: (*name).to_owned(),
        rows: *rows,
        checksum: Some((*sum).to_owned()),
    };
    Contents { tables: Some(all.iter().map(table).collect()), ..Contents::default() }
}

#[test]
fn the_tables_that_differ_are_named() {
    let then = tables(&[("orders", 10, "aa"), ("people", 3, "bb"), ("gone", 1, "cc"), ("same", 2, "dd")]);
    let now = tables(&[("orders", 9, "ab"), ("people", 3, "be"), ("same", 2, "dd"), ("more", 1, "ee")]);
    let check = compared(&now, &then);
    insta::assert_snapshot!(check.sentence, @"Tables hold other rows than when it was made: public.gone is missing, public.orders has 9 rows instead of 10, public.people has other contents, public.more is new.");
    assert_eq!(verdict(&[exists(), check]).0, CopyVerdict::Broken);
    assert_eq!(compared(&then, &then).ok, Some(true));
    assert_eq!(compared(&Contents::default(), &then).ok, None, "what was not counted now is not wrong");
}

#[test]
fn only_what_is_wrong_with_the_copy_itself_breaks_it() {
    let policy = |stored, age, newest, others: &[u64]| {
        let expected = BackupPolicy {
            schedule: None,
            zone: "UTC".to_owned(),
            interval: None,
            start_by: None,
            run_limit: Duration::from_secs(60),
            verify_limit: Duration::from_secs(60),
            keep: crate::config::targets::Keep::default(),
            expires: None,
            min_size: Some(100),
            max_age: Some(Duration::from_secs(7200)),
            checksums: true,
            globals: false,
        };
        let checks = super::policy(&expected, stored, Duration::from_secs(age), newest, others);
        let failed: Vec<_> = checks.iter().filter(|check| check.ok == Some(false)).map(|check| check.name).collect();
        (verdict(&checks).0, failed)
    };
    assert_eq!(policy(100, 7200, true, &[100, 90, 300]), (CopyVerdict::Verified, vec![]));
    assert_eq!(policy(99, 0, true, &[]), (CopyVerdict::Broken, vec!["min_size"]));
    assert_eq!(policy(100, 7201, true, &[]), (CopyVerdict::Verified, vec!["max_age"]));
    assert_eq!(policy(100, 99_999, false, &[]), (CopyVerdict::Verified, vec![]), "an older copy may be old");
    assert_eq!(policy(100, 0, true, &[1000, 900, 201]), (CopyVerdict::Verified, vec!["shrunk"]));
}

#[test]
fn what_could_not_be_asked_is_no_news_of_the_copy() {
    let unread = Inspected { unread: Some("the line is cut".to_owned()), ..Inspected::default() };
    let checks = [vec![exists()], read(&unread, None, &[], None)].concat();
    assert_eq!(
        verdict(&checks),
        (CopyVerdict::Unknown, "It could not be read to its end: the line is cut.".to_owned())
    );
    assert_eq!(verdict(&[exists(), manifest(None)]).0, CopyVerdict::Unknown);
    assert_eq!(verdict(&[deleted(), manifest(None)]).0, CopyVerdict::Broken, "what is certain goes before a doubt");
}

#[test]
fn what_was_not_counted_when_it_was_made_is_said_and_is_no_damage() {
    let unread = || Err::<Contents, _>("counts not taken: it is of the format version 1.17".to_owned());
    let found = |contents, sha256: &str| Inspected {
        plain: Some(Unpacked {
            bytes: 3,
            sha256: sha256.to_owned(),
            format: Format::PgCustom,
            contents,
            cut_off: None,
        }),
        ..Inspected::default()
    };
    let why = "counts not taken: it is of the format version 1.17".to_owned();
    let uncounted = made(Contents { not_counted: Some(why), ..Contents::default() });
    for contents in [unread(), Ok(tables(&[("orders", 1, "aa")]))] {
        let checks = read(&found(contents, "dump"), Some(&uncounted), &[], None);
        let (said, sentence) = verdict(&checks);
        assert_eq!(said, CopyVerdict::Verified, "{sentence}");
        let why = "not checked: decrypt, contents. Its rows were not counted when it was made: it is of the format version 1.17.";
        assert_eq!(sentence, format!("It was read back and is as it was stored: 5 checks passed; {why}"));
    }
    // Made by a later version, which could.
    let counted = made(tables(&[("orders", 1, "aa")]));
    let (said, sentence) = verdict(&read(&found(unread(), "dump"), Some(&counted), &[], None));
    assert!(said == CopyVerdict::Verified && sentence.contains("this version cannot do so"), "{sentence}");
    // Another dump, or one that nobody said anything about, has no such excuse.
    for (sha256, manifest) in [("other", Some(&uncounted)), ("other", Some(&counted)), ("dump", None)] {
        assert_eq!(verdict(&read(&found(unread(), sha256), manifest, &[], None)).0, CopyVerdict::Broken);
    }
}

/// The manifest of an open copy whose dump has three bytes and is called `dump`.
fn made(contents: Contents) -> Manifest {
    let text = |text: &str| text.to_owned();
    Manifest {
        drillbell_manifest: 1,
        object: text("backups/shop/x.dump.zst"),
        target: text("shop"),
        kind: text("postgres"),
        format: Format::PgCustom,
        snapshot_at: String::new(),
        snapshot_by: None,
        finished_at: String::new(),
        reason: text("manual"),
        job: String::new(),
        made_by: String::new(),
        stored_bytes: 0,
        stored_sha256: String::new(),
        plain_bytes: 3,
        plain_sha256: text("dump"),
        compression: text("zstd"),
        recipients: Vec::new(),
        checksum: String::new(),
        contents,
        globals: None,
    }
}

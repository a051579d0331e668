//! Dumps as text go to `psql`, which has commands of its own: none that lies in a copy is run, and what `pg_dump` writes is restored
//! whatever its rows look like.

use super::drills::{config, drilled, known, replaced, said, went};
use super::restored::{FREE, fails, passes};
use super::{copied, piped, psql, setup, unpacked};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use serde_json::json;
use std::process::Command;

/// Rows and functions that look like commands of `psql` and are none: a line feed and `estrict` among them, which `COPY` writes as
/// `\restrict`.
const ODD: &str = r#"create table notes (n text);
insert into notes values ('\! touch x'), (E'\\.'), (E'\restrict abc'), (E'a\n\\unrestrict abc\nb'), ('\q');
create function odd() returns text language sql as $body$ select '
\! touch x
\q
'::text $body$;"#;
const ALL: &str = "select md5(string_agg(n, ',' order by n)) || md5(odd()) || count(*) from notes";

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_psql_in_a_copy_is_refused_and_not_run() {
    let (source, folder) = (fresh_database(), tempfile::tempdir().unwrap());
    psql(&source, ODD);
    let database = TestDatabase::sqlite();
    let check = format!("checks = [\"select ({ALL}) = '{}'\"]", psql(&source, ALL));
    let bot = TestBot::start(&database, setup(&config(&source, &check))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let dump = piped(Command::new("pg_dump").args(["-Fp", "-d", &source]), b"");
    let text = String::from_utf8(dump).unwrap();
    // As those write it that know of it, and as older ones do.
    let word = text.lines().find_map(|line| line.strip_prefix("\\restrict "));
    let marks = word.map(|word| [format!("\\restrict {word}\n"), format!("\\unrestrict {word}\n")]);
    let older = marks.iter().flatten().fold(text.clone(), |text, mark| text.replace(mark, ""));
    for text in [&older, &text] {
        replaced(&bot, &object, text.as_bytes());
        let good = drilled(&bot, "shop").await;
        assert_eq!(said(&good), ("pass", "none"), "rows that look like commands are rows: {good}");
        assert_eq!(went(&good, "pass"), ["restore", "counts", "checksums", "constraints", "query 1"]);
    }

    let file = folder.path().join("touched");
    let touch = format!("touch {}", file.display());
    let at = text.find("CREATE TABLE").unwrap();
    let line = text[..at].lines().count() + 1;
    let mut evil = vec![
        format!("\\! {touch}\n"),
        format!("select 1 \\! {touch}\n;"),
        format!("\\copy (select 1) to program '{touch}'\n"),
        format!("\\o |{touch}\nselect 1;\n"),
        format!("\\set x `{touch}`\n"),
        format!("\\unrestrict\n\\! {touch}\n"),
        format!("\\unrestrict `{touch}`\n"),
        format!("select 1 \\\\unrestrict `{touch}`\n;"),
    ];
    evil.extend(word.map(|word| format!("\\unrestrict {word}\n\\! {touch}\n\\restrict {word}\n")));
    for (evil, nth) in evil.iter().zip(0..) {
        replaced(&bot, &object, format!("{}{evil}{}", &text[..at], &text[at..]).as_bytes());
        let spec = json!({"target": "shop", "object": object});
        let (_, outcome, result) = super::run(&bot, "drill", spec).await;
        assert_eq!((said(&result), went(&result, "fail")), (("fail", "backup"), vec!["restore"]), "{evil}: {outcome}");
        let sentence = result["sentence"].as_str().unwrap();
        let line = if nth == 8 { line + 1 } else { line };
        assert!(sentence.contains(&format!("It has a command of psql in its line {line}, ")), "{evil}: {sentence}");
        assert!(!file.exists(), "{evil} was run");
    }
    assert_eq!(known(&bot, &object).await, "broken");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_within_the_contents_of_an_archive_is_not_run_when_a_table_is_restored_alone() {
    let (source, folder) = (fresh_database(), tempfile::tempdir().unwrap());
    let long = "x".repeat(400);
    psql(&source, &format!("{ODD} create table t (n int, word text default '{long}'); insert into t values (1)"));
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&format!("{FREE}{}", config(&source, "")))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let (before, file) = (psql(&source, ALL), folder.path().join("touched"));
    // By table, what looks like commands is rows too.
    psql(&source, "delete from notes");
    passes(&bot, json!({"object": object, "target": "shop", "tables": ["notes"], "clean": true})).await;
    assert_eq!(psql(&source, ALL), before);

    psql(&source, "drop table t");
    let spec = json!({"object": object, "target": "shop", "tables": ["t"]});
    let mut dump = unpacked(&bot, &object, None);
    let at = dump.windows(long.len()).position(|bytes| bytes == long.as_bytes()).unwrap();
    for command in [format!("\\! touch {}", file.display()), format!("\\unrestrict `touch {}`", file.display())] {
        let evil = format!("x'::text);\n{command}\n--");
        let evil = format!("{evil}{}", "x".repeat(long.len() - evil.len()));
        dump[at..at + long.len()].copy_from_slice(evil.as_bytes());
        replaced(&bot, &object, &dump);
        fails(&bot, spec.clone(), "has a command of psql in its line ").await;
        assert_eq!((file.exists(), psql(&source, "select to_regclass('t') is null").as_str()), (false, "t"));
    }
    bot.finish().await;
}

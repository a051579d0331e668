//! Dumps as text go to `psql`, which has commands of its own: none that lies in a copy is run, and what `pg_dump` writes is restored
//! whatever its rows look like.

use super::drills::{config, drilled, known, replaced, said, went};
use super::restored::{FREE, fails, passes, stages};
use super::{copied, piped, psql, setup, store_of, unpacked};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::{binaries, fresh_database};
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, symlink};
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

#[tokio::test(flavor = "multi_thread")]
async fn where_psql_is_too_old_to_be_restricted_it_is_said_before_anybody_is_stopped() {
    let (source, folder) = (fresh_database(), tempfile::tempdir().unwrap());
    psql(&source, "create table t (n int); insert into t values (1)");
    let (programs, real) = (folder.path().join("bin"), binaries());
    std::fs::create_dir(&programs).unwrap();
    for tool in ["pg_dump", "pg_restore"] {
        symlink(real.join(tool), programs.join(tool)).unwrap();
    }
    let old = format!(
        "#!/bin/sh\ncase \"$1\" in --version) echo 'psql (PostgreSQL) 15.13';; *) exec {} \"$@\";; esac\n",
        real.join("psql").display()
    );
    std::fs::write(programs.join("psql"), old).unwrap();
    std::fs::set_permissions(programs.join("psql"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let stopped = folder.path().join("stopped");
    let sections = format!(
        "{FREE}[targets.shop]\nkind = \"postgres\"\nurl = {source:?}\npg_bin = {programs:?}\nservice = \"shop\"\n\
         [commands.stop-shop]\nargv = [\"touch\", {stopped:?}]\n[commands.start-shop]\nargv = [\"rm\", {stopped:?}]\n\
         [services.shop]\nstop = \"stop-shop\"\nstart = \"start-shop\"\n[targets.shop.adopt]\nprefix = \"old/shop/\"\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let spec = |tables: &[&str]| json!({"object": object, "target": "shop", "tables": tables, "clean": true});
    let by_table = fails(&bot, spec(&["t"]), "psql that was found can be kept from running programs").await;
    assert_eq!((stages(&by_table), stopped.exists()), (vec!["fetch fail".to_owned()], false));
    // A whole archive needs no script, and a text is one.
    passes(&bot, spec(&[])).await;
    let text = "old/shop/a_20251201_100000.sql";
    std::fs::create_dir_all(store_of(&bot).join("old/shop")).unwrap();
    std::fs::write(store_of(&bot).join(text), piped(Command::new("pg_dump").args(["-Fp", "-d", &source]), b""))
        .unwrap();
    let (_, outcome, adopted) = super::run(&bot, "backup-adopt", json!({"target": "shop"})).await;
    assert_eq!(adopted["entered"], 1, "{outcome}");
    psql(&source, "drop table t");
    let text = json!({"object": text, "target": "shop"});
    let text = fails(&bot, text, "psql that was found can be kept from running programs").await;
    assert_eq!(stages(&text), ["fetch pass", "check fail"]);
    assert!(!stopped.exists());
    bot.finish().await;
}

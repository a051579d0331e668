//! Databases whose texts are not in UTF-8, or whose bytes are written otherwise: a good copy of them is proven all the same.

use super::drills::{config, drilled, known, replaced, said, went};
use super::{copied, piped, psql, setup, store_of};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use drillbell::ops::backup::archive::Archive;
use serde_json::{Value, json};
use std::process::Command;

/// A database in this encoding, on the server of all others.
fn in_encoding(encoding: &str) -> String {
    let url = format!("{}_{}", fresh_database(), encoding.to_lowercase());
    let (server, name) = url.rsplit_once('/').unwrap();
    let made = format!("create database {name} template template0 encoding '{encoding}' lc_collate 'C' lc_ctype 'C'");
    psql(&format!("{server}/postgres"), &made);
    url
}

/// Drills the newest copy; the checks that passed.
async fn proven(bot: &TestBot, object: &str) {
    let result = drilled(bot, "shop").await;
    assert_eq!(said(&result), ("pass", "none"), "{result}");
    let made = ["restore", "counts", "checksums", "constraints", "query 1"];
    assert_eq!((went(&result, "pass"), result["dropped"].as_bool()), (made.to_vec(), Some(true)), "{result}");
    assert_eq!(known(bot, object).await, "proven");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_another_encoding_is_proven_on_a_server_and_on_one_of_the_drills_own() {
    // A name that is no text in UTF-8 cannot be asked for.
    let latin = "create table words (n int primary key, word text unique); \
                 insert into words values (1, 'caf' || chr(233)), (2, chr(252) || 'ber'); \
                 do $$ begin execute 'create table \"caf' || chr(233) || '\" as select 7 as n'; end $$";
    let raw = "create table words (n int primary key, word text unique); \
               insert into words values (1, chr(195) || chr(40) || chr(255)), (2, 'plain')";
    for (encoding, sql) in [("LATIN1", latin), ("SQL_ASCII", raw)] {
        let source = in_encoding(encoding);
        psql(&source, sql);
        let check = "checks = [\"select count(*) = 2 and min(octet_length(word)) >= 3 from words\"]";
        let own = format!("[targets.shop]\nkind = \"postgres\"\nurl = {source:?}\n[targets.shop.drill]\n{check}\n");
        for sections in [config(&source, check), own] {
            let database = TestDatabase::sqlite();
            let bot = TestBot::start(&database, setup(&sections)).await;
            let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
            proven(&bot, &object).await;
            bot.finish().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_database_writes_bytes_its_copies_are_proven_older_ones_too() {
    let source = fresh_database();
    let name = source.rsplit_once('/').unwrap().1;
    psql(
        &source,
        "create table files (n int primary key, body bytea, of regtype); \
         insert into files select n, decode(md5(n::text), 'hex'), 'interval' from generate_series(1, 50) n",
    );
    psql(&source, &format!("alter database {name} set bytea_output = 'escape'"));
    psql(&source, &format!("alter database {name} set quote_all_identifiers = on"));
    psql(&source, &format!("alter database {name} set standard_conforming_strings = off"));
    let database = TestDatabase::sqlite();
    let check = "checks = [\"select count(*) = 50 from files where octet_length(body) = 16\"]";
    let bot = TestBot::start(&database, setup(&config(&source, check))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    proven(&bot, &object).await;

    // As it was copied before every session said how bytes are written.
    let older = piped(Command::new("pg_dump").args(["-Fc", "-Z0", "-d", &source]), b"");
    let mut archive = Archive::new(true);
    archive.push(&older);
    let sum = archive.finish().unwrap().0[0].sum.unwrap().to_string();
    replaced(&bot, &object, &older);
    let beside = store_of(&bot).join(format!("{object}.manifest.json"));
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&beside).unwrap()).unwrap();
    assert_ne!(manifest["contents"]["tables"][0]["checksum"], json!(sum), "it has other rows");
    manifest["contents"]["tables"][0]["checksum"] = json!(sum);
    std::fs::write(&beside, manifest.to_string()).unwrap();
    proven(&bot, &object).await;
    bot.finish().await;
}

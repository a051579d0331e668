//! Commands of a drill: they find the restored copy, after it was compared with what it was copied from, and before it is asked.

use super::drills::{config, drilled, known, said, went};
use super::{copied, psql, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use serde_json::json;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_is_migrated_and_looked_at_by_the_operators_own_commands() {
    let source = fresh_database();
    psql(&source, "create table orders (n int primary key); insert into orders select generate_series(1, 50)");
    let server = source.rsplit_once('/').unwrap().0;
    let argv = |sql: &str| {
        format!("[\"psql\", \"-Xq\", \"-v\", \"ON_ERROR_STOP=1\", \"-d\", \"{server}/{{scratch}}\", \"-c\", {sql:?}]")
    };
    let drill = format!(
        "checks = [\"select bool_and(paid) from orders\"]\nrun = [\"migrate\", \"look\"]\n\
         [commands.migrate]\nargv = {}\nchanges = false\n[commands.migrate.args.scratch]\ntype = \"word\"\n\
         [commands.look]\nargv = [\"true\"]\nchanges = false\n",
        argv("alter table orders add column paid boolean default true")
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source, &drill))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let result = drilled(&bot, "shop").await;
    assert_eq!(said(&result), ("pass", "none"), "{result}");
    let all = ["restore", "counts", "checksums", "constraints", "command 1", "command 2", "query 1"];
    assert_eq!(went(&result, "pass"), all, "{result}");
    assert!(result["stages"].as_array().unwrap().iter().any(|stage| stage["name"] == "commands"), "{result}");
    assert_eq!((known(&bot, &object).await, &result["dropped"]), ("proven".to_owned(), &json!(true)));
    assert_eq!(psql(&source, "select count(*) from information_schema.columns where column_name = 'paid'"), "0");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_does_not_pass_is_a_check_that_fails_and_says_nothing_against_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (file, into) = (folder.path().join("shop.db"), folder.path().join("into"));
    assert!(Command::new("sqlite3").arg(&file).arg("create table orders (n integer)").status().unwrap().success());
    let sections = format!(
        "[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n[targets.shop.drill]\ninto = {into:?}\nrun = [\"migrate\", \"fail\", \"never\"]\n\
         checks = [\"select count(*) = 0 from added\"]\n\
         [commands.migrate]\nargv = [\"sqlite3\", \"{{scratch}}\", \"create table added (n integer)\"]\nchanges = false\n\
         [commands.migrate.args.scratch]\ntype = \"path\"\nunder = {into:?}\n\
         [commands.fail]\nargv = [\"false\"]\nchanges = false\n[commands.never]\nargv = [\"false\"]\nchanges = false\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let result = drilled(&bot, "shop").await;
    assert_eq!((said(&result), went(&result, "fail")), (("fail", "check"), vec!["command 2"]), "{result}");
    assert!(result["sentence"].as_str().unwrap().contains("the command fail exited with 1"), "{result}");
    assert!(went(&result, "pass").ends_with(&["command 1", "query 1"]), "{result}");
    assert_ne!(known(&bot, &object).await, "broken");
    bot.finish().await;
}

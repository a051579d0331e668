//! Code and data: a schema goes back once what would be lost is saved, a copy takes a database's place. PostgreSQL, and rows.

use super::{Shop, fails, passes, rolled_back, setup, spec, stages};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::{binaries, fresh_database, psql};
use drillbell::model::job::JobState;
use serde_json::{Value, json};

/// A shop on PostgreSQL at 2.0: the second migration has added a column that people have filled.
pub(crate) async fn shop() -> (Shop, String, String) {
    let url = fresh_database();
    psql(
        &url,
        "create table orders (id int primary key, note text); insert into orders select n, 'n' from generate_series(1, 10) n",
    );
    let shop = Shop::released().await;
    let (dir, psql) = (shop.dir().to_owned(), binaries().join("psql"));
    let psql = psql.to_str().unwrap();
    let script = |name: &str, sql: &str| {
        std::fs::write(shop.path(name), sql).unwrap();
        format!("[\"{psql}\", \"-Xq\", \"-v\", \"ON_ERROR_STOP=1\", \"-d\", {url:?}, \"-f\", \"{dir}/{name}\"]")
    };
    let save = script("save.sql", &format!("\\copy (select id, discount from orders) to '{dir}/saved'\n"));
    let down = script("down.sql", "alter table orders drop column discount;\n");
    let down = down.replace("\"-f\"", "\"-v\", \"to={migration}\", \"-f\"");
    let sections = shop.sections(&format!(
        "[services.shop.rollback]\norder = [\"release\", \"schema\", \"full\"]\n\
         [services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{dir}/current\"\nreleases = \"{dir}/releases\"\n\
         [services.shop.rollback.strategies.schema]\nkind = \"migration\"\npreserve = \"save\"\nmigrate_down = \"down\"\ncode = \"release\"\n\
         [services.shop.rollback.strategies.full]\nkind = \"restore\"\ntarget = \"shop-db\"\ncode = \"release\"\n\
         [commands.save]\nargv = {save}\n[commands.down]\nargv = {down}\nargs.migration = {{ type = \"version\" }}\n\
         [targets.shop-db]\nkind = \"postgres\"\nurl = {url:?}\nservice = \"shop\"\n"
    ));
    (shop, url, sections)
}

/// What the second version brought.
pub(crate) fn upgraded(url: &str) {
    psql(url, "alter table orders add column discount int; update orders set discount = id * 2");
}

pub(crate) async fn copied(bot: &TestBot) -> String {
    let spec = json!({"target": "shop-db", "reason": "manual"});
    let sent = bot.sends("ana", "console:#incidents", &format!("/misbehave job backup --spec '{spec}' copy")).await;
    bot.handled(&sent).await;
    let job = super::is_in(bot, "copy", JobState::Done).await;
    let result: Value = serde_json::from_str(&job.result.unwrap()).unwrap();
    result["result"]["object"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_goes_back_with_the_code_and_what_was_saved_can_be_brought_in_again() {
    let (shop, url, sections) = shop().await;
    upgraded(&url);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let migrations = json!({"migrations": ["0002_discount"]});
    fails(&bot, &spec("release", migrations.clone()), "0002_discount").await;
    assert_eq!((shop.get().as_deref(), shop.marks()), (Some("2.0"), Vec::new()), "nothing was run");

    let more = json!({"migrations": ["0002_discount"], "migrate_to": "0001_orders"});
    let result = passes(&bot, &spec("schema", more)).await;
    let made = [
        "check pass",
        "stop-writers pass",
        "safety pass",
        "preserve pass",
        "migrate-down pass",
        "switch pass",
        "start-writers pass",
        "health pass",
    ];
    assert_eq!(stages(&result), made);
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    let columns =
        "select count(*) from information_schema.columns where table_name = 'orders' and column_name = 'discount'";
    assert_eq!(psql(&url, columns), "0");
    let safety = result["safety"][0].as_str().unwrap();
    let copy = bot.app.store().copy(safety).await.unwrap().unwrap();
    assert!(copy.pinned.unwrap().reason.starts_with("what was there before rollback "));

    // The rows that were saved are whole.
    psql(&url, "create table saved (id int, discount int)");
    let copy = format!("\\copy saved from '{}/saved'", shop.dir());
    psql(&url, &copy);
    assert_eq!(psql(&url, "select count(*) || ' ' || sum(discount) from saved"), "10 110");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_does_not_go_back_leaves_the_writers_stopped_and_says_so() {
    let (shop, url, sections) = shop().await;
    // The column is not there: saving it fails, before anything is lost.
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let more = json!({"migrations": ["0002_discount"], "migrate_to": "0001_orders"});
    let (state, outcome, result) = rolled_back(&bot, &spec("schema", more)).await;
    assert_eq!((state, &result["writers"]), (JobState::Failed, &json!("stopped")), "{outcome}");
    assert!(outcome.contains("The writers of shop are still stopped: look, then run start."), "{outcome}");
    assert_eq!(stages(&result).last().unwrap(), "preserve fail");
    assert_eq!((shop.get(), shop.marks()), (None, vec!["stop".to_owned()]), "nobody starts what may be half");
    assert_eq!(psql(&url, "select count(*) from orders"), "10");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_takes_the_databases_place_and_what_is_lost_is_counted() {
    let (shop, url, sections) = shop().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot).await;
    upgraded(&url);
    psql(&url, "delete from orders where id > 3");
    bot.clock.advance(600_000);

    let gone = json!({"object": "backups/shop-db/20200101T000000Z-00000000.dump.zst"});
    let result = fails(&bot, &spec("full", gone), "was not rolled back").await;
    assert_eq!((stages(&result), shop.marks()), (vec!["check fail".to_owned()], Vec::new()));

    let result = passes(&bot, &spec("full", json!({"object": object}))).await;
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    assert_eq!(psql(&url, "select count(*) from orders"), "10");
    assert_eq!(psql(&url, "select count(*) from information_schema.columns where table_name = 'orders'"), "2");
    assert_eq!((&result["minutes_lost"], &result["writers"]), (&json!(10), &json!("running")));
    assert_eq!(&stages(&result)[1..4], ["stop-writers pass", "safety pass", "restore pass"]);

    // Code that an earlier attempt took back does not keep the data from being taken back.
    psql(&url, "delete from orders where id > 3");
    let result = passes(&bot, &spec("full", json!({"object": object}))).await;
    assert!(result["stages"][0]["sentence"].as_str().unwrap().contains("is at 1.0 already"), "{result}");
    assert_eq!(psql(&url, "select count(*) from orders"), "10");
    bot.finish().await;
}

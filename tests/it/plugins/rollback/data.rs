//! Ways back that take data along, from the command in chat to the process that answers: PostgreSQL with migrations and rows, and people
//! who agree.

use super::*;
use crate::rollback::data::{copied, shop, upgraded};
use crate::support::database::TestDatabase;
use crate::support::postgres::psql;

const DORA: &str = "[people.dora]\nname = \"Dora\"\nconsole = \"dora\"\n";

/// The shop at 2.0, whose migration takes something away, with a bot that knows both deploys.
async fn upgraded_shop(database: &TestDatabase) -> (TestBot, crate::rollback::Shop, String) {
    let (shop, url, sections) = shop().await;
    let config = format!("{sections}\n{ROLLBACK}\n{SEV}\n{PEOPLE}{DORA}");
    let bot = TestBot::start(database, Setup { config, ..Setup::default() }).await;
    deploys(&bot, "1.0", "", "expand", &["0001_orders"]).await;
    bot.clock.advance(60_000);
    (bot, shop, url)
}

async fn agree(bot: &TestBot, people: &[&str]) {
    for who in people {
        assert!(jobs(bot, "rollback").await.is_empty(), "nothing begins before all have agreed");
        assert_eq!(approves(bot, who).await.status, OutcomeStatus::Ok, "{who}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_contract_migration_the_schema_goes_back_with_the_code_once_two_have_agreed() {
    let database = TestDatabase::sqlite();
    let (bot, shop, url) = upgraded_shop(&database).await;
    upgraded(&url);
    deploys(&bot, "2.0", "1.0", "contract", &["0002_discount"]).await;
    let refused = bot.ana("/rollback run shop --strategy release").await;
    assert!(refused.status == OutcomeStatus::Refused && refused.text.contains("0002_discount"), "{refused:?}");
    let plan = bot.ana("/rollback plan shop").await.data.expect("data")["spec"].clone();
    assert_eq!((&plan["strategy"], &plan["migrate_to"]), (&json!("schema"), &json!("0001_orders")), "{plan}");
    assert_eq!(plan["migrations"], json!(["0002_discount"]));

    bot.ana("/rollback run shop").await;
    assert_eq!(approves(&bot, "ana").await.status, OutcomeStatus::Refused, "who asked does not count");
    agree(&bot, &["ben", "carla"]).await;
    let status = stands(&bot, "rolled back, and well").await;
    assert_eq!((&status["runs"], shop.get().as_deref()), (&json!("1.0"), Some("1.0")));
    let column =
        "select count(*) from information_schema.columns where table_name = 'orders' and column_name = 'discount'";
    assert_eq!((psql(&url, column).as_str(), psql(&url, "select count(*) from orders").as_str()), ("0", "10"));
    assert_eq!(std::fs::read_to_string(shop.path("saved")).unwrap().lines().count(), 10, "what was lost is saved");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_says_what_is_lost_and_needs_one_more_where_no_drill_has_proven_the_copy() {
    let database = TestDatabase::sqlite();
    let (bot, shop, url) = upgraded_shop(&database).await;
    copied(&bot).await;
    upgraded(&url);
    deploys(&bot, "2.0", "1.0", "contract", &["0002_discount"]).await;
    psql(&url, "delete from orders where id > 3");
    bot.clock.advance(600_000);

    bot.ana("/rollback run shop --strategy full").await;
    let asked = open_approval(&bot).await;
    assert_eq!(asked.needed, 3, "{asked:?}");
    let told = crate::alerts::standing(&bot, HERE).await.join("\n");
    assert!(told.contains("10 min of changes") && told.contains("one more"), "{told}");
    agree(&bot, &["ben", "carla", "dora"]).await;
    let status = stands(&bot, "rolled back, and well").await;
    assert_eq!((&status["runs"], shop.get().as_deref()), (&json!("1.0"), Some("1.0")));
    assert_eq!(psql(&url, "select count(*) from orders"), "10");
    let job = jobs(&bot, "rollback").await.remove(0);
    let result: Value = serde_json::from_str(&job.result.unwrap()).unwrap();
    assert_eq!((&result["result"]["minutes_lost"], &result["result"]["safety"][0].is_string()), (&json!(10), &true));
    bot.finish().await;
}

//! What reaches beyond a database: roles of its server, other servers. A drill needs none of them, and leaves nothing behind for them.

use super::drills::{config, drilled, known, replaced, said, went};
use super::{copied, piped, psql, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::{Cluster, fresh_database};
use serde_json::json;
use std::process::Command;

const SHOP: &str = "create role staff; create role \"The boss\"; create table t as select generate_series(1, 9) as n; \
    alter table t enable row level security; create policy all_of_us on t using (true); \
    create policy few on t for select to staff, \"The boss\" using (n > 1); \
    create foreign data wrapper far; create server away foreign data wrapper far; create user mapping for staff server away; \
    create publication news for all tables";
const SUBSCRIBED: &str = "create subscription theirs connection 'host=127.0.0.1 port=1 dbname=x' publication p \
                          with (connect = false, slot_name = 'theirs')";

#[tokio::test(flavor = "multi_thread")]
async fn policies_for_roles_and_what_reaches_other_servers_do_not_keep_a_copy_from_being_proven() {
    let (theirs, elsewhere) = (Cluster::start(false), fresh_database());
    let source = theirs.create();
    psql(&source, SHOP);
    psql(&source, SUBSCRIBED);
    let server = elsewhere.rsplit_once('/').unwrap().0;
    let target = |name: &str, drill: &str| {
        format!("[targets.{name}]\nkind = \"postgres\"\nurl = {source:?}\n[targets.{name}.drill]\n{drill}\n")
    };
    let nothing = "(select count(*) from pg_publication) + (select count(*) from pg_subscription) = 0";
    let sections = [
        target(
            "shop",
            &format!("into = \"{server}/postgres\"\nchecks = [\"select count(*) = 1 and {nothing} from pg_policies\"]"),
        ),
        target(
            "own",
            &format!(
                "checks = [\"select count(*) = 2 and {nothing} and max(array_length(roles, 1)) = 2 from pg_policies\"]"
            ),
        ),
    ];
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections.concat())).await;
    for (name, words) in [
        (
            "shop",
            "2 policies and user mappings were left out, since they are for roles that this server does not have: The boss, staff.",
        ),
        ("own", ""),
    ] {
        let object = copied(&bot, name).await["object"].as_str().unwrap().to_owned();
        let tar = piped(Command::new("pg_dump").args(["-Ft", "-d", &source]), b"");
        for tar in [None, Some(tar)] {
            if let Some(tar) = &tar {
                replaced(&bot, &object, tar);
            }
            let result = drilled(&bot, name).await;
            assert_eq!((said(&result), &result["dropped"]), (("pass", "none"), &json!(true)), "{result}");
            let restored = result["checks"][0]["sentence"].as_str().unwrap();
            assert!(restored.ends_with(words) && restored.contains("left out") != words.is_empty(), "{restored}");
            assert_eq!(known(&bot, &object).await, "proven");
        }
    }
    assert_eq!(psql(&elsewhere, "select count(*) from pg_roles where rolname = 'The boss'"), "0", "nobody makes roles");
    assert_eq!(
        psql(&source, "select subname || subslotname from pg_subscription"),
        "theirstheirs",
        "nor touches these"
    );
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_in_a_dump_as_text_does_not_keep_its_scratch_database() {
    let cluster = Cluster::start(false);
    let source = cluster.create();
    psql(&source, "create table t as select 1 as n");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source, ""))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    psql(&source, SUBSCRIBED);
    let text = piped(Command::new("pg_dump").args(["-Fp", "-d", &source]), b"");
    psql(&source, "alter subscription theirs set (slot_name = none)");
    psql(&source, "drop subscription theirs");
    replaced(&bot, &object, &text);
    let result = drilled(&bot, "shop").await;
    assert_eq!((said(&result), went(&result, "fail")), (("pass", "none"), vec![]), "{result}");
    assert_eq!(result["dropped"], true, "{result}");
    assert_eq!(psql(&source, "select count(*) from pg_database where datname like 'drillbell\\_drill%'"), "0");
    assert_eq!(psql(&source, "select count(*) from pg_subscription"), "0");
    bot.finish().await;
}

//! Once, whatever happens: a restart in between, a death between keeping and telling, two replicas.

use super::{STEP_MS, cards, look, looks, posts, setup, told};
use crate::alerts::standing;
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::receiver::Receiver;
use drillbell::clock::Clock;

fn shop(server: &Receiver) -> String {
    format!("[probes.shop]\nurl = \"{}\"\nseverity = \"critical\"\n", server.url())
}

#[test]
fn a_restart_goes_on_where_the_last_run_was_and_tells_nothing_twice() {
    with_database(async |database| {
        let server = Receiver::start().await;
        server.is_down(true);
        let first = setup(&shop(&server));
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let again = || Setup { folder: folder.clone(), clock: clock.clone(), ..setup(&shop(&server)) };
        let bot = TestBot::start(database, first).await;
        assert_eq!(look(&bot, "shop").await.outcome, "fail");
        bot.finish().await;
        // The second failure in a row is the second, though another process saw the first.
        let bot = TestBot::start(database, again()).await;
        look(&bot, "shop").await;
        let card = cards(&bot).await.remove(0);
        bot.finish().await;
        let bot = TestBot::start(database, again()).await;
        looks(&bot, "shop", 2).await;
        assert_eq!((posts(&bot).await, cards(&bot).await), (1, vec![card.clone()]));

        // As if it had died after keeping the turn: whether it was told is not known.
        let row = bot.app.store().last_look("shop").await.unwrap().unwrap();
        let untold =
            drillbell::store::ProbeRow { standing: row.standing.replace("\"told\":true", "\"told\":false"), ..row };
        assert!(untold.standing.contains("\"told\":false"));
        bot.app.store().keep_probe(untold).await.unwrap();
        bot.finish().await;
        let bot = TestBot::start(database, again()).await;
        look(&bot, "shop").await;
        assert_eq!((posts(&bot).await, cards(&bot).await), (1, vec![card]), "it is told by the same name");
        server.is_down(false);
        looks(&bot, "shop", 2).await;
        assert!(cards(&bot).await[0].to_lowercase().contains("resolved"));
        bot.finish().await;
    });
}

#[test]
fn a_second_threshold_that_was_taken_out_and_comes_back_is_told_anew() {
    with_database(async |database| {
        let shop = tempfile::tempdir().unwrap();
        let file = shop.path().join("shop.db");
        let jobs = TestDatabase::at(format!("sqlite:{}?mode=rwc", file.display()));
        jobs.execute("create table jobs (n bigint)").await;
        let probe = format!(
            "[probes.queue]\nurl = \"sqlite:{}\"\nquery = \"select sum(n) from jobs\"\nunit = \"jobs\"\nwindow = \"5s\"\n\
             above = 100\n",
            file.display()
        );
        let also = format!("{probe}[probes.queue.also]\nabove = 200\nchannel = \"console:#ops\"\n");
        let first = setup(&also);
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let again = |probes: &str| Setup { folder: folder.clone(), clock: clock.clone(), ..setup(probes) };
        let second = async |bot: &TestBot| standing(bot, "console:#ops").await;
        jobs.execute("insert into jobs values (300)").await;
        let bot = TestBot::start(database, first).await;
        looks(&bot, "queue", 2).await;
        assert!(second(&bot).await[0].contains("queue: 300 jobs (alert above 200 jobs)"));
        jobs.execute("update jobs set n = 7").await;
        looks(&bot, "queue", 2).await;
        assert!(second(&bot).await[0].to_lowercase().contains("resolved"));
        bot.finish().await;
        let bot = TestBot::start(database, again(&probe)).await;
        assert_eq!(look(&bot, "queue").await.outcome, "pass");
        bot.finish().await;
        let bot = TestBot::start(database, again(&also)).await;
        jobs.execute("update jobs set n = 400").await;
        looks(&bot, "queue", 2).await;
        let told = second(&bot).await.join("\n");
        assert!(told.contains("queue: 400 jobs (alert above 200 jobs)"), "{told}");
        bot.finish().await;
    });
}

#[test]
fn of_two_replicas_one_looks_and_when_it_ends_the_other_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let server = Receiver::start().await;
        let clock = Clock::manual(crate::support::database::NEW_YEAR_MS);
        let with = |probes: &str| Setup { clock: clock.clone(), ..setup(probes) };
        let left = TestBot::start(&database, with(&shop(&server))).await;
        let right = TestBot::start(&database, with(&shop(&server))).await;
        for n in 1..=5 {
            look(&left, "shop").await;
            // Both have seen that the moment has come: the one that does not look asks for the lease in vain.
            let rows = right.app.store().looks_since("shop", 0).await.unwrap();
            assert_eq!((rows.len(), server.calls()), (n, n));
        }
        server.is_down(true);
        looks(&right, "shop", 2).await;
        assert_eq!(posts(&left).await, 1);
        left.finish().await;
        clock.advance(STEP_MS);
        let calls = server.calls();
        eventually("the other looks", async || (server.calls() > calls).then_some(())).await;
        told(&right, "shop").await;
        assert_eq!(posts(&right).await, 1, "and knows what was told");
        right.finish().await;
    });
}

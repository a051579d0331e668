//! What the bot begins by itself: a runbook by its schedule, over a restart, and looking at symptoms when an alert fires.

use super::{book_of, configured, says, server};
use crate::alerts::{alert, sends, standing, token_file};
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::eventually;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const OPS: &str = "console:#ops";

/// A runbook that counts carts every night.
fn nightly(risk: &str, more: &str) -> String {
    let count =
        "```sql\ndatabase = \"shop\"\nquery = \"select count(*) from carts\"\nexpect = { value = \">= 0\" }\n```";
    let book = book_of(risk, "", &[("Carts", count)]);
    let book = book.replace("risk = ", "schedule = \"0 2 * * *\"\nrisk = ");
    book.replace("## Mitigation\n\nNothing.", &format!("## Mitigation\n\n{more}"))
}

fn setup(book: &str) -> Setup {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let shop = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    shop.execute_batch("create table carts (id); insert into carts values (1), (2)").unwrap();
    let more = "[runbooks.overrides.daily-maintenance]\nschedule = \"never\"\n[channels]\nops = \"console:#ops\"\n\
                [databases.shop]\nurl = \"sqlite:PLACE/shop.db\"\n[commands.pack]\nargv = [\"true\"]\n";
    configured(&folder, &[("nightly", book)], more, "\"sql:shop\", \"command:pack\"")
}

/// The schedule of the runbook is set, which a start does by itself.
async fn scheduled(bot: &TestBot) {
    eventually("the runbook is scheduled", async || {
        let all = bot.app.store().schedules(Some(&"runbook".into())).await.unwrap();
        (!all.is_empty()).then_some(())
    })
    .await;
}

/// What stands in the operators' channel, once something that says this does.
async fn told(bot: &TestBot, what: &str) -> String {
    eventually(&format!("the operators read \"{what}\""), async || {
        standing(bot, OPS).await.into_iter().rev().find(|text| text.contains(what))
    })
    .await
}

#[test]
fn a_runbook_that_only_looks_runs_each_night_and_is_told_beside_the_night_before() {
    with_database(async |database| {
        let first = setup(&nightly("read-only", "Nothing."));
        let (config, folder, clock) = (first.config.clone(), first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        scheduled(&bot).await;
        bot.clock.advance(3 * HOUR_MS);
        let report = told(&bot, "R-1 One thing: 1 passed").await;
        assert!(report.contains("the value is 2"), "{report}");
        // While nobody was there three nights passed: it runs once.
        bot.finish().await;
        let shop = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
        shop.execute_batch("insert into carts values (3)").unwrap();
        clock.advance(3 * DAY_MS);
        let bot = TestBot::start(database, Setup { config, folder, clock, ..Setup::default() }).await;
        let report = told(&bot, "R-2 One thing: 1 passed").await;
        assert!(report.contains("+50 %") && report.contains("More than a tenth"), "{report}");
        let status = says(&bot, "/runbook status").await;
        assert_eq!(status["open"].as_array().unwrap().len(), 0, "{status}");
        assert_eq!(bot.ana("/runbook report --run R-3").await.status, drillbell::store::OutcomeStatus::Refused);
        bot.finish().await;
    });
}

#[test]
fn what_changes_something_waits_for_somebody() {
    with_database(async |database| {
        let pack = "### Pack\n\n```command\ncommand = \"pack\"\n```";
        let bot = TestBot::start(database, setup(&nightly("change", pack))).await;
        scheduled(&bot).await;
        bot.clock.advance(3 * HOUR_MS);
        let waits = told(&bot, "R-1 One thing waits for somebody").await;
        assert!(waits.contains("\"Pack\", it changes something"), "{waits}");
        bot.clock.advance(DAY_MS);
        told(&bot, "R-1 still waits at \"Pack\"").await;
        says(&bot, "/runbook run --run R-1").await;
        told(&bot, "R-1 One thing: 2 passed").await;
        bot.finish().await;
    });
}

#[test]
fn an_alert_has_symptoms_looked_at_and_the_one_that_does_not_hold_is_no_match() {
    with_database(async |database| {
        let (port, status) = server();
        status.store(503, Ordering::SeqCst);
        let asks = |status: u16| {
            let block =
                format!("```http\nurl = \"http://127.0.0.1:{port}/readyz\"\nexpect = {{ status = {status} }}\n```");
            let book = book_of("read-only", "", &[("It says so", &block)]);
            book.replace("risk = ", "matches = [\"service=shop\"]\nsymptoms = [\"It says so\"]\nrisk = ")
        };
        let (down, busy) = (asks(503), asks(429));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let more = format!(
            "[chat.console]\nchannels = [\"#incidents\", \"#ops\", \"#alerts\"]\n[channels]\nalerts = \"console:#alerts\"\n\
             [alerts.prom]\nkind = \"alertmanager\"\ntoken = {}\n",
            token_file(folder.path())
        );
        let grant = format!("\"http-private:http://127.0.0.1:{port}\"");
        let bot =
            TestBot::start(database, configured(&folder, &[("aa-busy", &busy), ("bb-down", &down)], &more, &grant))
                .await;
        sends(&bot, vec![alert("Odd", "web-1", "firing", "warning")]).await;
        let looked = eventually("both are looked at", async || {
            let all = standing(&bot, "console:#alerts").await;
            all.into_iter().find(|text| text.contains("holds") && text.contains("does not hold"))
        })
        .await;
        assert!(
            looked.contains("bb-down: One thing (score 3, because service=shop and \"It says so\" holds)"),
            "{looked}"
        );
        assert!(looked.contains("aa-busy: One thing does not match (score -1"), "{looked}");
        assert!(looked.find("bb-down").unwrap() < looked.find("aa-busy").unwrap(), "what fits comes first: {looked}");
        bot.finish().await;
    });
}

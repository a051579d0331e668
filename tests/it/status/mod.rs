//! The public page with the whole bot: proposed by a command, approved by somebody else, public at that moment and not before.

mod decided;
mod severities;
mod work;

use crate::support::bot::{MISBEHAVING, PEOPLE, SEV, Setup, TestBot, with_bot_of};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::public::{STATUS, publish, update};
use drillbell::artifacts::Key;
use drillbell::model::incident::Status;
use drillbell::store::OutcomeStatus;
use futures::StreamExt;
use tokio::io::AsyncReadExt;

fn setup() -> Setup {
    Setup { config: format!("{SEV}\n{MISBEHAVING}\n{PEOPLE}\n{STATUS}"), ..Setup::default() }
}

fn on_both(test: impl AsyncFn(&TestBot)) {
    with_bot_of(setup, async |bot| test(&bot).await);
}

/// The summary as the public reads it right now.
fn summary(bot: &TestBot) -> serde_json::Value {
    let shown = bot.app.board().expect("a page").shown();
    serde_json::from_slice(&shown.site.files["api/v2/summary.json"].body).unwrap()
}

/// The approval that waits.
async fn waiting(bot: &TestBot) -> String {
    let open = bot.app.store().open_approvals(10).await.unwrap();
    assert_eq!(open.len(), 1, "one approval waits: {open:?}");
    open[0].id.to_string()
}

#[test]
fn what_somebody_else_approved_is_public_and_nothing_before_that() {
    on_both(async |bot| {
        bot.ana("/sev declare sev1 the vault leaks").await;
        let said = bot
            .ana("/sev update --public --title \"Slow checkout\" --component checkout=partial A disk is full.")
            .await;
        assert_eq!(said.status, OutcomeStatus::Ok, "{said:?}");
        let id = waiting(bot).await;
        let own = bot.ana(&format!("/drillbell approve {id}")).await;
        assert_eq!(own.status, OutcomeStatus::Refused, "nobody approves their own words: {own:?}");
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
        let approved = bot.types("ben", crate::support::bot::HERE, &format!("/drillbell approve {id}")).await;
        assert_eq!(approved.status, OutcomeStatus::Ok, "{approved:?}");
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 1, "in the very commit of the approval");
        let feed = eventually("it is public", async || {
            let feed = summary(bot);
            (feed["incidents"][0]["name"] == "Slow checkout").then_some(feed)
        })
        .await;
        assert_eq!(feed["incidents"][0]["incident_updates"][0]["body"], "A disk is full.");
        assert_eq!(feed["status"]["indicator"], "major");
        assert!(!feed.to_string().contains("vault"));
        // Its end is proposed by itself, with what it had named well again.
        bot.ana("/sev resolve the disk is larger now").await;
        let id = waiting(bot).await;
        bot.types("ben", crate::support::bot::HERE, &format!("/drillbell approve {id}")).await;
        let feed = eventually("it is over", async || {
            let feed = summary(bot);
            feed["incidents"].as_array().unwrap().is_empty().then_some(feed)
        })
        .await;
        let checkout = feed["components"].as_array().unwrap().iter().find(|it| it["name"] == "Checkout").unwrap();
        assert_eq!(checkout["status"], "operational");
    });
}

#[test]
fn what_was_denied_or_ran_out_is_never_public() {
    on_both(async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        bot.ana("/sev update --public Words that nobody wants.").await;
        let id = waiting(bot).await;
        bot.types("ben", crate::support::bot::HERE, &format!("/drillbell deny {id} not like this")).await;
        bot.ana("/sev update --public Words that nobody reads.").await;
        waiting(bot).await;
        bot.clock.advance(3_600_001);
        eventually("it ran out", async || bot.app.store().open_approvals(10).await.unwrap().is_empty().then_some(()))
            .await;
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
        assert!(summary(bot)["incidents"].as_array().unwrap().is_empty());
    });
}

#[test]
fn no_plugin_makes_anything_public_by_itself() {
    on_both(async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        let answer = bot.ana("/misbehave ask-status").await;
        let said = &answer.text;
        assert!(
            said.contains("propose allowed")
                && said.contains("maintenance allowed")
                && said.contains("components allowed")
                && !said.contains("seen allowed"),
            "{said}"
        );
        assert_eq!(bot.app.store().open_approvals(10).await.unwrap().len(), 3, "people are asked");
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0, "and nothing is public");
    });
}

#[test]
fn a_copy_is_kept_in_the_artifact_store_and_renewed_by_what_is_published() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let status = STATUS.replacen("cache =", "export = \"public/status\"\ncache =", 1);
        let setup = Setup { config: format!("{SEV}\n{PEOPLE}\n{status}"), ..Setup::default() };
        let database = TestDatabase::sqlite();
        let bot = TestBot::start(&database, setup).await;
        let index = Key::new("public/status/index.html").unwrap();
        let read = async |key: &Key| {
            let (_, mut reader) = bot.app.artifacts().get_verified(key).await.ok()?;
            let mut text = String::new();
            reader.read_to_string(&mut text).await.ok()?;
            Some(text)
        };
        let copy = eventually("a copy is there", async || read(&index).await).await;
        assert!(copy.contains("A copy, written Jan 1, 2026 00:00 UTC.") && copy.contains("href=\"history.atom\""));
        let files = bot.app.board().unwrap().shown().site.files.len();
        let kept: Vec<_> = bot.app.artifacts().list("public/status/").collect().await;
        assert_eq!(kept.len(), files, "the page comes last, so everything is there: {kept:?}");
        publish(bot.app.store(), "p1", [update(1, Status::Identified, "Slow", "A disk is full.", &[])]).await;
        eventually("the copy has it", async || read(&index).await.filter(|copy| copy.contains("A disk is full.")))
            .await;
        let feed = read(&Key::new("public/status/api/v2/summary.json").unwrap()).await.unwrap();
        assert!(feed.contains("A disk is full."));
        bot.finish().await;
    });
}

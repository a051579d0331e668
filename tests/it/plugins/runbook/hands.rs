//! What a run lives through on both databases: a restart before every step, steps that hang, flood, print a secret or fail, and two
//! people on one button.

use super::{book_of, configured, says};
use crate::support::bot::{POSTMORTEM, Setup, TestBot, with_database};
use crate::support::eventually;
use drillbell::model::ids::{ConversationId, MessageRef};
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::sync::Arc;

const SECRET: &str = "correct horse battery staple";

fn setup() -> Setup {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("password"), SECRET).unwrap();
    let command = |name: &str, more: &str| format!("```command\ncommand = \"{name}\"\n{more}```");
    let rough = [
        ("It hangs", command("hang", "time_limit = \"1s\"\n")),
        ("It floods", command("flood", "")),
        ("It prints a secret", command("leak", "expect = { contains = \"it is\" }\n")),
        ("It fails", command("fail", "")),
        ("It is well", command("note", "")),
    ];
    let rough: Vec<_> = rough
        .iter()
        .map(|(name, block)| (*name, block.replace("command = ", "risk = \"read-only\"\ncommand = ")))
        .collect();
    let rough: Vec<_> = rough.iter().map(|(name, block)| (*name, block.as_str())).collect();
    let note = command("note", "risk = \"read-only\"\n");
    let looks =
        |name: &str, does: &str| format!("[commands.{name}]\nargv = [\"sh\", \"-c\", \"{does}\"]\nchanges = false\n");
    let commands = [
        looks("hang", "sleep 600"),
        looks("flood", "yes a flood of words | head -c 900000"),
        looks("leak", "echo it is $PASSWORD"),
        "secrets = { PASSWORD = \"password\" }\n".to_owned(),
        looks("fail", "echo it is broken; exit 3"),
        looks("note", "echo noted >> PLACE/notes"),
    ];
    let more = format!(
        "[channels]\nops = \"console:#ops\"\n[secrets]\npassword = {{ file = \"PLACE/password\" }}\n{}",
        commands.concat()
    );
    let books =
        [("rough", book_of("read-only", "", &rough)), ("once", book_of("read-only", "", &[("Note it", &note)]))];
    let books: Vec<_> = books.iter().map(|(name, text)| (*name, text.as_str())).collect();
    configured(&folder, &books, &more, "\"command:*\"")
}

fn notes(bot: &TestBot) -> String {
    let folder = bot.app.config().server.data_dir.parent().unwrap().to_owned();
    std::fs::read_to_string(folder.join("notes")).unwrap_or_default()
}

#[test]
fn a_run_of_rough_steps_goes_on_after_a_restart_before_each_and_no_secret_is_told() {
    with_database(async |database| {
        let first = setup();
        let (config, folder, clock) = (first.config.clone(), first.folder.clone(), first.clock.clone());
        let mut bot = TestBot::start(database, first).await;
        bot.ana("/sev declare sev2 the shop is rough").await;
        let thread = says(&bot, "/runbook start rough").await["thread"].as_str().unwrap().to_owned();
        for at in 0..5 {
            let status = says(&bot, "/runbook status").await;
            assert_eq!(
                (&status["open"][0]["run"], &status["open"][0]["at"]),
                (&json!("R-1"), &json!(at + 1)),
                "{status}"
            );
            let before = says(&bot, "/runbook report --run R-1").await;
            bot.finish().await;
            let again =
                Setup { config: config.clone(), folder: folder.clone(), clock: clock.clone(), ..Setup::default() };
            bot = TestBot::start(database, again).await;
            assert_eq!(
                says(&bot, "/runbook report --run R-1").await,
                before,
                "nothing was lost before step {}",
                at + 1
            );
            // Whoever asks hears that the step failed, if it did.
            bot.ana(&format!("/runbook run --run R-1 --step {}", at + 1)).await;
        }
        let report = says(&bot, "/runbook report --run R-1").await;
        assert_eq!(report["ended"], true, "{report}");
        let states: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["state"].clone()).collect();
        assert_eq!(states, ["fail", "pass", "pass", "fail", "pass"], "{report}");
        let said = |at: usize| report["steps"][at]["said"].as_str().unwrap().to_owned();
        assert!(said(0).contains("longer than") || said(0).contains("took"), "it says that it hung: {}", said(0));
        assert!(said(3).contains('3'), "it says how it failed: {}", said(3));
        assert_eq!(notes(&bot), "noted\n", "each was done once");

        let store = bot.app.store();
        let mut told = format!("{report}{:?}", bot.trail().await);
        for place in [thread.as_str(), "console:#incidents"] {
            let stream = store.stream_after(0, Some(&ConversationId::from(place)), &"ana".into(), 1000).await.unwrap();
            let shown: Vec<String> = stream.iter().map(|item| item.payload.to_string()).collect();
            assert!(shown.iter().all(|text| text.len() < 64 * 1024), "a flood is kept in bounds");
            told += &shown.concat();
        }
        told += &format!("{:?}", store.timeline(&"INC-1".into(), 500).await.unwrap());
        assert!(told.contains("[secret password]"), "it was printed");
        assert!(!told.contains("horse battery"), "and nobody read it");
        bot.finish().await;
    });
}

#[test]
fn of_two_people_on_one_button_one_is_told_and_the_step_is_done_once() {
    with_database(async |database| {
        let bot = TestBot::start(database, setup()).await;
        says(&bot, "/runbook start once").await;
        let kept = bot.app.store().kv_get(&"runbook".into(), "run/R-1").await.unwrap().value.unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        let card = MessageRef::new(kept["card"].as_str().unwrap());
        let (ana, ben) = tokio::join!(bot.clicks("ana", &card, "run"), bot.clicks("ben", &card, "run"));
        let heard = [&ana, &ben].into_iter().filter(|answer| answer.status == OutcomeStatus::Ok).count();
        assert_eq!(heard, 1, "{ana:?} {ben:?}");
        eventually("the run ends", async || {
            (says(&bot, "/runbook report --run R-1").await["ended"] == true).then_some(())
        })
        .await;
        assert_eq!(notes(&bot), "noted\n");
        let jobs = bot.app.store().jobs_of(&"runbook".into(), false, 10).await.unwrap();
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        bot.finish().await;
    });
}

#[test]
fn a_runbook_that_was_used_in_an_incident_is_an_action_item_of_its_postmortem() {
    with_database(async |database| {
        let setup = setup();
        let setup = Setup { config: format!("{}\n{POSTMORTEM}", setup.config), ..setup };
        let bot = TestBot::start(database, setup).await;
        says(&bot, "/runbook start once --dry-run").await;
        says(&bot, "/sev declare sev2 the shop is slow").await;
        says(&bot, "/runbook start once").await;
        says(&bot, "/runbook run").await;
        says(&bot, "/sev resolve it is quick again --incident INC-1").await;
        says(&bot, "/postmortem draft INC-1").await;
        let items = says(&bot, "/postmortem action list --incident INC-1").await;
        let texts: Vec<_> = items["items"].as_array().unwrap().iter().map(|item| item["text"].clone()).collect();
        assert_eq!(texts, ["What the runbook R-2 once taught: mend what was wrong or missing in it"], "{items}");
        let item = &items["items"][0];
        assert!(item["owner"].is_string() && item["due_at"].is_string(), "with an owner and a date: {item}");
        bot.finish().await;
    });
}

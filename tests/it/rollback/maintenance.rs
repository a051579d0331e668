//! Maintenance and the read-only mode of a service: two modes, each turned by its own commands, and announced like all that changes
//! production (H14).

use super::{is_in, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::path::Path;

/// Every command writes its name down.
fn sections(marks: &Path) -> String {
    let command = |name: &str| {
        format!("[commands.{name}]\nargv = [\"sh\", \"-c\", \"echo {name} >> \\\"$1\\\"\", \"--\", {marks:?}]\n")
    };
    let commands: String = ["away", "back", "frozen", "thawed"].into_iter().map(command).collect();
    format!(
        "{}{commands}[commands.breaks]\nargv = [\"false\"]\n\
         [[policy]]\njob = \"maintenance\"\napprovals = 0\n\
         [services.shop]\nmaintenance = {{ on = \"away\", off = \"back\" }}\nread_only = {{ on = \"frozen\", off = \"thawed\" }}\n\
         [services.search]\nmaintenance = {{ on = \"breaks\", off = \"back\" }}\n",
        super::PLUGIN
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mode_is_turned_by_its_own_commands_and_is_announced() {
    let folder = tempfile::tempdir().unwrap();
    let marks = folder.path().join("marks");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections(&marks))).await;
    let command =
        |spec: &Value, title: &str| format!("/misbehave job maintenance --spec '{spec}' --lost verify {title}");
    for (mode, on, title, said) in [
        ("maintenance", true, "t-1", "Maintenance of shop is on."),
        ("read_only", true, "t-2", "The read-only mode of shop is on."),
        ("read_only", false, "t-3", "The read-only mode of shop is off."),
        ("maintenance", false, "t-4", "Maintenance of shop is off."),
    ] {
        let spec = json!({"service": "shop", "mode": mode, "on": on});
        bot.sends("ana", "console:#incidents", &command(&spec, title)).await;
        let result: Value = serde_json::from_str(&is_in(&bot, title, JobState::Done).await.result.unwrap()).unwrap();
        assert_eq!(result["result"]["sentence"], said);
    }
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "away\nfrozen\nthawed\nback\n");
    let announced = crate::alerts::standing(&bot, "console:#ops").await;
    assert_eq!(announced.iter().filter(|text| text.contains("t-1")).count(), 1, "{announced:?}");

    bot.sends(
        "ana",
        "console:#incidents",
        &command(&json!({"service": "search", "mode": "maintenance", "on": true}), "t-5"),
    )
    .await;
    let broke = is_in(&bot, "t-5", JobState::Failed).await.result.unwrap();
    assert!(broke.contains("Turning maintenance of search on failed"), "{broke}");
    for (spec, words) in [
        (json!({"service": "search", "mode": "read_only", "on": true}), "[services.search] has no `read_only`"),
        (json!({"service": "shap", "mode": "maintenance", "on": true}), "is no service of the configuration"),
        (json!({"service": "shop", "mode": "full", "on": true}), "the spec is"),
    ] {
        let answer = bot.ana(&command(&spec, "no")).await;
        assert!(answer.text.contains(words), "{words}: {answer:?}");
    }
    bot.finish().await;
}

//! The kinds `steps` and `http` with the whole bot: a plugin asks for real programs and requests, within its grants.

use super::{card, is_in, started, told};
use crate::support::bot::{HERE, PEOPLE, Setup, TestBot, with_bot_of};
use drillbell::model::ids::ConversationId;
use drillbell::model::job::JobState;
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::sync::Arc;

const COMMANDS: &str = r#"
[secrets]
db = { file = "FOLDER/db-password" }
[commands.note]
argv = ["sh", "-c", "echo \"$1\" >> \"$2\"; echo noted \"$1\"", "--", "{word}", "FOLDER/notes"]
args.word = { type = "word" }
undo = "forget"
[commands.forget]
argv = ["sh", "-c", "echo not \"$1\" >> \"$2\"", "--", "{word}", "FOLDER/notes"]
args.word = { type = "word" }
[commands.fail]
argv = ["sh", "-c", "echo $PW is wrong; exit 3"]
secrets = { PW = "db" }
[commands.hidden]
argv = ["true"]
"#;

/// The test guest with rights to some of these, and a folder for what they leave.
fn setup(grants: &str) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("db-password"), "correct horse").unwrap();
    let commands = COMMANDS.replace("FOLDER", folder.path().to_str().unwrap());
    let plugin = format!(
        "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", {grants}]\n\
                          [channels]\nops = \"console:#ops\"\n[[policy]]\njob = \"steps\"\napprovals = 0"
    );
    Setup { config: format!("{plugin}\n{commands}\n{PEOPLE}"), folder: Arc::new(folder), ..Setup::default() }
}

const SOME: &str = r#""jobs:*", "command:note", "command:forget", "command:fail", "http:https://api.example.com""#;

/// A command that starts a job.
fn ask(kind: &str, title: &str, spec: &Value) -> String {
    format!("/misbehave job {kind} --spec '{spec}' --lost verify {title}")
}

fn notes(bot: &TestBot) -> String {
    let folder = bot.app.config().server.data_dir.parent().unwrap().to_owned();
    std::fs::read_to_string(folder.join("notes")).unwrap_or_default()
}

#[test]
fn a_run_of_steps_shows_its_output_and_tells_its_plugin() {
    with_bot_of(
        || setup(SOME),
        async |bot| {
            let spec = json!({"steps": [
                {"command": "note", "args": {"word": "{item}"}, "each": ["one", "two"]}, {"wait": "1ms"}
            ]});
            let answer = bot.ana(&ask("steps", "tidy up", &spec)).await;
            assert_eq!(answer.status, OutcomeStatus::Ok, "{}", answer.text);
            assert!(answer.text.contains("tidy up: done. All 3 steps passed."), "{}", answer.text);
            assert_eq!(notes(&bot), "one\ntwo\n");
            let event = told(&bot, &started(&answer)).await;
            let detail: Value = serde_json::from_str(event["detail"].as_str().unwrap()).unwrap();
            assert_eq!((&detail["status"], &detail["steps"][1]["output"]), (&json!("pass"), &json!("noted two")));
            let here = ConversationId::from(HERE);
            let stream = bot.app.store().stream_after(0, Some(&here), &"ana".into(), 1000).await.unwrap();
            let shown: String = stream.iter().map(|item| item.payload.to_string()).collect();
            assert!(shown.contains(r"▶ 1/3 note (one)\nnoted one\n✓ note (one) exited with 0 after "), "{shown}");
        },
    );
}

#[test]
fn a_step_that_fails_is_taken_back_and_no_secret_is_told() {
    with_bot_of(
        || setup(SOME),
        async |bot| {
            let spec = json!({"on_failure": "undo", "steps": [
                {"command": "note", "args": {"word": "one"}}, {"command": "fail"}
            ]});
            let answer = bot.ana(&ask("steps", "risky", &spec)).await;
            assert_eq!(answer.status, OutcomeStatus::Failed, "{}", answer.text);
            assert_eq!(notes(&bot), "one\nnot one\n");
            let id = is_in(&bot, "risky", JobState::Failed).await;
            let event = told(&bot, &id.id).await;
            let told = format!("{answer:?}{event}{}{:?}", card(&bot, "risky").await.to_plain(), bot.trail().await);
            assert!(told.contains("[secret db] is wrong") && !told.contains("horse"), "{told}");
            assert!(told.contains("1 of 1 steps before it were taken back"), "{told}");
        },
    );
}

#[test]
fn denies_what_was_not_granted_when_the_job_is_asked_for() {
    with_bot_of(
        || setup(SOME),
        async |bot| {
            for (kind, spec, expected) in [
                ("steps", json!({"steps": [{"command": "hidden"}]}), "it needs the grant `command:hidden`"),
                (
                    "steps",
                    json!({"steps": [{"command": "note", "args": {"word": "x"}, "undo": {"command": "hidden"}}]}),
                    "`command:hidden`",
                ),
                ("http", json!({"url": "https://evil.example/"}), "it needs the grant `http:https://evil.example`"),
                ("http", json!({"url": "http://api.example.com/"}), "it needs the grant `http:http://api.example.com`"),
                ("http", json!({"url": "https://api.example.com/", "headers": {"A": {"secret": "db"}}}), "`secret:db`"),
                (
                    "steps",
                    json!({"steps": [{"command": "note", "args": {"word": "$(reboot)"}}]}),
                    "was given; expected at most",
                ),
                ("http", json!({"url": "https://api.example.com/", "metod": "POST"}), "unknown field `metod`"),
            ] {
                let answer = bot.ana(&ask(kind, "no", &spec)).await;
                assert_ne!(answer.status, OutcomeStatus::Ok, "{spec}");
                assert!(answer.text.contains(expected), "{spec}: {}", answer.text);
            }
            assert!(bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap().is_empty());
        },
    );
}

#[test]
fn denies_a_request_that_turns_out_to_lead_inside() {
    with_bot_of(
        || setup(r#""jobs:*", "http:http://localhost:9""#),
        async |bot| {
            let answer = bot.ana(&ask("http", "inside", &json!({"url": "http://localhost:9/"}))).await;
            assert_eq!(answer.status, OutcomeStatus::Failed);
            assert!(answer.text.contains("needs the grant `http-private:http://localhost:9`"), "{}", answer.text);
        },
    );
}

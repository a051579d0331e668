//! `serve` with `run`, `chat` and `check` beside it, and `run` without it.

use super::program::{call, call_with};
use crate::support::database::TestDatabase;
use crate::support::process::{Home, Process};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Does something beside a running bot, then has it end cleanly.
pub(super) fn beside_a_bot(home: &Home, doing: impl FnOnce(&Path)) {
    let runtime = runtime();
    let process: Process = runtime.block_on(home.start(&[]));
    doing(home.folder.path());
    let status = runtime.block_on(process.end(false));
    assert!(status.success(), "{status}");
}

#[test]
fn a_command_goes_through_the_running_bot_and_is_answered_as_one_object() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        let token = std::fs::metadata(folder.join("data/api.json")).unwrap();
        assert_eq!(token.permissions().mode() & 0o777, 0o600);

        let declared = call(folder, &["run", "--json", "--as", "ben", "/sev declare sev1 checkout is down"]);
        assert_eq!(declared.code, 0, "{declared:?}");
        let answer = declared.json();
        let mut keys: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["data", "incident", "messages", "status", "text"]);
        assert_eq!((&answer["status"], &answer["incident"]), (&"ok".into(), &"INC-1".into()));
        assert!(answer["data"].is_object() && !answer["messages"].as_array().unwrap().is_empty());

        let card = call(folder, &["run", "/sev show INC-1"]);
        assert!(card.code == 0 && card.stdout.contains("checkout is down") && card.stderr.is_empty(), "{card:?}");
        assert!(!card.stdout.contains('\u{1b}'), "no colour in a pipe");

        let refused = call(folder, &["run", "--json", "/sev declare"]);
        assert_eq!((refused.code, &refused.json()["status"]), (1, &"refused".into()));
        let unknown = call(folder, &["run", "--json", "/nonsense"]);
        assert_eq!((unknown.code, &unknown.json()["status"]), (1, &"refused".into()));
    });
    assert!(!home.folder.path().join("data/api.json").exists(), "a clean stop removes the token");
}

#[test]
fn the_doctor_and_the_auditor_work_beside_the_bot_and_a_second_bot_is_refused() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        let checked = call(folder, &["check"]);
        assert!(checked.code == 0 && checked.stdout.contains("pass     bot  ready, at http://"), "{checked:?}");
        let verified = call(folder, &["audit", "verify"]);
        assert!(verified.code == 0 && verified.stdout.starts_with("ok:"), "{verified:?}");
        let second = call(folder, &["serve"]);
        assert!(second.code == 1 && second.stderr.contains("this bot runs already"), "{second:?}");
        assert!(folder.join("data/api.json").exists(), "the first one's token stays");
        let migrated = call(folder, &["migrate"]);
        assert!(migrated.code == 1 && migrated.stderr.contains("is in use by process"), "{migrated:?}");
    });
}

#[test]
fn without_a_bot_the_command_is_carried_out_here() {
    for database in TestDatabase::both() {
        let home = Home::new(&database);
        for n in 1..=2 {
            let declared = call(home.folder.path(), &["run", "--json", "/sev declare sev2 slow search"]);
            assert_eq!(declared.code, 0, "{declared:?}");
            assert_eq!(declared.json()["incident"], format!("INC-{n}"));
        }
        let verified = call(home.folder.path(), &["audit", "verify"]);
        assert_eq!(verified.code, 0, "{verified:?}");
    }
}

#[test]
fn what_a_killed_bot_left_behind_keeps_nobody_out() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    runtime().block_on(home.start(&[])).kill();
    assert!(home.folder.path().join("data/api.json").exists());
    let who = call(home.folder.path(), &["run", "--json", "/drillbell whoami"]);
    assert_eq!((who.code, &who.json()["data"]["id"]), (0, &"ana".into()), "{who:?}");
}

#[test]
fn a_token_file_that_others_can_read_is_not_used() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        let file = folder.join("data/api.json");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = call(folder, &["run", "--json", "/drillbell whoami"]);
        assert_eq!((refused.code, &refused.json()["status"]), (1, &"failed".into()));
        assert!(refused.json()["text"].as_str().unwrap().contains("mode 644"), "{refused:?}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    });
}

#[test]
fn the_console_carries_out_the_lines_of_a_pipe_and_clicks_by_number() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        let script =
            b"hello\n/sev declare sev1 checkout is down\n7\n77\n\xff\n/channel #nowhere\n/channel ops\n/sev list\n";
        let chat = call_with(folder, &["chat", "--as", "ben"], script);
        assert_eq!(chat.code, 0, "{chat:?}");
        let place = |text: &str| chat.stdout.find(text).unwrap_or_else(|| panic!("{text}: {chat:?}"));
        assert!(place("ben: /sev declare sev1") < place("[7] Resolve"));
        assert!(place("[7] Resolve") < place("(updated)"), "the click edited the card");
        place("ben: /sev list");
        for said in ["begin with a slash", "no button [77]", "not UTF-8", "no channel #nowhere"] {
            assert!(chat.stderr.contains(said), "{said}: {chat:?}");
        }
    });
}

#[test]
fn a_console_without_a_bot_is_the_bot_for_as_long_as_it_is_open() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let chat = call_with(home.folder.path(), &["chat"], b"/sev declare sev3 a small thing\n/quit\n/sev list\n");
    assert_eq!(chat.code, 0, "{chat:?}");
    assert!(chat.stdout.contains("INC-1") && !chat.stdout.contains("/sev list"), "{chat:?}");
    assert!(chat.stderr.contains("this process is the bot"), "{chat:?}");
    assert!(!home.folder.path().join("data/api.json").exists());
}

#[test]
fn plugins_are_listed_and_inspected() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let folder = home.folder.path();
    let listed = call(folder, &["plugin", "list"]);
    assert!(listed.code == 0 && listed.stdout.starts_with("pass sev-declare"), "{listed:?}");
    let plugin = call(folder, &["plugin", "inspect", "--json", "sev-declare"]).json();
    assert_eq!((&plugin["status"], &plugin["manifest"]["name"]), (&"pass".into(), &"sev-declare".into()));
    let unknown = call(folder, &["plugin", "inspect", "sev-decline"]);
    assert!(unknown.code == 1 && unknown.stderr.contains("there: sev-declare"), "{unknown:?}");
}

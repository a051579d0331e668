//! A plugin is what its section says: its name is its identity, its file is replaceable, and what cannot be loaded is listed
//! with its reason while the bot runs.

use crate::support::bot::{MISBEHAVING, SEV, Setup, TestBot, plugin_folder, with_bot_of, with_database};
use crate::support::script::SameOnBoth;
use drillbell::store::OutcomeStatus;

fn file(name: &str, file: &str, more: &str) -> String {
    let path = plugin_folder().join(file);
    format!("[plugins.{name}]\nsource = \"file:{}\"\ngrants = [\"kv\"]\n{more}\n", path.display())
}

#[test]
fn a_copy_under_another_name_has_a_memory_of_its_own_and_the_old_one_keeps_its() {
    with_database(async |database| {
        let first = Setup::default();
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        for (name, counted) in [("left", "1"), ("left", "2"), ("right", "1"), ("left", "3"), ("right", "2")] {
            let setup = Setup {
                folder: folder.clone(),
                clock: clock.clone(),
                ..Setup::of(&file(name, "misbehaving.wasm", ""))
            };
            let bot = TestBot::start(database, setup).await;
            assert_eq!(bot.ana("/misbehave kv-counter").await.text, format!("the counter is {counted}"), "{name}");
            bot.finish().await;
        }
    });
}

#[test]
fn a_card_of_a_plugin_that_is_gone_answers_that_it_is_gone() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let first = Setup::of(SEV);
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        let card = bot.ana("/sev declare sev1 checkout is down").await.messages[0].message.clone();
        bot.finish().await;
        let bot = TestBot::start(database, Setup { folder, clock, ..Setup::of("") }).await;
        let answer = bot.clicks("ana", &card, "resolve").await;
        assert_eq!(answer.status, OutcomeStatus::Failed, "{answer:?}");
        seen.saw(answer.text.lines().next().unwrap());
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @"`sev-declare` is not loaded. Nothing was changed. The operators can see why; try again, or ask them.");
}

#[test]
fn a_plugin_that_does_not_load_is_listed_with_its_reason_and_the_bot_runs() {
    let seen = SameOnBoth::default();
    let broken = format!(
        "{SEV}\n{}{}{}",
        file("missing", "no-such.wasm", ""),
        file("changed", "misbehaving.wasm", &format!("sha256 = \"{}\"", "0".repeat(64))),
        "[plugins.unbundled]\nsource = \"builtin:nothing\"\n[plugins.off]\nsource = \"builtin:misbehaving\"\nenabled = false\n",
    );
    with_bot_of(
        || Setup::of(&broken),
        async |bot| {
            assert_eq!(bot.ana("/sev list").await.status, OutcomeStatus::Ok);
            assert_eq!(bot.ana("/misbehave ok").await.status, OutcomeStatus::Refused, "it is not enabled");
            let status = bot.ana("/drillbell status").await;
            assert!(status.text.contains("plugins not loaded: changed, missing, unbundled"), "{}", status.text);
            let listed = bot.ana("/drillbell plugins").await;
            assert_eq!(listed.data.as_ref().unwrap()["plugins"].as_array().unwrap().len(), 4, "{listed:?}");
            let folder = plugin_folder().display().to_string();
            let digest = listed.text.split(" is ").nth(1).and_then(|rest| rest.get(..64)).unwrap_or("?").to_owned();
            seen.saw(listed.text.replace(&folder, "FOLDER").replace(&digest, "DIGEST"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    Plugins
    changed: not loaded: its SHA-256 is DIGEST, but the configuration pins 0000000000000000000000000000000000000000000000000000000000000000: it is not the file that was approved
    missing: not loaded: FOLDER/no-such.wasm cannot be read: No such file or directory (os error 2)
    sev-declare: 0.1.0, handles command, action, timer, reaction, incident, may conversations, escalation, incidents:write, kv, post:console:*, reactions, status; asked for but not granted: backups, timers, post:*
    unbundled: not loaded: there is no bundled plugin `nothing`; bundled are alerts, backup, misbehaving, postmortem, restore-drill, rollback, runbook, sev-declare
    ");
}

#[test]
fn of_two_plugins_that_claim_a_command_one_has_it_and_the_operator_is_told() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(&format!("{}{MISBEHAVING}", file("another", "misbehaving.wasm", ""))),
        async |bot| {
            bot.ana("/misbehave kv-counter").await;
            let count = async |plugin: &str| bot.app.store().kv_get(&plugin.into(), "counter").await.unwrap().revision;
            assert_eq!((count("another").await, count("misbehaving").await), (1, 0), "the first by name has it");
            let listed = bot.ana("/drillbell plugins").await;
            seen.saw(listed.text.lines().filter(|line| line.contains("/misbehave")).collect::<Vec<_>>().join("\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @"/misbehave of the plugin misbehaving is not offered: the plugin another has the name; remove one of the two.");
}

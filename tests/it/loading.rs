//! Loading plugins: what is broken is listed with its reason and harms nobody; what runs can be replaced while it is called.

use crate::support::memory::Memory;
use crate::support::plugins::built;
use crate::support::sandbox::{ALL, Bench, command, options, source};
use drillbell::model::event::Person;
use drillbell::plugin::{Origin, PluginSource, PluginState, SandboxOptions, SuggestQuery};
use sha2::{Digest, Sha256};
use std::fs;

fn failure(bench: &Bench, name: &str) -> String {
    match bench.info(name).state {
        PluginState::Failed(reason) => reason,
        other => panic!("{name}: {other:?}"),
    }
}

/// A component with nothing in it but a manifest, at most 16 KiB long.
fn only_a_manifest(text: &str) -> Vec<u8> {
    let name = "drillbell:manifest";
    let size = 1 + name.len() + text.len();
    let header = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
    let section = [0, (size & 0x7f) as u8 | 0x80, (size >> 7) as u8, name.len() as u8];
    [&header[..], &section, name.as_bytes(), text.as_bytes()].concat()
}

const MANIFEST: &str = "name = \"probe\"\nversion = \"0.1.0\"\nsummary = \"A probe.\"\nlicense = \"Apache-2.0\"\n";

#[tokio::test]
async fn broken_plugins_are_listed_with_their_reason_and_the_others_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        Origin::File(path)
    };
    let whole = built("misbehaving");
    let command = |name: &str| {
        format!(
            "[[commands]]\nname = \"{name}\"\nsummary = \"S.\"\n[[commands.subcommands]]\nname = \"a\"\nsummary = \"A.\"\n"
        )
    };
    let of = |name: &str, origin| PluginSource { origin, ..source(name, &[]) };
    let bench = Bench::with(vec![
        source("fine", ALL),
        of("absent", Origin::File(folder.path().join("nowhere.wasm"))),
        of("unbundled", Origin::Builtin("nothing".into())),
        of("text", file("text.wasm", b"hello")),
        of("half", file("half.wasm", &whole[..whole.len() / 2])),
        of("mute", file("mute.wasm", &only_a_manifest(&format!("{MANIFEST}{}", command("sev"))))),
        of("untypable", file("untypable.wasm", &only_a_manifest(&format!("{MANIFEST}{}", command("Sev!"))))),
        of("idle", file("idle.wasm", &only_a_manifest(MANIFEST))),
        PluginSource { sha256: Some("0".repeat(64)), ..source("changed", &[]) },
        source("greedy", &["everything"]),
        PluginSource { memory_bytes: 1 << 20, ..source("cramped", &[]) },
    ])
    .await;
    assert_eq!(bench.answer("fine", "ok").await, "ok");
    assert!(failure(&bench, "absent").contains("nowhere.wasm cannot be read"));
    assert_eq!(failure(&bench, "unbundled"), "there is no bundled plugin `nothing`; bundled are misbehaving");
    assert!(failure(&bench, "text").starts_with("it is no WebAssembly component"));
    assert!(failure(&bench, "half").starts_with("it is no WebAssembly component"));
    assert!(failure(&bench, "mute").contains("exports no drillbell:plugin/on-command"));
    assert!(failure(&bench, "untypable").starts_with("its manifest declares what cannot be typed: command 'Sev!'"));
    assert_eq!((bench.info("idle").state, bench.info("idle").handlers.len()), (PluginState::Loaded, 0));
    assert!(failure(&bench, "changed").contains("not the file that was approved"));
    assert!(failure(&bench, "greedy").starts_with("the configuration grants what does not exist: `everything`"));
    let cramped = failure(&bench, "cramped");
    assert_eq!(cramped, "it cannot be instantiated: it was stopped: it needed more than 1 MiB of memory");
    assert_eq!(bench.registry.running().len(), 2);
}

#[tokio::test]
async fn a_plugin_is_listed_with_its_requests_grants_and_handlers() {
    let bench = Bench::with(vec![source("misbehaving", &["kv", "post:*"])]).await;
    let info = bench.info("misbehaving");
    assert_eq!((info.state, info.origin.as_str()), (PluginState::Loaded, "builtin:misbehaving"));
    assert_eq!(info.digest, hex::encode(Sha256::digest(built("misbehaving"))));
    assert!(info.requests.iter().any(|request| request.grant == "kv" && !request.reason.is_empty()));
    assert_eq!(info.effective, ["kv", "post:*"]);
    let missing = [
        "timers",
        "schedules",
        "backups",
        "runbooks",
        "services",
        "conversations",
        "incidents:write",
        "status",
        "approvals",
        "escalation",
        "page:*",
        "alerts",
        "jobs:*",
        "command:*",
        "secret:*",
        "http:*",
        "http-private:*",
        "deploys",
        "reactions",
    ];
    assert_eq!(info.missing, missing);
    assert_eq!(
        info.handlers,
        ["command", "action", "alert", "deploy", "timer", "job", "approval", "reaction", "incident", "suggest"]
    );
    let commands = bench.registry.commands();
    assert_eq!(commands[0].1[0].name, "misbehave");
}

#[tokio::test]
async fn a_copy_under_another_name_behaves_the_same() {
    let bench = Bench::with(vec![source("original", ALL), source("copy", ALL)]).await;
    for subcommand in ["ok", "ask-kv", "ask-incidents"] {
        let original = bench.answer("original", subcommand).await;
        assert_eq!(bench.answer("copy", subcommand).await, original);
    }
}

#[tokio::test]
async fn a_plugin_is_replaced_in_one_step_and_a_broken_replacement_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin.wasm");
    fs::write(&path, built("misbehaving")).unwrap();
    let on_file = PluginSource { origin: Origin::File(path.clone()), ..source("misbehaving", ALL) };
    let bench = Bench::with(vec![on_file]).await;
    let id = "misbehaving".into();

    fs::write(&path, b"broken").unwrap();
    let info = bench.registry.reload(&id).await.unwrap();
    assert!(
        matches!(info.state, PluginState::Outdated(reason) if reason.starts_with("it is no WebAssembly component"))
    );
    assert_eq!(bench.answer("misbehaving", "ok").await, "ok");

    fs::write(&path, built("misbehaving")).unwrap();
    let plugin = bench.plugin("misbehaving");
    let mut in_flight = Box::pin(plugin.call(bench.input(command("slow-but-fine", &[]))));
    assert!(futures::poll!(&mut in_flight).is_pending());
    assert_eq!(bench.registry.reload(&id).await.unwrap().state, PluginState::Loaded);
    assert!(in_flight.await.outcome.is_ok(), "the call in flight ends on the old one");
    assert!(bench.registry.reload(&"unknown".into()).await.is_none());
}

#[tokio::test]
async fn compiled_code_is_used_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let options = SandboxOptions { cache: Some(cache.clone()), ..options() };
    for _ in 0..2 {
        let bench = Bench::new(&options, Memory::default(), vec![source("misbehaving", ALL)]).await;
        assert_eq!(bench.answer("misbehaving", "ok").await, "ok");
    }
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2, "the code and its checksum");
}

#[tokio::test]
async fn suggestions_come_from_the_plugin_and_nothing_else_does() {
    let bench = Bench::misbehaving().await;
    let query = SuggestQuery {
        command: "misbehave".into(),
        subcommand: "echo".into(),
        argument: "first".into(),
        prefix: "ab".into(),
        by: Person { id: "ana".into(), name: "Ana".into() },
        conversation: "console:#here".into(),
    };
    let suggestions = bench.plugin("misbehaving").suggest(query, 0, bench.memory.clone()).await;
    assert_eq!(suggestions.len(), 1);
    assert_eq!(
        (suggestions[0].value.as_str(), suggestions[0].label.as_str()),
        ("ab-completed", "misbehave echo first")
    );
}

#[tokio::test]
async fn settings_and_the_clock_reach_the_plugin() {
    let settings = [("greeting".to_owned(), serde_json::json!("hello"))].into_iter().collect();
    let bench = Bench::with(vec![PluginSource { settings, ..source("misbehaving", &[]) }]).await;
    assert_eq!(bench.answer("misbehaving", "clock").await, "1767225600000 1767225600000 hello");
}

//! What `export!` makes of the bundled plugins: components that export the named handlers and nothing else, import
//! nothing but the bot and WASI, and carry their manifest. Builds them first, which takes a moment the first time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmparser::{Parser, Payload};

/// What a component shows of itself.
struct Component {
    exports: BTreeSet<String>,
    imports: BTreeSet<String>,
    manifests: Vec<Vec<u8>>,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn built(file: &str) -> Component {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--target", "wasm32-wasip2", "--workspace"])
        .args(["--target-dir", "target"])
        .current_dir(workspace())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the guests must build: cargo build --release --target wasm32-wasip2");
    let path = workspace().join("target/wasm32-wasip2/release").join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read(&bytes)
}

fn read(bytes: &[u8]) -> Component {
    let mut component = Component { exports: BTreeSet::new(), imports: BTreeSet::new(), manifests: Vec::new() };
    // Nested modules and components announce themselves; only what is outside of all of them is the component's own.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.expect("a well-formed component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentExportSection(section) if depth == 0 => {
                let names = section.into_iter().map(|export| export.expect("an export").name.name.to_owned());
                component.exports.extend(names);
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                let names = section.into_iter().map(|import| import.expect("an import").name.name.to_owned());
                component.imports.extend(names);
            }
            Payload::CustomSection(section) if section.name() == "drillbell:manifest" => {
                component.manifests.push(section.data().to_vec());
            }
            _ => {}
        }
    }
    component
}

fn handlers(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("drillbell:plugin/{name}@0.1.0")).collect()
}

#[test]
fn a_component_exports_the_named_handlers_and_no_others() {
    let sev_declare = built("sev_declare.wasm");
    assert_eq!(sev_declare.exports, handlers(&["on-command", "on-action", "on-timer", "on-reaction", "on-incident"]));
    let misbehaving = built("misbehaving.wasm");
    let every = ["command", "action", "alert", "deploy", "timer", "job", "approval", "reaction", "incident"]
        .map(|on| format!("on-{on}"));
    let every: Vec<&str> = every.iter().map(String::as_str).chain(["suggest"]).collect();
    assert_eq!(misbehaving.exports, handlers(&every));
}

#[test]
fn a_component_imports_only_what_it_uses_of_the_bot_and_wasi() {
    let sev_declare = built("sev_declare.wasm");
    let of_the_bot: Vec<&str> =
        sev_declare.imports.iter().map(String::as_str).filter(|name| !name.starts_with("wasi:")).collect();
    let expected = [
        "drillbell:backups/backups@0.1.0",
        "drillbell:clock/clock@0.1.0",
        "drillbell:conversations/conversations@0.1.0",
        "drillbell:effects/effects@0.1.0",
        "drillbell:escalation/escalation@0.1.0",
        "drillbell:incidents/incidents@0.1.0",
        "drillbell:kv/kv@0.1.0",
        "drillbell:log/log@0.1.0",
        "drillbell:plugin/events@0.1.0",
        "drillbell:settings/settings@0.1.0",
        "drillbell:status/status@0.1.0",
        "drillbell:timers/timers@0.1.0",
        "drillbell:types/types@0.1.0",
        "drillbell:view/view@0.1.0",
    ];
    assert_eq!(of_the_bot, expected);
    assert!(!sev_declare.imports.iter().any(|name| name.starts_with("wasi:http")));
}

#[test]
fn a_component_carries_its_manifest_once_and_unchanged() {
    for (file, folder) in [("sev_declare.wasm", "sev-declare"), ("misbehaving.wasm", "misbehaving")] {
        let manifest = std::fs::read(workspace().join(folder).join("plugin.toml")).expect("the manifest");
        assert_eq!(built(file).manifests, vec![manifest], "{file}");
    }
}

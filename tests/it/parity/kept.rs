//! What the plugins' own tests said and where they came by: the SDK's fake bot keeps it when it is asked to.

use super::bundled;
use drillbell::model::view::{Block, View};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a plugin begins a message.
const BEGINNINGS: [&str; 3] = ["View::titled(", "View::from(", "View::default()"];

/// All of it.
pub struct Kept {
    /// By plugin; as JSON, for an order that never changes.
    views: BTreeMap<String, BTreeSet<String>>,
    /// `alerts/src/card.rs:37`.
    begun: BTreeSet<String>,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins")
}

impl Kept {
    /// Runs the tests of all bundled plugins.
    pub fn of_all_plugins() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["test", "--quiet", "--locked", "--lib", "--manifest-path"]).arg(workspace().join("Cargo.toml"));
        bundled().iter().for_each(|plugin| _ = cargo.args(["-p", plugin]));
        // A wrapper's or this run's own settings are not meant for them.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "RUSTC_WORKSPACE_WRAPPER"] {
            cargo.env_remove(variable);
        }
        let output = cargo
            .env("INSTA_UPDATE", "no")
            .env_remove("INSTA_FORCE_PASS")
            .env("DRILLBELL_KEEP_VIEWS", folder.path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "the plugins' tests fail:\n{}", String::from_utf8_lossy(&said));
        let mut kept = Self { views: BTreeMap::new(), begun: BTreeSet::new() };
        for file in std::fs::read_dir(folder.path()).unwrap() {
            for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
                kept.line(serde_json::from_str(line).unwrap());
            }
        }
        kept
    }

    fn line(&mut self, line: Value) {
        if let Some(place) = line["begun"].as_str() {
            self.begun.insert(place.to_owned());
        } else {
            let plugin = line["plugin"].as_str().unwrap().to_owned();
            self.views.entry(plugin).or_default().insert(line["view"].to_string());
        }
    }

    /// Places where a plugin begins a message and no test of its came by.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for plugin in bundled() {
            let sources = walk(&workspace().join(&plugin).join("src"));
            assert!(!sources.is_empty(), "{plugin} has no sources");
            for path in sources {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(workspace()).unwrap().display().to_string();
                // Tests beside the code come last in a file.
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                for (number, line) in code.lines().enumerate() {
                    let place = format!("{name}:{}", number + 1);
                    let begins = BEGINNINGS.iter().any(|begins| line.contains(begins));
                    if begins && !line.trim_start().starts_with("//") && !self.begun.contains(&place) {
                        missing.push(format!("plugins/{place}: {}", line.trim()));
                    }
                }
            }
        }
        missing
    }

    /// A plugin's messages, by kind; in each kind the fullest comes last.
    pub fn views(&self, plugin: &str) -> Vec<Vec<View>> {
        let mut kinds: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        let all = self.views.get(plugin).unwrap_or_else(|| panic!("{plugin} says nothing in its tests"));
        for text in all {
            kinds.entry(kind(&read(text))).or_default().push(text);
        }
        let fullest_last = |mut of: Vec<&String>| {
            of.sort_by_key(|text| (text.len(), *text));
            of.into_iter().map(|text| read(text)).collect()
        };
        kinds.into_values().map(fullest_last).collect()
    }
}

fn read(text: &str) -> View {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("the SDK keeps what the host does not read: {error}: {text}"))
}

/// What messages that differ in names, numbers and length alone have in common: how they begin, and of which parts they are.
fn kind(view: &View) -> String {
    let mut parts: Vec<String> = view
        .blocks
        .iter()
        .map(|block| match block {
            Block::Text { .. } => "text".to_owned(),
            Block::Field { name, .. } | Block::Time { name, .. } => name.clone(),
            Block::Moment { .. } => "moment".to_owned(),
            Block::Code { .. } => "code".to_owned(),
            Block::Link { .. } => "link".to_owned(),
            Block::Progress { label, .. } => label.clone(),
            Block::Context { .. } => "context".to_owned(),
            Block::Chart(_) => "chart".to_owned(),
            Block::Divider => "line".to_owned(),
            Block::Button(button) => format!("[{}]", button.action),
            Block::Form(form) => format!("[{}…]", form.action),
            Block::Select(select) => format!("[{}▾]", select.action),
        })
        .collect();
    parts.dedup();
    let whole = view.to_plain();
    let lead = whole.lines().next().unwrap_or_default().split(['·', ':']).next().unwrap_or_default();
    let words = lead.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let words: String = words.chars().filter(|c| c.is_alphabetic() || *c == ' ').collect();
    format!("{} | {}", words.trim(), parts.join(" "))
}

/// The sources of a plugin, without its tests.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_name().is_some_and(|name| name == "tests" || name == "tests.rs");
        match (path.is_dir(), is_test) {
            (_, true) => {}
            (true, false) => found.extend(walk(&path)),
            (false, false) => found.push(path),
        }
    }
    found.sort();
    found
}

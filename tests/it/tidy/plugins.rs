//! Every folder in `plugins/` is a whole plugin with a test, and what is bundled exists.

use super::assert_none;
use super::source::{read, root};
use std::collections::BTreeMap;
use std::fs;

/// Folders in `plugins/` that are no plugins.
const NOT_PLUGINS: [&str; 2] = ["sdk", "target"];
/// The hostile guest: its tests are those of the limits and grants it attacks.
const HOSTILE: &str = "misbehaving";
/// What a plugin's folder must hold.
const FILES: [&str; 4] = ["Cargo.toml", "plugin.toml", "README.md", "src/lib.rs"];

/// What is wrong with a plugin's folder; `file` gives the text of a file in it.
fn incomplete(name: &str, file: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut complaints: Vec<String> = FILES
        .iter()
        .filter(|path| file(path).is_none_or(|text| text.trim().is_empty()))
        .map(|path| format!("plugins/{name}: {path} is missing or empty"))
        .collect();
    for (path, key) in [("Cargo.toml", &["package", "name"][..]), ("plugin.toml", &["name"])] {
        let parsed: toml::Table = file(path).unwrap_or_default().parse().unwrap_or_default();
        let found = key.iter().try_fold(&toml::Value::Table(parsed), |value, key| value.get(key)).cloned();
        if found.as_ref().and_then(toml::Value::as_str) != Some(name) {
            complaints.push(format!("plugins/{name}/{path}: the name must be that of the folder"));
        }
    }
    complaints
}

/// The names in `bundled.txt`.
fn bundled(text: &str) -> Vec<&str> {
    let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    names.filter(|name| !name.is_empty()).collect()
}

fn plugins() -> Vec<String> {
    let folders = fs::read_dir(root().join("plugins")).unwrap().map(Result::unwrap).filter(|e| e.path().is_dir());
    let mut names: Vec<String> = folders.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !NOT_PLUGINS.contains(&name.as_str()));
    names.sort();
    names
}

#[test]
fn every_plugin_folder_is_whole() {
    let text = |name: &str, path: &str| fs::read_to_string(root().join("plugins").join(name).join(path)).ok();
    assert_none(plugins().iter().flat_map(|name| incomplete(name, |path| text(name, path))).collect());
}

#[test]
fn every_plugin_has_a_module_of_tests() {
    let missing = |name: &String| {
        let path = format!("tests/it/plugins/{}.rs", name.replace('-', "_"));
        (name != HOSTILE && !root().join(&path).is_file()).then(|| format!("plugins/{name} has no tests in {path}"))
    };
    assert_none(plugins().iter().filter_map(missing).collect());
}

#[test]
fn every_bundled_plugin_has_a_folder() {
    let plugins = plugins();
    let text = read("plugins/bundled.txt");
    let unknown = bundled(&text).into_iter().filter(|name| !plugins.iter().any(|plugin| plugin == name));
    assert_none(unknown.map(|name| format!("plugins/bundled.txt lists {name}, which is no folder")).collect());
}

#[test]
fn an_incomplete_plugin_is_found() {
    let whole = BTreeMap::from([
        ("Cargo.toml", "[package]\nname = \"a-b\""),
        ("plugin.toml", "name = \"a-b\""),
        ("README.md", "# a-b"),
        ("src/lib.rs", "//! x"),
    ]);
    let check = |files: &BTreeMap<&str, &str>| incomplete("a-b", |path| files.get(path).map(|text| (*text).to_owned()));
    assert_eq!(check(&whole), Vec::<String>::new());
    for path in FILES {
        let mut broken = whole.clone();
        broken.remove(path);
        assert!(!check(&broken).is_empty(), "{path}");
    }
    assert!(!check(&BTreeMap::from([("plugin.toml", "name = \"other\"")])).is_empty());
    assert_eq!(bundled("a # why\n\n# b\n c \n"), ["a", "c"]);
}

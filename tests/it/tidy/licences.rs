//! Every dependency's licence lets us ship the binary under Apache-2.0. The list is that of `deny.toml`.

use super::assert_none;
use super::source::{read, root};
use serde_json::Value;
use std::process::Command;

/// Whether one of the allowed licences satisfies an SPDX expression (`/` is an old spelling of `OR`).
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let satisfied = any(&words, &mut at, allowed);
    satisfied && at == words.len() && at > 0
}

fn any(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut satisfied = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        satisfied |= all(words, at, allowed);
    }
    satisfied
}

fn all(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut satisfied = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        satisfied &= one(words, at, allowed);
    }
    satisfied
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    if words.get(*at) == Some(&"(") {
        *at += 1;
        let satisfied = any(words, at, allowed);
        *at += 1;
        return satisfied;
    }
    let mut licence = words.get(*at).copied().unwrap_or_default().to_owned();
    *at += 1;
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&licence)
}

/// What is wrong with the packages of `cargo metadata`.
fn complaints(metadata: &Value, allowed: &[String]) -> Vec<String> {
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let bad = packages.iter().filter(|package| !is_allowed(package["license"].as_str().unwrap_or_default(), allowed));
    bad.map(|p| format!("{} {}: licence {} is not in deny.toml's list", p["name"], p["version"], p["license"]))
        .collect()
}

fn allowed(deny: &str) -> Vec<String> {
    let deny: toml::Table = deny.parse().unwrap();
    let list = deny["licenses"]["allow"].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

#[test]
fn every_dependencys_licence_is_on_the_list() {
    let allowed = allowed(&read("deny.toml"));
    for workspace in ["Cargo.toml", "plugins/Cargo.toml"] {
        // Only what this platform builds: the rest need not be downloaded, and offline it cannot be.
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()])
            .arg("--manifest-path")
            .arg(root().join(workspace))
            .output()
            .unwrap();
        assert!(output.status.success(), "{workspace}: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(metadata["packages"].as_array().is_some_and(|packages| packages.len() > 1), "{workspace}");
        assert_none(complaints(&metadata, &allowed));
    }
}

pub(super) fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    let allowed: Vec<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/GPL-3.0",
        "MIT AND ISC",
        "(GPL-3.0 OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "Apache-2.0",
        "GPL-3.0 OR (MIT AND BSL-1.0)",
        "MIT MIT",
        "(MIT OR GPL-3.0) AND BSL-1.0",
    ] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
    let metadata = serde_json::json!({"packages": [{"name": "x", "version": "1", "license": null}, {"name": "y", "version": "1", "license": "MIT"}]});
    assert_eq!(complaints(&metadata, &allowed).len(), 1);
}

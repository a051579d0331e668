//! The crates the mission names are direct dependencies in use; one TLS stack; one version of what must be one.

use super::assert_none;
use super::source::{code, is_word, read, walk};

/// When a crate of the mission comes in.
enum Arrives {
    /// It is here, and used.
    Now,
    /// With this piece of work. Once it is a dependency, this table is to say `Now`.
    With(&'static str),
}

/// The nine crates that Drillbell is built of.
const MISSION: [(&str, Arrives); 9] = [
    ("tokio", Arrives::Now),
    ("sqlx", Arrives::Now),
    ("wasmtime", Arrives::Now),
    ("serde", Arrives::Now),
    ("tracing", Arrives::Now),
    ("serenity", Arrives::With("the Discord platform")),
    ("slack-morphism", Arrives::Now),
    ("aws-sdk-s3", Arrives::Now),
    ("cron", Arrives::Now),
];

/// Other TLS stacks, and what would drag them in.
const BANNED: [&str; 8] =
    ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "boring", "mbedtls", "wolfssl"];
/// Two versions of these would be two stacks, two runtimes or two sandboxes.
const ONE_VERSION: [&str; 9] =
    ["rustls", "rustls-webpki", "ring", "tokio-rustls", "reqwest", "hyper", "tokio", "wasmtime", "sqlx"];

fn mission(manifest: &toml::Table, code: &str) -> Vec<String> {
    let direct = |name: &str| manifest.get("dependencies").and_then(|deps| deps.get(name)).is_some();
    let used = |name: &str| {
        let path = name.replace('-', "_") + "::";
        code.match_indices(&path).any(|(at, _)| !code[..at].ends_with(|c| is_word(c) || c == ':'))
    };
    let complaint = |(name, arrives): &(&str, Arrives)| match arrives {
        Arrives::Now if !direct(name) => Some(format!("{name} is no direct dependency")),
        Arrives::Now if !used(name) => Some(format!("{name} is a dependency, but no code under src/ uses it")),
        Arrives::With(what) if direct(name) => Some(format!("{name} has come before {what}; the table is to say Now")),
        Arrives::Now | Arrives::With(_) => None,
    };
    MISSION.iter().filter_map(complaint).collect()
}

/// Every `(name, version, source)` of a lock file.
fn packages(lock: &str) -> Vec<(String, String, String)> {
    let lock: toml::Table = lock.parse().unwrap();
    let packages = lock.get("package").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text = |package: &toml::Value, key: &str| {
        package.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    };
    packages.iter().map(|p| (text(p, "name"), text(p, "version"), text(p, "source"))).collect()
}

fn banned(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let mut complaints = Vec::new();
    for (name, version, source) in &packages {
        if BANNED.contains(&name.as_str()) {
            complaints.push(format!("{name} {version} is in the lock file; TLS is rustls with ring, and nothing else"));
        }
        let registry = source.is_empty() || source == "registry+https://github.com/rust-lang/crates.io-index";
        if !registry {
            complaints.push(format!("{name} {version} comes from {source}; dependencies come from crates.io"));
        }
    }
    for name in ONE_VERSION {
        let versions: Vec<&str> = packages.iter().filter(|p| p.0 == name).map(|p| p.1.as_str()).collect();
        if versions.len() > 1 {
            complaints.push(format!("{name} is there in several versions: {}", versions.join(", ")));
        }
    }
    complaints
}

#[test]
fn the_missions_crates_are_direct_dependencies_in_use() {
    let sources: String = walk("src", "rs").iter().map(|source| code(&source.text) + "\n").collect();
    assert_none(mission(&read("Cargo.toml").parse().unwrap(), &sources));
}

#[test]
fn there_is_one_tls_stack_and_every_dependency_comes_from_the_registry() {
    assert!(packages(&read("Cargo.lock")).iter().any(|p| p.0 == "rustls"), "the lock file is not there to be read");
    assert_none(banned(&read("Cargo.lock")));
    assert_none(banned(&read("plugins/Cargo.lock")));
}

#[test]
fn an_unused_missing_or_early_crate_is_found() {
    let now: Vec<&str> = MISSION.iter().filter(|(_, a)| matches!(a, Arrives::Now)).map(|(name, _)| *name).collect();
    let manifest: String =
        "[dependencies]\n".to_owned() + &now.iter().map(|n| format!("{n} = \"1\"\n")).collect::<String>();
    let code: String = now.iter().map(|n| format!("use {}::x;\n", n.replace('-', "_"))).collect();
    let parse = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(mission(&parse(&manifest), &code), Vec::<String>::new());
    for name in &now {
        let used = format!("use {}::x;\n", name.replace('-', "_"));
        assert_eq!(mission(&parse(&manifest), &code.replace(&used, "use my_crate::x;\n")).len(), 1, "{name}");
        assert_eq!(mission(&parse(&manifest.replace(&format!("{name} = \"1\"\n"), "")), &code).len(), 1, "{name}");
    }
    assert_eq!(mission(&parse(&(manifest + "serenity = \"0\"\n")), &code).len(), 1);
}

#[test]
fn a_banned_foreign_or_doubled_crate_is_found() {
    let package = |name: &str, version: &str, source: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n")
    };
    let index = "registry+https://github.com/rust-lang/crates.io-index";
    assert!(banned(&package("serde", "1.0.0", index)).is_empty());
    for name in BANNED {
        assert_eq!(banned(&package(name, "1.0.0", index)).len(), 1, "{name}");
    }
    for name in ONE_VERSION {
        assert_eq!(banned(&(package(name, "1.0.0", index) + &package(name, "2.0.0", index))).len(), 1, "{name}");
    }
    assert_eq!(banned(&package("serde", "1.0.0", "git+https://example.org/x")).len(), 1);
}

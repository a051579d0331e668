//! The tests test what is shipped. A crate that the tests need, too, is built once with the features that anybody asked for; the
//! binary to ship is built without the tests, and a feature that only they asked for is not in it. Most features only add functions, without
//! which ours would not compile; some change what happens when it runs (without its Unicode tables `regex` refuses patterns).

use super::assert_none;
use super::licences::host;
use super::source::root;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Features that the tests add, looked at one by one, and why the shipped program does the same without.
const HARMLESS: [(&str, &str, &str); 10] = [
    ("regex-syntax", "default", "the others by one name"),
    ("chrono", "js-sys", "for browsers"),
    ("chrono", "wasm-bindgen", "for browsers"),
    ("chrono", "wasmbind", "for browsers"),
    ("simdutf8", "std", "how quick it is"),
    ("stable_deref_trait", "alloc", "adds implementations"),
    ("zerofrom", "alloc", "adds implementations"),
    ("syn", "fold", "adds functions for macros"),
    ("time", "macros", "adds macros"),
    ("uuid", "v4", "adds functions"),
];

type Features = BTreeMap<String, BTreeSet<String>>;

/// What `cargo tree` prints with `{p}|{f}`: features by crate and version.
fn features(tree: &str) -> Features {
    let mut all = Features::new();
    for line in tree.lines() {
        let Some((package, features)) = line.split_once('|') else { continue };
        let name: Vec<_> = package.split_whitespace().take(2).collect();
        let features = features.trim_end_matches("(*)").trim().split(',').filter(|feature| !feature.is_empty());
        all.entry(name.join(" ")).or_default().extend(features.map(str::to_owned));
    }
    all
}

/// What the tests run with and the shipped program does not.
fn complaints(shipped: &Features, tested: &Features) -> Vec<String> {
    let mut all = Vec::new();
    for (package, has) in shipped {
        let name = package.split(' ').next().unwrap_or_default();
        let added = tested.get(package).into_iter().flatten().filter(|feature| !has.contains(*feature));
        let harmful =
            added.filter(|feature| !HARMLESS.iter().any(|(of, harmless, _)| *of == name && harmless == feature));
        all.extend(harmful.map(|feature| {
            format!("{package}: only the tests have its feature {feature:?}; ask for it in Cargo.toml's [dependencies]")
        }));
    }
    all
}

fn tree(edges: &str) -> Features {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--package", "drillbell", "--locked", "--offline", "--target", &host()])
        .args(["--edges", edges, "--prefix", "none", "--format", "{p}|{f}"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    features(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn what_is_tested_is_what_is_shipped() {
    let (shipped, tested) = (tree("no-dev,no-build"), tree("normal,build,dev"));
    assert!(shipped.len() > 100 && tested.len() > shipped.len(), "{} and {} crates", shipped.len(), tested.len());
    assert_none(complaints(&shipped, &tested));
}

#[test]
fn a_feature_that_only_the_tests_have_is_found() {
    let shipped = features("regex v1.13.1|std,perf\nuuid v1.29.1|v7\nuuid v1.29.1|v7 (*)\n");
    let tested = features("regex v1.13.1|std,perf,unicode\nregex v1.13.1|std (*)\nuuid v1.29.1|v4,v7\nother v1|x\n");
    let found = complaints(&shipped, &tested);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("regex v1.13.1: only the tests have its feature \"unicode\""), "{found:?}");
    assert_eq!(complaints(&tested, &shipped), Vec::<String>::new());
}

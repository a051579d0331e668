//! Files built by hand, byte by byte, and arbitrary ones.

use super::*;
use insta::assert_snapshot;
use proptest::prelude::*;

const COMPONENT: &[u8] = &[0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const MODULE: &[u8] = &[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const MANIFEST: &str = "name = \"probe\"\nversion = \"0.1.0\"\nsummary = \"A probe.\"\nlicense = \"Apache-2.0\"\n";

/// An unsigned LEB128 number.
fn leb(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

fn section(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(body.len()), body].concat()
}

fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    section(0, &[&leb(name.len())[..], name.as_bytes(), data].concat())
}

fn manifest() -> Vec<u8> {
    custom(MANIFEST_SECTION, MANIFEST.as_bytes())
}

/// A core module inside a component.
fn nested(content: &[u8]) -> Vec<u8> {
    section(1, &[MODULE, content].concat())
}

fn read(wasm: &[u8]) -> Result<Package, PackageError> {
    Package::read(wasm, None)
}

#[test]
fn finds_the_manifest_in_the_component_or_in_a_module_inside_it() {
    for content in [manifest(), nested(&manifest()), [nested(&[]), nested(&manifest())].concat()] {
        let package = read(&[COMPONENT, &content].concat()).unwrap();
        assert_eq!((package.manifest.name.as_str(), package.digest.len()), ("probe", 64));
    }
}

#[test]
fn says_what_is_wrong_with_a_file_and_what_to_do() {
    let say = |wasm: &[u8]| read(wasm).unwrap_err().to_string();
    assert_snapshot!(say(MODULE), @"it is a core WebAssembly module, not a component: build it for the target wasm32-wasip2");
    assert_snapshot!(say(COMPONENT), @"it carries no manifest: let the SDK's export! embed plugin.toml (custom section `drillbell:manifest`)");
    assert_snapshot!(say(&[COMPONENT, &manifest(), &nested(&manifest())].concat()), @"it carries more than one manifest");
    assert!(say(b"#!/bin/sh").starts_with("it is no WebAssembly component: "));
    assert!(say(&[]).starts_with("it is no WebAssembly component: "));
    let unknown = custom(MANIFEST_SECTION, format!("{MANIFEST}colour = 1\n").as_bytes());
    assert!(say(&[COMPONENT, &unknown].concat()).contains("unknown field `colour`"));
    assert!(
        say(&[COMPONENT, &custom(MANIFEST_SECTION, b"\xff")].concat()).starts_with("its manifest is not as expected")
    );
}

#[test]
fn denies_another_file_than_the_approved_one() {
    let wasm = [COMPONENT, &manifest()].concat();
    let digest = read(&wasm).unwrap().digest;
    assert!(Package::read(&wasm, Some(&digest.to_uppercase())).is_ok());
    let refused = Package::read(&wasm, Some(&"0".repeat(64))).unwrap_err();
    assert!(matches!(refused, PackageError::WrongDigest { found, .. } if found == digest));
}

#[test]
fn denies_imports_that_are_not_ours_to_offer() {
    for import in ["wasi:http/outgoing-handler@0.2.0", "wasi:keyvalue/store@0.2.0", "evil", "wasi:httpx/x"] {
        assert!(!may_import(import), "{import}");
    }
    for import in ["drillbell:kv/kv@0.1.0", "wasi:cli/stderr@0.2.6", "wasi:io/streams@0.2.6"] {
        assert!(may_import(import), "{import}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&tail);
        let _ = read(&[COMPONENT, &tail].concat());
    }

    #[test]
    fn a_file_cut_anywhere_is_refused(cut in 0_usize..100) {
        let whole = [COMPONENT, &nested(&manifest())].concat();
        let cut = cut.min(whole.len() - 1);
        prop_assert!(read(&whole[..cut]).is_err());
    }
}

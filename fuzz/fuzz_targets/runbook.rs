//! Any text as a runbook, and as an SQL statement: reading never panics, findings lie within the file and stay short.

#![no_main]

use drillbell::ops::sql;
use drillbell::runbook::read;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|text: &str| {
    let lines = text.lines().count() + 1;
    let (_, findings) = read("fuzzed", text, &BTreeMap::new());
    for finding in findings {
        assert!((1..=lines).contains(&finding.line), "{finding}");
        assert!(finding.text.len() < 4000 && !finding.text.contains('\n'), "{finding}");
    }
    let _ = sql::check(text);
});

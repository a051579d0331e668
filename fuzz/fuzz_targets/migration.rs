//! Any text as a migration: looking at it never panics, findings stay short and few, and what has no statement is not safe.

#![no_main]

use drillbell::config::limits::deploys::MIGRATION_FINDINGS;
use drillbell::migration::judge;
use drillbell::model::deploy::Risk;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let judged = judge(text);
    assert!(judged.findings.len() <= MIGRATION_FINDINGS);
    assert!(judged.findings.iter().all(|finding| finding.len() < 1000 && !finding.contains('\n')), "{judged:?}");
    assert_eq!(judged.findings.is_empty(), judged.risk == Risk::Safe);
    // A statement that is appended makes nothing safer.
    if !text.contains(['\'', '"', '$', '/', '-', '`', '[', '\\', '#']) {
        assert_ne!(judge(&format!("{text};drop table users")).risk, Risk::Safe);
    }
});
